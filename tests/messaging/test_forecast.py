"""What is foreseen is what will be: one statement about two days finds what passes would find, one after the other."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import demo
from clinic.accounts.models import Contact, ContactKind
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.messaging import due, forecast, services
from clinic.messaging.kinds import QUESTIONS
from clinic.messaging.kinds.reminders import reminders
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import STILL_OPEN
from clinic.practice.models import Location
from tests.conftest import NOW
from tests.make import Make
from tests.measuring import statements

TORONTO = ZoneInfo("America/Toronto")
OFTEN = timedelta(minutes=15)
SELDOM = timedelta(hours=6)

Seen = set[tuple[str, str, object, datetime]]


def rehearsed(now: datetime) -> Seen:
    """What a pass at every quarter of an hour would owe, each on what the ones before it owed; nothing of it stays."""
    until, moment = now + forecast.FORESEEN, now
    with db.session.begin_nested() as rehearsal:
        while moment <= until:
            rules = due.rules(moment, texts=True)
            assert rules is not None
            for question in QUESTIONS:
                if (moment - now) % SELDOM == timedelta() or question is reminders:
                    services.owe(due.find(question, rules, moment), moment)
            moment += OFTEN
        rows = db.session.scalars(sa.select(Message).where(STILL_OPEN, Message.due_at <= until)).all()
        found = {(row.kind, row.channel, row.recipient_id, row.due_at) for row in rows}
        rehearsal.rollback()
    db.session.expire_all()
    return found


def foreseen(now: datetime) -> Seen:
    rules = due.rules(now, ahead=forecast.FORESEEN, texts=True)
    assert rules is not None
    owed = due.foresee(QUESTIONS, rules, now)
    told = {
        (row.kind, row.channel, row.subject_id, row.recipient_id, row.occasion): row
        for row in db.session.scalars(sa.select(Message))
    }
    new = {
        (one.kind.value, one.channel, one.recipient_id, one.due_at)
        for one in owed
        if (one.kind, one.channel, one.subject_id, one.recipient_id, one.occasion) not in told
    }
    until = now + forecast.FORESEEN
    waiting = db.session.scalars(sa.select(Message).where(STILL_OPEN, Message.due_at <= until))
    return new | {(row.kind, row.channel, row.recipient_id, row.due_at) for row in waiting}


def without_troubles(seen: Seen) -> Seen:
    """Whether letters will go astray tomorrow nobody foresees; a rehearsal says so each day anew."""
    return {one for one in seen if one[0] != MessageKind.DELIVERY_TROUBLE}


@pytest.fixture
def days_of_a_demo(app: Flask, database: sa.Connection, monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setitem(app.config, "ENVIRONMENT", "demo")
    now = datetime(2031, 6, 11, 13, 5, tzinfo=TORONTO).astimezone(UTC)
    with transaction():
        demo.load(now)
    db.session.expire_all()
    return now


def test_in_the_demo_what_is_foreseen_is_what_passes_find(days_of_a_demo: datetime) -> None:
    now = days_of_a_demo
    seen = without_troubles(foreseen(now))
    assert seen == without_troubles(rehearsed(now))
    assert len({kind for kind, *_ in seen}) >= 5, "too little falls due to compare"


@pytest.mark.parametrize("hours", [0, 13])
def test_reminders_around_quiet_hours_and_wishes_are_foreseen_exactly(
    make: Make, database: sa.Connection, hours: int
) -> None:
    """Visits at every odd hour of four days, booked long ago or just now, by clients with wishes of their own."""
    now = NOW + timedelta(hours=hours)
    sold = make.offering()
    sold.intake = "before_visit"
    house = db.session.scalars(sa.select(Location)).one()
    offsets = ([2880, 120], [1440], [], [60, 600, 4000], None)
    for number in range(24):
        who = make.client(given_name=f"C{number}", mail=f"c{number}@client.example")
        who.contacts[0].reminder_offsets_minutes = offsets[number % len(offsets)]
        db.session.add(
            Contact(
                client_id=who.id,
                kind=ContactKind.PHONE,
                value="+493055501",
                normalised=f"+4930555{number:04}",
                sms_agreed_at=NOW if number % 3 == 0 else None,
                created_at=NOW,
            )
        )
        starts_at = now + timedelta(hours=4 * number - 8, minutes=5 * (number % 12))
        booked_at = min(now, starts_at) - timedelta(hours=(number % 5) * 20, minutes=10)
        make.appointment(
            of=sold,
            who=who,
            therapist=make.therapist(house),
            starts_at=starts_at,
            state=State.BOOKED if starts_at > now else State.DONE,
            booked_at=booked_at,
            changed_at=booked_at,
            time_agreed_at=booked_at,
        )
    seen = foreseen(now)
    assert seen == rehearsed(now)
    assert {channel for _, channel, *_ in seen} == {"mail", "sms"}


def test_looking_ahead_asks_as_much_for_many_messages_as_for_few(make: Make, database: sa.Connection) -> None:
    sold = make.offering()
    house = db.session.scalars(sa.select(Location)).one()

    def visits(count: int) -> int:
        for _ in range(count):
            make.appointment(
                of=sold,
                who=make.client(),
                therapist=make.therapist(house),
                starts_at=NOW + timedelta(hours=28),
            )
        with statements() as asked:
            assert len(forecast.next_messages(NOW, texts=True).lines) >= count
        return len(asked)

    few, many = visits(2), visits(40)
    assert many == few == 3
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Appointment)) == 42
