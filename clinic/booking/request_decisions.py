"""Requests: a therapist confirms or declines one, and one that nobody decides ends by itself."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.booking import changes, revalidation, states, suitability
from clinic.booking.changes import EarlierPlace, NobodyThere, UndoOver
from clinic.booking.models import Appointment, State
from clinic.booking.placing import lock_appointment, translate_conflicts
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
    can_be_taken_back: bool = False,
) -> Appointment:
    """Decline a request and free its time. Raises Stale, and NotNow if it is not a request.

    If it can be taken back, its time stays reserved for two minutes, and no letter is written before they are over.
    """
    appointment = lock_appointment(appointment_id)
    states.require_shown(appointment, shown)
    if appointment.state != State.REQUESTED:
        raise NotNow
    advance(appointment, State.DECLINED, now)
    appointment.cancel_reason = reason
    _decided(appointment, actor, "decline", now)
    if can_be_taken_back:
        appointment.undo_until = now + changes.UNDO
        changes.reserve_for_undo(EarlierPlace.before_change(appointment), appointment, [], now)
    return appointment


def take_back_decline(appointment_id: UUID, *, actor: str, now: datetime) -> Appointment:
    """Make a declined visit a request again, within two minutes; it is decided about anew, and has as long as a new one.

    Raises UndoOver, NobodyThere if time off or a closure now covers it, and SlotTaken.
    """
    appointment = lock_appointment(appointment_id)
    if appointment.state != State.DECLINED or appointment.undo_until is None or appointment.undo_until <= now:
        raise UndoOver
    if revalidation.is_absent(EarlierPlace.before_change(appointment).spot()):
        raise NobodyThere
    changes.end_undo_holds(appointment, now)
    with translate_conflicts():
        appointment.decide_by = states.decide_by(appointment.starts_at, now)
        advance(appointment, State.REQUESTED, now)
        appointment.cancel_reason = None
        states.forget_undo(appointment)
        raise_revision(appointment, now)
        db.session.flush()
    audit.record(actor, "undo", appointment, client_id=appointment.client_id, fields=["state"], now=now)
    return appointment


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
