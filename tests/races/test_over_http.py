"""The race as callers run it: over HTTP, against the product as it is served, one time and sixteen who want it at once."""

import gc
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.embedded.servers import Servers
from clinic.practice.models import Treatment
from config import Settings
from tests import make
from tests.api.caller import ADA
from tests.patience import eventually, slowness
from tests.races.test_same_instant import overlaps, shop, starts
from tests.stage import Stage

RIVALS, REPLAYS = 16, 4
START_SECONDS, ANSWER_SECONDS = 120, 60
NOW = make.NOW

pytestmark = pytest.mark.race


@dataclass(frozen=True)
class Said:
    """What one caller was told, and after how long."""

    status: int
    content: dict[str, Any]
    seconds: float


@dataclass
class Served:
    """The product on a port; each request is numbered, and comes from the network of its number."""

    port: int
    asked: int = 0

    def at_once(self, method: str, path: str, contents: list[dict[str, Any]], **headers: str) -> list[Said]:
        """Open every connection, then send everything in the same instant."""
        barrier = threading.Barrier(len(contents))

        def call(place: int, number: int) -> Said:
            connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=ANSWER_SECONDS * slowness()
            )
            connection.connect()
            body = json.dumps(contents[place]) if contents[place] else None
            network = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            words = {"Content-Type": "application/json", "X-Forwarded-For": network, **headers}
            barrier.wait(ANSWER_SECONDS * slowness())
            begun = perf_counter()
            connection.request(method, f"/api/v1{path}", body, words)
            answer = connection.getresponse()
            content = json.loads(answer.read())
            seconds = perf_counter() - begun
            connection.close()
            return Said(answer.status, content, seconds)

        numbers = range(self.asked, self.asked + len(contents))
        self.asked += len(contents)
        with ThreadPoolExecutor(len(contents)) as callers:
            return list(callers.map(call, range(len(contents)), numbers))

    def one(self, method: str, path: str, content: dict[str, Any] | None = None, **headers: str) -> Said:
        """A single call."""
        return self.at_once(method, path, [content or {}], **headers)[0]


def served(stage: Stage, *words: str) -> Served:
    """The product under gunicorn with these words, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stage.start(
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        *words,
        "clinic.app:web()",
        TRUSTED_PROXIES="1",
        STATEMENT_TIMEOUT_MS="60000",
    )
    product = Served(port)

    def answers() -> bool:
        try:
            return product.one("GET", "/treatments").status == 200
        except OSError:
            return False

    assert eventually(answers, START_SECONDS)
    return product


@pytest.fixture
def stage(race_app: Flask, race_settings: Settings, servers: Servers, tmp_path: Path) -> Iterator[Stage]:
    """The race database with programs on it, at the moment at which tests play."""
    clock_file = tmp_path / "clock"
    clock_file.write_text(str((NOW - datetime.now(UTC)).total_seconds()))
    settings = race_settings.model_copy(
        update={"clock_file": clock_file, "lumbar_data": tmp_path / "data" / "var"}
    )
    settings.lumbar_data.mkdir(parents=True)
    set_up = Stage(servers, settings, race_app, clock_file)
    yield set_up
    set_up.stop_all()


def deadlocks() -> int:
    found = db.session.scalar(
        sa.text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    )
    return int(found or 0)


def race(product: Served, sold: Treatment, rounds: int) -> list[Said]:
    """Each round one time and sixteen callers; whoever gets it books it, pressing four times at once."""
    everything = []
    slug = sold.slug
    for number, start in enumerate(starts(rounds)):
        wanted = {"treatment": slug, "start": start.isoformat()}
        holds = product.at_once("POST", "/holds", [wanted] * RIVALS)
        won = [said for said in holds if said.status == 201]
        assert len(won) == 1, [said.status for said in holds]
        assert {said.content["code"] for said in holds if said.status != 201} <= {"not-offered", "slot-taken"}
        booking = {**ADA, "mail": f"ada-{number}@client.example", "hold": won[0].content["hold"]}
        booked = product.at_once(
            "POST", "/appointments", [booking] * REPLAYS, **{"Idempotency-Key": f"round-{number}"}
        )
        assert {(said.status, said.content.get("reference")) for said in booked} == {
            (201, booked[0].content["reference"])
        }
        everything += holds + booked
    return everything


@pytest.mark.parametrize(
    "rounds",
    [
        20,
        pytest.param(300, marks=pytest.mark.long),
    ],
)
def test_over_http_one_of_sixteen_gets_the_time_and_nobody_meets_a_fault(
    race_app: Flask, stage: Stage, rounds: int
) -> None:
    sold = shop(1)
    product = served(stage, "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--preload")
    before = deadlocks()
    db.session.rollback()
    gc.collect()
    gc.freeze()  # A search through all that the tests have made would stop every caller, and count as a slow answer.
    said = race(product, sold, rounds)
    gc.unfreeze()
    worst, later = (max(each.seconds for each in part) * 1000 for part in (said, said[RIVALS + REPLAYS :]))
    print(
        f"{rounds} rounds of {RIVALS}: one winner each, worst answer {worst:.0f} ms of {len(said)};"
        f" {later:.0f} ms after the first round, in which each process meets everything for the first time"
    )
    assert max(each.status for each in said) < 500
    assert overlaps() == 0
    booked = sa.select(sa.func.count()).select_from(Appointment).where(Appointment.state == State.BOOKED)
    assert db.session.scalar(booked) == rounds
    assert deadlocks() == before


def test_no_process_answers_with_a_time_that_another_has_just_booked(race_app: Flask, stage: Stage) -> None:
    """Two processes keep answers of their own; after each booking and each cancellation both tell how it stands."""
    sold = shop(2)
    product = served(stage, "--worker-class", "sync", "--workers", "2", "--preload")
    slug, stale, looked = sold.slug, 0, 0
    times = [start.astimezone(UTC) + timedelta(hours=1) for start in starts(8)]
    for number, start in enumerate(times):
        zone_time = start.strftime("%H:%M+01:00")
        begin = f"{start:%F}T{zone_time}"
        month = f"/availability?treatment={slug}&from=2031-03-01&to=2031-04-01"
        for _ in range(4):  # So that both processes keep an answer.
            assert zone_time in product.one("GET", month).content["locations"][0]["days"][f"{start:%F}"]
        for turn in range(2):  # With both therapists taken the time is gone.
            kept = product.one("POST", "/holds", {"treatment": slug, "start": begin})
            booking = {**ADA, "mail": f"p{number}-{turn}@client.example", "hold": kept.content["hold"]}
            key = {"Idempotency-Key": f"warm-{number}-{turn}"}
            assert product.one("POST", "/appointments", booking, **key).status == 201
        for _ in range(6):
            days = product.one("GET", month).content["locations"][0]["days"]
            looked += 1
            stale += zone_time in days.get(f"{start:%F}", [])
    print(f"{looked} answers after {len(times)} bookings of both therapists, stale: {stale}")
    assert stale == 0
