"""Send the newest backup to the object storage, beside the folder on this machine."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from clinic import clock
from clinic.backup import archive, object_storage, runs
from clinic.backup.object_storage import StorageAddress
from clinic.db import transaction
from clinic.refusal import Refusal

LOCK: Final = ".sending"
ERASURE_LEDGER: Final = "erasures.jsonl"
"""Who was erased, beside the backups (`clinic.maintenance.erasure_ledger`): without it a restored backup would bring them back."""


UNEXPECTED: Final = "An unexpected fault stopped it; the worker's log names it."


class ChangedSince(Refusal):
    """The file on this machine is gone, or another one."""

    code = "changed-since"


def send_newest(folder: Path, address: StorageAddress) -> str | None:
    """Send the newest good backup and the ledger of erasures, and delete there what no period needs.

    Returns the backup's name; None if it was there already, if there is none, or while another process sends one. Owns its transactions.
    Raises a Refusal after noting it: ChangedSince, object_storage.StorageRefusal.
    """
    with _alone(folder) as is_alone:
        if not is_alone:
            return None
        with transaction():
            unsent = runs.begin_sending(clock.now())
        try:
            with object_storage.connected(address) as storage:
                storage.add_lines(folder / ERASURE_LEDGER)
                if unsent is None:
                    return None
                _refuse_changed(folder / unsent.file_name, unsent.sha256)
                storage.send(folder / unsent.file_name, unsent.sha256)
                with transaction():
                    runs.end_sending_well(unsent.run_id, clock.now())
                storage.delete_superfluous()
        except Refusal as refusal:
            if unsent is not None:
                with transaction():
                    runs.end_sending_badly(unsent.run_id, refusal.sentence)
            raise
        except Exception:
            if unsent is not None:
                with transaction():
                    runs.end_sending_badly(unsent.run_id, UNEXPECTED)
            raise
    return unsent.file_name


def _refuse_changed(file: Path, sha256: str) -> None:
    try:
        found = archive.digest(file)
    except OSError:
        found = None
    if found != sha256:
        raise ChangedSince(
            f"{file.name} was not sent to the object storage: on this machine it is gone, or no longer what was written."
        )


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether nobody else sends from this folder; until the end nobody will."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
