"""A client whose answers call for a training sees only who has it; where that is nobody, the page says why and what to do."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from clinic.accounts import signed_links
from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.booking.waiting.models import WaitingListEntry
from clinic.db import db
from clinic.practice.models import Location, Therapist, Treatment
from clinic.web import time_values
from tests.conftest import NOW
from tests.make import Make
from tests.plans.intakes import PREGNANT, send
from tests.visitor import Visitor, as_client

THURSDAY = "2031-03-06"
ONLY_TRAINED = "You see only therapists with the training that your health answers call for."
NOBODY = "Nobody here who gives this treatment has the training that your health answers call for."


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def place(make: Make) -> Location:
    make.practice()
    return make.location()


@pytest.fixture
def maeve(make: Make, place: Location) -> Therapist:
    return make.therapist(place, given_name="Maeve")


@pytest.fixture
def priya(make: Make, place: Location) -> Therapist:
    return make.therapist(place, given_name="Priya", skills=["prenatal"])


@pytest.fixture
def sold(make: Make, maeve: Therapist, priya: Therapist) -> Treatment:
    return make.treatment(therapists=[maeve, priya], minutes=45)


@pytest.fixture
def paula(make: Make, sold: Treatment) -> Client:
    client = make.client(given_name="Paula")
    send(client, PREGNANT)
    db.session.commit()
    return client


def options(visitor: Visitor) -> list[str]:
    return [one.text for one in visitor.page.all("option")]


def test_the_times_are_those_of_the_trained(
    app: Flask, paula: Client, sold: Treatment, maeve: Therapist
) -> None:
    page = f"/book/{sold.slug}?day={THURSDAY}&times=all"
    stranger = Visitor(app.test_client()).open(page)
    assert stranger.form_with("10:00 Maeve")
    assert ONLY_TRAINED not in stranger.text
    known = Visitor(as_client(app, paula.contacts[0], paula)).open(page)
    assert known.form_with("10:00 Priya")
    assert "Maeve" not in known.page.one("main").text
    assert ONLY_TRAINED in known.text
    known.open(f"{page}&therapist={maeve.slug}")
    assert "This therapist does not have the training" in known.text
    assert not [one for one in known.page.all("button") if one.text.startswith("10:00")]
    (on,) = [one for one in known.page.all("a") if one.text == "See the times of every therapist"]
    assert "with Priya" in known.open(on.get("href")).text


def test_where_nobody_is_trained_the_page_says_why_and_what_to_do(
    app: Flask, make: Make, paula: Client, sold: Treatment, priya: Therapist
) -> None:
    priya.skills = []
    db.session.commit()
    known = Visitor(as_client(app, paula.contacts[0], paula))
    for page in (f"/book/{sold.slug}", f"/waiting-list/{sold.slug}"):
        said = known.open(page).page.one("main").text
        assert NOBODY in said
        assert "Other treatments" in said
        assert "030 5550100" in said
    assert not [one for one in known.page.all("button") if one.text == "Join the waiting list"]
    times = known.open(f"/book/{sold.slug}").page.one("main").text
    for useless in ("Look at the next four weeks", "Join the waiting list"):
        assert useless not in times


def test_the_waiting_list_can_be_joined_for_the_trained(
    app: Flask, paula: Client, sold: Treatment, maeve: Therapist
) -> None:
    page = f"/waiting-list/{sold.slug}?therapist={maeve.slug}"
    assert maeve.name in options(Visitor(app.test_client()).open(page))
    known = Visitor(as_client(app, paula.contacts[0], paula)).open(page)
    assert maeve.name not in options(known)
    known.press("Join the waiting list", mail="paula@client.example")
    assert known.heading == "You are on the waiting list"
    (entry,) = db.session.query(WaitingListEntry)
    entry.therapist_id = maeve.id
    db.session.commit()
    assert maeve.name in options(known.open(f"{known.path}/change"))
    assert known.press("Save", therapist="").status == 200
    db.session.refresh(entry)
    assert entry.therapist_id is None
    assert maeve.name not in options(known.open(f"{known.path}/change"))


# --- the link of a visit, which says nothing about health -----------------------------------------------------------------


@pytest.fixture
def visit(make: Make, paula: Client, sold: Treatment, priya: Therapist) -> Appointment:
    return make.appointment(of=sold, therapist=priya, who=paula)


def move_path(visit: Appointment) -> str:
    return f"/a/{signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)}/move"


def refused(link: Visitor, value: str) -> None:
    """Ask for a time that no button of the page has."""
    sent = {"csrf_token": link.token(), "revision": "1", "start": value, "sure": "yes"}
    link.path = link.path.split("?")[0]
    link.answer = link.browser.post(link.path, data=sent)


def nearest(link: Visitor) -> list[str]:
    buttons = [one.text for one in link.page.one("main").all("button")]
    return [text for text in buttons if " March, " in text and not text.startswith("First")]


def test_a_move_shows_the_times_of_the_trained_and_a_refused_one_the_three_nearest(
    app: Flask, visit: Appointment, maeve: Therapist
) -> None:
    link = Visitor(app.test_client()).open(f"{move_path(visit)}?day={THURSDAY}")
    assert "Maeve" not in link.page.one("main").text
    wanted = datetime.fromisoformat("2031-03-06T13:00+01:00")
    refused(link, time_values.value(wanted, maeve.id))
    assert link.status == 409
    assert "This therapist cannot give this visit." in link.text
    assert nearest(link) == [f"Thursday 6 March, {at} Priya" for at in ("12:45", "13:00", "13:15")]
    for hidden in ("training", "pregnan"):
        assert hidden not in link.text
    link.press(nearest(link)[1]).press("Move the appointment")
    db.session.refresh(visit)
    assert visit.starts_at == wanted


def test_where_nobody_else_can_give_it_the_link_says_whom_to_call(
    app: Flask, visit: Appointment, priya: Therapist
) -> None:
    priya.skills = []
    db.session.commit()
    link = Visitor(app.test_client()).open(move_path(visit))
    assert "We cannot offer you another time online. Your appointment stays as it is" in link.text
    assert "training" not in link.text


def test_a_move_to_before_what_the_answers_allow_offers_the_nearest_times_that_fit(
    app: Flask, make: Make, visit: Appointment, paula: Client
) -> None:
    send(paula, {**PREGNANT, "today": ["contagious_illness"]}, at=NOW)
    db.session.commit()
    link = Visitor(app.test_client()).open(f"{move_path(visit)}?day={THURSDAY}")
    tomorrow = datetime.fromisoformat("2031-03-04T09:00+01:00")
    refused(link, time_values.value(tomorrow, visit.therapist_id))
    assert link.status == 403
    assert "This time is too soon after what you told us." in link.text
    assert [text.partition(",")[0] for text in nearest(link)] == ["Wednesday 5 March"] * 3
    link.press(nearest(link)[0]).press("Move the appointment")
    db.session.refresh(visit)
    assert visit.starts_at >= NOW + timedelta(hours=48)
