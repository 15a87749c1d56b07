"""Base backups: the whole server's folder as of one moment, on which received WAL is replayed."""

import fcntl
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from pyrage.x25519 import Recipient

from clinic import __version__, sealed
from clinic.backup import archive, postgres, wal_archive
from clinic.backup.making import BackupUnderWay, NoReaders, NotWritable
from clinic.backup.wal_archive import BaseHead, KeptBase
from clinic.refusal import Refusal

WORK: Final = "base-"
LOCK: Final = "base.lock"
COPIES_IN_WORK, COPIES_IN_LINE = 2, 1
"""Of the whole server at most, beside itself: as PostgreSQL writes it and packed; encrypted."""
SPARE_BYTES: Final = 256 << 20
"""Of free space is left to the server, which goes on writing meanwhile."""
LABEL: Final = re.compile(r"^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)$", re.MULTILINE)


class NoRoomForBase(Refusal):
    """There is too little free space to copy the whole server."""

    code = wal_archive.NO_ROOM


def make(url: str, line: Path, work: Path, readers: Sequence[str]) -> KeptBase:
    """Copy the server at `url` into its line: by `pg_basebackup`, held against its own manifest by `pg_verifybackup`, then encrypted.

    `url` is of a role that may replicate. Until it is encrypted the copy lies in the folder `work`, for this account alone.
    Raises NoReaders, BackupUnderWay, NoRoomForBase before anything is written, NotWritable, archive.UnreadableKey, archive.UnreadableBackup, postgres.NoPrograms and
    postgres.ProgramFailed.
    """
    keys = archive.recipients(readers)
    if not keys:
        raise NoReaders
    try:
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(work):
            server, segment_bytes, _, server_bytes = _asked(url)
            _refuse_without_room(server_bytes, work, line)
            return _made(url, line, work, keys, server, segment_bytes)
    except OSError:
        raise NotWritable from None


def clear_away(work: Path) -> None:
    """Remove what a killed base backup left in the folder `work`; one that is being made keeps what it has."""
    try:
        with _alone(work):
            pass
    except BackupUnderWay:
        return


def _made(
    url: str, line: Path, work: Path, keys: list[Recipient], server: int, segment_bytes: int
) -> KeptBase:
    with tempfile.TemporaryDirectory(prefix=WORK, dir=work) as folder:
        data = Path(folder, "data")
        _ = postgres.call(
                "pg_basebackup", url, server,
                f"--pgdata={data}", "--format=plain", "--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256",
            )  # fmt: skip
        postgres.call("pg_verifybackup", url, server, "--quiet", str(data), connects=False)
        _, _, now, _ = _asked(url)
        name = wal_archive.base_name(now, _first_segment(data))
        head = BaseHead(name, __version__, server, segment_bytes, sealed.fingerprints())
        wal_archive.keep_base(data, head, line, keys, Path(folder))
    return wal_archive.bases(line)[-1]


def _refuse_without_room(server_bytes: int, work: Path, line: Path) -> None:
    """Raise NoRoomForBase unless each folder's disk has room for what is put there, and some to spare."""
    is_one_disk = work.stat().st_dev == line.stat().st_dev
    wanted = [(work, "data folder", COPIES_IN_WORK + COPIES_IN_LINE if is_one_disk else COPIES_IN_WORK)]
    if not is_one_disk:
        wanted.append((line, "folder of the backups", COPIES_IN_LINE))
    for folder, name, copies in wanted:
        needed, free = copies * server_bytes + SPARE_BYTES, shutil.disk_usage(folder).free
        if free < needed:
            raise NoRoomForBase(
                f"There is too little room for a base backup: it needs {needed / 1e9:.1f} GB of free space on the disk of the "
                f"{name}, and there are {free / 1e9:.1f} GB."
            )


def _asked(url: str) -> tuple[int, int, datetime, int]:
    """The server's version number, the bytes of its segments, its time, and the bytes of its databases."""
    with postgres.connected(url) as connection:
        row = connection.execute(
            "SELECT setting::int, clock_timestamp(), (SELECT sum(pg_database_size(oid))::bigint FROM pg_database"
            " WHERE has_database_privilege(oid, 'CONNECT')) FROM pg_settings WHERE name = 'wal_segment_size'"
        ).fetchone()
        assert row is not None
        return connection.info.server_version, row[0], row[1], row[2]


def _first_segment(data: Path) -> str:
    found = LABEL.search((data / "backup_label").read_text())
    assert found is not None
    return found[1]


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """One base backup at a time; what a killed one left behind is cleared away first. Raises BackupUnderWay."""
    with (work / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupUnderWay from None
        for path in work.glob(f"{WORK}*"):
            shutil.rmtree(path, ignore_errors=True)
        yield
