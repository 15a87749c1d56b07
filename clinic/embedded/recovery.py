"""A database's folder brought to a moment of the past: a copy of a server, and the WAL that was written since, replayed.

The copy's data are of then and of there; its settings and its passwords are those of a new database here.
"""

import contextlib
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import psycopg

from clinic.embedded import cluster, servers
from clinic.embedded.cluster import Cluster
from clinic.embedded.process import POLL_SECONDS, Server, lock_folder

DRAFT = "recovering"
SETTINGS = ("postgresql.conf", "pg_hba.conf", "pg_ident.conf")
OPEN_TO_US = "local all all trust\n"
"""While it recovers: its passwords are of another server. Nobody else may enter the folder of its socket."""
LAST = re.compile(r"last completed transaction was at log time (.+)")


class FolderInUse(RuntimeError):
    """There is a database in the folder."""


class NotRecovered(RuntimeError):
    """The database server gave up; `log` is all that it said."""

    def __init__(self, log: str) -> None:
        super().__init__("the database could not be recovered")
        self.log = log

    @property
    def last_at(self) -> datetime | None:
        """The instant of the last transaction that it found, if it found one."""
        return _last_at(self.log)


def recover(
    directory: Path,
    *,
    at: datetime | None,
    fill: Callable[[Path], None],
    look: Callable[[psycopg.Connection], None],
) -> datetime | None:
    """Make the database of a folder that has none: `fill` puts a base backup and its WAL in, replayed up to and including `at`, or to the end.

    `look` is given a superuser's connection to the recovered database before it is kept; whatever it or `fill` raises leaves the folder as
    it was. Returns when the last transaction was that it holds, if there was one. Raises FolderInUse, NotRecovered, AlreadyRunning and ServerFailed.
    """
    with contextlib.ExitStack() as undo:
        undo.enter_context(lock_folder(directory))
        plan = servers.planned(directory)
        if plan.sockets != directory.resolve():
            undo.callback(shutil.rmtree, plan.sockets)
        if plan.data.exists():
            raise FolderInUse
        place = replace(plan, folder=plan.folder / DRAFT)
        shutil.rmtree(place.folder, ignore_errors=True)
        undo.callback(shutil.rmtree, place.folder, ignore_errors=True)
        _furnish_settings(place)
        fill(place.data)
        _make_ready(place)
        last_at = _replayed(place, at, look)
        shutil.copy(place.folder / "new" / "pg_hba.conf", place.data)
        _take_all(place)
        (plan.folder / "furnished").unlink(missing_ok=True)
        place.data.rename(plan.data)
        return last_at


def _furnish_settings(place: Cluster) -> None:
    """A new database beside, for its settings alone, and an empty folder for the one that is recovered."""
    new = place.folder / "new"
    for path in (place.folder, new, place.data):
        path.mkdir(mode=0o700)
        place.identity.take(path)
    for path in (place.folder.parent, place.sockets):
        place.identity.take(path)
    aside = replace(place, folder=place.folder / "aside", durable=False)
    aside.folder.mkdir(mode=0o700)
    cluster.make(aside)
    for name in SETTINGS:
        shutil.copy(aside.data / name, new)
    shutil.rmtree(aside.folder)


def _make_ready(place: Cluster) -> None:
    for name in SETTINGS:
        shutil.copy(place.folder / "new" / name, place.data)
    (place.data / "pg_hba.conf").write_text(OPEN_TO_US)
    (place.data / "postgresql.auto.conf").write_text("")
    (place.data / "standby.signal").unlink(missing_ok=True)
    (place.data / "recovery.signal").write_text("")
    _take_all(place)


def _take_all(place: Cluster) -> None:
    place.data.chmod(0o700)
    if place.identity.user is not None:
        for path in (place.data, *place.data.rglob("*")):
            place.identity.take(path)


def _replayed(
    place: Cluster, at: datetime | None, look: Callable[[psycopg.Connection], None]
) -> datetime | None:
    options = {
        "restore_command": "false",  # All there is lies in pg_wal already.
        "recovery_target_timeline": "current",
        "hot_standby": "off",
        "archive_mode": "off",
        **(
            {}
            if at is None
            else {"recovery_target_time": at.isoformat(), "recovery_target_action": "promote"}
        ),
    }
    server = Server(servers.database_program(place, options))
    assert server.program.log is not None
    server.launch()
    try:
        # It may have a week to replay, so there is no deadline.
        while server.running and not server.program.ready():
            time.sleep(POLL_SECONDS)
        if not server.running:
            raise NotRecovered(server.program.log.read_text(errors="replace"))
        with place.connection("postgres") as connection:
            cluster.give_passwords(connection, place.passwords)
        with place.connection(cluster.DATABASE) as connection:
            look(connection)
    except psycopg.OperationalError as error:
        raise NotRecovered(str(error)) from None
    finally:
        server.stop()
    return _last_at(server.program.log.read_text(errors="replace"))


def _last_at(log: str) -> datetime | None:
    found = LAST.findall(log)
    return datetime.fromisoformat(found[-1]) if found else None
