"""Prove the newest backup: restore it into a server of its own, open what is sealed, verify the audit, send nothing."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from clinic import clock, schema, sealed
from clinic.accounts import audit_seals
from clinic.backup import making, object_storage, point_in_time, restoring, runs
from clinic.backup.archive import digest
from clinic.backup.models import BackupDeed
from clinic.backup.object_storage import StorageAddress
from clinic.backup.restoring import RestoredBackup
from clinic.backup.wal_archive import KeptBase
from clinic.db import Base, db, transaction
from clinic.embedded.process import ServerFailed
from clinic.embedded.servers import Servers, ServersWanted, scratch_servers
from clinic.messaging import pause
from clinic.messaging.models import Sending
from clinic.refusal import Refusal

OPENED: Final = 100
"""Sealed values opened in each column."""


class DrillFailed(Refusal):
    """The backup came back, but something in it is not as it should be."""

    code = "drill-failed"


@dataclass(frozen=True, slots=True)
class DrillReport:
    """What a drill found."""

    file_name: str
    file_bytes: int
    sha256: str
    restored: RestoredBackup
    opened: int
    """Sealed values that opened."""
    seals: int
    """Seals of the audit that hold."""
    took: timedelta
    """From the encrypted file, wherever it lay, to a database that can be used (recovery time)."""
    lost: timedelta
    """What would be missing if the live database were lost now (recovery point)."""
    moment: "MomentReport | None" = None
    """What bringing back the newest moment found, where WAL is received."""


@dataclass(frozen=True, slots=True)
class MomentReport:
    """What bringing back the newest moment of the received WAL found."""

    base: KeptBase
    segments: int
    opened: int
    seals: int
    took: timedelta
    lost: timedelta
    """From the end of the WAL that lay there to the beginning of the drill (recovery point)."""


Product = Callable[[Servers], AbstractContextManager[object]]
"""The product's context on other servers."""


def rehearse(
    folder: Path,
    key_file: Path,
    product: Product,
    storage: StorageAddress | None = None,
    wal: Path | None = None,
) -> DrillReport:
    """Restore the newest backup into servers that are removed afterwards, look at it, and note the drill in the live database.

    The backup comes from the folder, or from the object storage if one is given. With a folder of received WAL the newest moment is brought
    back as well, as a drill of its own. Owns its transactions. Raises a Refusal after noting it.
    """
    with _noted() as note:
        report = _rehearsed(folder, key_file, product, storage)
        note(report.file_name, report.file_bytes, report.sha256)
    if wal is None:
        return report
    with _noted() as note:
        moment = _rehearsed_moment(wal, key_file, product)
        file = moment.base.file
        note(f"{file.parent.name}/{file.name}", file.stat().st_size, digest(file))
    return replace(report, moment=moment)


@contextmanager
def _noted() -> Iterator[Callable[[str, int, str], None]]:
    """One drill as the live database remembers it; the block is given what notes the file it was about, with its bytes and SHA-256."""
    with transaction():
        run_id = runs.begin(BackupDeed.DRILL, clock.now()).id
    about: list[tuple[str, int, str]] = []
    try:
        yield lambda name, size, sha256: about.append((name, size, sha256))
    except Refusal as refusal:
        with transaction():
            runs.end_badly(run_id, refusal.sentence, clock.now())
        raise
    ((name, size, sha256),) = about
    with transaction():
        runs.end_well(run_id, file_name=name, file_bytes=size, sha256=sha256, now=clock.now())


def _rehearsed(folder: Path, key_file: Path, product: Product, storage: StorageAddress | None) -> DrillReport:
    with tempfile.TemporaryDirectory(prefix="lumbar-drill-") as work, scratch_servers() as servers:
        began = time.monotonic()
        file = object_storage.fetch(storage, None, Path(work)) if storage else making.newest(folder)
        restored = restoring.restore(file, key_file, servers.urls.owner)
        took = timedelta(seconds=time.monotonic() - began)
        with product(servers):
            opened, seals = _looked_at(clock.now())
        lost = clock.now() - restored.manifest.made_at
        return DrillReport(file.name, file.stat().st_size, digest(file), restored, opened, seals, took, lost)


def _rehearsed_moment(wal: Path, key_file: Path, product: Product) -> MomentReport:
    with tempfile.TemporaryDirectory(prefix="lumbar-drill-") as work:
        asked_at, began = clock.now(), time.monotonic()
        folder = Path(work)
        found = point_in_time.restore(wal, key_file, None, folder)
        try:
            with Servers(folder, wanted=ServersWanted(broker=False)) as servers:
                schema.upgrade(servers.urls.owner)
                took = timedelta(seconds=time.monotonic() - began)
                with product(servers):
                    opened, seals = _looked_at(clock.now())
        except ServerFailed as error:
            raise DrillFailed(f"The database that was brought back could not be started: {error}.") from None
        until = found.closed_at or found.base.made_at
        return MomentReport(found.base, found.segments, opened, seals, took, asked_at - until)


def _looked_at(now: datetime) -> tuple[int, int]:
    """How many sealed values opened, and how many seals of the audit hold. Raises DrillFailed."""
    try:
        opened = sum(1 for _ in _opened())
    except sealed.Unsealable as unsealable:
        raise DrillFailed(f"A sealed value does not open: {unsealable}.") from None
    verification = audit_seals.verify()
    if not verification.holds:
        raise DrillFailed(f"The audit does not hold: seal {verification.broken}, {verification.why}.")
    with transaction():
        # Before the first pass of a practice there is no state, and nothing that could have been sent before.
        if db.session.get(Sending, 1) is not None and not pause.is_held(now, asked=False):
            raise DrillFailed("The restored database would send messages.")
    return opened, verification.seals


def _opened() -> Iterator[object]:
    for model, attribute in sealed.sealed_attributes(Base):
        column = getattr(model, attribute.column)
        for row in db.session.scalars(sa.select(model).where(column.is_not(None)).limit(OPENED)):
            yield attribute.__get__(row, model)
        db.session.expunge_all()
