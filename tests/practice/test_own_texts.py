"""What the practice types, in each language of its pages: on pages, in letters, calendar files, structured data and the interface."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock, language
from clinic.accounts import signed_links
from clinic.booking import calendar_file, online_booking
from clinic.booking.calendar_file import Method
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging.kinds.visit_letter import LetterVisit
from clinic.practice import own_texts
from clinic.practice.models import OnlineBooking, Practice, TherapistProfile, Treatment
from clinic.public import structured_data
from clinic.public.structured_data import service
from tests.make import Make
from tests.public.spoken import english_on
from tests.visitor import Visitor

NAME, DESCRIPTION, POLICY, WAY = (
    "Calm hour",
    "Slow and warm.",
    "Free until the evening before.",
    "Ring twice.",
)
IN_GERMAN = {"name": "Ruhige Stunde", "description": "Langsam und warm.", "mail_name": "Behandlung"}
POLICY_IN_GERMAN, WAY_IN_GERMAN = "Kostenfrei bis zum Vorabend.", "Zweimal klingeln."
LICENCE, LICENCE_IN_GERMAN = "Licence A1", {"de": {"licence": "Zulassung A1"}}


@pytest.fixture
def visit(make: Make) -> Appointment:
    """A visit of somebody who reads German, at an English practice that has typed its texts in both languages."""
    make.practice(
        name="Erle", policy=POLICY, is_demo=False, translations={"de": {"policy": POLICY_IN_GERMAN}}
    )
    at = make.location(town="Graz", getting_here=WAY, translations={"de": {"getting_here": WAY_IN_GERMAN}})
    sold = make.treatment(
        name=NAME,
        description=DESCRIPTION,
        therapists=[make.therapist(at, weekdays=range(7), licence=LICENCE, translations=LICENCE_IN_GERMAN)],
        translations={"de": IN_GERMAN},
    )
    starts_at = (clock.now() + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
    row: Appointment = make.appointment(of=sold, who=make.client(language="de"), starts_at=starts_at)
    return row


def reading(app: Flask, spoken: str) -> Visitor:
    browser = app.test_client()
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = spoken
    return Visitor(browser)


def test_each_reader_meets_the_texts_in_their_language(app: Flask, visit: Appointment) -> None:
    german, english = reading(app, "de").open("/book"), reading(app, "en").open("/book")
    assert IN_GERMAN["name"] in german.text
    assert IN_GERMAN["description"] in german.text
    assert NAME not in german.text
    assert NAME in english.text
    assert DESCRIPTION in english.text
    times = reading(app, "de").open(f"/book/{visit.treatment.slug}")
    assert IN_GERMAN["name"] in times.text
    assert english_on(times) == []
    manage = reading(app, "de").open(signed_links.manage_path(visit.id, visit.link_epoch))
    assert POLICY_IN_GERMAN in manage.text
    assert WAY_IN_GERMAN in manage.text
    assert english_on(manage) == []


ABOUT, ABOUT_IN_GERMAN = "Sports and deep tissue", "Sport und tiefes Gewebe"
LIKES, LIKES_IN_GERMAN = "Runners' calves", "Waden nach dem Laufen"
TRAINING = "2021 Working after surgery"


def test_a_therapist_is_read_in_the_readers_language(app: Flask, visit: Appointment) -> None:
    person = visit.therapist
    person.about, person.translations = ABOUT, {"de": {"about": ABOUT_IN_GERMAN}}
    person.profile = TherapistProfile(
        is_shown=True, likes=LIKES, training=TRAINING, translations={"de": {"likes": LIKES_IN_GERMAN}}
    )
    db.session.commit()
    german = reading(app, "de").open(f"/therapists/{person.slug}")
    assert f"<title>{person.name}, {LICENCE}" in german.answer.text, "no markup in a title"
    assert ABOUT_IN_GERMAN in german.text
    assert LIKES_IN_GERMAN in german.text
    assert ABOUT not in german.text
    assert LIKES not in german.text
    assert f'<ul class="spine" lang="en"><li class="small">{TRAINING}' in german.answer.text
    assert f'<li class="reason">{LIKES_IN_GERMAN}' in german.answer.text
    english = reading(app, "en").open(f"/therapists/{person.slug}")
    assert ABOUT in english.text
    assert ABOUT_IN_GERMAN not in english.text
    assert ABOUT_IN_GERMAN in reading(app, "de").open("/").text
    answer = app.test_client().get("/api/v1/therapists", headers={"Accept-Language": "de"})
    assert answer.json["therapists"][0]["about"] == ABOUT_IN_GERMAN
    with app.test_request_context("/"), language.speaking("de"):
        node = structured_data.person(db.session.get_one(Practice, 1), person, None)
    assert node["description"] == ABOUT_IN_GERMAN


def test_why_booking_is_closed_is_read_in_the_readers_language(app: Flask, visit: Appointment) -> None:
    practice = db.session.get_one(Practice, 1)
    practice.online_booking, practice.closed_words = OnlineBooking.CLOSED, "Back in May."
    practice.translations = {"de": {"closed_words": "Ab Mai wieder."}}
    db.session.commit()
    assert "Ab Mai wieder." in reading(app, "de").open("/").text
    assert "Back in May." in reading(app, "en").open("/").text
    for spoken, words in (("de", "Ab Mai wieder."), ("en", "Back in May.")):
        with language.speaking(spoken):
            refused = online_booking.refusal(practice)
        assert refused is not None
        assert refused.sentence == words


def test_what_nobody_has_typed_is_read_in_the_main_language_and_says_so(
    app: Flask, visit: Appointment
) -> None:
    visit.treatment.translations = {"de": {"name": IN_GERMAN["name"]}}
    db.session.commit()
    page = reading(app, "de").open("/book")
    assert IN_GERMAN["name"] in page.text
    assert f'<span lang="en">{DESCRIPTION}</span>' in page.answer.text
    assert f'<span lang="en">{IN_GERMAN["name"]}' not in page.answer.text


def test_letters_and_calendar_files_are_in_the_clients_language(visit: Appointment, now: datetime) -> None:
    practice = db.session.get_one(Practice, 1)
    assert visit.client is not None
    told = LetterVisit.of(visit, visit.client, practice, now)
    assert (told.what, told.policy, told.getting_here) == (
        IN_GERMAN["mail_name"],
        POLICY_IN_GERMAN,
        WAY_IN_GERMAN,
    )
    assert told.therapist == f"{visit.therapist.name}, Zulassung A1"
    with language.speaking("de"):
        file = calendar_file.serialise([visit], practice, method=Method.PUBLISH, now=now)
    assert b"SUMMARY:Behandlung\\, Erle" in file
    with language.speaking("en"):
        assert b"SUMMARY:Massage\\, Erle" in calendar_file.serialise(
            [visit], practice, method=Method.PUBLISH, now=now
        )


def test_search_engines_read_each_language(app: Flask, visit: Appointment) -> None:
    practice = db.session.get_one(Practice, 1)
    with app.test_request_context("/"), language.speaking("de"):
        node = service(practice, visit.treatment, visit.location)
    assert (node["name"], node["description"]) == (IN_GERMAN["name"], IN_GERMAN["description"])


@pytest.mark.parametrize(
    ("asked", "name", "spoken"),
    [("de-AT,de;q=0.9", IN_GERMAN["name"], "de"), ("en", NAME, "en"), ("fr", NAME, "en"), (None, NAME, "en")],
)
def test_the_interface_answers_in_the_language_asked_for(
    client: FlaskClient, visit: Appointment, asked: str | None, name: str, spoken: str
) -> None:
    answer = client.get("/api/v1/treatments", headers={"Accept-Language": asked} if asked else {})
    assert answer.json["treatments"][0]["name"] == name
    assert answer.headers["Content-Language"] == spoken
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_main_language_of_a_german_practice_needs_no_translation(
    app: Flask, visit: Appointment, make: Make
) -> None:
    make.practice(language="de")
    visit.treatment.name, visit.treatment.translations = "Ruhe", {"en": {"name": "Calm"}}
    db.session.commit()
    assert "Ruhe" in reading(app, "de").open("/book").text
    assert "Calm" in reading(app, "en").open("/book").text
    assert own_texts.other_languages("de") == ("en",)


def test_a_value_that_is_no_object_is_refused_by_the_table(visit: Appointment) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="translations_are_objects"):
        db.session.execute(sa.update(Treatment).values(translations=["de"]))


def test_reading_texts_in_another_language_costs_no_statement(
    app: Flask, visit: Appointment, make: Make
) -> None:
    for number in range(5):
        make.treatment(name=f"More {number}", therapists=[visit.therapist], translations={"de": IN_GERMAN})
    statements: list[str] = []

    def heard(*args: object) -> None:
        statements.append(str(args[2]))

    sa.event.listen(db.engine, "before_cursor_execute", heard)
    try:
        counted = []
        for spoken in ("en", "en", "de"):
            db.session.expunge_all()
            statements.clear()
            reading(app, spoken).open("/book")
            counted.append(len(statements))
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", heard)
    assert counted[1] == counted[2]
