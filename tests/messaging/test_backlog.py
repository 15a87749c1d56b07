"""The three numbers that are zero while delivery works, and how a pass brings them back to zero."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.booking.models import Appointment
from clinic.db import db, new_id
from clinic.messaging import backlog, delivery
from clinic.messaging.backlog import Backlog
from clinic.messaging.delivery import PassTerms
from clinic.messaging.models import Message, MessageKind
from clinic.practice.models import Treatment
from tests.make import Make
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox

MANY = 50
MINUTE = timedelta(minutes=1)
NONE = Backlog(due_unsent=0, sending_too_long=0, unreminded=0)


def many(make: Make, massage: Treatment, now: datetime) -> list[Appointment]:
    """Fifty visits of the day after tomorrow, all confirmed long ago, each with its therapist."""
    house = make.location()
    starts_at = now + timedelta(hours=47)
    agreed = now - timedelta(days=7)
    visits = [
        make.appointment(
            of=massage,
            who=make.client(mail=f"c{number}@client.example"),
            therapist=make.therapist(house),
            location=house,
            starts_at=starts_at,
            booked_at=agreed,
            time_agreed_at=agreed,
            changed_at=agreed,
        )
        for number in range(MANY)
    ]
    for visit in visits:
        db.session.add(
            Message(
                kind=MessageKind.CONFIRMATION,
                subject_id=visit.id,
                recipient_id=visit.client.contacts[0].id,
                occasion="r1",
                owed_at=agreed,
                due_at=agreed,
                sent_at=agreed,
            )
        )
    db.session.commit()
    return visits


@pytest.fixture
def visits(make: Make, massage: Treatment, now: datetime) -> list[Appointment]:
    return many(make, massage, now)


def reminders(postbox: Postbox) -> int:
    return len({mail["To"] for mail in postbox.mails})


def test_an_empty_practice_is_behind_with_nothing(make: Make, now: datetime) -> None:
    assert backlog.count(now) == NONE
    make.practice()
    assert backlog.count(now) == NONE


def test_fifty_messages_whose_rows_vanished_are_missed_and_found_again(
    visits: list[Appointment], run: Pass, postbox: Postbox, now: datetime
) -> None:
    delivery.run_pass(now, 100, postbox, PassTerms(held=True))
    assert backlog.count(now).due_unsent == MANY
    db.session.execute(sa.delete(Message).where(Message.kind == MessageKind.REMINDER))
    db.session.commit()
    assert backlog.count(now) == Backlog(due_unsent=0, sending_too_long=0, unreminded=MANY)
    assert run(now).sent == MANY
    assert backlog.count(now) == NONE
    assert reminders(postbox) == MANY


def test_fifty_messages_stuck_in_dead_hands_are_counted_and_taken_over(
    visits: list[Appointment], run: Pass, postbox: Postbox, now: datetime
) -> None:
    delivery.run_pass(now, 100, postbox, PassTerms(held=True))
    stuck = sa.update(Message).where(Message.kind == MessageKind.REMINDER)
    db.session.execute(stuck.values(lease_until=now + 2 * MINUTE, attempts=1, fence=1))
    db.session.commit()
    assert run(now).sent == 0
    assert backlog.count(now) == NONE
    assert backlog.count(now + 4 * MINUTE).sending_too_long == MANY
    assert run(now + 4 * MINUTE).sent == MANY
    assert backlog.count(now + 4 * MINUTE) == NONE


def test_the_backlog_begins_after_a_grace_and_not_before(visits: list[Appointment], now: datetime) -> None:
    due_at = visits[0].starts_at - timedelta(hours=48)
    assert backlog.count(due_at + 4 * MINUTE) == NONE
    assert backlog.count(due_at + 5 * MINUTE).unreminded == MANY
    delivery.run_pass(now, 100, Postbox(), PassTerms(held=True))
    db.session.execute(sa.update(Message).where(Message.sent_at.is_(None)).values(due_at=now))
    db.session.commit()
    assert backlog.count(now + 4 * MINUTE) == NONE
    assert backlog.count(now + 5 * MINUTE).due_unsent == MANY
    stuck = sa.update(Message).where(Message.sent_at.is_(None))
    db.session.execute(stuck.values(lease_until=now + MINUTE, attempts=1, fence=1))
    db.session.commit()
    assert backlog.count(now + MINUTE + timedelta(seconds=59)).sending_too_long == 0
    assert backlog.count(now + 2 * MINUTE).sending_too_long == MANY


def test_a_message_put_off_for_a_later_try_is_not_in_arrears(
    visits: list[Appointment], now: datetime
) -> None:
    db.session.execute(
        sa.insert(Message).values(
            id=new_id(),
            kind=MessageKind.SIGN_IN,
            channel="mail",
            subject_id=visits[0].client_id,
            recipient_id=visits[0].client.contacts[0].id,
            occasion="x",
            owed_at=now - 30 * MINUTE,
            due_at=now + MINUTE,
            attempts=4,
            fence=4,
        )
    )
    db.session.commit()
    assert backlog.count(now).due_unsent == 0
    assert backlog.count(now + 7 * MINUTE).due_unsent == 1
