"""Letters of the waiting list follow from its rows: who joined, who is offered a time, who lost it, whose last day is over."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.booking.models import Appointment
from clinic.booking.waiting import entries, offer_answers
from clinic.booking.waiting.models import WaitingListEntry
from clinic.db import db, transaction
from clinic.messaging import due, services
from clinic.messaging.kinds import waiting
from clinic.messaging.kinds.content import Drop
from clinic.messaging.letters import composing
from clinic.messaging.models import Message, MessageKind
from clinic.practice.models import Treatment
from tests.booking.waiting_list import HALF_AN_HOUR, THURSDAY_TEN, cancels, look, offer_of, thursdays, waits
from tests.conftest import NOW
from tests.make import Make


def owe(now: datetime) -> list[tuple[MessageKind, str]]:
    """Owe what is due; the kinds and the addresses of what is new."""
    with transaction():
        rules = due.rules(now)
        assert rules is not None
        found = [
            owed
            for declared in waiting.KINDS
            for question in declared.due
            for owed in due.find(question, rules, now)
        ]
        services.owe(found, now)
    owners = {
        contact.id: contact.value
        for entry in db.session.scalars(sa.select(WaitingListEntry))
        for contact in entry.client.contacts
    }
    return [(owed.kind, owners[owed.recipient_id]) for owed in found]


def send(now: datetime) -> list[composing.Letter | Drop]:
    """Compose whatever waits, as the sender does, and note it as sent."""
    made = []
    while True:
        with transaction():
            held = services.claim(now)
            if held is None:
                return made
            letter = composing.compose(held, now)
            services.drop(held, letter.why, now) if isinstance(letter, Drop) else services.settle(held, now)
        made.append(letter)


@pytest.fixture
def sold(make: Make) -> Treatment:
    return thursdays(make)


@pytest.fixture
def visit(make: Make, sold: Treatment) -> Appointment:
    return make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))


def test_who_joins_is_told_once_where_to_change_it(make: Make, sold: Treatment) -> None:
    waits(make, sold)
    assert owe(NOW) == [(MessageKind.WAITING_JOINED, "ada@client.example")]
    (letter,) = send(NOW)
    assert "/w/" in letter.text
    assert owe(NOW + timedelta(hours=1)) == []


def test_an_offer_is_told_at_once_with_what_one_must_know(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    entry = waits(make, sold)
    owe(NOW)
    send(NOW)
    later = cancels(visit)
    look(later)
    assert owe(later) == [(MessageKind.WAITING_OFFER, "ada@client.example")]
    (letter,) = send(later)
    assert letter.subject == "Free for you: Thursday 6 March, 10:00"
    for words in ("10:32", sold.therapists[0].name, "€60", "/o/", "/w/", "not booked yet"):
        assert words in letter.text
    assert sold.name not in letter.text
    assert offer_of(entry).ended_at is None


def test_an_offer_answered_or_over_before_its_letter_went_is_not_told(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada, bea = waits(make, sold, "Ada"), waits(make, sold, "Bea")
    owe(NOW)
    send(NOW)
    later = cancels(visit)
    look(later)
    owe(later)
    with transaction():
        offer_answers.accept(offer_of(ada).id, browser=b"m" * 32, actor="visitor", now=later)
    assert send(later) == [Drop("decided"), Drop("decided")]
    assert owe(later) == [], "who heard of nothing lost nothing"
    assert offer_of(bea).end == "missed"


def test_those_who_were_told_hear_that_somebody_else_was_quicker(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada, _ = waits(make, sold, "Ada"), waits(make, sold, "Bea")
    owe(NOW)
    later = cancels(visit)
    look(later)
    owe(later)
    send(later)
    with transaction():
        offer_answers.accept(offer_of(ada).id, browser=b"m" * 32, actor="visitor", now=later)
    assert owe(later) == [(MessageKind.WAITING_OUTCOME, "bea@client.example")]
    (letter,) = send(later)
    assert "Somebody else was quicker" in letter.text
    assert owe(later + timedelta(minutes=5)) == []


def test_who_did_not_answer_is_not_written_to_again(make: Make, sold: Treatment, visit: Appointment) -> None:
    waits(make, sold)
    owe(NOW)
    later = cancels(visit)
    look(later)
    owe(later)
    send(later)
    look(later + HALF_AN_HOUR)
    assert owe(later + HALF_AN_HOUR) == []


def test_the_last_day_is_told_in_the_morning(make: Make, sold: Treatment) -> None:
    waits(make, sold, last_on=date(2031, 3, 4))
    owe(NOW)
    send(NOW)
    midnight = datetime(2031, 3, 4, 23, 0, tzinfo=UTC)
    look(midnight)
    assert owe(midnight) == []
    assert owe(datetime(2031, 3, 5, 6, 59, tzinfo=UTC)) == []
    assert owe(datetime(2031, 3, 5, 7, 0, tzinfo=UTC)) == [(MessageKind.WAITING_OVER, "ada@client.example")]


def test_an_earlier_time_names_the_visit_that_stays_until_then(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    late = make.appointment(of=sold, who=make.client(), starts_at=THURSDAY_TEN + timedelta(days=14))
    with transaction():
        entries.join_earlier(late, times=list(range(21)), any_therapist=True, actor="visitor", now=NOW)
    assert owe(NOW) == [], "its page is known already"
    later = cancels(visit)
    look(later)
    assert [kind for kind, _ in owe(later)] == [MessageKind.WAITING_OFFER]
    (letter,) = [each for each in send(later) if not isinstance(each, Drop)]
    assert "Thursday 20 March 2031, 10:00" in letter.text


def test_nothing_is_owed_to_an_address_that_bounced_or_a_client_who_was_erased(
    make: Make, sold: Treatment
) -> None:
    bounced, erased = waits(make, sold, "Ada"), waits(make, sold, "Bea")
    bounced.client.contacts[0].bounced_at = NOW
    erased.client.erased_at = NOW
    db.session.commit()
    assert owe(NOW) == []
    assert make.count(Message) == 0


def test_a_german_client_is_written_to_in_german(make: Make, sold: Treatment, visit: Appointment) -> None:
    person = make.client(language="de")
    waits(make, sold, who=person)
    owe(NOW)
    later = cancels(visit)
    look(later)
    owe(later)
    joined, offered = send(later)
    assert "Sie stehen auf der Warteliste" in joined.subject
    assert offered.subject == "Frei für Sie: Donnerstag, 6. März, 10:00 Uhr"
    assert "wer zuerst zusagt" in " ".join(offered.text.split())
