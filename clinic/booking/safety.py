"""What more serious answers do to visits that are already booked."""

from datetime import datetime
from uuid import UUID

from clinic.accounts import audit
from clinic.booking import queries, states
from clinic.booking.locking import lock
from clinic.booking.models import Appointment, State
from clinic.booking.placing import reload_locked
from clinic.booking.states import advance, call_off, raise_revision
from clinic.db import db
from clinic.guidance.levels import Level
from clinic.intake import queries as intake


def raise_levels(client_id: UUID, *, browser: bytes | None, now: datetime) -> None:
    """Apply the level of a client's answers to all their future visits.

    Call this in the transaction that stores answers. `browser` is where they were given, if it was the client's own:
    its answers that belong to nobody yet count too.

    Therapist review: a visit stays, and a therapist is told elsewhere. Refer: it becomes a request, which ends undecided
    after 24 h or 2 h before its start; further answers do not extend that. Urgent: it is cancelled at once.
    """
    visits = queries.upcoming(client_id, now)
    if not visits:
        return
    lock({visit.therapist_id for visit in visits}, {visit.room_id for visit in visits if visit.room_id})
    for visit in visits:
        standing = intake.safety_standing(browser=browser, client_id=client_id, now=now, zone=visit.zone)
        _raise(reload_locked(visit), standing.level_at(visit.starts_at) or Level.OK, now)


def _raise(appointment: Appointment, level: Level, now: datetime) -> None:
    live = appointment.state in (State.BOOKED, State.REQUESTED) and appointment.starts_at > now
    if level is Level.URGENT and live:
        call_off(appointment, by="system", reason="safety", now=now)
    elif level is Level.REFER and live and not _waits_for_safety(appointment):
        if appointment.state == State.BOOKED:
            advance(appointment, State.REQUESTED, now)
            raise_revision(appointment, now)
        appointment.request_reason = "safety"
        appointment.decide_by = states.decide_by(appointment.starts_at, now, safety=True)
    else:
        return
    db.session.flush()
    audit.record(
        "system", "raise_level", appointment, client_id=appointment.client_id, fields=["state"], now=now
    )


def _waits_for_safety(appointment: Appointment) -> bool:
    return appointment.state == State.REQUESTED and appointment.request_reason == "safety"
