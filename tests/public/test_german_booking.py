"""Booking, the waiting list, My visits, a guardian's yes and what is refused, in German and whole."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import limits, signed_links
from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.booking.waiting import entries
from clinic.db import db
from clinic.language import speaking
from clinic.practice.models import Treatment
from clinic.web import waiting_form
from tests.booking.waiting_list import cancels, look, offer_of, thursdays, waits
from tests.conftest import NOW
from tests.make import Make
from tests.plans.conftest import scene
from tests.portal.test_course import ASKED, ada
from tests.public.spoken import english_on
from tests.public.test_guardian import link, massage, young
from tests.public.test_intake_pages import Visitor as Answering
from tests.visitor import Visitor, as_client

__all__ = ["ada", "massage", "scene", "young"]

pytestmark = pytest.mark.usefixtures("clock_at_now")

SOMEBODY = {"given_name": "Ada", "family_name": "Muster", "mail": "ada@client.example"}


def german(browser: FlaskClient) -> Visitor:
    """The same browser, whose owner reads German from now on."""
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de-DE,de;q=0.9,en;q=0.4"
    return Visitor(browser)


@pytest.fixture
def page(app: Flask) -> Visitor:
    """A stranger who reads German."""
    return german(app.test_client())


@pytest.fixture
def sold(make: Make) -> Treatment:
    """A massage on Thursdays at ten, at a practice whose rules are German."""
    treatment = thursdays(make)
    make.practice(policy="Kostenfrei bis 24 Stunden vorher.")
    return treatment


def whole(page: Visitor, heading: str) -> Visitor:
    """The page has this heading and no English."""
    assert page.heading == heading
    assert english_on(page) == []
    return page


def test_a_stranger_books_in_german(page: Visitor, sold: Treatment) -> None:
    whole(page.open("/"), "Eine ruhige Hand für einen schmerzenden Rücken.")
    assert "Donnerstag" in page.text
    whole(page.open("/book"), "Behandlung wählen")
    whole(page.open(f"/book/{sold.slug}"), "Termin wählen")
    held = whole(page.press("10:00 Thea"), "Ihre Angaben")
    assert re.search(r"Wir reservieren Ihnen diesen Termin bis 10:\d\d Uhr\.", held.text)
    wrong = whole(page.press("Diesen Termin buchen", mail="keine", given_name="x" * 90), "Ihre Angaben")
    assert wrong.status == 422
    assert "Geben Sie Ihren Nachnamen ein" in wrong.text
    done = page.press("Diesen Termin buchen", **SOMEBODY, agree="y")
    whole(done, "Ihr Termin ist gebucht, Ada")
    assert db.session.query(Client).one().language == "de"


def test_somebody_waits_changes_and_leaves_in_german(page: Visitor, sold: Treatment) -> None:
    whole(page.open(f"/waiting-list/{sold.slug}"), "Auf die Warteliste")
    unknown = whole(page.press("Auf die Warteliste", therapist="nobody"), "Auf die Warteliste")
    assert "Wählen Sie " in unknown.text
    refused = whole(page.press("Auf die Warteliste", last_on="2040-01-01", **SOMEBODY), "Auf die Warteliste")
    assert "Geben Sie einen Tag von heute bis" in refused.text
    joined = page.press("Auf die Warteliste", last_on="2031-03-31")
    assert "donnerstags, zu jeder Tageszeit" in joined.text
    whole(joined, "Sie stehen auf der Warteliste")
    at = page.path
    whole(page.open(f"{at}/change"), "Ändern, worauf Sie warten")
    whole(page.press("Speichern", parts=["0", "2"]), "Sie stehen auf der Warteliste")
    assert "donnerstags, vormittags und abends" in page.text
    whole(page.press("Von der Liste nehmen"), "Sie haben sich abgemeldet")


def test_an_offered_time_is_taken_or_gone_in_german(
    app: Flask, page: Visitor, sold: Treatment, make: Make
) -> None:
    visit = make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))
    first, second = (
        waits(make, sold, who=make.client(given_name=name, language="de")) for name in ("Ada", "Eva")
    )
    look(cancels(visit, NOW - timedelta(minutes=2)))
    offers = [offer_of(entry) for entry in (first, second)]
    paths = [signed_links.offer_path(one.id, one.entry.link_epoch) for one in offers]
    open_ = page.open(paths[0])
    assert "Wir haben ihn auch 1 anderen Person angeboten" in open_.text
    assert english_on(open_) == []
    whole(page.open(signed_links.entry_path(first.id, first.link_epoch)), "Sie stehen auf der Warteliste")
    whole(page.open(paths[0]).press("Diesen Termin nehmen"), "Ihr Termin ist gebucht, Ada")
    gone = whole(german(app.test_client()).open(paths[1]), "Dieser Termin ist vergeben")
    assert "Jemand anders war schneller und hat diesen Termin genommen." in gone.text


def test_waiting_for_something_earlier_is_german(page: Visitor, sold: Treatment, make: Make) -> None:
    visit: Appointment = make.appointment(
        of=sold, who=make.client(language="de"), starts_at=NOW + timedelta(days=10)
    )
    at = signed_links.manage_path(visit.id, visit.link_epoch)
    whole(page.open(f"{at}/earlier"), "Etwas früher?")
    waiting = whole(page.press("Bescheid geben, wenn etwas frei ist"), "Sie warten auf etwas Früheres")
    assert "Vor Ihrem Termin" in waiting.text


def test_days_that_suit_are_listed_as_each_language_lists_them(app: Flask) -> None:
    times = entries.times([0, 1, 2, 4], [0, 2])
    with app.app_context():
        assert waiting_form.in_words(times) == "Mondays to Wednesdays and Fridays, mornings and evenings"
        with speaking("de"):
            assert waiting_form.in_words(times) == "montags bis mittwochs und freitags, vormittags und abends"
            assert (
                waiting_form.in_words(entries.times(range(7), range(3))) == "An jedem Tag, zu jeder Tageszeit"
            )


def test_my_visits_and_letters_are_german(app: Flask, sold: Treatment, make: Make) -> None:
    person = make.client(language="de")
    make.appointment(of=sold, who=person)
    page = german(as_client(app, person.contacts[0], person))
    whole(page.open("/my"), "Guten Tag, Ada")
    whole(page.open("/my/letters"), "Meine Nachrichten")
    six = ["10080", "4320", "2880", "1440", "240", "120"]
    refused = whole(page.press("Speichern", reminders="own", offsets=six), "Meine Nachrichten")  # type: ignore[arg-type]
    assert "höchstens 5 Erinnerungen" in refused.text
    whole(page.open("/my/letters").press("Speichern", language="de"), "Meine Nachrichten")
    assert "Gespeichert." in page.text
    whole(page.open("/my/who"), "Wessen Termine sollen wir zeigen?")
    whole(page.press("Jemand anderes"), "Ihr Name")
    whole(page.press("Weiter", given_name=""), "Ihr Name")
    left = page.open("/my").press("Abmelden")
    assert "Sie sind abgemeldet." in left.text
    assert english_on(left) == []


def test_the_rest_of_a_course_is_german(ada: Visitor, make: Make) -> None:
    make.practice(policy="Kostenfrei bis 24 Stunden vorher.")
    page = german(ada.browser)
    whole(page.open(f"/my/course?{ASKED}"), "Der Rest Ihrer Behandlungsreihe")
    assert "Alle 3 sind frei." in page.text
    wrong = whole(page.open("/my/course?on=&at=&count="), "Der Rest Ihrer Behandlungsreihe")
    assert "Geben Sie den ersten Tag" in wrong.text


def test_a_guardians_yes_is_german(app: Flask, young: Answering) -> None:
    asking = whole(german(young.browser).open("/guardian"), "Zuerst stimmt eine sorgeberechtigte Person zu")
    whole(asking.press("Link schicken", mail="keine"), "Zuerst stimmt eine sorgeberechtigte Person zu")
    whole(asking.press("Link schicken", mail="parent@client.example"), asking.heading)
    page = whole(german(app.test_client()).open(link()), "Stimmen Sie einer Massage zu?")
    whole(page.press("Ich stimme zu"), "Stimmen Sie einer Massage zu?")
    whole(page.press("Ich stimme zu", agree="y"), "Danke, Ihre Einwilligung ist festgehalten")
    whole(page.open("/guardian/nobody-made-this"), "Dieser Link wurde schon benutzt oder ist zu alt")


def test_what_the_practice_wrote_itself_says_in_which_language_it_is(
    page: Visitor, sold: Treatment, make: Make
) -> None:
    make.practice(about="We take our time for your back.", policy="Free until the day before.")
    sold.name, sold.description = "Massage of the back", "Slow and calm, for an hour."
    visit = make.appointment(of=sold, who=make.client(language="de"))
    visit.location.getting_here = "Through the second door."
    db.session.commit()
    for path, own in {
        "/": {"We take our time for your back.", "Massage of the back", "Through the second door."},
        "/book": {"Massage of the back", "Slow and calm, for an hour."},
        signed_links.manage_path(visit.id, visit.link_epoch): {"Free until the day before."},
    }.items():
        assert english_on(page.open(path)) == [], path
        assert own <= {part.text for part in page.page.all(lang="en")}, path


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/nowhere", "Diese Seite finden wir nicht"),
        ("/a/not.known", "Diese Seite finden wir nicht"),
        ("/intake/resume/nobody", "Dieser Link gilt nicht mehr"),
        ("/own-tips/nobody", "Dieser Link gilt nicht mehr"),
    ],
)
def test_what_is_not_there_is_said_in_german(page: Visitor, sold: Treatment, path: str, heading: str) -> None:
    whole(page.open(path), heading)


def test_trying_too_often_is_answered_in_german_with_the_time_to_wait(page: Visitor, sold: Treatment) -> None:
    form = page.open("/my/sign-in")
    for _ in range(limits.SIGN_IN_LINKS.count + 1):
        form.open("/my/sign-in").press("Schicken Sie mir einen Link", mail="ada@client.example")
    whole(form, "Zu viele Versuche in kurzer Zeit")
    assert "Sie können es in" in form.text
