"""Base backups: the whole server's folder as of one moment, on which received WAL is replayed."""

import fcntl
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from clinic import __version__, sealed
from clinic.backup import archive, postgres, wal_archive
from clinic.backup.making import BackupUnderWay, NoReaders, NotWritable
from clinic.backup.wal_archive import BaseHead, KeptBase

WORK: Final = "base-"
LOCK: Final = "base.lock"
LABEL: Final = re.compile(r"^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)$", re.MULTILINE)


def make(url: str, line: Path, work: Path, readers: Sequence[str]) -> KeptBase:
    """Copy the server at `url` into its line: by `pg_basebackup`, held against its own manifest by `pg_verifybackup`, then encrypted.

    `url` is of a role that may replicate. Until it is encrypted the copy lies in the folder `work`, for this account alone.
    Raises NoReaders, BackupUnderWay, NotWritable, archive.UnreadableKey, archive.UnreadableBackup, postgres.NoPrograms and
    postgres.ProgramFailed.
    """
    keys = archive.recipients(readers)
    if not keys:
        raise NoReaders
    try:
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(work), tempfile.TemporaryDirectory(prefix=WORK, dir=work) as folder:
            data = Path(folder, "data")
            server, segment_bytes, _ = _asked(url)
            _ = postgres.call(
                "pg_basebackup", url, server,
                f"--pgdata={data}", "--format=plain", "--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256",
            )  # fmt: skip
            postgres.call("pg_verifybackup", url, server, "--quiet", str(data), connects=False)
            _, _, now = _asked(url)
            name = wal_archive.base_name(now, _first_segment(data))
            head = BaseHead(name, __version__, server, segment_bytes, sealed.fingerprints())
            wal_archive.keep_base(data, head, line, keys, Path(folder))
    except OSError:
        raise NotWritable from None
    return wal_archive.bases(line)[-1]


def _asked(url: str) -> tuple[int, int, datetime]:
    """The server's version number, the bytes of its segments, and its time."""
    with postgres.connected(url) as connection:
        row = connection.execute(
            "SELECT setting::int, clock_timestamp() FROM pg_settings WHERE name = 'wal_segment_size'"
        ).fetchone()
        assert row is not None
        return connection.info.server_version, row[0], row[1]


def _first_segment(data: Path) -> str:
    found = LABEL.search((data / "backup_label").read_text())
    assert found is not None
    return found[1]


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """One base backup at a time. Raises BackupUnderWay."""
    with (work / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupUnderWay from None
        yield
