"""How a running `up` tells the command line where its servers are: a file that only its own account may read.

The file is in the data folder while the servers run. It has URLs and settings, but no keys: those are stored apart from
the data.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from psycopg import pq

HANDED_OVER = (
    "ENVIRONMENT",
    "PORT",
    "PUBLIC_URL",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "DATABASE_REPLICATION_URL",
    "REDIS_URL",
)
"""The variables that the file may name."""


@contextlib.contextmanager
def announced(data: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Let commands on the same data folder find these variables while the block runs."""
    path = _path(data)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({name: variables[name] for name in HANDED_OVER if variables.get(name)}, file)
    draft.rename(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def running_environment(data: Path) -> dict[str, str]:
    """The variables of the `up` that runs on this data folder; empty if none does.

    A file left behind by a killed `up` is ignored: its database must answer.
    """
    try:
        variables = json.loads(_path(data).read_text())
    except (OSError, ValueError):
        return {}
    url = variables.get("DATABASE_URL")
    return variables if url is None or _answers(url) else {}


def _path(data: Path) -> Path:
    return data / "servers" / "running.json"


def _answers(url: str) -> bool:
    (host,) = parse_qs(urlsplit(url).query)["host"]
    return pq.PGconn.ping(f"host='{host}'".encode()) == pq.Ping.OK
