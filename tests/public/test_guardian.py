"""The pages on which a parent or guardian is asked, and agrees."""

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts import services as accounts
from clinic.accounts.models import LinkPurpose
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.intake.models import GuardianConsent
from clinic.practice.models import Treatment
from tests.make import Make
from tests.public.test_intake_pages import Visitor, heading, words

DETAILS = {
    "given_name": "Young",
    "family_name": "Sample",
    "mail": "young@client.example",
    "phone": "",
    "agree": "y",
}


@pytest.fixture
def massage(make: Make) -> Treatment:
    make.practice(country="DE")
    sold: Treatment = make.treatment(
        therapists=[make.therapist(make.location())], intake="before_booking", slug="massage"
    )
    return sold


@pytest.fixture
def young(client: FlaskClient, massage: Treatment) -> Visitor:
    """Somebody of sixteen who has just sent their answers."""
    visitor = Visitor(client)
    visitor.send(age_years=["16"], clinician_seen=["yes_cleared"])
    return visitor


def asked() -> GuardianConsent:
    db.session.expire_all()
    return db.session.scalars(sa.select(GuardianConsent)).one()


def link() -> str:
    raw = accounts.mint_link(purpose=LinkPurpose.GUARDIAN_CONSENT, subject_id=asked().id, now=clock.now())
    db.session.commit()
    return f"/guardian/{raw}"


def test_under_eighteen_the_outcome_asks_for_a_guardian_first(young: Visitor) -> None:
    assert heading(young.page) == "A parent or guardian agrees first"
    assert "/book" not in re.sub(
        r'href="/[^b][^"]*"', "", young.page.text.split("<main")[1].split("</main")[0]
    )


def test_an_adult_is_sent_on(client: FlaskClient, massage: Treatment) -> None:
    visitor = Visitor(client)
    visitor.send()
    assert heading(visitor.go("/guardian")).startswith("A good place to start")


def test_the_address_is_asked_and_a_wrong_one_is_said_to_be_so(young: Visitor) -> None:
    page = young.post("/guardian", {"mail": "nonsense"})
    assert page.status_code == 422
    assert "<title>Error: " in page.text
    page = young.post("/guardian", {"mail": "parent@client.example"})
    assert "We have sent a link" in words(page)
    assert asked().mail == "parent@client.example"
    assert "parent@client.example" not in page.text


def test_the_guardian_agrees_by_the_link_once(app: Flask, young: Visitor) -> None:
    young.post("/guardian", {"mail": "parent@client.example"})
    parent, address = Visitor(app.test_client()), link()
    page = parent.go(address)
    assert heading(page) == "Do you agree to a massage?"
    assert asked().agreed_at is None
    assert heading(parent.post(address, {})) == "Do you agree to a massage?"
    assert asked().agreed_at is None
    assert heading(parent.post(address, {"agree": "y"})) == "Thank you, we have your consent"
    assert asked().agreed_at is not None
    assert parent.go(address).status_code == 410
    assert heading(young.go("/guardian")) == "Your parent or guardian has agreed"


def test_the_guardians_page_says_nothing_of_the_answers(app: Flask, young: Visitor) -> None:
    young.post("/guardian", {"mail": "parent@client.example"})
    page = Visitor(app.test_client()).go(link())
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"pain|back\b|16|lower", words(page).split("Do you agree", 1)[1])


def test_the_booking_page_leads_back_to_the_guardian_until_they_agreed(
    app: Flask, young: Visitor, massage: Treatment
) -> None:
    start = (clock.now() + timedelta(days=3)).date()
    young.go(f"/book/massage?day={_weekday(start)}")
    offer = re.search(r'name="start" value="([^"]+)"', young.page.text)
    assert offer is not None
    young.post("/book/massage", {"start": offer[1]})
    key = re.search(r'name="key"[^>]*value="([^"]+)"', young.page.text)
    assert key is not None
    page = young.post("/book/details", {**DETAILS, "key": key[1]})
    assert heading(page) == "A parent or guardian agrees first"
    assert _states() == [State.HELD]
    young.post("/guardian", {"mail": "parent@client.example"})
    parent, address = Visitor(app.test_client()), link()
    parent.go(address)
    parent.post(address, {"agree": "y"})
    young.go("/book/details")
    key = re.search(r'name="key"[^>]*value="([^"]+)"', young.page.text)
    assert key is not None
    young.post("/book/details", {**DETAILS, "key": key[1]})
    assert _states() == [State.REQUESTED]


def _weekday(day: date) -> date:
    """This day, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day


def _states() -> list[str]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Appointment.state)))


def test_a_fresh_link_is_asked_for_at_the_lasting_address(app: Flask, young: Visitor) -> None:
    young.post("/guardian", {"mail": "parent@client.example"})
    row = asked()
    row.asked_at = clock.now() - timedelta(minutes=30)
    db.session.commit()
    parent = Visitor(app.test_client())
    assert heading(parent.go(f"/guardian/again/{row.id}")) == "Get a fresh link"
    assert asked().asked_revision == 1
    assert heading(parent.post(f"/guardian/again/{row.id}", {})) == "Look into your mail"
    assert asked().asked_revision == 2


def test_a_link_nobody_made_is_gone(client: FlaskClient, massage: Treatment) -> None:
    page = client.get("/guardian/never-made")
    assert page.status_code == 410
    assert "used or is too old" in page.text
