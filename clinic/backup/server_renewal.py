"""A new database server on the same data folder, such as one of a newer major version: a copy of everything, restored beside the old one.

The old server's folder stays under a name of its own until somebody lets it go. Killed at any moment, the renewal is done or not done:
the new folder takes the old one's name in its last step, and the next start finishes or forgets it (`cluster.settle`).
"""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from clinic.backup import archive, making, restoring
from clinic.embedded import cluster
from clinic.embedded.process import AlreadyRunning, ServerFailed, lock_folder
from clinic.embedded.servers import Servers, ServersWanted
from clinic.refusal import Refusal

DRAFT: Final = "renewing"
WORK: Final = "renewing-work-"
OLD: Final = "old-data-"
STAMP: Final = "%Y%m%dT%H%M%SZ"


class NothingToRenew(Refusal):
    """There is no database in the folder."""

    code = "nothing-to-renew"
    sentence = "There is no database in this data folder, so there is none to renew."


class OtherPrograms(Refusal):
    """The programs are of another major version than the database."""

    code = "other-programs"


class NotRenewed(Refusal):
    """Something failed on the way; the old server is as it was."""

    code = "not-renewed"


@dataclass(frozen=True, slots=True)
class Renewal:
    """What was brought into a new server."""

    rows: int
    before: int
    """The major version of the old one."""
    after: int
    kept: Path
    """Where the old one lies."""


def renew(directory: Path, old_programs: Path | None, now: datetime) -> Renewal:
    """Bring the database of a folder of servers that do not run into a new one, and put the old one aside.

    `old_programs` is the folder with the old server's programs, without one those that are installed. Hold the data folder meanwhile. Raises, with
    nothing changed: NothingToRenew, OtherPrograms, NotRenewed, and what `making.write` and `restoring.restore` raise.
    """
    data, draft = directory / "data", directory / DRAFT
    try:
        with lock_folder(directory):
            cluster.settle(directory)
            _clear_away(directory)
        if not data.exists():
            raise NothingToRenew
        before, programs = cluster.major_of(data), cluster.major_here(old_programs)
        if before != programs:
            raise OtherPrograms(
                f"The database is of PostgreSQL {before}, and these programs are of PostgreSQL {programs}: name the folder of those "
                f"of PostgreSQL {before} with --old-programs. Nothing was changed."
            )
        kept = directory / f"{OLD}postgresql-{before}-{now:{STAMP}}"
        draft.mkdir(mode=0o700)
        with tempfile.TemporaryDirectory(prefix=WORK, dir=directory) as work:
            rows = _moved(directory, draft, Path(work), old_programs)
        with lock_folder(directory):
            (draft / "data").rename(directory / cluster.READY)
            data.rename(kept)
            cluster.settle(directory)
        return Renewal(rows, before, cluster.major_of(data), kept)
    except (AlreadyRunning, ServerFailed) as error:
        raise NotRenewed(f"The server was not renewed: {error}. The old one is as it was.") from None
    except OSError as error:
        raise NotRenewed(f"The server was not renewed: {error.strerror}. The old one is as it was.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _moved(directory: Path, draft: Path, work: Path, old_programs: Path | None) -> int:
    """Copy what the old server holds into a new one; returns the rows, each table of which was compared."""
    private, public = archive.fresh_identity()
    key = work / "key"
    key.touch(mode=0o600)
    key.write_text(f"{private}\n")
    wanted = ServersWanted(broker=False)
    with Servers(directory, wanted=wanted, programs=old_programs) as old:
        copy, _ = making.write(old.urls.owner, work, [public])
        # Only now: the start of the old server made the passwords of roles that are newer than its folder.
        shutil.copy(directory / "passwords.json", draft)
        with Servers(draft, wanted=wanted) as new:
            return restoring.restore(copy, key, new.urls.owner).rows


def _clear_away(directory: Path) -> None:
    """What a killed renewal left on its way."""
    for path in (directory / DRAFT, *directory.glob(f"{WORK}*")):
        shutil.rmtree(path, ignore_errors=True)


def old_folders(directory: Path) -> list[Path]:
    """The folders of old servers, oldest first."""
    return sorted(directory.glob(f"{OLD}*"), key=lambda path: path.name[-16:])


def let_go(directory: Path) -> list[Path]:
    """Delete the folders of old servers; returns which. Raises NothingToRenew if there is no server in their place."""
    if not (directory / "data").exists():
        raise NothingToRenew
    found = old_folders(directory)
    for path in found:
        shutil.rmtree(path)
    return found
