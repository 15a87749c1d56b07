"""A name that somebody typed never speaks for the practice in a letter to somebody else's address."""

import ast
from datetime import datetime
from pathlib import Path

import pytest

from clinic.db import db
from clinic.messaging.kinds.greeting import letter_name
from clinic.messaging.models import MessageKind
from tests.make import Make
from tests.messaging.test_letters import about

HOSTILE = [
    "visit www.evil.example now",
    "www.evil.example",
    "evil.example",
    "Call 0900 123456",
    "your account is closed",
    "http://evil.example",
    "me@evil.example",
    "Ada, open evil。example",
    "evil․example",
    "Donaudampfschifffahrtsgesellschaft",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_of_somebody_unproven_carries_no_address_and_no_sentence(make: Make, name: str) -> None:
    assert letter_name(make.client(given_name=name)) == ""


@pytest.mark.parametrize(
    "name", ["Ada", "Søren", "Anne-Marie", "O’Neill", "Jean Luc", "Юлия", "Μαρία", "美咲", "Zoë"]
)
def test_names_as_people_have_them_are_greeted(make: Make, name: str) -> None:
    assert letter_name(make.client(given_name=name)) == name


def test_somebody_proven_may_have_a_longer_name_but_still_no_address(make: Make, now: datetime) -> None:
    ada = make.client(given_name="Maria del Carmen")
    assert letter_name(ada) == ""
    ada.contacts[0].verified_at = now
    db.session.flush()
    assert letter_name(ada) == "Maria del Carmen"
    ada.given_name = "visit www.evil.example now"
    assert letter_name(ada) == ""
    assert letter_name(None) == ""


@pytest.mark.parametrize("kind", [MessageKind.CONFIRMATION, MessageKind.CANCELLATION, MessageKind.REMINDER])
def test_such_a_letter_greets_nobody_and_says_the_rest(make: Make, now: datetime, kind: MessageKind) -> None:
    visit = make.appointment(of=make.offering(), who=make.client(given_name="visit www.evil.example now"))
    letter = about(visit, visit.client, kind, now)
    for part in (letter.subject, letter.text, letter.html, (letter.calendar or b"").decode()):
        assert "evil" not in part


def test_no_letter_takes_a_clients_name_from_elsewhere() -> None:
    names = {"first_name", "given_name", "family_name", "preferred_name"}
    slips = []
    for file in Path("clinic/messaging").rglob("*.py"):
        if file.name in ("greeting.py", "queries.py", "sample.py"):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in names and "client" in ast.unparse(node.value):
                slips.append((file.name, node.lineno))
    assert slips == []
