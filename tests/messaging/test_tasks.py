"""The worker's steps and their driver."""

import importlib
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts.models import Client, LimitWindow
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.messaging import fallback, heartbeat, tasks
from clinic.messaging.heartbeat import STAND_IN, DeliveryPart
from clinic.messaging.models import Heartbeat, Message
from clinic.messaging.tasks import Driver
from clinic.practice.models import Treatment
from config import Settings


@pytest.fixture
def soon(make: ModuleType, massage: Treatment, ada: Client) -> Appointment:
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


def test_every_step_is_a_task_under_its_own_name(app: Flask) -> None:
    driver: Driver = app.extensions["celery"]
    ours = {name for name in driver.tasks if not name.startswith("celery.")}
    assert ours == {
        "message_pass",
        "lapse_and_decide",
        "offer_freed_times",
        "seal_audit",
        "delete_old_drafts",
        "tidy",
        "fetch_from_sns",
        "count_overrides",
        "count_overrides_if_asked",
    }


def test_every_line_of_the_timetable_names_a_step(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("database_url", "redis_url", "lumbar_data", "environment"):
        monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
    timetable = importlib.import_module("worker").celery.conf.beat_schedule
    driver: Driver = app.extensions["celery"]
    assert {entry["task"] for entry in timetable.values()} == {step.__name__ for step in tasks.STEPS}
    assert set(timetable) <= set(driver.tasks)
    assert timetable["message_pass"]["schedule"] == 2.0


def test_steps_run_on_an_empty_practice_twice_without_a_word(app: Flask, database: sa.Connection) -> None:
    driver: Driver = app.extensions["celery"]
    for step in tasks.STEPS * 2:
        driver.tasks[step.__name__]()
    assert heartbeat.heartbeats().sign(DeliveryPart.PASS).word == "ok"


def test_the_message_pass_writes_into_the_folder_while_there_is_no_mail_server(
    app: Flask, soon: Appointment
) -> None:
    before = len(mails(app))
    app.extensions["celery"].tasks["message_pass"]()
    assert len(mails(app)) == before + 1


def test_undecided_requests_are_ended(make: ModuleType, massage: Treatment, ada: Client, app: Flask) -> None:
    request = make.appointment(
        of=massage,
        who=ada,
        state=State.REQUESTED,
        request_reason="level",
        decide_by=clock.now() - timedelta(minutes=1),
    )
    tasks.lapse_and_decide()
    assert make.refreshed(request).state == State.DECLINED


def test_tidying_forgets_what_has_run_out(make: ModuleType, massage: Treatment) -> None:
    now = clock.now()
    make.appointment(of=massage, state=State.LAPSED, changed_at=now - timedelta(days=2))
    make.appointment(of=massage, state=State.LAPSED, changed_at=now, starts_at=now + timedelta(days=9))
    tasks.tidy()
    assert make.count(Appointment) == 1
    assert make.count(LimitWindow) == 0


def older(part: DeliveryPart, seconds: int, state: str = "") -> None:
    heartbeat.beat(part, state)
    at = sa.func.clock_timestamp() - timedelta(seconds=seconds)
    db.session.execute(sa.update(Heartbeat).where(Heartbeat.name == part.value).values(at=at))
    db.session.commit()


def test_the_stand_in_leaves_a_pass_that_is_made_alone(
    app: Flask, soon: Appointment, make: ModuleType
) -> None:
    older(DeliveryPart.PASS, 5)
    assert not fallback.check_worker(app)
    assert make.count(Message) == 0
    assert heartbeat.heartbeats().sign(DeliveryPart.WORKER).word == "ok"


@pytest.mark.parametrize(("seconds", "state"), [(11, ""), (1, STAND_IN)])
def test_the_stand_in_makes_the_pass_when_it_is_overdue_and_goes_on(
    app: Flask, soon: Appointment, make: ModuleType, seconds: int, state: str
) -> None:
    older(DeliveryPart.PASS, seconds, state)
    assert fallback.check_worker(app)
    assert make.count(Message) == 1
    assert heartbeat.heartbeats().sign(DeliveryPart.PASS).state == STAND_IN


def test_of_two_stand_ins_one_makes_the_pass(app: Flask, soon: Appointment, make: ModuleType) -> None:
    older(DeliveryPart.PASS, 60)
    with fallback.delivery.alone(fallback.LOCK) as ours:
        assert ours
        assert not fallback.check_worker(app)
    assert fallback.check_worker(app)
