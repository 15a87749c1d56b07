"""The day of a visit: the client arrives, the visit takes place, or the client does not come."""

from datetime import datetime
from uuid import UUID

from clinic.accounts import audit
from clinic.booking import states
from clinic.booking.models import Appointment, State
from clinic.booking.placing import get_appointment, lock_appointment, translate_conflicts
from clinic.booking.states import NotNow, ShownRevision, advance
from clinic.db import db


def arrive(
    appointment_id: UUID, *, actor: str, now: datetime, shown: ShownRevision | None = None
) -> Appointment:
    """Record that the client is here. Raises Stale, and NotNow unless the visit is booked (or was marked missed too soon)."""
    return _step(appointment_id, State.ARRIVED, actor, now, shown, arrived_at=now)


def unarrive(
    appointment_id: UUID, *, actor: str, now: datetime, shown: ShownRevision | None = None
) -> Appointment:
    """Undo an arrival or a missed mark. Raises Stale, and NotNow for any other state."""
    return _step(
        appointment_id,
        State.BOOKED,
        actor,
        now,
        shown,
        arrived_at=None,
        only_from=(State.ARRIVED, State.MISSED),
    )


def complete(
    appointment_id: UUID, *, actor: str, now: datetime, shown: ShownRevision | None = None
) -> Appointment:
    """Record that the visit took place; signing its note does this too. Raises Stale and NotNow."""
    return _step(appointment_id, State.DONE, actor, now, shown, done_at=now)


def mark_missed(
    appointment_id: UUID, *, actor: str, now: datetime, shown: ShownRevision | None = None
) -> Appointment:
    """Record that the client did not come. Raises Stale, and NotNow before the start."""
    if get_appointment(appointment_id).starts_at > now:
        raise NotNow("The visit has not begun yet.")
    return _step(appointment_id, State.MISSED, actor, now, shown)


def _step(
    appointment_id: UUID,
    to: State,
    actor: str,
    now: datetime,
    shown: ShownRevision | None,
    *,
    only_from: tuple[State, ...] | None = None,
    **columns: datetime | None,
) -> Appointment:
    appointment = lock_appointment(appointment_id)
    states.require_shown(appointment, shown)
    if only_from and appointment.state not in only_from:
        raise NotNow
    with translate_conflicts():
        advance(appointment, to, now)
        for column, value in columns.items():
            setattr(appointment, column, value)
        db.session.flush()
    audit.record(actor, to.value, appointment, client_id=appointment.client_id, fields=["state"], now=now)
    return appointment
