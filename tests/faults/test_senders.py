"""Several senders and several schedulers at once: each reminder once, on time, by the one clock they share."""

import asyncio
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from clinic.booking.models import Appointment
from clinic.db import db, dispose, transaction
from clinic.messaging.services import LEASE
from tests.faults import reminders as many
from tests.faults.reminders import Post, many_due
from tests.patience import eventually, slowness
from tests.ports import free_port
from tests.stage import Stage

pytestmark = pytest.mark.faults

SENDERS, SCHEDULERS = 4, 3
FOUR_MINUTES = timedelta(minutes=4)
ONE_HAND_OVER_SECONDS = 30.0
"""So long one may take on a busy machine; what tells is how many were under way at once."""
PATIENCE_SECONDS = 600.0
"""So long a busy machine may take for what is a matter of seconds; nothing waits longer than it must."""


def quiet_run(stage: Stage, due: int, within: float) -> list[float]:
    """No faults at all; gives when each mail was accepted, in seconds since the senders were started."""
    visits = many_due(due)
    post = Post(stage)
    post.open()
    began = time.monotonic()
    stage.start("tests.faults.sender", post.url, *["find"] * SCHEDULERS, *["0"] * SENDERS)
    assert many.all_are_sent(due, within)
    stage.stop_all()
    found = many.reminders()
    assert set(found) == visits.live
    assert sorted(name for _, name in post.accepted) == sorted(message.id for message in found.values())
    return [at - began for at, _ in post.accepted]


def test_three_schedulers_and_four_senders_send_each_reminder_once(stage: Stage) -> None:
    quiet_run(stage, 120, within=PATIENCE_SECONDS)


@pytest.mark.long
def test_three_schedulers_and_four_senders_send_each_of_5000_reminders_once(stage: Stage) -> None:
    seconds = sorted(quiet_run(stage, 5000, within=1500))
    print(
        f"first {seconds[0]:.1f} s, 95 % {seconds[int(len(seconds) * 0.95)]:.1f} s, all {seconds[-1]:.1f} s"
    )


def test_hosts_whose_clocks_are_five_minutes_off_send_nothing_early_and_nothing_twice(stage: Stage) -> None:
    visits = many_due(60)
    later = frozenset(list(visits.live)[:30])
    _start_later(later, FOUR_MINUTES + timedelta(minutes=30))
    post = Post(stage)
    post.open()
    stage.start("tests.faults.sender", post.url, "-300", "0", "300")
    assert eventually(lambda: many.sent() >= 30, PATIENCE_SECONDS)
    # Each of them has looked again since: whoever believed its own clock would have sent more by now.
    looked = stage.start("tests.faults.sender", post.url, "300")
    assert looked.poll() is None
    assert not eventually(lambda: many.sent() > 30, 3)
    stage.stop_all()
    assert set(many.reminders()) == visits.live - later
    assert len(post.accepted) == 30


def _start_later(ids: frozenset[UUID], by: timedelta) -> None:
    """Put these visits off, so that their reminders fall due four minutes or more from now; agreed long ago all the same."""
    names = ("starts_at", "ends_at", "occupied_from", "occupied_until", "wall_start")
    times = {name: getattr(Appointment, name) + by for name in names}
    change = sa.update(Appointment).where(Appointment.id.in_(ids)).values(**times)
    with transaction():
        db.session.execute(change.execution_options(synchronize_session=False))


@pytest.mark.parametrize("due", [80, pytest.param(2000, marks=pytest.mark.long)])
def test_a_cancelled_visit_is_reminded_of_only_within_the_one_hand_over_under_way(
    stage: Stage, due: int
) -> None:
    """Every second visit is cancelled while four senders work: what was accepted later than that is counted."""
    visits = many_due(due)
    post = Post(stage)
    post.open()
    stage.start("tests.faults.sender", post.url, *["0"] * SENDERS)
    cancelled: dict[UUID, float] = {}
    for visit in sorted(visits.live)[::2]:
        many.cancel(frozenset({visit}))
        cancelled[visit] = time.monotonic()
    assert eventually(
        lambda: not many.left_open() and len(many.reminders()) >= due // 2, PATIENCE_SECONDS + due * 0.6
    )
    stage.stop_all()
    found = many.reminders()
    accepted = {name: at for at, name in post.accepted}
    late = [
        (at, accepted[found[visit].id])
        for visit, at in cancelled.items()
        if visit in found and accepted.get(found[visit].id, 0) > at
    ]
    assert all(then - at < ONE_HAND_OVER_SECONDS * slowness() for at, then in late), late
    print(
        f"{len(late)} of {len(cancelled)} were accepted after their cancellation, by less than {ONE_HAND_OVER_SECONDS} s"
    )
    under_way = [sum(first <= at < then for first, then in late) for at, _ in late]
    assert max(under_way, default=0) <= SENDERS
    assert len(post.accepted) == len(accepted)


class Gate:
    """Keeps the first mail waiting for its answer until it is opened."""

    def __init__(self) -> None:
        self.accepted: list[UUID] = []
        self.reached = threading.Event()
        self.opened = threading.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.reached.set()
        await asyncio.to_thread(self.opened.wait)
        found = re.search(rb"^Message-ID: <([0-9a-f-]{36})@", envelope.original_content or b"", re.MULTILINE)
        assert found is not None
        self.accepted.append(UUID(found[1].decode()))
        return "250 2.0.0 taken"


@contextmanager
def serving(gate: Gate) -> Iterator[str]:
    """The address of a mail server with a gate."""
    controller = Controller(gate, hostname="127.0.0.1", port=free_port())  # type: ignore[no-untyped-call]
    controller.start()  # type: ignore[no-untyped-call]
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        gate.opened.set()
        controller.stop()  # type: ignore[no-untyped-call]


def test_a_database_that_falls_between_acceptance_and_note_costs_no_second_copy(stage: Stage) -> None:
    many_due(1)
    gate = Gate()
    with serving(gate) as url:
        stage.start("tests.faults.sender", url)
        assert gate.reached.wait(PATIENCE_SECONDS * slowness())
        db.session.remove()
        dispose()
        database = stage.servers.database.process
        assert database is not None
        os.killpg(database.pid, signal.SIGKILL)
        database.wait()
        gate.opened.set()
        # The sender has its yes and nowhere to note it, for longer than its first try.
        assert eventually(lambda: bool(gate.accepted), PATIENCE_SECONDS)
        assert not eventually(lambda: len(gate.accepted) > 1, 1)
        stage.servers.launch_database()
        stage.servers.database.wait_until_ready()
        assert many.all_are_sent(1, PATIENCE_SECONDS)
        stage.stop_all()
        (after,) = many.reminders().values()
    assert (after.fence, after.attempts, after.why) == (1, 1, None)
    assert gate.accepted == [after.id]


def test_a_sender_frozen_past_its_lease_overwrites_nothing(stage: Stage) -> None:
    many_due(1)
    gate = Gate()
    with serving(gate) as url:
        frozen = stage.start("tests.faults.sender", url)
        assert gate.reached.wait(PATIENCE_SECONDS * slowness())
        os.kill(frozen.pid, signal.SIGSTOP)
        gate.opened.set()
        many.shift_clock(stage, LEASE + timedelta(seconds=1))
        stage.start("tests.faults.sender", url)
        assert many.all_are_sent(1, PATIENCE_SECONDS)
        (before,) = many.reminders().values()
        told = (before.sent_at, before.fence, before.attempts, before.why)
        os.kill(frozen.pid, signal.SIGCONT)
        stage.stop_all()
        (after,) = many.reminders().values()
    assert (after.sent_at, after.fence, after.attempts, after.why) == told
    assert told[1:] == (2, 2, None)
    assert gate.accepted == [after.id] * len(gate.accepted)
    assert len(gate.accepted) <= 2
