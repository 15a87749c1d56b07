"""Tips for the days after a visit: for the types given in it, and for this client's own answers."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from clinic.booking.models import Appointment
from clinic.db import db
from clinic.guidance import aftercare, questionnaire
from clinic.guidance.aftercare import Tip, Tips
from clinic.guidance.levels import Level
from clinic.intake import queries as intake
from clinic.plans.models import SessionNote


@dataclass(frozen=True)
class GivenTypes:
    """The types of a session: those actually given if a signed note says so, otherwise those of the booked
    treatment."""

    types: list[str]
    is_noted: bool


def given_in(appointment: Appointment) -> GivenTypes:
    """What was given in a visit."""
    note = db.session.scalar(
        sa.select(SessionNote).where(
            SessionNote.appointment_id == appointment.id, SessionNote.signed_at.is_not(None)
        )
    )
    if note is None:
        return GivenTypes(list(appointment.treatment.modalities), is_noted=False)
    return GivenTypes(list(note.content["modalities"]), is_noted=True)


def general(given: GivenTypes) -> Tips:
    """What fits everybody after these types; nothing in it depends on the client."""
    return aftercare.tips(given.types)


def own(visit: Appointment, given: GivenTypes, now: datetime) -> tuple[Tip, ...]:
    """The tips that rest on the newest full answers; none without such answers, or once consent to keep them was
    withdrawn. The caller records the access."""
    sent = intake.newest_full(browser=None, client_id=visit.client_id, now=now)
    if sent is None or intake.is_withdrawn(sent):
        return ()
    standing = intake.safety_standing(browser=None, client_id=visit.client_id, now=now, zone=visit.zone)
    facts = questionnaire.facts_of(sent.answers)
    return aftercare.tips(given.types, facts, standing.level or Level.OK).personal
