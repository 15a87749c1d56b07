"""Letters about a booking: made, asked for, decided, changed, cancelled."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from clinic.accounts.models import Client
from clinic.booking.models import Appointment, Series, State
from clinic.booking.series.new_series import TOLD_TOGETHER
from clinic.messaging.due.shape import DueQuery, DueRules, due_query, never_owed
from clinic.messaging.due.visits import address_of, is_told, told_in_series, visits
from clinic.messaging.models import Message, MessageKind

TELLS_TIME = (MessageKind.CONFIRMATION, MessageKind.REQUEST_CONFIRMED, MessageKind.CHANGE)
"""Kinds that tell a booked client when and where."""


def confirmations(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Booked at once; the first letter does not wait."""
    booked = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.request_reason.is_(None),
        Appointment.starts_at > now,
        ~TOLD_TOGETHER,
        ~is_told(*TELLS_TIME),
        ~told_in_series(),
    )
    return _at_revision(rules, MessageKind.CONFIRMATION, booked, now)


def requests_received(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Requested, and a therapist looks first. What safety turned back into a request is told by its page, not by mail."""
    requested = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.REQUESTED,
        Appointment.request_reason.is_distinct_from("safety"),
        Appointment.starts_at > now,
        ~is_told(MessageKind.REQUEST_RECEIVED, since=Appointment.time_revision),
        sa.or_(Appointment.time_revision == 1, Appointment.changed_at <= rules.until(now) - rules.settle),
    )
    return _at_revision(rules, MessageKind.REQUEST_RECEIVED, requested, now)


def requests_confirmed(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A therapist looked and said yes."""
    confirmed = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.request_reason.is_not(None),
        Appointment.starts_at > now,
        ~is_told(MessageKind.REQUEST_CONFIRMED),
    )
    return _at_revision(rules, MessageKind.REQUEST_CONFIRMED, confirmed, now)


def requests_declined(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A therapist said no, or nobody decided in time."""
    declined = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.DECLINED,
        Appointment.starts_at > now,
        ~is_told(MessageKind.REQUEST_DECLINED),
    )
    return _at_revision(rules, MessageKind.REQUEST_DECLINED, declined, now)


def changes(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Moved since a letter told the time, and left alone for the settling time: of several moves the newest is told."""
    moved = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.time_revision > 1,
        Appointment.starts_at > now,
        Appointment.changed_at <= rules.until(now) - rules.settle,
        ~TOLD_TOGETHER,
        sa.or_(
            is_told(*TELLS_TIME),
            sa.and_(told_in_series(), Appointment.wall_start != Appointment.series_wall_start),
        ),
        ~is_told(*TELLS_TIME, since=Appointment.time_revision),
    )
    return _at_revision(rules, MessageKind.CHANGE, moved, now)


def cancellations(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Cancelled by whomever, and not taken back within the settling time."""
    cancelled = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.CANCELLED,
        Appointment.starts_at > now,
        Appointment.changed_at <= rules.until(now) - rules.settle,
        ~TOLD_TOGETHER,
        ~is_told(MessageKind.CANCELLATION, since=Appointment.revision),
    )
    return _at_revision(rules, MessageKind.CANCELLATION, cancelled, now)


def series(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Several visits booked, moved or cancelled in one act: one letter tells of them all. Booking does not wait."""
    address = address_of(Series.client_id)
    last_start = (
        sa.select(sa.func.max(Appointment.starts_at))
        .where(
            Appointment.series_id == Series.id,
            TOLD_TOGETHER,
            Appointment.series_revision == Series.revision,
            Appointment.state.in_([State.BOOKED, State.CANCELLED]),
        )
        .scalar_subquery()
    )
    acts = (
        sa.select(
            Series.id,
            Series.client_id,
            Series.revision,
            Series.changed_at,
            last_start.label("last_start"),
            address.c.id.label("recipient_id"),
        )
        .join(Client, Client.id == Series.client_id)
        .join(address, sa.true())
        .where(
            Series.changed_at >= rules.changed_since,
            sa.or_(Series.revision == 1, Series.changed_at <= rules.until(now) - rules.settle),
            Client.erased_at.is_(None),
            last_start > now,
            never_owed(
                MessageKind.SERIES,
                Series.id,
                Message.occasion == sa.func.concat("r", Series.revision),
                sa.or_(Message.given_up_at.is_(None), Message.recipient_id == address.c.id),
            ),
        )
    )
    return [
        due_query(
            MessageKind.SERIES,
            acts,
            rules.until(now),
            occasion=lambda row: f"r{row.revision}",
            due_at=lambda row: row.changed_at,
            expires_at=lambda row: row.last_start,
        )
    ]


def _at_revision(
    rules: DueRules, kind: MessageKind, question: sa.Select[Any], now: datetime
) -> Sequence[DueQuery]:
    return [
        due_query(
            kind,
            question,
            rules.until(now),
            occasion=lambda row: f"r{row.revision}",
            due_at=lambda row: row.changed_at,
            expires_at=lambda row: row.starts_at,
        )
    ]
