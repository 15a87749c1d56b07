"""Make a backup: dump one moment of the database, read the dump through, encrypt it, read the file back, rename it."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from clinic import __version__, clock, sealed
from clinic.backup import archive, postgres, rotation, runs
from clinic.backup.models import BackupDeed
from clinic.db import transaction
from clinic.refusal import Refusal

WORK: Final = "work-"
LOCK: Final = ".lock"


class NoReaders(Refusal):
    """Nobody could read the backup."""

    code = "no-readers"
    sentence = (
        "No public key is set: make a key pair with `python -m clinic backup-key` and set BACKUP_RECIPIENTS."
    )


class BackupUnderWay(Refusal):
    """Another process makes one now."""

    code = "backup-under-way"
    sentence = "Another backup is being made at this moment."


class NotWritable(Refusal):
    """The folder for backups cannot be written, or its disk is full."""

    code = "not-writable"
    sentence = "The folder for backups cannot be written, or its disk is full."


def make(url: str, folder: Path, readers: Sequence[str]) -> Path:
    """Make a backup of the database at `url` in the folder, delete those that no period needs, and note the attempt.

    Owns its transactions. Raises a Refusal, after noting it: NoReaders, BackupUnderWay, NotWritable,
    archive.UnreadableKey, postgres.NoPrograms, postgres.ProgramFailed, archive.UnreadableBackup.
    """
    with transaction():
        run_id = runs.begin(BackupDeed.BACKUP, clock.now()).id
    try:
        made, sha256 = write(url, folder, readers)
    except Refusal as refusal:
        with transaction():
            runs.end_badly(run_id, refusal.sentence, clock.now())
        raise
    with transaction():
        runs.end_well(
            run_id, file_name=made.name, file_bytes=made.stat().st_size, sha256=sha256, now=clock.now()
        )
    for name in rotation.superfluous(path.name for path in folder.iterdir()):
        (folder / name).unlink(missing_ok=True)
    return made


def newest(folder: Path) -> Path:
    """The newest backup in a folder. Raises archive.UnreadableBackup if there is none."""
    found = backups(folder)
    if not found:
        raise archive.UnreadableBackup(f"There is no backup in {folder}.")
    return found[-1]


def backups(folder: Path) -> list[Path]:
    """The backups in a folder, oldest first."""
    return sorted(path for path in _listed(folder) if rotation.made_at(path.name))


def _listed(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())


def write(url: str, folder: Path, readers: Sequence[str]) -> tuple[Path, str]:
    """Write a backup into the folder and note nothing in the database; returns it with its SHA-256. Raises as `make` does."""
    keys = archive.recipients(readers)
    if not keys:
        raise NoReaders
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(folder), tempfile.TemporaryDirectory(prefix=WORK, dir=folder) as work:
            dump, draft = Path(work, archive.DUMP), Path(work, "draft")
            with postgres.snapshot(url) as seen:
                at = clock.now()
                postgres.dump(url, seen, dump)
            sha256 = archive.write(draft, _manifest(seen, at), dump, keys)
            made = folder / rotation.file_name(at)
            draft.rename(made)
    except OSError:
        raise NotWritable from None
    return made, sha256


def _manifest(seen: postgres.Snapshot, at: datetime) -> archive.Manifest:
    return archive.Manifest(
        made_at=at,
        version=__version__,
        revision=seen.revision,
        postgres=seen.postgres,
        sealing_keys=sealed.fingerprints(),
        tables=seen.tables,
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup at a time in a folder; what a killed one left behind is cleared away first. Raises BackupUnderWay."""
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupUnderWay from None
        for path in folder.glob(f"{WORK}*"):
            shutil.rmtree(path, ignore_errors=True)
        yield
