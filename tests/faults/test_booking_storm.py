"""Many people at few times while web processes are killed and the database falls over: nothing is lost, doubled or stuck."""

import http.client
import json
import os
import random
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from clinic.booking.idempotency import IdempotencyKey
from clinic.booking.models import Appointment, State
from clinic.db import db
from tests import make
from tests.patience import eventually
from tests.ports import free_port
from tests.races.test_same_instant import overlaps
from tests.stage import Stage, staged

pytestmark = pytest.mark.faults

LONG = bool(os.environ.get("LUMBAR_LONG"))
POSTS = 10_000 if LONG else 300
TIMES = 50 if LONG else 12
"""Different starts; each can be booked once with each therapist."""
THERAPISTS = 4
VISITORS = 32 if LONG else 12
WEB_PROCESSES = 4
KILLS = 60 if LONG else 6
DATABASE_FALLS = 3 if LONG else 1
LOST_ANSWERS = 0.1
SEED = int(os.environ.get("STORM_SEED", "20261122"))
WAIT_SECONDS, CROWD_SECONDS = 240, 900


@dataclass
class Seen:
    """What all visitors together were answered."""

    statuses: Counter[str] = field(default_factory=Counter)
    booked: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Idempotency key to what was answered."""
    lost: int = 0
    wrong: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: int, body: dict[str, Any]) -> None:
        with self.guard:
            code = str(body.get("type", "")).rsplit("/", 1)[-1] or str(body.get("code", ""))
            self.statuses[f"{status} {code}".strip()] += 1
            if status not in (200, 201, 409, 410, 503):
                self.wrong.append(f"{status} {body}")

    def note_booking(self, key: str, body: dict[str, Any]) -> None:
        with self.guard:
            if self.booked.setdefault(key, body) != body:
                self.wrong.append(f"{key} was answered {self.booked[key]} and {body}")


class Visitor:
    """Somebody with an address of their own, who books by the JSON interface and asks again when no answer comes."""

    def __init__(self, number: int, port: int, seen: Seen) -> None:
        self.number, self.port, self.seen = number, port, seen
        self.dice = random.Random(SEED * 100_000 + number)
        self.network = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    def try_for(self, start: datetime) -> None:
        """Keep one start and book it; whatever goes wrong, the same key is used again."""
        wanted = {"treatment": "storm", "start": start.isoformat(timespec="minutes")}
        answers: list[dict[str, Any] | None] = []

        def is_answered() -> bool:
            answers.append(self._post("/api/v1/holds", wanted))
            return answers[-1] is None or answers[-1].get("status") != 503

        assert eventually(is_answered, WAIT_SECONDS)
        kept = answers[-1]
        if kept is None or "hold" not in kept:
            return
        key = f"storm-{self.number:06d}-{self.dice.getrandbits(64):016x}"
        person = {
            "given_name": f"V{self.number}",
            "family_name": "O'Storm",
            "mail": f"v{self.number}@client.example",
        }
        wanted = {"hold": kept["hold"], "agreed_to_policy": True, **person}
        if self.dice.random() < LOST_ANSWERS:
            self._hang_up("/api/v1/appointments", wanted, key)
        for _ in range(5):
            booked = self._post("/api/v1/appointments", wanted, key)
            if booked is not None and "reference" in booked:
                self.seen.note_booking(key, booked)
            if booked is not None and "status" not in booked:
                return
            if booked is not None and booked["status"] != 503:
                return

    def _post(self, path: str, content: dict[str, Any], key: str = "") -> dict[str, Any] | None:
        """The answer's body, or None when the line broke."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("POST", path, json.dumps(content), self._headers(key))
            answer = line.getresponse()
            body = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            with self.seen.guard:
                self.seen.lost += 1
            return None
        finally:
            line.close()
        self.seen.note(answer.status, body)
        return body if isinstance(body, dict) else None

    def _hang_up(self, path: str, content: dict[str, Any], key: str) -> None:
        """Send, and drop the line before an answer can be read."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("POST", path, json.dumps(content), self._headers(key))
        except OSError:
            pass
        finally:
            line.close()

    def _headers(self, key: str) -> dict[str, str]:
        given = {"Idempotency-Key": key} if key else {}
        return {"Content-Type": "application/json", "X-Forwarded-For": self.network, **given}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[Stage, int]]:
    """A practice with true commits on a durable database, and the port its web processes listen at."""
    with staged(tmp_path, trusted_proxies=1) as stage:
        make.practice(horizon_days=400, open_bookings_per_client=50)
        place = make.location(zone="Etc/GMT-1")
        people = [make.therapist(place) for _ in range(THERAPISTS)]
        rooms = [make.room(place) for _ in range(THERAPISTS)]
        make.treatment(therapists=people, rooms=rooms, slug="storm")
        port = free_port()
        stage.start(
            *("gunicorn", "clinic.app:web()", f"--bind=127.0.0.1:{port}", "--worker-class=gthread"),
            *(f"--workers={WEB_PROCESSES}", "--threads=8", "--preload", "--no-control-socket"),
            TRUSTED_PROXIES="1",
        )
        assert eventually(lambda: answers(port), WAIT_SECONDS)
        yield stage, port


def answers(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/api/v1/treatments")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def starts() -> list[datetime]:
    """Full hours of the coming working days, far enough for everybody's notice."""
    first = (datetime.now(UTC) + timedelta(days=7)).replace(hour=8, minute=0, second=0, microsecond=0)
    hours = (first + timedelta(days=day, hours=hour) for day in range(60) for hour in range(8))
    working = [start for start in hours if start.weekday() < 5]
    return working[:TIMES]


def trouble(stage: Stage, crowd: list[Future[None]]) -> Counter[str]:
    """Kill a web process each time so many are through, and let the database fall over now and then.

    The database lives as long as the thread that started it, so this is the main one.
    """
    done = Counter[str]()
    dice = random.Random(SEED)
    for through in range(len(crowd) // (KILLS + 1), len(crowd), len(crowd) // (KILLS + 1))[:KILLS]:
        assert eventually(lambda through=through: sum(map(Future.done, crowd)) >= through, CROWD_SECONDS)
        assert eventually(lambda: bool(workers(stage)), WAIT_SECONDS)
        os.kill(dice.choice(workers(stage)), signal.SIGKILL)
        done["web process killed"] += 1
        if done["web process killed"] % 3 == 2 and done["database fell"] < DATABASE_FALLS:
            fall(stage)
            done["database fell"] += 1
    for each in crowd:
        each.result()
    return done


def workers(stage: Stage) -> list[int]:
    """The process numbers of the web processes."""
    master = str(stage.programs[0].pid)
    found = subprocess.run(["pgrep", "-P", master], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


def fall(stage: Stage) -> None:
    """What a power cut does to PostgreSQL: an immediate stop, and a start that recovers from its log."""
    database = stage.servers.database.process
    os.kill(database.pid, signal.SIGQUIT)
    database.wait(WAIT_SECONDS)
    stage.servers.launch_database()
    stage.servers.database.wait_until_ready()


def test_a_storm_of_bookings_loses_nothing_doubles_nothing_and_leaves_nothing_stuck(
    house: tuple[Stage, int],
) -> None:
    stage, port = house
    seen, times = Seen(), starts()
    dice = random.Random(SEED)
    wanted = [dice.choice(times) for _ in range(POSTS)]
    with ThreadPoolExecutor(VISITORS) as door:
        crowd = [door.submit(Visitor(number, port, seen).try_for, at) for number, at in enumerate(wanted)]
        happened = trouble(stage, crowd)

    assert eventually(lambda: answers(port), WAIT_SECONDS)
    db.session.remove()
    db.engine.dispose()
    in_time = booked()
    assert overlaps() == 0
    assert seen.wrong == []
    assert {each["reference"] for each in seen.booked.values()} <= set(in_time), (
        "an acknowledged booking is gone"
    )
    assert happened["web process killed"] == KILLS
    assert happened["database fell"] == DATABASE_FALLS

    # Times kept by visitors whose answer was lost run out; then every time can be had, and each only once.
    stage.clock.write_text(str(timedelta(minutes=30).total_seconds()))
    with ThreadPoolExecutor(4) as visitors:
        late = enumerate((start for start in times for _ in range(THERAPISTS + 1)), start=POSTS)
        list(visitors.map(lambda each: Visitor(each[0], port, seen).try_for(each[1]), late))
    db.session.rollback()
    print(
        f"{POSTS} tries with seed {SEED}: {dict(seen.statuses)}, {seen.lost} lines broken, {dict(happened)}; "
        f"{len(in_time)} booked in the storm, {len(booked())} of {TIMES * THERAPISTS} in the end"
    )
    assert seen.wrong == []
    assert overlaps() == 0
    assert len(booked()) == TIMES * THERAPISTS
    keys = db.session.scalars(sa.select(IdempotencyKey.key)).all()
    assert len(keys) == len(set(keys)) == TIMES * THERAPISTS


def booked() -> list[str]:
    return list(db.session.scalars(sa.select(Appointment.reference).where(Appointment.state == State.BOOKED)))
