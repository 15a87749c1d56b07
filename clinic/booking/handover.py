"""Handing the visits of a therapist who leaves to a colleague, each at its own time and place.

A visit keeps its time, length, price and, if possible, room; only the therapist changes. It is a move like any other:
the client gets a letter, and it can be undone for two minutes. Notice and horizon apply to new times, not to one that
was agreed long ago, so they are waived.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.accounts.models import User
from clinic.booking import desk
from clinic.booking.models import Appointment, State
from clinic.booking.placing import get_appointment
from clinic.booking.waivers import Rule
from clinic.db import db

AGREED_BEFORE = (Rule.NOTICE, Rule.HORIZON, Rule.STEP)
REASON = "Handed over from a colleague who leaves"


def visits_to_come(therapist_id: UUID, now: datetime) -> Sequence[Appointment]:
    """Booked and requested visits of a therapist that have not begun, earliest first, with what a list of them shows."""
    return db.session.scalars(
        sa.select(Appointment)
        .where(
            Appointment.therapist_id == therapist_id,
            Appointment.starts_at > now,
            Appointment.state.in_([State.BOOKED, State.REQUESTED]),
            Appointment.client_id.is_not(None),
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .options(
            joinedload(Appointment.client),
            joinedload(Appointment.treatment),
            joinedload(Appointment.location),
        )
    ).all()


def hand_over(
    appointment_id: UUID, *, to_therapist_id: UUID, revision: int, by: User, now: datetime
) -> Appointment:
    """Give a visit to another therapist at its own time and place. Raises what `desk.move` raises.

    The caller commits.
    """
    visit = get_appointment(appointment_id)
    return desk.move(
        appointment_id,
        visit.starts_at,
        therapist_id=to_therapist_id,
        location_id=visit.location_id,
        revision=revision,
        by=by,
        now=now,
        waived=AGREED_BEFORE,
        reason=REASON,
    )
