"""Many reminders due at once: none lost, none doubled without a kill, none for who must not be reminded."""

import asyncio
import os
import random
import re
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from clinic import clock
from clinic.booking.models import Appointment
from clinic.db import db, dispose, transaction
from clinic.messaging import services
from clinic.messaging.models import Kind, Message
from clinic.messaging.services import LEASE
from tests import make
from tests.messaging.test_mailer import free_port
from tests.stage import Stage, eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

MESSAGE_ID = re.compile(rb"^Message-ID: <([0-9a-f-]{36})@", re.MULTILINE)
SLOT = timedelta(minutes=5)
PER_THERAPIST = 6


class Sink:
    """Keeps the id of each mail it accepted, in order; refuses every tenth with a 451."""

    def __init__(self, *, refuses: bool) -> None:
        self.accepted: list[UUID] = []
        self.refuses = refuses
        self.asked = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.asked += 1
        if self.refuses and self.asked % 10 == 0:
            return "451 4.3.0 not now"
        found = MESSAGE_ID.search(envelope.original_content or b"")
        assert found is not None
        self.accepted.append(UUID(found[1].decode()))
        return "250 2.0.0 taken"


@dataclass
class Post:
    """The mail server, which can go away and come back on its port."""

    sink: Sink
    port: int
    controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def open(self) -> None:
        # Sender processes that are killed leave a line half spoken; the server must not wait for them.
        self.controller = Controller(self.sink, hostname="127.0.0.1", port=self.port)  # type: ignore[no-untyped-call]
        self.controller.start()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        if self.controller is not None:
            self.controller.stop()  # type: ignore[no-untyped-call]
            self.controller = None


class Gate(Sink):
    """Keeps the first mail waiting for its answer until it is opened."""

    def __init__(self) -> None:
        super().__init__(refuses=False)
        self.reached = threading.Event()
        self.opened = threading.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.reached.set()
        await asyncio.to_thread(self.opened.wait)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def post(request: pytest.FixtureRequest) -> Iterator[Post]:
    """A mail server of this process."""
    server = Post(Sink(refuses=request.param), free_port())
    server.open()
    yield server
    server.close()


@dataclass(frozen=True)
class Due:
    """Ids of visits by what must come of them."""

    live: frozenset[UUID]
    cancelled: frozenset[UUID]
    unwanted: frozenset[UUID]


def many_due(live: int, cancelled: int = 0, unwanted: int = 0) -> Due:
    """Visits in less than two days, agreed a week ago and confirmed then, whose reminders are due now."""
    now = clock.now()
    # No quiet hours: what is due must not depend on the time of day the test runs at.
    make.practice(quiet_from_hour=0, quiet_until_hour=0)
    house = make.location(zone="UTC")
    sold = make.treatment(minutes=5, therapists=[make.therapist()])
    numbers = range(live + cancelled + unwanted)
    therapists = [make.therapist().id for _ in range(len(numbers) // PER_THERAPIST + 1)]
    # Due within the last half hour: what is due for longer than an hour would be caught up with slowly, on purpose.
    first = now + timedelta(hours=47, minutes=30)
    then = now - timedelta(days=7)
    rows = [
        _visit(
            number,
            sold,
            house,
            therapists[number // PER_THERAPIST],
            first + number % PER_THERAPIST * SLOT,
            then,
        )
        for number in numbers
    ]
    clients = [
        {
            "id": row["client_id"],
            "given_name": f"C{number}",
            "search_name": "",
            "language": "en",
            "created_at": then,
        }
        for number, row in enumerate(rows)
    ]
    contacts = [
        {
            "id": UUID(int=row["client_id"].int ^ 1),
            "client_id": row["client_id"],
            "kind": "mail",
            "relation": "self",
            "value": f"c{number}@client.example",
            "normalised": f"c{number}@client.example",
            "created_at": then,
            "wants_reminders": number < live + cancelled,
        }
        for number, row in enumerate(rows)
    ]
    told = [
        {
            "id": UUID(int=row["id"].int ^ 1),
            "kind": Kind.CONFIRMATION,
            "channel": "mail",
            "subject_id": row["id"],
            "recipient_id": contact["id"],
            "occasion": "r1",
            "owed_at": then,
            "due_at": then,
            "sent_at": then,
            "attempts": 1,
            "fence": 1,
        }
        for row, contact in zip(rows, contacts, strict=True)
    ]
    for number in range(live, live + cancelled):
        rows[number].update(
            state="cancelled", cancelled_by="client", revision=2, changed_at=now + timedelta(days=1)
        )
    with transaction():
        for table, values in (
            ("clients", clients),
            ("contacts", contacts),
            ("appointments", rows),
            ("messages", told),
        ):
            db.session.execute(sa.insert(Appointment.metadata.tables[table]), values)
    ids = [row["id"] for row in rows]
    return Due(
        live=frozenset(ids[:live]),
        cancelled=frozenset(ids[live : live + cancelled]),
        unwanted=frozenset(ids[live + cancelled :]),
    )


def _visit(
    number: int, sold: Any, house: Any, therapist_id: UUID, starts_at: datetime, then: datetime
) -> dict[str, Any]:
    return {
        "id": UUID(int=(0xA << 64) + number * 2), "client_id": UUID(int=(0xC << 64) + number * 2),
        "reference": f"{number:08d}", "therapist_id": therapist_id, "location_id": house.id, "treatment_id": sold.id,
        "starts_at": starts_at, "ends_at": starts_at + SLOT, "occupied_from": starts_at, "occupied_until": starts_at + SLOT,
        "wall_start": starts_at.replace(tzinfo=None), "zone": "UTC", "tzdata": "test", "length_minutes": 5,
        "buffer_before_minutes": 0, "buffer_after_minutes": 0, "price_cents": 6000, "state": "booked",
        "cancelled_by": None, "revision": 1, "time_revision": 1, "link_epoch": 1, "hold_extended": False,
        "cancelled_late": False, "booked_at": then, "time_agreed_at": then, "created_at": then, "changed_at": then,
    }  # fmt: skip


def reminders() -> dict[UUID, Message]:
    """The reminder of each visit, by the id of the visit; raises when a visit has two."""
    db.session.rollback()
    found = db.session.scalars(sa.select(Message).where(Message.kind == Kind.REMINDER)).all()
    assert len({message.subject_id for message in found}) == len(found)
    return {message.subject_id: message for message in found}


def sent() -> int:
    db.session.rollback()
    count = sa.select(sa.func.count()).where(Message.kind == Kind.REMINDER, Message.sent_at.is_not(None))
    return db.session.scalar(count) or 0


def shift_clock(stage: Stage, by: timedelta) -> None:
    """Put every process's clock forward. Only while none runs: a living sender's lease would run out under it."""
    before = float(stage.clock.read_text()) if stage.clock.exists() else 0.0
    stage.clock.write_text(str(before + by.total_seconds()))


def quiet_run(stage: Stage, post: Post, due: int) -> None:
    visits = many_due(due)
    for _ in range(3):
        stage.start("tests.faults.sender", post.url, "find")
    for _ in range(4):
        stage.start("tests.faults.sender", post.url)
    assert eventually(lambda: sent() == due, 60 + due / 20)
    stage.stop_all()
    assert set(reminders()) == visits.live
    assert sorted(post.sink.accepted) == sorted(message.id for message in reminders().values())


@pytest.mark.parametrize("post", [False], indirect=True)
def test_three_schedulers_and_four_senders_send_each_reminder_once(stage: Stage, post: Post) -> None:
    quiet_run(stage, post, 300)


@pytest.mark.long
@pytest.mark.parametrize("post", [False], indirect=True)
def test_three_schedulers_and_four_senders_send_each_of_5000_reminders_once(stage: Stage, post: Post) -> None:
    quiet_run(stage, post, 5000)


def storm(stage: Stage, post: Post, *, due: int, kills: int, outages: int, crashes: int) -> Counter[UUID]:
    """Senders killed, the mail server gone and the database crashed while reminders go; how often each was accepted."""
    visits = many_due(due, due // 10, due // 10)
    senders: list[subprocess.Popen[bytes]] = [stage.start("tests.faults.sender", post.url) for _ in range(3)]
    faults = [*["kill"] * kills, *["outage"] * outages, *["crash"] * crashes]
    random.Random(7).shuffle(faults)
    # Spread evenly over the run: the next fault strikes when so many more mails were accepted.
    for number, fault in enumerate(faults, start=1):
        reached = due * number // (len(faults) + 2)
        assert eventually(lambda reached=reached: len(set(post.sink.accepted)) >= reached, 120)
        if fault == "kill":
            victim = senders.pop(0)
            os.kill(victim.pid, signal.SIGKILL)
            senders.append(stage.start("tests.faults.sender", post.url))
        elif fault == "outage":
            post.close()
            post.open()
        else:
            crash(stage)
    settle(stage, post.url, due)
    found = reminders()
    assert set(found) == visits.live
    accepted = Counter(post.sink.accepted)
    assert set(accepted) == {message.id for message in found.values()}
    return accepted


def crash(stage: Stage) -> None:
    """The database dies without a word and starts again."""
    db.session.remove()
    dispose()
    server = stage.servers.database
    assert server.process is not None
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    stage.servers.launch_database()
    server.wait_until_ready()


def settle(stage: Stage, url: str, due: int) -> None:
    """Let the rest go: claims of the dead and waiting tries become free as the clock is put forward between runs."""
    for _ in range(12):
        assert eventually(lambda: sent() == due or services.oldest_due(clock.now()) is None, 120)
        stage.stop_all()
        if sent() == due:
            return
        shift_clock(stage, 3 * LEASE)
        for _ in range(3):
            stage.start("tests.faults.sender", url)
    raise AssertionError(f"{due - sent()} reminders were never sent")


@pytest.mark.parametrize("post", [True], indirect=True)
def test_a_storm_of_kills_loses_nothing_and_doubles_at_most_one_mail_a_kill(stage: Stage, post: Post) -> None:
    accepted = storm(stage, post, due=300, kills=6, outages=2, crashes=1)
    doubled = sum(count - 1 for count in accepted.values())
    # A kill can fall between the server's yes and our note of it; a crash of the database can for every sender.
    assert doubled <= 6 + 2 + 3


@pytest.mark.long
@pytest.mark.parametrize("post", [True], indirect=True)
def test_a_storm_over_5000_reminders_loses_nothing(stage: Stage, post: Post) -> None:
    accepted = storm(stage, post, due=5000, kills=20, outages=20, crashes=3)
    assert sum(count - 1 for count in accepted.values()) <= 20 + 20 + 9


def test_a_sender_frozen_past_its_lease_overwrites_nothing(stage: Stage) -> None:
    many_due(1)
    gate = Gate()
    post = Post(gate, free_port())
    post.open()
    try:
        frozen = stage.start("tests.faults.sender", post.url)
        assert gate.reached.wait(60)
        os.kill(frozen.pid, signal.SIGSTOP)
        gate.opened.set()
        shift_clock(stage, LEASE + timedelta(seconds=1))
        stage.start("tests.faults.sender", post.url)
        assert eventually(lambda: sent() == 1, 60)
        (before,) = reminders().values()
        told = (before.sent_at, before.fence, before.attempts, before.why)
        os.kill(frozen.pid, signal.SIGCONT)
        stage.stop_all()
        (after,) = reminders().values()
    finally:
        gate.opened.set()
        post.close()
    assert (after.sent_at, after.fence, after.attempts, after.why) == told
    assert told[1:] == (2, 2, None)
    assert gate.accepted == [after.id] * len(gate.accepted)
    assert len(gate.accepted) <= 2
