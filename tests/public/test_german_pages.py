"""The pages that letters lead to, in German: whole, with what is refused, and back to English by one press."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts import signed_links
from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from tests.make import Make
from tests.public.spoken import english_on
from tests.visitor import Visitor, as_client


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser whose owner reads German."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de-DE,de;q=0.9,en;q=0.4"
    return client


@pytest.fixture
def visit(make: Make) -> Appointment:
    """A visit in three days of somebody who reads German."""
    make.practice(name="Praxis Erle", policy="Kostenfrei bis 24 Stunden vorher.", is_demo=False)
    at = make.location(name="Haus Eins", street="Erlenweg 1", town="Musterstadt", getting_here="Zweiter Hof.")
    massage = make.treatment(therapists=[make.therapist(at, weekdays=range(7), given_name="Thea")])
    starts_at = (clock.now() + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
    person: Client = make.client(language="de")
    row: Appointment = make.appointment(of=massage, who=person, starts_at=starts_at)
    return row


def path(visit: Appointment) -> str:
    return signed_links.manage_path(visit.id, visit.link_epoch)


def test_the_page_of_an_appointment_is_german_through_cancel_and_undo(
    browser: FlaskClient, visit: Appointment
) -> None:
    page = Visitor(browser).open(path(visit))
    assert english_on(page) == []
    assert "Gebucht" in page.text
    asked = Visitor(browser).open(f"{path(visit)}/cancel")
    assert asked.heading == "Diesen Termin absagen?"
    assert english_on(asked) == []
    cancelled = asked.press("Termin absagen")
    assert "Ihr Termin ist abgesagt." in cancelled.text
    assert english_on(cancelled) == []
    again = cancelled.press("Rückgängig")
    assert "Zurückgenommen. Ihr Termin steht wie zuvor." in again.text
    assert english_on(again) == []


def test_what_happens_next_is_german(browser: FlaskClient, visit: Appointment) -> None:
    page = Visitor(browser).open(f"{path(visit)}/done")
    assert page.heading == "Ihr Termin ist gebucht, Ada"
    assert english_on(page) == []


def test_moving_is_german_with_its_calendar(browser: FlaskClient, visit: Appointment) -> None:
    page = Visitor(browser).open(f"{path(visit)}/move")
    assert page.heading == "Auf einen anderen Termin verschieben"
    assert english_on(page) == []
    assert "Frühester Termin:" in page.text


def test_an_old_page_is_refused_in_german(browser: FlaskClient, visit: Appointment) -> None:
    asked = Visitor(browser).open(f"{path(visit)}/cancel")
    refused = asked.press("Termin absagen", revision="0")
    assert refused.status == 409
    assert "Es ist nichts geschehen; so steht es jetzt." in refused.text
    assert english_on(refused) == []


def test_a_visit_long_past_says_so_in_german(
    browser: FlaskClient, visit: Appointment, make: Make, now: datetime
) -> None:
    long_ago = clock.now() - timedelta(days=40)
    past = make.appointment(of=visit.treatment, who=visit.client, starts_at=long_ago, state="done")
    page = Visitor(browser).open(path(past))
    assert page.heading == "Dieser Termin ist vorbei"
    assert english_on(page) == []


def test_signing_in_is_german_with_what_is_wrong(browser: FlaskClient, visit: Appointment) -> None:
    page = Visitor(browser).open("/my/sign-in")
    assert english_on(page) == []
    wrong = page.press("Schicken Sie mir einen Link", mail="keine")
    assert "Geben Sie eine E-Mail-Adresse in der richtigen Form ein" in wrong.text
    assert english_on(wrong) == []
    sent = wrong.press("Schicken Sie mir einen Link", mail="ada@client.example")
    assert sent.heading == "Bitte schauen Sie in Ihr E-Mail-Postfach"
    assert english_on(sent) == []
    gone = Visitor(browser).open("/l/nobody-made-this")
    assert gone.heading == "Dieser Link gilt nicht mehr"
    assert english_on(gone) == []


def test_one_press_makes_it_english_and_stays(browser: FlaskClient, visit: Appointment) -> None:
    english = Visitor(browser).open(path(visit)).press("English")
    assert english.page.one("html").get("lang") == "en"
    assert Visitor(browser).open("/my/sign-in").heading == "Your visits"


def test_a_page_behind_a_letter_speaks_the_language_of_the_letter(app: Flask, visit: Appointment) -> None:
    english = app.test_client()
    english.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    page = Visitor(english).open("/")
    assert page.page.one("html").get("lang") == "en"
    assert english_on(page.open(path(visit))) == []
    assert english_on(page.open("/book")) == []


def test_what_a_visitor_chose_counts_more_than_their_letters(app: Flask, visit: Appointment) -> None:
    page = Visitor(app.test_client()).open("/").press("Deutsch").press("English")
    assert page.open(path(visit)).page.one("html").get("lang") == "en"


def test_a_browser_that_asks_for_neither_language_gets_the_practices(
    app: Flask, visit: Appointment, make: Make
) -> None:
    make.practice(language="de")
    french = app.test_client()
    french.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    assert english_on(Visitor(french).open("/my/sign-in")) == []


def test_whoever_signs_out_takes_their_language_along(app: Flask, visit: Appointment, make: Make) -> None:
    assert visit.client is not None
    page = Visitor(as_client(app, visit.client.contacts[0], visit.client))
    page.open(path(visit)).open("/my").press("Abmelden")
    assert page.open("/").page.one("html").get("lang") == "en"


def test_the_guidance_is_german_from_its_title_to_its_last_section(
    browser: FlaskClient, visit: Appointment
) -> None:
    page = Visitor(browser).open("/guidance")
    assert page.heading == "Was unser Leitfaden sagt"
    assert english_on(page) == []
    assert "Wirbelgleiten" in page.text
    assert "NICE-Leitlinie NG59" in page.text
