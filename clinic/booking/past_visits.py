"""Visits that are over: which they are, and how long their pages open. Pages and letters name these periods."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.booking.models import CAME, Appointment, State
from clinic.db import db
from clinic.practice.models import Treatment

SETTLED = (State.DONE, State.MISSED)
"""States in which a visit is over even before its time is."""
TIPS_KEPT = timedelta(days=30)
"""How long after its end the page of general tips opens."""
PAGE_KEPT = timedelta(days=30)
"""How long after its end the page of a visit, and its entry in the API, say more than that it is past."""

_WITH_TREATMENT = (
    joinedload(Appointment.therapist),
    joinedload(Appointment.location),
    joinedload(Appointment.treatment).selectinload(Treatment.therapists),
)
"""What is said of a past visit, and who gives its treatment now."""


def past(client_id: UUID, now: datetime, *, skip: int, limit: int) -> list[Appointment]:
    """A client's visits that are over, whatever became of them, newest first; two statements, however many there are.

    What is still to come is none of them, cancelled or not.
    """
    return list(
        db.session.scalars(
            sa.select(Appointment)
            .where(
                Appointment.client_id == client_id,
                Appointment.state.not_in([State.HELD, State.LAPSED]),
                sa.or_(Appointment.ends_at <= now, Appointment.state.in_(SETTLED)),
            )
            .order_by(Appointment.starts_at.desc(), Appointment.id.desc())
            .offset(skip)
            .limit(limit)
            .options(*_WITH_TREATMENT)
        )
    )


def took_place(visit: Appointment) -> bool:
    """Whether somebody came."""
    return visit.state in CAME


def keeps_tips(visit: Appointment, now: datetime) -> bool:
    """Whether the page of general tips after this visit still opens; never when it did not take place."""
    return took_place(visit) and now < visit.ends_at + TIPS_KEPT


def is_long_past(visit: Appointment, now: datetime) -> bool:
    """Whether the visit's page only says that it is past."""
    return visit.ends_at + PAGE_KEPT <= now
