"""The message pass as the worker makes it, and the watch that asks for it and makes it while the broker is away."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts import audit
from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import heartbeat, services, tasks, watch
from clinic.messaging.heartbeat import FALLBACK, DeliveryPart
from clinic.messaging.models import Heartbeat, Message, MessageKind
from clinic.messaging.watch import Watch
from clinic.practice.models import Treatment
from tests.make import Make
from tests.patience import eventually

SIGN_IN = {"kind": MessageKind.SIGN_IN, "subject_id": uuid4(), "occasion": "once", "expires_at": None}


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


@dataclass
class Broker:
    """Takes what is asked for, or does not."""

    is_there: bool = True
    asked: int = 0

    def ask(self) -> bool:
        self.asked += self.is_there
        return self.is_there


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def watched(app: Flask, broker: Broker) -> Watch:
    return Watch(app, broker.ask)


def test_a_pass_that_came_lately_is_left_alone_and_the_worker_says_that_it_lives(
    watched: Watch, broker: Broker, soon: Appointment, make: Make
) -> None:
    older(DeliveryPart.PASS, 5)
    assert not watched.look()
    assert (make.count(Message), broker.asked) == (0, 0)
    assert heartbeat.heartbeats().sign(DeliveryPart.WORKER).word == "ok"


@pytest.mark.usefixtures("database")
def test_news_ask_for_one_pass_and_for_a_second_when_that_has_begun(watched: Watch, broker: Broker) -> None:
    older(DeliveryPart.PASS, 5)
    for _ in range(3):
        assert not watched.look(has_news=True)
    assert (broker.asked, watched.seconds_to_wait) == (1, watch.GATHER_SECONDS)
    older(DeliveryPart.PASS, 0)
    assert not watched.look()
    assert (broker.asked, watched.seconds_to_wait) == (2, watch.LOOK_SECONDS)


def test_a_message_that_came_due_asks_for_a_pass(
    watched: Watch, broker: Broker, make: Make, ada: Client
) -> None:
    services.owe([services.Owed(**SIGN_IN, recipient_id=ada.contacts[0].id, due_at=clock.now())], clock.now())
    older(DeliveryPart.PASS, 5)
    watched.look()
    assert broker.asked == 1


def test_while_the_broker_is_away_each_look_makes_the_pass(
    watched: Watch, broker: Broker, soon: Appointment, make: Make
) -> None:
    older(DeliveryPart.PASS, 1, FALLBACK)
    assert watched.look()
    assert (make.count(Message), broker.asked) == (1, 0)
    assert heartbeat.heartbeats().sign(DeliveryPart.PASS).state == FALLBACK


@pytest.mark.parametrize("seconds", [46, None])
def test_a_pass_that_is_overdue_or_never_came_is_asked_for(
    watched: Watch, broker: Broker, soon: Appointment, seconds: int | None
) -> None:
    if seconds:
        older(DeliveryPart.PASS, seconds)
    assert not watched.look()
    assert broker.asked == 1


def test_a_pass_that_the_broker_does_not_take_is_made_here_at_once(
    watched: Watch, broker: Broker, soon: Appointment, make: Make
) -> None:
    broker.is_there = False
    older(DeliveryPart.PASS, 5)
    assert watched.look(has_news=True)
    assert make.count(Message) == 1


def test_a_pass_that_was_asked_for_and_does_not_begin_is_made_here(
    watched: Watch, soon: Appointment, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    older(DeliveryPart.PASS, 5)
    assert not watched.look(has_news=True)
    later = time.monotonic() + watch.ANSWERED_WITHIN.total_seconds() + 1
    monkeypatch.setattr(watch.time, "monotonic", lambda: later)
    older(DeliveryPart.PASS, 21)
    assert watched.look()
    assert make.count(Message) == 1


def test_of_two_watches_one_makes_the_pass(watched: Watch, broker: Broker, soon: Appointment) -> None:
    broker.is_there = False
    older(DeliveryPart.PASS, 60)
    with watch.delivery.alone(watch.LOCK) as ours:
        assert ours
        assert not watched.look()
    assert watched.look()


# --- news ---------------------------------------------------------------------------------------------------------------


def hears(app: Flask, act: Callable[[], object]) -> bool:
    """Whether a watch that listens hears of it when it is committed, and not before."""
    with watch.listening(app) as line:
        act()
        db.session.flush()
        assert not watch._hears(line, 0.05)
        db.session.commit()
        return watch._hears(line, 0.5)


@pytest.mark.parametrize(
    ("action", "is_news"),
    [
        ("book", True),
        ("cancel", True),
        ("read", False),
        ("open_with_reason", False),
        ("open_for_colleague", False),
    ],
)
def test_who_does_something_tells_the_watch_with_the_commit_and_who_reads_does_not(
    race_app: Flask, action: str, is_news: bool
) -> None:
    assert hears(race_app, lambda: audit.record(audit.SYSTEM, action, now=clock.now())) is is_news


def test_what_people_ask_for_by_letter_is_news(race_app: Flask) -> None:
    owed = services.Owed(**SIGN_IN, recipient_id=uuid4(), due_at=clock.now())
    assert hears(race_app, lambda: services.owe([owed], clock.now()))
    assert not hears(race_app, lambda: services.owe([owed], clock.now())), "it was owed already"


def test_each_table_in_which_people_ask_tells_of_it(race_app: Flask) -> None:
    made = db.session.execute(
        sa.text(
            "SELECT tgrelid::regclass::text AS \"table\", pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE tgname = 'tells_news'"
        )
    )
    found = {row.table: row.definition for row in made}
    assert set(found) == {
        "audit_entries",
        "messages",
        "drafts",
        "password_resets",
        "address_changes",
        "guardian_consents",
        "doctor_pages",
        "data_exports",
    }
    assert all("FOR EACH ROW" in definition for definition in found.values()), "a statement may write no row"


def test_a_watch_outlives_what_it_meets_and_says_what_kind_of_fault_it_was(
    race_app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks: list[bool] = []

    def look(self: Watch, *, has_news: bool = False) -> bool:
        looks.append(has_news)
        if len(looks) == 1:
            raise KeyError("Ada")
        return False

    monkeypatch.setattr(Watch, "look", look)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)
    stop = watch.start(race_app, lambda: True)
    try:
        assert eventually(lambda: len(looks) > 1, 20)
    finally:
        stop.set()
    assert [
        getattr(line, "fault", None) for line in caplog.records if line.message == "the watch failed"
    ] == ["KeyError"]
    assert "Ada" not in caplog.text
