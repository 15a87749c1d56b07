"""The pages that letters lead to, in German: whole, with what is refused, and back to English by one press."""

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from types import ModuleType

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts import links
from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.web.languages import TRANSLATED
from tests.visitor import Visitor

ENGLISH = re.compile(
    r"\b(the|your|you|and|with|until|times?|free|cancel|move|book|back|keep|choose|call|visits?|appointment|please)\b",
    re.IGNORECASE,
)
"""Words that German does not have; the names and rules of a practice are its own."""


class Spoken(HTMLParser):
    """What a page says, read or heard, outside of parts that say they are in another language."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.stack: list[bool] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("meta", "link", "input", "use", "br", "rect", "path", "img"):
            return
        foreign = bool(self.stack and self.stack[-1]) or (given.get("lang") or "de") != "de"
        self.stack.append(foreign or tag in ("script", "style"))
        if not self.stack[-1]:
            self.said += [given[name] or "" for name in ("aria-label", "title") if name in given]

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "link", "input", "use", "br", "rect", "path", "img") and self.stack:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        if not (self.stack and self.stack[-1]):
            self.said.append(data)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser whose owner reads German."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de-DE,de;q=0.9,en;q=0.4"
    return client


@pytest.fixture
def visit(make: ModuleType) -> Appointment:
    """A visit in three days of somebody who reads German."""
    make.practice(name="Praxis Erle", policy="Kostenfrei bis 24 Stunden vorher.", is_demo=False)
    at = make.location(name="Haus Eins", street="Erlenweg 1", town="Musterstadt", getting_here="Zweiter Hof.")
    massage = make.treatment(therapists=[make.therapist(at, weekdays=range(7), given_name="Thea")])
    starts_at = (clock.now() + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
    person: Client = make.client(language="de")
    row: Appointment = make.appointment(of=massage, who=person, starts_at=starts_at)
    return row


def path(visit: Appointment) -> str:
    return links.manage_path(visit.id, visit.link_epoch)


def in_english(page: Visitor) -> list[str]:
    """The English that is left on a page."""
    assert page.page.one("html").get("lang") == "de"
    said = Spoken(page.answer.text).said
    return [text.strip() for text in said if ENGLISH.search(text)]


def test_the_page_of_an_appointment_is_german_through_cancel_and_undo(
    browser: FlaskClient, visit: Appointment
) -> None:
    page = Visitor(browser).open(path(visit))
    assert in_english(page) == []
    assert "Gebucht" in page.text
    asked = Visitor(browser).open(f"{path(visit)}/cancel")
    assert asked.heading == "Diesen Termin absagen?"
    assert in_english(asked) == []
    cancelled = asked.press("Termin absagen")
    assert "Ihr Termin ist abgesagt." in cancelled.text
    assert in_english(cancelled) == []
    again = cancelled.press("Rückgängig")
    assert "Zurückgenommen. Ihr Termin steht wie zuvor." in again.text
    assert in_english(again) == []


def test_what_happens_next_is_german(browser: FlaskClient, visit: Appointment) -> None:
    page = Visitor(browser).open(f"{path(visit)}/done")
    assert page.heading == "Ihr Termin ist gebucht, Ada"
    assert in_english(page) == []


def test_questions_about_health_stay_english_and_say_why_in_german(
    browser: FlaskClient, visit: Appointment
) -> None:
    page = Visitor(browser).open("/intake")
    assert page.page.one("html").get("lang") == "en"
    (why,) = [part for part in page.page.all("p") if part.attributes.get("lang") == "de"]
    assert "zurzeit nur auf Englisch" in why.text


def test_moving_is_german_with_its_calendar(browser: FlaskClient, visit: Appointment) -> None:
    page = Visitor(browser).open(f"{path(visit)}/move")
    assert page.heading == "Auf eine andere Zeit verschieben"
    assert in_english(page) == []
    assert "Frühester Termin:" in page.text


def test_an_old_page_is_refused_in_german(browser: FlaskClient, visit: Appointment) -> None:
    asked = Visitor(browser).open(f"{path(visit)}/cancel")
    refused = asked.press("Termin absagen", revision="0")
    assert refused.status == 409
    assert "Es ist nichts geschehen; so steht es jetzt." in refused.text
    assert in_english(refused) == []


def test_a_visit_long_past_says_so_in_german(
    browser: FlaskClient, visit: Appointment, make: ModuleType, now: datetime
) -> None:
    long_ago = clock.now() - timedelta(days=40)
    past = make.appointment(of=visit.treatment, who=visit.client, starts_at=long_ago, state="done")
    page = Visitor(browser).open(path(past))
    assert page.heading == "Dieser Termin ist vorbei"
    assert in_english(page) == []


def test_signing_in_is_german_with_what_is_wrong(browser: FlaskClient, visit: Appointment) -> None:
    page = Visitor(browser).open("/my/sign-in")
    assert in_english(page) == []
    wrong = page.press("Schicken Sie mir einen Link", mail="keine")
    assert "Geben Sie eine E-Mail-Adresse in der richtigen Form ein" in wrong.text
    assert in_english(wrong) == []
    sent = wrong.press("Schicken Sie mir einen Link", mail="ada@client.example")
    assert sent.heading == "Bitte sehen Sie in Ihre E-Mails"
    assert in_english(sent) == []
    gone = Visitor(browser).open("/l/nobody-made-this")
    assert gone.heading == "Dieser Link gilt nicht mehr"
    assert in_english(gone) == []


def test_one_press_makes_it_english_and_stays(browser: FlaskClient, visit: Appointment) -> None:
    english = Visitor(browser).open(path(visit)).press("English")
    assert english.page.one("html").get("lang") == "en"
    assert Visitor(browser).open("/my/sign-in").heading == "Your visits"


def test_a_page_that_is_not_translated_stays_english_whole(browser: FlaskClient, visit: Appointment) -> None:
    page = Visitor(browser).open("/book")
    assert "booking.treatments" not in TRANSLATED
    assert page.page.one("html").get("lang") == "en"
    assert "Meine Termine" not in page.text
