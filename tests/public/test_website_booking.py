"""Booking on the practice's own website: in the frame, over to our own address, and what may not be done there."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.practice.models import IntakeRule, NewClientRule, Treatment
from clinic.web import framing, time_values
from clinic.web.browser import digest
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import Visitor, as_client

THURSDAY_TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
OURS = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
THEIRS = {"Origin": "https://www.alderlane.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def sold(make: Make) -> Treatment:
    treatment: Treatment = make.offering(intake=IntakeRule.NONE)
    make.practice(websites=["https://www.alderlane.example"])
    return treatment


def choose(frame: FlaskClient, sold: Treatment, start: datetime = THURSDAY_TEN) -> str:
    """Keep a time in a frame; returns the secret that its page hands over."""
    value = time_values.value(start, sold.therapists[0].id)
    answer = frame.post(f"/embed/{sold.slug}", data={"start": value}, headers=OURS)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = re.search(r'name="kept" value="([^"]+)"', answer.get_data(as_text=True))
    assert found
    return found[1]


def kept_by(secret: str) -> list[Appointment]:
    mine = sa.select(Appointment).where(
        Appointment.held_by == digest(secret), Appointment.state == State.HELD
    )
    return list(db.session.scalars(mine))


def test_a_time_chosen_in_the_frame_goes_on_in_a_tab_of_our_own(app: Flask, sold: Treatment) -> None:
    frame, tab = app.test_client(), app.test_client()
    secret = choose(frame, sold)
    answer = tab.post("/kept-time", data={"kept": secret}, headers=OURS)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/book/details")
    assert kept_by(secret) == []
    details = Visitor(tab).open("/book/details")
    assert "10:00" in details.text
    assert sold.name in details.text


def test_the_frame_needs_no_cookie(app: Flask, sold: Treatment) -> None:
    frame = app.test_client(use_cookies=False)
    secret = choose(frame, sold)
    assert app.test_client().post("/kept-time", data={"kept": secret}, headers=OURS).status_code == 303


def test_with_its_cookie_the_frame_finds_its_time_again_and_keeps_one_at_once(
    app: Flask, sold: Treatment
) -> None:
    frame = app.test_client()
    first = choose(frame, sold)
    page = Visitor(frame).open("/embed")
    assert "Go on with this time" in page.text
    assert first in frame.get("/embed/kept/time").get_data(as_text=True)
    second = choose(frame, sold, THURSDAY_TEN.replace(hour=11))
    assert (len(kept_by(first)), len(kept_by(second))) == (0, 1)


def test_another_time_gives_the_first_back_and_forgets_it(app: Flask, sold: Treatment) -> None:
    frame = app.test_client()
    secret = choose(frame, sold)
    answer = frame.post("/embed/kept/time", data={"kept": secret, "slug": sold.slug}, headers=OURS)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/embed/{sold.slug}")
    assert kept_by(secret) == []
    assert frame.get("/embed/kept/time").status_code == 303


def test_the_health_questions_open_at_our_own_address(app: Flask, sold: Treatment) -> None:
    sold.intake = IntakeRule.BEFORE_BOOKING
    db.session.commit()
    frame, tab = app.test_client(), app.test_client()
    answer = tab.post("/kept-time", data={"kept": choose(frame, sold)}, headers=OURS)
    assert answer.headers["Location"] == "/intake"


def test_a_secret_is_good_for_one_tab(app: Flask, sold: Treatment) -> None:
    secret = choose(app.test_client(), sold)
    first, thief = app.test_client(), app.test_client()
    assert first.post("/kept-time", data={"kept": secret}, headers=OURS).status_code == 303
    late = thief.post("/kept-time", data={"kept": secret}, headers=OURS)
    assert late.status_code == 409
    assert "Choose a treatment" in late.get_data(as_text=True)


@pytest.mark.parametrize("headers", [THEIRS, {}, {"Origin": "null"}, {"Origin": "https://evil.example"}])
def test_no_other_website_sends_these_forms(app: Flask, sold: Treatment, headers: dict[str, str]) -> None:
    frame = app.test_client()
    secret = choose(frame, sold)
    value = time_values.value(THURSDAY_TEN.replace(hour=12), sold.therapists[0].id)
    for path, data in (
        (f"/embed/{sold.slug}", {"start": value}),
        ("/embed/kept/time", {"kept": secret}),
        ("/kept-time", {"kept": secret}),
    ):
        assert frame.post(path, data=data, headers=headers).status_code in (400, 403), path
    assert len(kept_by(secret)) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Appointment)) == 1


def test_nobody_is_known_in_a_frame(app: Flask, make: Make, sold: Treatment) -> None:
    """On a website of the same site the browser sends its other cookies too; they count for nothing."""
    person = make.client()
    known = as_client(app, person.contacts[0], person)
    unknown = app.test_client()
    for path in ("/embed", f"/embed/{sold.slug}"):
        pages = [
            re.sub(r'nonce="[^"]+"|name="csrf_token" value="[^"]+"', "", who.get(path).text)
            for who in (known, unknown)
        ]
        assert pages[0] == pages[1]
    choose(known, sold)
    assert db.session.scalars(sa.select(Appointment.client_id)).all() == [None]


def test_a_taken_time_is_said_in_the_frame_with_the_nearest_ones(app: Flask, sold: Treatment) -> None:
    choose(app.test_client(), sold)
    value = time_values.value(THURSDAY_TEN, sold.therapists[0].id)
    answer = app.test_client().post(f"/embed/{sold.slug}", data={"start": value}, headers=OURS)
    assert answer.status_code == 409
    assert "The nearest free times" in answer.text


def test_a_treatment_that_is_not_for_a_first_visit_leads_to_our_own_page(app: Flask, sold: Treatment) -> None:
    sold.new_clients = NewClientRule.NOT_FIRST
    db.session.commit()
    value = time_values.value(THURSDAY_TEN, sold.therapists[0].id)
    answer = app.test_client().post(f"/embed/{sold.slug}", data={"start": value}, headers=OURS)
    assert answer.status_code == 409
    assert f'href="/book/{sold.slug}"' in answer.text


def test_a_closed_practice_and_a_gone_treatment_are_said_in_the_frame(
    app: Flask, make: Make, sold: Treatment
) -> None:
    frame = Visitor(app.test_client())
    assert frame.open("/embed/never-sold").answer.status_code == 404
    assert sold.name in frame.text
    make.practice(online_booking="closed", closed_words="Back in May.")
    assert "Back in May." in frame.open(f"/embed/{sold.slug}").text
    assert sold.name not in frame.text


def test_the_frame_keeps_the_language_of_its_address(app: Flask, sold: Treatment) -> None:
    frame = Visitor(app.test_client()).open("/embed?lang=de")
    assert 'lang="de"' in frame.answer.text
    assert f'href="/embed/{sold.slug}?lang=de"' in frame.answer.text
    times = frame.open(f"/embed/{sold.slug}?lang=de").answer.text
    assert f'action="/embed/{sold.slug}?lang=de' in times


def test_several_lengths_are_one_choice_in_the_frame_too(app: Flask, make: Make, sold: Treatment) -> None:
    longer = make.treatment(
        therapists=sold.therapists,
        name=sold.name,
        length_minutes=90,
        modalities=sold.modalities,
        intake=sold.intake,
    )
    frame = Visitor(app.test_client()).open("/embed?lang=de")
    main = frame.page.one("main")
    assert [each.text for each in main.all("h2")] == [sold.name]
    links = [each.get("href") for each in main.all("a") if each.attributes.get("class") == "chip"]
    assert links == [f"/embed/{one.slug}?lang=de" for one in (sold, longer)]
    times = frame.open(f"/embed/{sold.slug}?day=2031-03-06")
    chips = [
        each.get("href") for each in times.page.one("main").all("a") if each.attributes.get("class") == "chip"
    ]
    (other,) = (each for each in chips if each.startswith(f"/embed/{longer.slug}"))
    assert "day=2031-03-06" in other


def test_a_therapist_chosen_in_the_frame_is_chosen_beside_the_times(
    app: Flask, make: Make, sold: Treatment
) -> None:
    omar = make.therapist(make.location(), given_name="Omar")
    his = make.treatment(therapists=[omar], name="Hot stones", intake=sold.intake)
    frame = Visitor(app.test_client()).open("/embed")
    assert {sold.name, his.name} <= {each.text for each in frame.page.one("main").below()}
    with_omar = frame.open(f"/embed?therapist={omar.slug}").page.one("main")
    assert [each.text for each in with_omar.all("h2") if each.text != "Most popular"] == [his.name]
    assert f"/embed/{his.slug}?therapist={omar.slug}" in [each.get("href") for each in with_omar.all("a")]
    assert [each.text for each in with_omar.all("a") if each.has("aria-current")] == [omar.name]
    assert app.test_client().get("/embed?therapist=nobody").status_code == 200


def test_the_page_names_exactly_the_websites_that_may_hear_its_height(app: Flask, sold: Treatment) -> None:
    assert 'data-websites="https://www.alderlane.example"' in app.test_client().get("/embed").text


def test_the_secret_is_in_no_url(app: Flask, sold: Treatment) -> None:
    frame = app.test_client()
    secret = choose(frame, sold)
    page = frame.get("/embed/kept/time").text
    assert not any(secret in found for found in re.findall(r'(?:href|action|src)="([^"]*)"', page))
    assert framing.FRAMED_PATH == "/embed"
