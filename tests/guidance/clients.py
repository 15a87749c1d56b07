"""The written clients of `clients.json`: whole people, what is expected for them, and why."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Answers = dict[str, object]


@dataclass(frozen=True)
class Client:
    """A written client. `expect` names only what the case is about; `because` cites the guidance or a source."""

    name: str
    facts: Answers
    expect: Answers
    because: str


def _read(name: str) -> tuple[Client, ...]:
    rows = json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return tuple(Client(row["name"], row["facts"], row["expect"], row["because"]) for row in rows)


FROM_THE_BEGINNING: Final = _read("clients.json")
SINCE_2026_12: Final = _read("clients_2026_12.json")
CLIENTS: Final = tuple({client.name: client for client in (*FROM_THE_BEGINNING, *SINCE_2026_12)}.values())
"""Everybody, as the current rule set judges them; who stands in both files is expected to get something else since."""


def clients_of(version: str) -> tuple[Client, ...]:
    """The clients whose expectations hold for a version."""
    return FROM_THE_BEGINNING if version == "2026.11" else CLIENTS
