"""The button of the last page says what it does: it books, or asks a therapist, and then says why."""

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.models import AuditEntry, Client
from clinic.booking.models import Appointment, State
from clinic.db import db
from tests.conftest import NOW
from tests.make import Make
from tests.plans.intakes import BLOOD_THINNER, KNOTS, PREGNANT, send
from tests.visitor import Visitor, as_client

BOOKS, ASKS = "Book this session", "Ask for this session"
TOO_LONG = "For now we keep a session to 45 minutes at most. This one is longer."


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def paula(make: Make) -> Client:
    make.practice()
    place = make.location()
    priya = make.therapist(place, given_name="Priya", skills=["prenatal"])
    make.treatment(therapists=[priya], name="An hour", slug="hour", intake="before_booking")
    make.treatment(therapists=[priya], name="Short", slug="short", minutes=45, intake="before_booking")
    return make.client(given_name="Paula")


def chosen(app: Flask, person: Client, slug: str) -> Visitor:
    """The last page before a booking, at the time that was chosen."""
    visitor = Visitor(as_client(app, person.contacts[0], person))
    buttons = visitor.open(f"/book/{slug}?day=2031-03-06").page.all("button")
    visitor.press(next(one.text for one in buttons if one.attributes.get("name") == "start"))
    if visitor.path != "/book/details":
        visitor.open("/book/details")
    assert visitor.path == "/book/details", visitor.text
    return visitor


def button(visitor: Visitor) -> str:
    return next(one.text for one in visitor.page.one("main").all("button") if one.text in (BOOKS, ASKS))


@pytest.mark.parametrize(
    ("answers", "slug", "named", "why"),
    [
        (KNOTS, "hour", BOOKS, ""),
        (PREGNANT, "short", ASKS, ""),
        (PREGNANT, "hour", ASKS, TOO_LONG),
        (BLOOD_THINNER, "hour", ASKS, ""),
    ],
)
def test_the_button_says_whether_it_books_and_the_page_why_not(
    app: Flask, paula: Client, answers: dict[str, object], slug: str, named: str, why: str
) -> None:
    send(paula, answers)
    db.session.commit()
    visitor = chosen(app, paula, slug)
    assert button(visitor) == named
    assert (TOO_LONG in visitor.text) == bool(why)
    assert bool(looks()) == bool(why), "what the page tells of the answers is recorded"
    visitor.press(named, agree="y")
    state = db.session.scalars(sa.select(Appointment.state)).one()
    assert state == (State.BOOKED if named == BOOKS else State.REQUESTED)


def looks() -> list[AuditEntry]:
    read = (AuditEntry.action == "read", AuditEntry.purpose == "booking")
    return list(db.session.scalars(sa.select(AuditEntry).where(*read)))
