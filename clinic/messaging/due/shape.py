"""The one shape of every kind: rows found by a question become messages owed, once they are due."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.db import db
from clinic.messaging.models import Kind, Message
from clinic.messaging.quiet import Quiet
from clinic.messaging.services import Owed
from clinic.practice.models import Location, Practice

LATELY = timedelta(minutes=15)
EVER = datetime.min.replace(tzinfo=UTC)

Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the practice decided about letters, and how far back this pass looks for changes."""

    changed_since: datetime
    settle: timedelta
    quiet_from_hour: int
    quiet_until_hour: int
    reminder_offsets: tuple[timedelta, ...]
    rebooking_after: timedelta
    zones: tuple[str, ...]

    def quiet(self, zone: str) -> Quiet:
        """The quiet hours in one zone."""
        return Quiet(ZoneInfo(zone), self.quiet_from_hour, self.quiet_until_hour)


Question = Callable[[Rules, datetime], Sequence[Owed]]
"""What one kind asks of committed rows at a moment (UTC)."""


def rules(now: datetime, *, thorough: bool = True) -> Rules | None:
    """The practice's rules; None before set-up, when nothing can be owed.

    A pass that is not `thorough` looks only at appointments that changed within the last quarter of an hour or are
    settling.
    """
    practice = db.session.get(Practice, 1)
    if practice is None:
        return None
    zones = db.session.scalars(sa.select(Location.zone).distinct().order_by(Location.zone))
    settle = timedelta(seconds=practice.settle_seconds)
    return Rules(
        changed_since=EVER if thorough else now - LATELY - settle,
        settle=settle,
        quiet_from_hour=practice.quiet_from_hour,
        quiet_until_hour=practice.quiet_until_hour,
        reminder_offsets=tuple(timedelta(minutes=minutes) for minutes in practice.reminder_offsets_minutes),
        rebooking_after=timedelta(days=practice.rebooking_after_days),
        zones=tuple(zones),
    )


def owed(
    kind: Kind,
    question: sa.Select[*tuple[Any, ...]],
    now: datetime,
    *,
    occasion: Callable[[Row], str],
    due_at: Callable[[Row], datetime],
    expires_at: Callable[[Row], datetime],
) -> list[Owed]:
    """One message for each row that is due by now; a row gives `id`, `recipient_id` and, when it has one, `client_id`."""
    return [
        Owed(
            kind=kind,
            subject_id=row.id,
            recipient_id=row.recipient_id,
            client_id=row._mapping.get("client_id"),
            occasion=occasion(row),
            due_at=at,
            expires_at=expires_at(row),
        )
        for row in db.session.execute(question)
        if (at := due_at(row)) <= now
    ]


def never_owed(
    kind: Kind,
    subject: sa.ColumnElement[Any] | sa.orm.InstrumentedAttribute[Any],
    *conditions: sa.ColumnElement[bool],
) -> sa.ColumnElement[bool]:
    """Whether no message of this kind was ever owed about a subject, under further conditions."""
    return ~sa.exists().where(
        Message.kind == kind, Message.channel == "mail", Message.subject_id == subject, *conditions
    )
