"""The broker absent or frozen: mail leaves all the same, by the stand-in of a real worker."""

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import pulse, queries
from clinic.messaging.pulse import STAND_IN, Part
from clinic.practice.models import Treatment
from tests import make
from tests.stage import Stage, eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

MAIL_SECONDS = 30
START_SECONDS = 60


def booked(massage: Treatment, number: int) -> Appointment:
    """A visit booked at this very moment, in some days."""
    now = clock.now()
    starts_at = now.replace(minute=0, second=0, microsecond=0).replace(hour=number) + timedelta(days=5)
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
    return pulse.read().sign(Part.PASS).state


def health(app: Flask) -> dict[str, str]:
    browser: FlaskClient = app.test_client()
    found: dict[str, str] = browser.get("/health").get_json()
    return found


def test_without_a_broker_a_confirmation_leaves_within_half_a_minute(stage: Stage) -> None:
    massage = make.offering()
    os.kill(stage.servers.broker.process.pid, signal.SIGKILL)
    stage.start("celery", "-A", "worker:celery", "worker")
    assert eventually(lambda: health(stage.app)["worker"] == "ok", START_SECONDS)
    booked(massage, 10)
    assert eventually(lambda: recipients(stage) == {"c10@client.example"}, MAIL_SECONDS)
    assert health(stage.app)["pass"] == STAND_IN
    assert health(stage.app)["status"] == "degraded"


def test_with_a_frozen_broker_mail_goes_on_and_the_broker_takes_over_again(stage: Stage) -> None:
    massage = make.offering()
    broker = stage.servers.broker.process.pid
    stage.start("celery", "-A", "worker:celery", "worker")
    stage.start(
        "celery", "-A", "worker:celery", "beat", "--schedule", str(stage.settings.lumbar_data / "beat")
    )
    assert eventually(lambda: health(stage.app)["status"] == "ok", START_SECONDS)
    booked(massage, 10)
    assert eventually(lambda: recipients(stage) == {"c10@client.example"}, MAIL_SECONDS)
    assert state_of_the_pass() == ""

    os.kill(broker, signal.SIGSTOP)
    try:
        booked(massage, 12)
        assert eventually(lambda: "c12@client.example" in recipients(stage), MAIL_SECONDS)
        assert eventually(lambda: state_of_the_pass() == STAND_IN, MAIL_SECONDS)
    finally:
        os.kill(broker, signal.SIGCONT)
    assert eventually(lambda: health(stage.app)["status"] == "ok", START_SECONDS)
    booked(massage, 14)
    assert eventually(lambda: "c14@client.example" in recipients(stage), MAIL_SECONDS)
    assert len(queries.outbox(stage.app.config["MAILDIR"])) == 3
