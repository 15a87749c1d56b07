"""The address of the form before a visit takes answers and gives none back, not even by what it concludes from them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import signed_links
from clinic.booking.models import Appointment
from clinic.guidance.questions import FLAG_PREFIX
from clinic.intake import services
from tests.conftest import NOW
from tests.intake import walk
from tests.make import Make
from tests.visitor import Visitor, as_client, shown

STORED = ("advised against massage", "A clinician has advised you against massage")
"""The stored answer that stops the visit, and what is concluded from it."""
POSTED = "Unexplained fever"


@pytest.fixture
def visit(make: Make, the_clock_says: Callable[[datetime], None]) -> Appointment:
    """A visit the desk booked for somebody whose doctor advised against it."""
    the_clock_says(NOW)
    person = make.client()
    walk.sent(NOW, clinician_seen=["yes_advised_against"])
    services.adopt(walk.BROWSER, person.id, NOW)
    found: Appointment = make.appointment(of=make.offering(), who=person, starts_at=NOW + timedelta(hours=20))
    return found


def card(browser: FlaskClient, visit: Appointment, **changes: str) -> str:
    """What the page says after a form in which only these answers are not a plain no."""
    visitor = Visitor(browser)
    visitor.open(signed_links.purpose_path("visit", "visit", visit.id, visit.link_epoch))
    form, _ = visitor.form_with("Send your answers")
    names = {one.attributes["name"] for one in form.below() if "name" in one.attributes}
    told = {name: "no" for name in names if name.startswith(FLAG_PREFIX)}
    fields = {**shown(form), **told, "today": "none", "medications": "none", "pregnancy": "no", **changes}
    visitor.answer = visitor.browser.post(visitor.path, data=fields)
    return visitor.text


def test_who_has_only_the_address_does_not_learn_which_stored_answer_stops_the_visit(
    client: FlaskClient, visit: Appointment
) -> None:
    said = card(client, visit)
    assert "doctor" in said
    assert [words for words in STORED if words in said] == []


def test_who_has_only_the_address_reads_what_was_just_answered(
    client: FlaskClient, visit: Appointment
) -> None:
    said = card(client, visit, today="fever")
    assert [words for words in STORED if words in said] == []
    assert "ever" in said


def test_the_client_who_is_signed_in_reads_every_reason(app: Flask, visit: Appointment) -> None:
    person = visit.client
    assert person is not None
    said = card(as_client(app, person.contacts[0], person), visit)
    assert [words for words in STORED if words not in said] == []
