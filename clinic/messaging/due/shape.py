"""The common shape of all kinds: rows found by a query become messages once they are due.

A kind does not run its queries. It returns them with a function that makes messages of their rows; a pass runs one
after the other (`find`), a forecast runs all of them in one statement (`foresee`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts.models import Contact
from clinic.db import db
from clinic.messaging.due.quiet_hours import Quiet
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import Owed
from clinic.practice.models import Location, Practice
from clinic.practice.queries import first_zone, remember_practice

LATELY = timedelta(minutes=15)
HAS_WISH = Contact.reminder_offsets_minutes.is_not(None)
ASKED = "asked"
EVER = datetime.min.replace(tzinfo=UTC)

Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class DueRules:
    """The practice's settings for letters, how far back a pass looks for changes, and how far ahead for due messages.

    `ahead` is zero for a pass; then `until` is `now` itself.
    """

    changed_since: datetime
    settle: timedelta
    quiet_from_hour: int
    quiet_until_hour: int
    reminder_offsets: tuple[timedelta, ...]
    offsets_of_clients: tuple[int, ...]
    """Every reminder offset, in minutes, that some client chose instead of the practice's."""
    rebooking_after: timedelta
    zones: tuple[str, ...]
    home_zone: str
    """The zone of the practice's first location; UTC while it has none."""
    ahead: timedelta = timedelta()
    texts: bool = False
    """Whether text messages are sent, and so owed."""

    def until(self, now: datetime) -> datetime:
        """The latest due time to find."""
        return now + self.ahead

    def quiet(self, zone: str) -> Quiet:
        """The quiet hours in one zone."""
        return Quiet(ZoneInfo(zone), self.quiet_from_hour, self.quiet_until_hour)


@dataclass(frozen=True, slots=True)
class DueQuery:
    """A query for committed rows, and the function that makes messages of them."""

    question: sa.Select[*tuple[Any, ...]]
    messages: Callable[[Iterable[Row]], list[Owed]]


Question = Callable[[DueRules, datetime], Sequence[DueQuery]]
"""The queries of one kind at a moment (UTC)."""


def find(question: Question, rules: DueRules, now: datetime) -> list[Owed]:
    """The messages of one kind that are due, or will be within the rules' look ahead."""
    return [
        owed for asked in question(rules, now) for owed in asked.messages(db.session.execute(asked.question))
    ]


def foresee(questions: Iterable[Question], rules: DueRules, now: datetime) -> list[Owed]:
    """The same for many kinds, in a single statement."""
    every = [asked for question in questions for asked in question(rules, now)]
    if not every:
        return []
    types = {str(column.key): column.type for asked in every for column in asked.question.selected_columns}
    branches = []
    for number, asked in enumerate(every):
        rows = asked.question.subquery()
        columns = [
            (rows.c[name] if name in rows.c else sa.cast(sa.null(), kind)).label(name)
            for name, kind in types.items()
        ]
        branches.append(sa.select(sa.literal_column(str(number)).label(ASKED), *columns))
    found: list[list[Row]] = [[] for _ in every]
    for row in db.session.execute(sa.union_all(*branches)):
        found[row._mapping[ASKED]].append(row)
    return [owed for asked, rows in zip(every, found, strict=True) for owed in asked.messages(rows)]


def rules(
    now: datetime, *, thorough: bool = True, ahead: timedelta = timedelta(), texts: bool = False
) -> DueRules | None:
    """The practice's rules; None before set-up, when nothing can be due.

    A pass that is not `thorough` looks only at appointments that changed within the last quarter of an hour or are
    settling. With `ahead` the queries also find what falls due until then, with `texts` also text messages.
    """
    zone = sa.func.array_agg(sa.distinct(Location.zone))
    minutes = sa.func.unnest(Contact.reminder_offsets_minutes).table_valued("minutes").render_derived()
    wished = sa.func.array_agg(sa.distinct(minutes.c.minutes))
    of_clients = sa.select(wished).select_from(Contact).join(minutes, sa.true()).where(HAS_WISH)
    row = db.session.execute(
        sa.select(
            Practice,
            first_zone(now.date()),
            sa.select(zone).scalar_subquery(),
            of_clients.scalar_subquery(),
        )
    ).one_or_none()
    if row is None:
        return None
    practice, home_zone, zones, offsets = row
    remember_practice(practice)
    settle = timedelta(seconds=practice.settle_seconds)
    return DueRules(
        changed_since=EVER if thorough else now - LATELY - settle,
        settle=settle,
        quiet_from_hour=practice.quiet_from_hour,
        quiet_until_hour=practice.quiet_until_hour,
        reminder_offsets=tuple(timedelta(minutes=minutes) for minutes in practice.reminder_offsets_minutes),
        rebooking_after=timedelta(days=practice.rebooking_after_days),
        offsets_of_clients=tuple(offsets or ()),
        zones=tuple(sorted(zones or ())),
        home_zone=home_zone or "UTC",
        ahead=ahead,
        texts=texts,
    )


def due_query(
    kind: MessageKind,
    question: sa.Select[*tuple[Any, ...]],
    until: datetime,
    *,
    occasion: Callable[[Row], str],
    due_at: Callable[[Row], datetime],
    expires_at: Callable[[Row], datetime],
) -> DueQuery:
    """One message for each row that is due by `until`; a row has `id`, `recipient_id` and, if there is one,
    `client_id`.

    A message that would fall due only after it expires is left out.
    """

    def messages(rows: Iterable[Row]) -> list[Owed]:
        return [
            Owed(
                kind=kind,
                subject_id=row.id,
                recipient_id=row.recipient_id,
                client_id=row._mapping.get("client_id"),
                occasion=occasion(row),
                due_at=at,
                expires_at=worth_until,
            )
            for row in rows
            if (at := due_at(row)) <= until and at < (worth_until := expires_at(row))
        ]

    return DueQuery(question, messages)


def never_owed(
    kind: MessageKind,
    subject: sa.ColumnElement[Any] | sa.orm.InstrumentedAttribute[Any],
    *conditions: sa.ColumnElement[bool],
) -> sa.ColumnElement[bool]:
    """A condition: there never was a message of this kind about the subject, under further conditions."""
    return ~_owed(kind, subject).where(*conditions)


@cache
def _owed(kind: MessageKind, subject: sa.ColumnElement[Any] | sa.orm.InstrumentedAttribute[Any]) -> sa.Exists:
    return sa.exists().where(Message.kind == kind, Message.channel == "mail", Message.subject_id == subject)
