"""The database of `up` into a file and back: `tools/lumbar.sh backup FILE` and `tools/lumbar.sh restore FILE`.

A backup is made while Lumbar runs; a restore while it does not, and it replaces the database of the data folder. The keys are no
part of it: without them nobody can read the health answers.
"""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from clinic.embedded import cluster, running
from clinic.embedded.process import AlreadyRunning
from clinic.embedded.servers import Servers, ServersWanted


def main(verb: str, file: Path) -> int:
    """Give the exit status."""
    data = Path(os.environ.get("LUMBAR_DATA") or "var").resolve()
    if verb == "backup":
        return backup(data, file)
    try:
        return restore(data, file)
    except AlreadyRunning:
        print("Nothing was changed: Lumbar is running on this data folder. Stop it first.", file=sys.stderr)
        return 1


def backup(data: Path, file: Path) -> int:
    """Write a dump that only our own account may read; the name appears when it is whole."""
    url = running.running_environment(data).get("DATABASE_OWNER_URL")
    if url is None:
        print(f"No backup was made: Lumbar is not running on the data folder {data}.", file=sys.stderr)
        return 1
    draft = file.with_name(file.name + ".part")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    status = _run("pg_dump", url, "--format=custom", f"--file={draft}")
    if status == 0:
        draft.rename(file)
    return status


def restore(data: Path, file: Path) -> int:
    """Put a dump in place of the database. Raises AlreadyRunning."""
    if not file.is_file():
        print(f"Nothing was changed: there is no file {file}.", file=sys.stderr)
        return 1
    data.mkdir(mode=0o711, parents=True, exist_ok=True)
    with Servers(data / "servers", wanted=ServersWanted(broker=False)) as servers:
        url = servers.urls.superuser
        again = (
            f"DROP DATABASE {cluster.DATABASE} WITH (FORCE)",
            f"CREATE DATABASE {cluster.DATABASE} OWNER {cluster.OWNER}",
        )
        words = [f"--command={each}" for each in again]
        status = _run("psql", url, "--quiet", "--set=ON_ERROR_STOP=1", "--dbname=postgres", *words)
        return status or _run("pg_restore", url, "--exit-on-error", f"--dbname={cluster.DATABASE}", str(file))


def _run(program: str, url: str, *words: str) -> int:
    """Run one of PostgreSQL's programs; the password stands in no command line."""
    parts = urlsplit(url)
    connection = {
        "PGHOST": parse_qs(parts.query)["host"][0],
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
    }
    command = [str(cluster.binaries() / program), *words]
    return subprocess.run(command, env={**os.environ, **connection}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
