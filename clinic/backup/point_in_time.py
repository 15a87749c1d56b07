"""Bring the database back as it was at a moment: a base backup from before it, and the WAL from there to it, replayed by PostgreSQL.

PostgreSQL has the last word on whether the moment was reached. What was missing or damaged on the way is said in its place.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
from pyrage.x25519 import Identity

from clinic import schema, sealed
from clinic.backup import archive, postgres, wal_archive
from clinic.backup.archive import UnreadableBackup
from clinic.backup.restoring import NewerSchema, NoRoom, NotEmpty, OtherSealingKeys
from clinic.backup.wal_archive import KeptBase, WalLine
from clinic.embedded import recovery
from clinic.embedded.process import AlreadyRunning, ServerFailed
from clinic.embedded.recovery import NotRecovered
from clinic.refusal import Refusal

ENDED_BEFORE: Final = "recovery ended before configured recovery target was reached"
NOT_CONSISTENT: Final = "before consistent recovery point"
FULL: Final = "No space left on device"


class OutOfReach(Refusal):
    """No base backup is old enough, the WAL ends before the moment, or something is missing on the way to it."""

    code = "out-of-reach"


class OtherPostgres(Refusal):
    """Another major version of PostgreSQL made the base backup."""

    code = "other-postgres"


class NotReplayed(Refusal):
    """PostgreSQL stopped on the way, for another reason."""

    code = "not-replayed"


@dataclass(frozen=True, slots=True)
class RestoredMoment:
    """What was brought back."""

    base: KeptBase
    last_at: datetime | None
    """When the last transaction was that is in it; None if there was none since the base backup."""
    closed_at: datetime | None
    """When the last segment was closed that was replayed: whatever was committed before is in it."""
    segments: int
    """How many were replayed."""


class _Way:
    """The way from a base backup to a moment: what of it was unpacked, and what stood in the way."""

    def __init__(self, line: WalLine, base: KeptBase, keys: list[Identity], work: Path) -> None:
        self.line, self.base, self.keys, self.work = line, base, keys, work
        self.obstacle: str | None = None
        self.closed_at: datetime | None = None
        self.segments = 0
        self.head = wal_archive.open_base(base.file, keys, work)
        _refuse_other_postgres(self.head.postgres)
        if not sealed.are_known(self.head.sealing_keys):
            raise OtherSealingKeys

    def unpack(self, data: Path) -> None:
        """Put the base backup and all its segments up to the first that is missing or damaged into a server's folder."""
        wal_archive.unpack_base(self.work, data)
        head = self.head
        wanted = head.first_segment
        for segment in self.line.segments:
            if segment < wanted:
                continue
            if segment != wanted:
                self.obstacle = f"Segment {wanted} is missing in {self.line.folder.name}."
                return
            file = self.line.folder / f"{segment}.wal"
            try:
                self.closed_at = wal_archive.open_segment(
                    file, self.keys, self.work, data / "pg_wal" / segment
                )
            except UnreadableBackup as refusal:
                self.obstacle = (
                    f"Segment {segment} in {self.line.folder.name} cannot be used. {refusal.sentence}"
                )
                return
            self.segments += 1
            wanted = wal_archive.after(segment, head.segment_bytes)


def restore(
    folder: Path,
    key_file: Path,
    at: datetime | None,
    servers: Path,
    *,
    before_writing: Callable[[], object] = lambda: None,
) -> RestoredMoment:
    """Make the database of the folder `servers`, which has none, as it was at an instant (aware), or as late as the WAL goes.

    `folder` holds the received WAL. `before_writing` is called when nothing stands in the way any more. Raises, with nothing changed:
    archive.UnreadableKey, archive.UnreadableBackup, NotEmpty, NoRoom, OutOfReach, OtherPostgres, OtherSealingKeys, NewerSchema, NotReplayed,
    postgres.NoPrograms.
    """
    keys = archive.identities(key_file)
    if (servers / "data").exists():
        raise NotEmpty
    line, base = _chosen(folder, at)
    try:
        with tempfile.TemporaryDirectory(prefix="lumbar-restore-") as work:
            way = _Way(line, base, keys, Path(work))

            def fill(data: Path) -> None:
                way.unpack(data)
                if at is None and way.obstacle is not None:
                    raise OutOfReach(f"{way.obstacle} {_up_to(way.closed_at)} Nothing was changed.")

            def look(connection: psycopg.Connection) -> None:
                _refuse_newer(connection)
                before_writing()

            last_at = recovery.recover(servers, at=at, fill=fill, look=look)
            return RestoredMoment(base, last_at, way.closed_at, way.segments)
    except NotRecovered as failure:
        raise _explained(failure, way, at) from None
    except recovery.FolderInUse:
        raise NotEmpty from None
    except (AlreadyRunning, ServerFailed) as error:
        raise NotReplayed(f"The database could not be started: {error}. Nothing was changed.") from None
    except OSError as error:
        raise NoRoom(f"It cannot be unpacked here: {error.strerror}. Nothing was changed.") from None


def _chosen(folder: Path, at: datetime | None) -> tuple[WalLine, KeptBase]:
    """The newest base backup that was complete by then, and its line. Raises OutOfReach."""
    found = sorted(
        ((line, base) for line in wal_archive.lines(folder) for base in line.bases),
        key=lambda each: each[1].made_at,
    )
    if not found:
        raise OutOfReach(f"There is no base backup in {folder}.")
    early_enough = [each for each in found if at is None or each[1].made_at <= at]
    if not early_enough:
        raise OutOfReach(
            f"The first base backup there is of {said(found[0][1].made_at)}: no earlier moment can be brought back. Nothing was "
            "changed; an older nightly backup may help."
        )
    return early_enough[-1]


def _refuse_other_postgres(number: int) -> None:
    here = postgres.server_here()
    if here != number // 10_000:
        raise OtherPostgres(
            f"A moment is brought back by a server of the same major version: PostgreSQL {number // 10_000} made this base backup, and "
            f"here is {here}. Nothing was changed; with programs of version {number // 10_000} it can be brought back."
        )


def _refuse_newer(connection: psycopg.Connection) -> None:
    found = connection.execute("SELECT to_regclass('public.alembic_version') IS NOT NULL").fetchone()
    row = (
        connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if found and found[0]
        else None
    )
    if row is not None and not schema.knows(row[0]):
        raise NewerSchema(
            f"A newer Lumbar had brought the database to revision {row[0]} by then. Nothing was changed."
        )


def _explained(failure: NotRecovered, way: _Way, at: datetime | None) -> Refusal:
    if NOT_CONSISTENT in failure.log:
        return OutOfReach(
            f"The base backup of {said(way.base.made_at)} was not complete at that moment: choose a later one. Nothing was changed."
        )
    if ENDED_BEFORE in failure.log and at is not None:
        why = way.obstacle or f"The WAL there ends before {said(at)}."
        return OutOfReach(f"{why} {_up_to(failure.last_at or way.closed_at)} Nothing was changed.")
    if FULL in failure.log:
        return NoRoom("It cannot be replayed here: the disk is full. Nothing was changed.")
    # The server's last words name files and settings; of rows it says nothing in a terse log.
    last = [line for line in failure.log.splitlines() if "FATAL" in line or "PANIC" in line][-1:]
    return NotReplayed(
        f"PostgreSQL stopped on the way: {last[0] if last else 'it did not say why'}. Nothing was changed."
    )


def _up_to(at: datetime | None) -> str:
    return "" if at is None else f"It can be restored up to {said(at)}; choose an earlier moment with --at."


def said(at: datetime) -> str:
    """An instant as people type it, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
