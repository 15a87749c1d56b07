"""Unusual reading of clients' files by staff: found in the audit log, and told to an owner as a task.

Every threshold stands here. What a calendar, a day or a list of tasks shows of many clients at once is no reading of files. One
person has at most one row of a kind and a day; it grows while they go on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from clinic.accounts.audit_reading import READS
from clinic.accounts.models import AuditEntry, User
from clinic.db import Identified, Model, RowsToDelete, db, new_id

AN_HOUR: Final = timedelta(hours=1)
A_DAY: Final = timedelta(days=1)
MANY_FILES: Final = 25
"""Files of different clients within an hour. A full day of visits is about eight."""
OUTSIDE_FILES: Final = 3
"""Files opened with a reason within a day, by somebody who does not treat the client."""
NIGHT_FILES: Final = 3
"""Files of different clients within an hour of the night."""
NIGHT_FROM: Final = time(23)
NIGHT_UNTIL: Final = time(5)
"""By the clock of the practice's first location; this one is not night any more."""
GLANCES: Final = ("calendar", "day", "tasks")
"""Purposes of what is shown of many clients at once."""
SHOWN: Final = timedelta(days=14)


class UnusualKind(StrEnum):
    """What is unusual about it."""

    MANY = "many"
    OUTSIDE = "outside"
    NIGHT = "night"


class UnusualReading(Identified, Model):
    """That one member of staff read unusually on one day: how many files, from when until when. Whose files, the audit says."""

    __tablename__ = "unusual_readings"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    kind: Mapped[str]
    day: Mapped[date]
    """The local day on which it was found first."""
    files: Mapped[int]
    """The most of one hour, or for those opened with a reason of one day."""
    first_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (
        sa.UniqueConstraint("user_id", "kind", "day"),
        sa.CheckConstraint("kind IN ('many', 'outside', 'night')", name="kind_known"),
        sa.CheckConstraint("files > 0 AND first_at <= last_at", name="counts_forward"),
    )


@dataclass(frozen=True, kw_only=True)
class ReadingOf:
    """A row with the person's name."""

    user_id: UUID
    name: str
    kind: UnusualKind
    files: int
    first_at: datetime
    last_at: datetime


def find(now: datetime, zone: str) -> None:
    """Write down what was unusual until now. Safe to repeat: the same reading is the same row. The caller commits."""
    local = now.astimezone(ZoneInfo(zone))
    is_file = (AuditEntry.action.in_(READS), AuditEntry.purpose.not_in(GLANCES))
    opened = (AuditEntry.action == "open_with_reason",)
    _store(UnusualKind.MANY, local.date(), _readers(now - AN_HOUR, now, *is_file), MANY_FILES)
    _store(UnusualKind.OUTSIDE, local.date(), _readers(now - A_DAY, now, *opened), OUTSIDE_FILES)
    if _is_night(local.time()) and _is_night((now - AN_HOUR).astimezone(ZoneInfo(zone)).time()):
        _store(UnusualKind.NIGHT, local.date(), _readers(now - AN_HOUR, now, *is_file), NIGHT_FILES)


def _is_night(at: time) -> bool:
    return at >= NIGHT_FROM or at < NIGHT_UNTIL


def _readers(
    since: datetime, until: datetime, *which: sa.ColumnElement[bool]
) -> Iterator[tuple[UUID, int, datetime, datetime]]:
    rows = db.session.execute(
        sa.select(
            AuditEntry.actor,
            sa.func.count(sa.distinct(AuditEntry.client_id)),
            sa.func.min(AuditEntry.at),
            sa.func.max(AuditEntry.at),
        )
        .where(AuditEntry.at > since, AuditEntry.at <= until, AuditEntry.actor.startswith("user:"), *which)
        .group_by(AuditEntry.actor)
    )
    for actor, files, first_at, last_at in rows:
        yield UUID(actor.partition(":")[2]), files, first_at, last_at


def _store(
    kind: UnusualKind, day: date, readers: Iterator[tuple[UUID, int, datetime, datetime]], enough: int
) -> None:
    for user_id, files, first_at, last_at in readers:
        if files < enough:
            continue
        row = pg.insert(UnusualReading).values(
            id=new_id(), user_id=user_id, kind=kind.value, day=day,
            files=files, first_at=first_at, last_at=last_at,
        )  # fmt: skip
        grown = {
            "files": sa.func.greatest(UnusualReading.files, row.excluded.files),
            "last_at": sa.func.greatest(UnusualReading.last_at, row.excluded.last_at),
        }
        db.session.execute(
            row.on_conflict_do_update(constraint="uq_unusual_readings_user_id_kind_day", set_=grown)
        )


def lately(now: datetime) -> Sequence[ReadingOf]:
    """What was unusual in the last two weeks, the newest first; one statement."""
    rows = db.session.execute(
        sa.select(UnusualReading, User)
        .join(User, User.id == UnusualReading.user_id)
        .where(UnusualReading.last_at > now - SHOWN)
        .order_by(UnusualReading.last_at.desc(), UnusualReading.id)
    )
    return [
        ReadingOf(
            user_id=user.id,
            name=user.name,
            kind=UnusualKind(row.kind),
            files=row.files,
            first_at=row.first_at,
            last_at=row.last_at,
        )
        for row, user in rows
    ]


def old_readings(before: datetime) -> RowsToDelete:
    """What was last noticed before an instant."""
    return RowsToDelete(UnusualReading, UnusualReading.last_at < before)
