"""A storm while reminders go out by worker, beat and broker as in life: none lost, every copy explained, none for the wrong."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from operator import attrgetter
from uuid import UUID

import pytest
import sqlalchemy as sa

from clinic import clock
from clinic.db import db, dispose
from clinic.messaging import delivery
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import STILL_OPEN
from tests.faults import reminders as many
from tests.faults.reminders import Due, Post, many_due
from tests.patience import eventually, slowness
from tests.stage import Stage

pytestmark = pytest.mark.faults

SEED = 7
WORKERS = 2
SENDERS = 2
"""In each worker: its child, and the fallback of its main process while the broker is away."""
ONE_HAND_OVER_SECONDS = 2.0
"""So long after the server's yes our own note of it may still be on its way, on a quiet machine.

As long may the server take to read, and say yes to, what a sender put on the wire in its last moment.
"""
EMPTY_SECONDS = 240
"""So long a machine may take for the rest; a quiet one needs a quarter of it."""
SETTLED_SECONDS = 0.5
PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Fault:
    """Something that struck, from when until when (monotonic seconds), and how many senders it can have struck."""

    name: str
    began: float
    ended: float
    senders: int

    def explains(self, accepted: float, hand_over: float) -> bool:
        """Whether it fell between the sending of what was accepted at that moment and our note of it."""
        return self.began - hand_over <= accepted <= self.ended + hand_over


@dataclass
class Storm:
    """The product's programs, and what is done to them."""

    stage: Stage
    post: Post
    programs: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))

    def start(self) -> None:
        self.post.open()
        for number in range(WORKERS):
            self.start_program(f"worker {number}")
        self.start_program("beat")

    def start_program(self, name: str) -> None:
        words = ["worker"]
        if name == "beat":
            words = ["beat", "--schedule", str(self.stage.settings.lumbar_data / "beat")]
        program = self.stage.start("celery", "-A", "worker:celery", *words, SMTP_URL=self.post.url)
        self.programs[name] = program.pid

    def strike(self, name: str) -> None:
        """Kill one part in the middle of whatever it does, and start it again."""
        began = time.monotonic()
        senders, again = self._kill(name)
        again()
        self.faults.append(Fault(name, began, time.monotonic(), senders))

    def _kill(self, name: str) -> tuple[int, Callable[[], object]]:
        if name == "mail server":
            self.post.kill()
            return WORKERS * SENDERS, self.post.open
        if name == "broker":
            self._kill_server(self.stage.servers.broker.process)
            return 0, self.stage.servers.launch_broker
        if name == "database":
            db.session.remove()
            dispose()
            self._kill_server(self.stage.servers.database.process)
            return WORKERS * SENDERS, self._start_database
        victim = name if name == "beat" else self.dice.choice([one for one in self.programs if one != "beat"])
        os.killpg(self.programs[victim], signal.SIGKILL)
        return 0 if name == "beat" else SENDERS, lambda: self.start_program(victim)

    def _kill_server(self, process: subprocess.Popen[bytes] | None) -> None:
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _start_database(self) -> None:
        self.stage.servers.launch_database()
        self.stage.servers.database.wait_until_ready()

    def calm(self) -> None:
        """From now on the mail server takes everything at once."""
        began = time.monotonic()
        self.post.kill()
        self.post.refuses = False
        self.post.open()
        self.faults.append(Fault("mail server", began, time.monotonic(), WORKERS * SENDERS))


def storm(stage: Stage, *, due: int, kills: dict[str, int]) -> tuple[Storm, Due, float]:
    """Everything is killed now and then while reminders go; also how long after the last fault (seconds) none was left."""
    tenth = due // 30
    visits = many_due(due - 3 * tenth, cancelled=tenth, moved=tenth, unwanted=tenth)
    # Owed before they were cancelled or moved: what is dropped at the last moment is the harder half.
    delivery.find(clock.now())
    many.cancel(visits.cancelled)
    many.move(visits.moved)
    weather = Storm(stage, Post(stage, refuses=True))
    weather.start()
    faults = [name for name, count in kills.items() for _ in range(count)]
    weather.dice.shuffle(faults)
    for number, name in enumerate(faults, start=1):
        reached = len(visits.live) * number // (len(faults) + 1)
        assert eventually(lambda reached=reached: weather.post.count() >= reached, PATIENCE_SECONDS), name
        weather.strike(name)
    weather.calm()
    return weather, visits, seconds_until_empty(stage)


def open_messages() -> list[tuple[UUID, object, object, int]]:
    db.session.rollback()
    left = sa.select(Message.id, Message.due_at, Message.lease_until, Message.fence)
    return [
        tuple(row) for row in db.session.execute(left.where(STILL_OPEN, Message.kind == MessageKind.REMINDER))
    ]


def seconds_until_empty(stage: Stage) -> float:
    """How long the product takes until nothing is owed any more, by its own clock.

    While all that is left waits for its next try, or for the lease of somebody dead, the clock is put forward to the next
    such moment: nobody living holds anything then.
    """
    began, skipped = time.monotonic(), timedelta()
    while left := open_messages():
        now = clock.now()
        waits = [max(due_at, lease or due_at) for _, due_at, lease, _ in left]
        if min(waits) > now and not eventually(lambda left=left: open_messages() != left, SETTLED_SECONDS):
            by = min(waits) - clock.now()
            if by > timedelta():
                many.shift_clock(stage, by)
                skipped += by
        assert time.monotonic() - began < PATIENCE_SECONDS * slowness(), f"{len(left)} were never sent"
    return time.monotonic() - began + skipped.total_seconds()


def unexplained(
    copies: dict[UUID, list[float]], faults: list[Fault], hand_over: float = ONE_HAND_OVER_SECONDS
) -> list[tuple[UUID, float]]:
    """First copies that no fault explains; each fault explains at most one for each sender it struck.

    A copy was made because the sender of the one before never noted it: the fault lies between sending and that note.
    """
    room = {fault: fault.senders for fault in faults}
    left = []
    first = sorted((accepted, name) for name, moments in copies.items() for accepted in sorted(moments)[:-1])
    for accepted, name in first:
        fitting = [fault for fault in faults if room[fault] and fault.explains(accepted, hand_over)]
        if fitting:
            # The one that is over first: those that last longer can explain later copies too.
            room[min(fitting, key=attrgetter("ended"))] -= 1
        else:
            left.append((name, accepted))
    return left


def judge(weather: Storm, visits: Due) -> Counter[str]:
    """Every promise about a storm; returns what happened, for whoever wants to read it."""
    found = many.reminders()
    by_id = {message.id: visit for visit, message in found.items()}
    accepted = weather.post.accepted
    copies: dict[UUID, list[float]] = {}
    for at, name in accepted:
        copies.setdefault(name, []).append(at)
    # A Message-ID is made of the id of its row, and a visit has one reminder: copies of it carry one Message-ID.
    assert {by_id[name] for name in copies} == visits.live
    assert {visit for visit, message in found.items() if message.sent_at is not None} == visits.live
    whys = {visit: message.why for visit, message in found.items() if visit not in visits.live}
    assert whys == {**dict.fromkeys(visits.cancelled, "cancelled"), **dict.fromkeys(visits.moved, "moved")}
    assert not visits.unwanted & set(found)
    assert unexplained(copies, weather.faults, ONE_HAND_OVER_SECONDS * slowness()) == []
    doubled = len(accepted) - len(copies)
    assert doubled <= len(weather.faults)
    return Counter(accepted=len(accepted), doubled=doubled, faults=len(weather.faults))


def test_a_storm_of_kills_loses_nothing_and_every_copy_has_its_kill(stage: Stage) -> None:
    kills = {"worker": 2, "beat": 1, "broker": 1, "mail server": 2, "database": 1}
    weather, visits, seconds = storm(stage, due=600, kills=kills)
    judge(weather, visits)
    assert seconds <= EMPTY_SECONDS * slowness()


@pytest.mark.long
def test_a_storm_of_83_kills_over_5000_reminders_loses_nothing_and_every_copy_has_its_kill(
    stage: Stage,
) -> None:
    kills = {"worker": 20, "beat": 20, "broker": 20, "mail server": 20, "database": 3}
    weather, visits, seconds = storm(stage, due=5000, kills=kills)
    print(judge(weather, visits), f"empty {seconds:.1f} s after the last fault")
    assert seconds <= EMPTY_SECONDS * slowness()


def test_a_copy_without_a_fault_in_its_moment_is_found_out() -> None:
    name, other = UUID(int=1), UUID(int=2)
    kill, later = Fault("worker", 10.0, 10.1, 1), Fault("worker", 13.0, 13.1, 1)
    assert unexplained({name: [9.9, 55.0]}, [kill]) == []
    assert unexplained({name: [10.2, 55.0]}, [kill]) == []
    assert unexplained({name: [20.0, 70.0]}, [kill]) == [(name, 20.0)]
    assert unexplained({name: [9.9, 55.0], other: [9.95, 56.0]}, [kill]) == [(other, 9.95)]
    assert unexplained({name: [9.9, 55.0], other: [11.5, 56.0]}, [later, kill]) == []
