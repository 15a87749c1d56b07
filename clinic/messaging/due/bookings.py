"""Letters about a booking: made, asked for, decided, changed, cancelled."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from clinic.booking.models import Appointment, State
from clinic.messaging.due.shape import Rules, owed
from clinic.messaging.models import Kind
from clinic.messaging.services import Owed
from clinic.messaging.visits import told, visits

TELLS_TIME = (Kind.CONFIRMATION, Kind.REQUEST_CONFIRMED, Kind.CHANGE)
"""Kinds that tell a booked client when and where."""


def confirmations(rules: Rules, now: datetime) -> list[Owed]:
    """Booked at once; the first letter does not wait."""
    booked = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.request_reason.is_(None),
        Appointment.starts_at > now,
        ~told(*TELLS_TIME),
    )
    return _at_revision(Kind.CONFIRMATION, booked, now)


def requests_received(rules: Rules, now: datetime) -> list[Owed]:
    """Requested, and a therapist looks first. What safety turned back into a request is told by its page, not by mail."""
    requested = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.REQUESTED,
        Appointment.request_reason.is_distinct_from("safety"),
        Appointment.starts_at > now,
        ~told(Kind.REQUEST_RECEIVED, since=Appointment.time_revision),
        sa.or_(Appointment.time_revision == 1, Appointment.changed_at <= now - rules.settle),
    )
    return _at_revision(Kind.REQUEST_RECEIVED, requested, now)


def requests_confirmed(rules: Rules, now: datetime) -> list[Owed]:
    """A therapist looked and said yes."""
    confirmed = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.request_reason.is_not(None),
        Appointment.starts_at > now,
        ~told(Kind.REQUEST_CONFIRMED),
    )
    return _at_revision(Kind.REQUEST_CONFIRMED, confirmed, now)


def requests_declined(rules: Rules, now: datetime) -> list[Owed]:
    """A therapist said no, or nobody decided in time."""
    declined = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.DECLINED,
        Appointment.starts_at > now,
        ~told(Kind.REQUEST_DECLINED),
    )
    return _at_revision(Kind.REQUEST_DECLINED, declined, now)


def changes(rules: Rules, now: datetime) -> list[Owed]:
    """Moved since a letter told the time, and left alone for the settling time: of several moves the newest is told."""
    moved = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.time_revision > 1,
        Appointment.starts_at > now,
        Appointment.changed_at <= now - rules.settle,
        told(*TELLS_TIME),
        ~told(*TELLS_TIME, since=Appointment.time_revision),
    )
    return _at_revision(Kind.CHANGE, moved, now)


def cancellations(rules: Rules, now: datetime) -> list[Owed]:
    """Cancelled by whomever, and not taken back within the settling time."""
    cancelled = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.CANCELLED,
        Appointment.starts_at > now,
        Appointment.changed_at <= now - rules.settle,
        ~told(Kind.CANCELLATION, since=Appointment.revision),
    )
    return _at_revision(Kind.CANCELLATION, cancelled, now)


def _at_revision(kind: Kind, question: sa.Select[Any], now: datetime) -> list[Owed]:
    return owed(
        kind,
        question,
        now,
        occasion=lambda row: f"r{row.revision}",
        due_at=lambda row: row.changed_at,
        expires_at=lambda row: row.starts_at,
    )
