"""Visits that are over, and how long their pages stay available. Pages and letters state these periods."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.booking.models import CAME, Appointment, State
from clinic.db import db
from clinic.practice.models import Treatment

SETTLED = (State.DONE, State.MISSED)
"""A visit in one of these states is over, even before its scheduled end."""
TIPS_KEPT = timedelta(days=30)
"""How long after a visit's end its page of general tips stays available."""
PAGE_KEPT = timedelta(days=30)
"""How long after a visit's end its page and its API entry show details; later they say only that it is past."""

_WITH_TREATMENT = (
    joinedload(Appointment.therapist),
    joinedload(Appointment.location),
    joinedload(Appointment.treatment).selectinload(Treatment.therapists),
)
"""Loads what is shown of a past visit, and who gives its treatment now."""


def past(client_id: UUID, now: datetime, *, skip: int, limit: int) -> list[Appointment]:
    """A client's visits that are over, whatever their outcome, newest first; always two database statements.

    Visits still to come are left out, cancelled or not.
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
    """Whether the client came."""
    return visit.state in CAME


def keeps_tips(visit: Appointment, now: datetime) -> bool:
    """Whether this visit's page of general tips is still available; False if the visit did not take place."""
    return took_place(visit) and now < visit.ends_at + TIPS_KEPT


def is_long_past(visit: Appointment, now: datetime) -> bool:
    """Whether the visit's page now says only that the visit is past."""
    return visit.ends_at + PAGE_KEPT <= now
