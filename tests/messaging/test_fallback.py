"""The message pass as the worker makes it, and the fallback that makes it while the broker is away."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import fallback, heartbeat, tasks
from clinic.messaging.heartbeat import FALLBACK, DeliveryPart
from clinic.messaging.models import Heartbeat, Message
from clinic.practice.models import Treatment
from tests.make import Make


@pytest.fixture
def soon(make: Make, massage: Treatment, ada: Client) -> Appointment:
    """A visit booked just now, by the real clock."""
    now = clock.now()
    row: Appointment = make.appointment(
        of=massage,
        who=ada,
        starts_at=now + timedelta(days=5),
        booked_at=now,
        time_agreed_at=now,
        changed_at=now,
    )
    return row


def mails(app: Flask) -> list[Path]:
    folder: Path = app.config["MAILDIR"]
    return list((folder / "new").glob("*.eml"))


def test_the_message_pass_writes_into_the_folder_while_there_is_no_mail_server(
    app: Flask, soon: Appointment
) -> None:
    before = len(mails(app))
    tasks.message_pass()
    assert len(mails(app)) == before + 1


def older(part: DeliveryPart, seconds: int, state: str = "") -> None:
    heartbeat.beat(part, state)
    at = sa.func.clock_timestamp() - timedelta(seconds=seconds)
    db.session.execute(sa.update(Heartbeat).where(Heartbeat.name == part.value).values(at=at))
    db.session.commit()


def test_the_fallback_leaves_a_pass_that_is_made_alone(app: Flask, soon: Appointment, make: Make) -> None:
    older(DeliveryPart.PASS, 5)
    assert not fallback.check_worker(app)
    assert make.count(Message) == 0
    assert heartbeat.heartbeats().sign(DeliveryPart.WORKER).word == "ok"


@pytest.mark.parametrize(("seconds", "state"), [(11, ""), (1, FALLBACK)])
def test_the_fallback_makes_the_pass_when_it_is_overdue_and_goes_on(
    app: Flask, soon: Appointment, make: Make, seconds: int, state: str
) -> None:
    older(DeliveryPart.PASS, seconds, state)
    assert fallback.check_worker(app)
    assert make.count(Message) == 1
    assert heartbeat.heartbeats().sign(DeliveryPart.PASS).state == FALLBACK


def test_of_two_fallbacks_one_makes_the_pass(app: Flask, soon: Appointment, make: Make) -> None:
    older(DeliveryPart.PASS, 60)
    with fallback.delivery.alone(fallback.LOCK) as ours:
        assert ours
        assert not fallback.check_worker(app)
    assert fallback.check_worker(app)
