"""Requests: a therapist confirms or declines one, and one that nobody decides ends by itself."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.booking import states, suitability
from clinic.booking.models import Appointment, State
from clinic.booking.placing import lock_appointment
from clinic.booking.states import NotNow, ShownRevision, advance, call_off, raise_revision
from clinic.db import db


def confirm(
    appointment_id: UUID, *, actor: str, now: datetime, shown: ShownRevision | None = None
) -> Appointment:
    """Turn a request into a booking.

    Raises Stale, NotNow if it is not a request or has begun, and NotSuitable if it does not fit the client's answers.
    """
    appointment = lock_appointment(appointment_id)
    states.require_shown(appointment, shown)
    if appointment.state != State.REQUESTED or appointment.starts_at <= now:
        raise NotNow
    suitability.refuse_unsuitable(appointment, now)
    advance(appointment, State.BOOKED, now)
    appointment.booked_at = appointment.booked_at or now
    return _decided(appointment, actor, "confirm", now)


def decline(
    appointment_id: UUID,
    *,
    actor: str,
    now: datetime,
    reason: str = "staff",
    shown: ShownRevision | None = None,
) -> Appointment:
    """Decline a request and free its time. Raises Stale, and NotNow if it is not a request."""
    appointment = lock_appointment(appointment_id)
    states.require_shown(appointment, shown)
    if appointment.state != State.REQUESTED:
        raise NotNow
    advance(appointment, State.DECLINED, now)
    appointment.cancel_reason = reason
    return _decided(appointment, actor, "decline", now)


def _decided(appointment: Appointment, actor: str, action: str, now: datetime) -> Appointment:
    raise_revision(appointment, now)
    appointment.decide_by = None
    db.session.flush()
    audit.record(actor, action, appointment, client_id=appointment.client_id, fields=["state"], now=now)
    return appointment


def end_undecided(now: datetime, limit: int = 100) -> list[UUID]:
    """Ids of requests whose decision time is over; the worker ends them one by one with `end_request`."""
    due = sa.select(Appointment.id).where(Appointment.state == State.REQUESTED, Appointment.decide_by <= now)
    return list(db.session.scalars(due.order_by(Appointment.decide_by).limit(limit)))


def end_request(appointment_id: UUID, now: datetime) -> None:
    """Decline one undecided request, or cancel it if safety made it one; does nothing if it was decided meanwhile."""
    appointment = lock_appointment(appointment_id)
    if appointment.state != State.REQUESTED or appointment.decide_by is None or appointment.decide_by > now:
        return
    if appointment.request_reason == "safety":
        call_off(appointment, by="system", reason="safety", now=now)
    else:
        advance(appointment, State.DECLINED, now)
        appointment.cancel_reason = "not_decided"
        raise_revision(appointment, now)
    db.session.flush()
    audit.record(
        "system", "end_request", appointment, client_id=appointment.client_id, fields=["state"], now=now
    )
