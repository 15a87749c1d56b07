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


def _read() -> tuple[Client, ...]:
    rows = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return tuple(Client(row["name"], row["facts"], row["expect"], row["because"]) for row in rows)


CLIENTS: Final = _read()
