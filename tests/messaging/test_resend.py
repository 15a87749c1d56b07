"""Sending a message once more, and what is told of letters that came back."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import AuditEntry, Client, Contact
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import resend
from clinic.messaging.bounces import effects
from clinic.messaging.mailer import Refused
from clinic.messaging.models import Message
from clinic.messaging.resend import NotAgain
from clinic.refusal import NotFound
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox

DESK = audit.by_user(Client().id)
SECOND = timedelta(seconds=1)


def rows() -> list[Message]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Message).order_by(Message.id)))


def ask(message: Message, now: datetime) -> None:
    resend.send_again(message.id, DESK, now)
    db.session.commit()


def test_a_letter_that_was_refused_goes_again_under_its_own_message_id(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    postbox.faults.append(Refused("refused"))
    run(now)
    (message,) = rows()
    ask(message, now + SECOND)
    assert run(now + SECOND).sent == 1
    (message,) = rows()
    assert message.sent_at is not None
    assert message.why is None


def test_a_letter_that_went_goes_again_as_a_letter_of_its_own(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    ask(rows()[0], now + SECOND)
    ask(rows()[0], now + SECOND)
    assert run(now + SECOND).sent == 1
    first, second = (str(mail["Message-ID"]) for mail in postbox.mails)
    assert first != second
    ask(rows()[1], now + 2 * SECOND)
    assert run(now + 2 * SECOND).sent == 1
    assert [message.occasion for message in rows()] == ["r1", "r1/again1", "r1/again2"]


def test_a_copy_tells_the_facts_of_today_and_no_second_change_letter_follows(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    ask(rows()[0], now + SECOND)
    run(now + SECOND)
    run(now + timedelta(hours=1))
    assert len(postbox.kept) == 2


def test_a_message_that_waits_or_whose_visit_is_over_is_not_sent_again(
    visit: Appointment, run: Pass, now: datetime
) -> None:
    run(now)
    (message,) = rows()
    with pytest.raises(NotAgain):
        resend.send_again(message.id, DESK, visit.starts_at)
    message.sent_at = None
    db.session.commit()
    with pytest.raises(NotAgain):
        resend.send_again(message.id, DESK, now)
    with pytest.raises(NotFound):
        resend.send_again(uuid4(), DESK, now)


def test_who_had_a_message_sent_again_is_on_record(visit: Appointment, run: Pass, now: datetime) -> None:
    run(now)
    ask(rows()[0], now)
    (entry,) = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "message_sent_again"))
    assert (entry.actor, entry.client_id) == (DESK, visit.client_id)


def test_a_letter_that_came_back_stops_all_mail_until_staff_clear_the_address(
    visit: Appointment, run: Pass, postbox: Postbox, ada: Client, now: datetime
) -> None:
    run(now)
    (message,) = rows()
    assert effects.came_back(message.id, now, for_good=True)
    assert effects.came_back(message.id, now, for_good=True)
    db.session.commit()
    (message,) = rows()
    assert (message.sent_at, message.given_up_at, message.why) == (None, now, "bounced")
    two_hours_before = visit.starts_at - timedelta(hours=2)
    assert run(two_hours_before).owed == 0
    effects.mark_reachable(ada.contacts[0].id, DESK, two_hours_before)
    db.session.commit()
    assert run(two_hours_before).sent == 1
    marks = sa.select(AuditEntry.action).where(AuditEntry.subject_id == ada.contacts[0].id)
    assert sorted(db.session.scalars(marks)) == ["address_bounced", "address_works"]


def test_a_letter_that_came_back_goes_to_a_new_address_by_itself(
    visit: Appointment, run: Pass, postbox: Postbox, ada: Client, now: datetime
) -> None:
    run(now)
    effects.came_back(rows()[0].id, now, for_good=True)
    corrected = Contact(
        client_id=ada.id,
        kind="mail",
        value="new@client.example",
        normalised="new@client.example",
        created_at=now,
    )
    db.session.add(corrected)
    db.session.commit()
    assert run(now + SECOND).sent == 1
    assert postbox.kept[-1].recipient == "new@client.example"


def test_a_full_mailbox_is_no_wrong_address(
    visit: Appointment, run: Pass, ada: Client, now: datetime
) -> None:
    run(now)
    effects.came_back(rows()[0].id, now, for_good=False)
    db.session.commit()
    assert (rows()[0].why, ada.contacts[0].bounced_at) == ("bounced", None)


def test_a_report_about_another_address_marks_nobody(
    visit: Appointment, run: Pass, ada: Client, now: datetime
) -> None:
    run(now)
    effects.came_back(rows()[0].id, now, for_good=True, recipient="old@client.example")
    assert ada.contacts[0].bounced_at is None
    effects.came_back(rows()[0].id, now, for_good=True, recipient="ADA@client.example")
    assert ada.contacts[0].bounced_at == now


def test_a_letter_reported_as_unwanted_stays_sent_and_is_the_last(
    visit: Appointment, run: Pass, ada: Client, now: datetime
) -> None:
    run(now)
    assert effects.was_unwanted(rows()[0].id, now)
    db.session.commit()
    (message,) = rows()
    assert message.sent_at is not None
    assert message.why == "complaint"
    assert ada.contacts[0].bounced_at == now
    assert run(visit.starts_at - timedelta(hours=2)).owed == 0


def test_reports_about_no_message_of_ours_change_nothing(visit: Appointment, now: datetime) -> None:
    assert not effects.came_back(uuid4(), now, for_good=True)
    assert not effects.was_unwanted(uuid4(), now)
    with pytest.raises(NotFound):
        effects.mark_reachable(uuid4(), DESK, now)
