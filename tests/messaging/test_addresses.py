"""An address that was replaced is told so, once, and nobody else is."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts import client_records
from clinic.accounts.models import Client, Relation
from clinic.db import db, transaction
from clinic.messaging import due, services
from clinic.messaging.kinds import addresses
from clinic.messaging.kinds.content import Drop
from clinic.messaging.letters import composing
from clinic.messaging.letters.composing import Letter
from clinic.messaging.models import Message, MessageKind
from tests.make import Make

SETTLED = timedelta(minutes=3)


@pytest.fixture
def ada(make: Make) -> Client:
    make.practice()
    make.location()
    return make.client()


def replace(ada: Client, value: str, now: datetime) -> None:
    contact = ada.contacts[0]
    with transaction():
        client_records.change_address(
            contact.id,
            value,
            relation=Relation.SELF,
            country="DE",
            seen_as=client_records.page_mark(contact),
            actor="user:x",
            now=now,
        )


def owed(now: datetime) -> list[str]:
    with transaction():
        rules = due.rules(now)
        assert rules is not None
        services.owe(due.find(addresses.addresses_replaced, rules, now), now)
    return list(db.session.scalars(sa.select(Message.kind)))


def composed(now: datetime) -> Letter | Drop:
    with transaction():
        held = services.claim(now)
    assert held is not None
    with transaction():
        return composing.compose(held, now)


def test_the_old_address_gets_one_note_that_names_nobody(ada: Client, now: datetime) -> None:
    replace(ada, "ada@new.example", now)
    assert owed(now) == []
    assert owed(now + SETTLED) == [MessageKind.ADDRESS_REPLACED]
    assert owed(now + 2 * SETTLED) == [MessageKind.ADDRESS_REPLACED]
    letter = composed(now + SETTLED)
    assert (letter.recipient, letter.contact_id) == ("ada@client.example", None)
    assert "replaced" in letter.subject
    for said in (letter.text, letter.html):
        assert "another address" in said
        assert "new.example" not in said
        assert "Ada" not in said


def test_a_slip_that_was_put_right_is_told_to_nobody(ada: Client, now: datetime) -> None:
    replace(ada, "ada@new.example", now)
    replace(ada, "ada@client.example", now + timedelta(minutes=1))
    assert owed(now + timedelta(minutes=2, seconds=30)) == []


def test_an_address_that_stands_again_is_told_nothing(ada: Client, now: datetime) -> None:
    replace(ada, "ada@new.example", now)
    owed(now + SETTLED)
    replace(ada, "ada@client.example", now + SETTLED)
    assert composed(now + SETTLED) == Drop("undone")


def test_the_note_waits_for_the_morning(ada: Client, now: datetime) -> None:
    night = now.replace(hour=22)
    replace(ada, "ada@new.example", night)
    assert owed(night + SETTLED) == []
    assert owed(night + timedelta(hours=10)) == [MessageKind.ADDRESS_REPLACED]


def test_a_week_later_nobody_is_told_any_more(ada: Client, now: datetime) -> None:
    replace(ada, "ada@new.example", now)
    assert owed(now + timedelta(days=8)) == []
