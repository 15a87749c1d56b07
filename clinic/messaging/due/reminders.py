"""Reminders of visits to come."""

from datetime import datetime, timedelta
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from clinic.accounts.models import Contact
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.messaging.due.shape import Row, Rules
from clinic.messaging.models import Kind, Message
from clinic.messaging.services import Owed
from clinic.messaging.visits import ADDRESS, number, visits
from clinic.practice.models import Location


def reminders(rules: Rules, now: datetime) -> list[Owed]:
    """Booked visits whose reminder is due; of several due at once only the last before the visit goes.

    How long before is the practice's choice, or the client's own. A reminder counts only when the time was agreed before it
    was due. One that falls into quiet hours goes before them, or not at all when an earlier one went.
    """
    practices = [int(offset.total_seconds() // 60) for offset in rules.reminder_offsets]
    windows = [
        (zone, minutes, rules.quiet(zone).reminded_until(now, timedelta(minutes=minutes)))
        for zone in rules.zones
        for minutes in sorted({*practices, *_wished()})
    ]
    if not windows:
        return []
    window = sa.values(
        sa.column("zone", sa.Text),
        sa.column("minutes", sa.Integer),
        sa.column("until", sa.DateTime(timezone=True)),
        name="due_window",
    ).data(windows)
    sent_minutes = number(r"/(\d+)$")
    of_this_time = sa.and_(
        Message.kind == Kind.REMINDER,
        Message.channel == "mail",
        Message.subject_id == Appointment.id,
        number(r"^r(\d+)/") == Appointment.time_revision,
    )
    earlier_went = sa.exists().where(of_this_time, sent_minutes > window.c.minutes)
    question = (
        visits(Appointment.state == State.BOOKED, Appointment.starts_at > now)
        .add_columns(window.c.minutes, earlier_went.label("earlier_went"))
        .join(window, window.c.zone == Location.zone)
        .where(
            Appointment.starts_at <= window.c.until,
            ADDRESS.c.wants_reminders,
            window.c.minutes
            == sa.any_(
                sa.func.coalesce(ADDRESS.c.reminder_offsets_minutes, sa.cast(practices, pg.ARRAY(sa.Integer)))
            ),
            ~sa.exists().where(of_this_time, sent_minutes <= window.c.minutes),
        )
        .order_by(Appointment.id, window.c.minutes)
    )
    rows = db.session.execute(question).all()
    # Ordered by offset: the first of an appointment is the last one before its visit.
    nearest = (next(group) for _, group in groupby(rows, key=lambda row: row.id))
    return [owed for row in nearest if (owed := _reminder(row, rules, now)) is not None]


def _wished() -> set[int]:
    """Every number of minutes that some client chose instead of the practice's."""
    return set(
        db.session.scalars(
            sa.select(sa.func.unnest(Contact.reminder_offsets_minutes)).where(
                Contact.reminder_offsets_minutes.is_not(None)
            )
        )
    )


def _reminder(row: Row, rules: Rules, now: datetime) -> Owed | None:
    meant_at = row.starts_at - timedelta(minutes=row.minutes)
    due_at = rules.quiet(row.zone).before(meant_at)
    if due_at > now or row.time_agreed_at is None or row.time_agreed_at >= due_at:
        return None
    if due_at != meant_at and row.earlier_went:
        return None
    return Owed(
        kind=Kind.REMINDER,
        subject_id=row.id,
        recipient_id=row.recipient_id,
        client_id=row.client_id,
        occasion=f"r{row.time_revision}/{row.minutes}",
        due_at=due_at,
        expires_at=row.starts_at,
    )
