"""Every page of staff and of the portal on ten times the clinic: how often it asks the database, and what it costs.

The demo's practice ten times over, and the hundred therapists, 20,000 clients and 200,000 visits of the booking benchmark beside it.
Each page is opened in this process by who may open it. What counts is the time that processors worked, here and in the
database's processes: another program on the machine does not show in it. The floors are an empty page and one row.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from flask import Flask

from bench.goals import Goal, tell
from bench.grown_practice import grown
from clinic.db import db
from clinic.embedded.servers import Servers
from tests.measuring import statements
from tests.stage import staged
from tests.web import test_statements as pages

ROUNDS = 5
MOST_STATEMENTS, MOST_MS = 8, 60.0
SLOWEST = 10


@dataclass(frozen=True)
class PageCost:
    """What one page takes: statements, and milliseconds of processor time here and in the database."""

    name: str
    status: int
    asked: int
    python_ms: float
    database_ms: float

    @property
    def ms(self) -> float:
        """Both together."""
        return self.python_ms + self.database_ms


def run() -> None:
    """Print the ten slowest pages, those that ask more than eight times, and what is met."""
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder), statement_timeout_ms=600_000) as stage:
        world = grown(stage)
        visitors, found = pages.Visitors.of(world), pages.pages(world)
        measured = [_measured(stage.servers, visitors, name, path) for name, path in found.items()]
        hello, row = _floors(stage.servers)
    costs = [each for each in measured if each is not None]
    load = " ".join(f"{one:.2f}" for one in os.getloadavg())
    print(f"\nPages of staff and portal on 10x, {datetime.now(UTC):%F %H:%M} UTC, load {load}")
    print(f"An empty page takes {hello:.2f} ms, one row {row:.2f} ms of processor time.")
    slowest = sorted(costs, key=lambda each: -each.ms)[:SLOWEST]
    _table("The ten slowest", slowest, hello, row)
    asking = [each for each in costs if each.asked > MOST_STATEMENTS]
    _table(
        f"Those that ask more than {MOST_STATEMENTS} times",
        sorted(asking, key=lambda each: -each.asked),
        hello,
        row,
    )
    slow = sum(each.ms > MOST_MS for each in costs)
    tell(
        Goal(
            f"pages with at most {MOST_STATEMENTS} statements",
            f"{len(costs) - len(asking)} of {len(costs)}",
            "all",
            not asking,
        ),
        Goal(f"pages in at most {MOST_MS:.0f} ms", f"{len(costs) - slow} of {len(costs)}", "all", not slow),
    )


def _measured(servers: Servers, visitors: pages.Visitors, name: str, path: str) -> PageCost | None:
    """None for a page that only leads on, which says nothing about its cost."""
    browser = visitors.who_opens(name)

    def opened() -> int:
        db.session.expunge_all()  # As every request does.
        return browser.get(path).status_code

    status = opened()
    if status != 200:
        return None
    with statements() as asked:
        opened()
    python, database = _cost(servers, opened)
    return PageCost(name, status, len(asked), python, database)


def _cost(servers: Servers, deed: Callable[[], object]) -> tuple[float, float]:
    """The medians of what the deed took of processor time, here and in the database, in milliseconds."""
    here, there = [], []
    for _ in range(ROUNDS):
        before, begun = _of_database(servers), time.process_time_ns()
        deed()
        here.append((time.process_time_ns() - begun) / 1e6)
        there.append((_of_database(servers) - before) / 1e6)
    return statistics.median(here), statistics.median(there)


def _of_database(servers: Servers) -> int:
    """Nanoseconds that the processes of the database have worked, as the kernel counts them (Linux)."""
    main = servers.database.process
    assert main is not None
    children = Path(f"/proc/{main.pid}/task/{main.pid}/children").read_text().split()
    worked = 0
    for pid in (str(main.pid), *children):
        try:
            worked += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # It ended meanwhile.
    return worked


def _floors(servers: Servers) -> tuple[float, float]:
    """An empty page, and one with one row by the bare driver, through the same kind of browser."""
    app = Flask("floor")
    address = servers.urls.app.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:

        @app.get("/hello")
        def hello() -> str:
            return "hello"

        @app.get("/row")
        def row() -> str:
            return str(connection.execute("SELECT id::text FROM therapists ORDER BY id LIMIT 1").fetchone())

        browser = app.test_client()
        for path in ("/hello", "/row"):
            for _ in range(ROUNDS):
                browser.get(path)
        return sum(_cost(servers, lambda: browser.get("/hello"))), sum(
            _cost(servers, lambda: browser.get("/row"))
        )


def _table(title: str, costs: list[PageCost], hello: float, row: float) -> None:
    print(
        f"\n{title}\n\n| page | statements | ms | Python | database | x empty page | x one row |\n|---|---|---|---|---|---|---|"
    )
    for each in costs:
        print(
            f"| {each.name[:64]} | {each.asked} | {each.ms:.1f} | {each.python_ms:.1f} | {each.database_ms:.1f}"
            f" | {each.ms / hello:.0f} | {each.ms / row:.0f} |"
        )
