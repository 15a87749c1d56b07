"""The ledger of erasures: which clients were erased and when, in a file beside the backups and so outside of them.

A restored backup brings erased clients back. `restore` reads this file and erases them once more before anything else runs, and the worker
does the same, in case a restore was killed before it did. The file names nobody: an id says nothing without the database.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts.erasures import Erasure, ErasureState
from clinic.backup import sending
from clinic.db import db
from clinic.refusal import Refusal

FILE: Final = sending.ERASURE_LEDGER


class UnreadableLedger(Refusal):
    """A line is not what this writes."""

    code = "unreadable-ledger"


def read(folder: Path) -> dict[UUID, datetime]:
    """When each client was erased; empty without a file. A last line that was cut off while it was written does not count.

    Raises UnreadableLedger.
    """
    file = folder / FILE
    if not file.exists():
        return {}
    done: dict[UUID, datetime] = {}
    for number, line in enumerate(file.read_text("utf-8").split("\n")[:-1], start=1):
        try:
            entry = json.loads(line)
            done[UUID(entry["client"])] = datetime.fromisoformat(entry["erased_at"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UnreadableLedger(
                f"Line {number} of {file.name} cannot be read: mend it first, so that nobody who was erased comes back."
            ) from None
    return done


def complete(folder: Path) -> int:
    """Write what is missing in the file, and wait until it is on the disk; returns how many lines were added.

    Called after each erasure and each night, so that a crash in between, or a new folder, is made good.
    """
    wanted = sa.select(Erasure.client_id, Erasure.done_at).where(Erasure.state == ErasureState.DONE)
    known = read(folder)
    return _append(
        folder,
        {
            client_id: done_at
            for client_id, done_at in db.session.execute(wanted.order_by(Erasure.done_at))
            if done_at and client_id not in known
        },
    )


def keep(folder: Path, done: Mapping[UUID, datetime]) -> int:
    """Write those of these erasures that the file lacks, and wait until they are on the disk; returns how many. Raises UnreadableLedger.

    Called before a restore: one that is killed before it has erased them again leaves that to the worker.
    """
    known = read(folder)
    return _append(folder, {client_id: at for client_id, at in done.items() if client_id not in known})


def _append(folder: Path, missing: Mapping[UUID, datetime]) -> int:
    if not missing:
        return 0
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = [
        json.dumps({"client": str(client_id), "erased_at": at.isoformat()})
        for client_id, at in missing.items()
    ]
    with (folder / FILE).open("ab+") as ledger:
        ledger.seek(0)
        ledger.truncate(ledger.read().rfind(b"\n") + 1)  # A line that was cut off begins anew.
        ledger.write("".join(f"{line}\n" for line in lines).encode())
        ledger.flush()
        os.fsync(ledger.fileno())
    return len(missing)
