"""What is remembered of each attempt, and how the backups stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from clinic.backup.models import BackupDeed, BackupRun
from clinic.db import RowsToDelete, db

LATE_AFTER: Final = timedelta(hours=26)
"""A day, and two hours for a night that was busy."""
DRILL_AFTER: Final = timedelta(days=31)
SHOWN: Final = 30
KEPT: Final = timedelta(days=400)
"""Longer than the oldest backup file is kept."""


class BackupState(StrEnum):
    """Whether there is a backup to go back to."""

    OK = "ok"
    LATE = "late"
    OFF = "off"
    """No public key is set, so nobody could read one."""
    NO_ROOM = "no_room"
    """WAL is received, but there is too little free space for a base backup."""
    NO_BASE = "no_base"
    """WAL is received, but the last base backup failed for another reason."""

    @property
    def is_ill(self) -> bool:
        """Whether somebody must do something."""
        return self not in (BackupState.OK, BackupState.OFF)


@dataclass(frozen=True, slots=True)
class BackupOverview:
    """What an owner reads about the backups."""

    state: BackupState
    newest: BackupRun | None
    """The newest good one."""
    drill: BackupRun | None
    """The newest good drill."""
    lately: Sequence[BackupRun]
    storage: BackupState
    """Whether there is a newest copy in the object storage, away from this machine."""
    newest_sent: BackupRun | None
    """The newest backup that is there."""


@dataclass(frozen=True, slots=True)
class UnsentBackup:
    """A good backup that is not in the object storage yet."""

    run_id: UUID
    file_name: str
    sha256: str


def begin(deed: BackupDeed, now: datetime) -> BackupRun:
    """Note that an attempt begins; the caller commits before the work, so that one that is killed leaves a trace."""
    run = BackupRun(deed=deed, began_at=now)
    db.session.add(run)
    db.session.flush()
    return run


def end_well(run_id: UUID, *, file_name: str, file_bytes: int, sha256: str, now: datetime) -> None:
    """Note that an attempt ended as it should."""
    _end(run_id, is_good=True, file_name=file_name, file_bytes=file_bytes, sha256=sha256, ended_at=now)


def end_badly(run_id: UUID, problem: str, now: datetime) -> None:
    """Note why an attempt ended otherwise."""
    _end(run_id, problem=problem, ended_at=now)


def begin_sending(now: datetime) -> UnsentBackup | None:
    """Note that the newest good backup begins to be sent; None if it is there already, or if there is none."""
    run = _newest(BackupDeed.BACKUP)
    if run is None or run.sent_at is not None or run.file_name is None or run.sha256 is None:
        return None
    run.send_began_at, run.send_problem = now, None
    return UnsentBackup(run.id, run.file_name, run.sha256)


def end_sending_well(run_id: UUID, now: datetime) -> None:
    """Note that the storage gave back what was sent."""
    _end(run_id, sent_at=now)


def end_sending_badly(run_id: UUID, problem: str) -> None:
    """Note why it was not sent, or what went wrong once it was."""
    _end(run_id, send_problem=problem)


def _end(run_id: UUID, **columns: object) -> None:
    db.session.execute(sa.update(BackupRun).where(BackupRun.id == run_id).values(**columns))


def state(now: datetime, *, are_on: bool) -> BackupState:
    """How the backups stand. One statement.

    Late is whoever set public keys and got no good backup for LATE_AFTER, counted from the first attempt.
    """
    if not are_on:
        return BackupState.OFF
    good = sa.select(sa.func.max(BackupRun.began_at)).where(
        BackupRun.deed == BackupDeed.BACKUP, BackupRun.is_good
    )
    return _state(good, sa.select(sa.func.min(BackupRun.began_at)), now)


def storage_state(now: datetime, *, is_on: bool) -> BackupState:
    """How the copies in the object storage stand: late without one of a backup that began within LATE_AFTER. One statement.

    Counted from the first backup that was to be sent, however often that was tried since.
    """
    if not is_on:
        return BackupState.OFF
    good = sa.select(sa.func.max(BackupRun.began_at)).where(BackupRun.sent_at.is_not(None))
    first = sa.select(sa.func.min(BackupRun.began_at)).where(BackupRun.send_began_at.is_not(None))
    return _state(good, first, now)


def _state(good: sa.Select[datetime], first: sa.Select[datetime], now: datetime) -> BackupState:
    since = db.session.scalar(sa.select(sa.func.coalesce(good.scalar_subquery(), first.scalar_subquery())))
    return BackupState.OK if since is None or since > now - LATE_AFTER else BackupState.LATE


def overview(now: datetime, *, are_on: bool, has_storage: bool = False) -> BackupOverview:
    """How the backups stand, with the last attempts, newest first."""
    lately = db.session.scalars(
        sa.select(BackupRun).order_by(BackupRun.began_at.desc(), BackupRun.id.desc()).limit(SHOWN)
    ).all()
    return BackupOverview(
        state(now, are_on=are_on),
        _newest(BackupDeed.BACKUP),
        _newest(BackupDeed.DRILL),
        lately,
        storage_state(now, is_on=are_on and has_storage),
        _newest(BackupDeed.BACKUP, BackupRun.sent_at.is_not(None)),
    )


def _newest(deed: BackupDeed, *conditions: sa.ColumnElement[bool]) -> BackupRun | None:
    return db.session.scalar(
        sa.select(BackupRun)
        .where(BackupRun.deed == deed, BackupRun.is_good, *conditions)
        .order_by(BackupRun.began_at.desc())
        .limit(1)
    )


def old_runs(before: datetime) -> RowsToDelete:
    """Attempts that began before an instant."""
    return RowsToDelete(BackupRun, BackupRun.began_at < before)
