"""The broker absent or frozen: mail leaves all the same, by the fallback of a real worker."""

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest

from clinic import clock
from clinic.accounts import audit
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import heartbeat, queries
from clinic.messaging.heartbeat import FALLBACK, DeliveryPart
from clinic.practice.models import Treatment
from tests import make
from tests.faults.reminders import all_are_sent, many_due, reminders
from tests.health import health_of
from tests.patience import eventually
from tests.stage import Stage

pytestmark = pytest.mark.faults

MAIL_SECONDS = 300
START_SECONDS = 300


def booked(massage: Treatment, number: int) -> Appointment:
    """A visit booked at this very moment, in some days."""
    now = clock.now()
    starts_at = now.replace(minute=0, second=0, microsecond=0).replace(hour=number) + timedelta(days=5)
    audit.record(audit.VISITOR, "book", subject_type=Appointment.__tablename__, now=now)
    row: Appointment = make.appointment(
        of=massage,
        who=make.client(mail=f"c{number}@client.example"),
        starts_at=starts_at,
        booked_at=now,
        time_agreed_at=now,
        created_at=now,
        changed_at=now,
    )
    return row


def recipients(stage: Stage) -> set[str]:
    folder: Path = stage.app.config["MAILDIR"]
    return {mail.to for mail in queries.outbox(folder)}


def state_of_the_pass() -> str:
    db.session.rollback()
    return heartbeat.heartbeats().sign(DeliveryPart.PASS).state


def test_without_a_broker_a_confirmation_leaves_within_half_a_minute(stage: Stage) -> None:
    massage = make.offering()
    os.kill(stage.servers.broker.process.pid, signal.SIGKILL)
    stage.start("celery", "-A", "worker:celery", "worker")
    assert eventually(lambda: health_of(stage.app)["worker"] == "ok", START_SECONDS)
    booked(massage, 10)
    assert eventually(lambda: recipients(stage) == {"c10@client.example"}, MAIL_SECONDS)
    assert health_of(stage.app)["pass"] == FALLBACK
    assert health_of(stage.app)["status"] == "degraded"


def without_a_broker(stage: Stage, due: int, within: float, signal_number: int) -> float:
    """Reminders fall due while the broker is away from beginning to end; gives how many seconds all took, start included."""
    broker = stage.servers.broker.process
    assert broker is not None
    os.kill(broker.pid, signal_number)
    try:
        visits = many_due(due)
        began = time.monotonic()
        stage.start("celery", "-A", "worker:celery", "worker")
        assert all_are_sent(due, within)
        seconds = time.monotonic() - began
        stage.stop_all()
        assert set(reminders()) == visits.live
        mails = list((stage.app.config["MAILDIR"] / "new").iterdir())
        assert len(mails) == due
    finally:
        if signal_number == signal.SIGSTOP:
            os.kill(broker.pid, signal.SIGCONT)
    return seconds


@pytest.mark.parametrize(
    "signal_number",
    [
        pytest.param(signal.SIGKILL, id="absent"),
        pytest.param(signal.SIGSTOP, id="frozen", marks=pytest.mark.long),
    ],
)
def test_with_the_broker_away_all_the_time_each_reminder_goes_once(
    stage: Stage, signal_number: signal.Signals
) -> None:
    without_a_broker(stage, 60, START_SECONDS, signal_number)


@pytest.mark.long
@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGSTOP], ids=["absent", "frozen"])
def test_with_the_broker_away_all_the_time_each_of_5000_reminders_goes_once(
    stage: Stage, signal_number: signal.Signals
) -> None:
    print(f"all sent {without_a_broker(stage, 5000, 1500, signal_number):.1f} s after the worker's start")


@pytest.mark.long
def test_a_worker_and_a_timetable_that_died_are_told_within_two_minutes(stage: Stage) -> None:
    make.offering()
    stage.start("celery", "-A", "worker:celery", "worker")
    stage.start(
        "celery", "-A", "worker:celery", "beat", "--schedule", str(stage.settings.lumbar_data / "beat")
    )
    assert eventually(lambda: health_of(stage.app)["status"] == "ok", START_SECONDS)
    for program in stage.programs:
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
    stage.programs.clear()
    for part in ("worker", "beat", "pass"):
        assert eventually(lambda part=part: health_of(stage.app)[part] == "stale", 120)
    assert health_of(stage.app)["status"] == "degraded"


def test_with_a_frozen_broker_mail_goes_on_and_the_broker_takes_over_again(stage: Stage) -> None:
    massage = make.offering()
    broker = stage.servers.broker.process.pid
    stage.start("celery", "-A", "worker:celery", "worker")
    stage.start(
        "celery", "-A", "worker:celery", "beat", "--schedule", str(stage.settings.lumbar_data / "beat")
    )
    assert eventually(lambda: health_of(stage.app)["status"] == "ok", START_SECONDS)
    booked(massage, 10)
    assert eventually(lambda: recipients(stage) == {"c10@client.example"}, MAIL_SECONDS)
    assert eventually(lambda: state_of_the_pass() == "", MAIL_SECONDS)

    os.kill(broker, signal.SIGSTOP)
    try:
        booked(massage, 12)
        assert eventually(lambda: "c12@client.example" in recipients(stage), MAIL_SECONDS)
        assert eventually(lambda: state_of_the_pass() == FALLBACK, MAIL_SECONDS)
    finally:
        os.kill(broker, signal.SIGCONT)
    assert eventually(lambda: health_of(stage.app)["status"] == "ok", START_SECONDS)
    booked(massage, 14)
    assert eventually(lambda: "c14@client.example" in recipients(stage), MAIL_SECONDS)
    assert len(queries.outbox(stage.app.config["MAILDIR"])) == 3
