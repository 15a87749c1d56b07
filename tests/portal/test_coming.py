"""*I will come*: in the portal, on the page of a visit, in the reminder; and what staff see of it."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import signed_links
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.messaging.models import MessageKind
from tests import make
from tests.booking.test_coming import say
from tests.messaging.test_letters import about, words
from tests.plans.conftest import Scene, scene
from tests.plans.intakes import send
from tests.staff.conftest import Browser, front_desk, sign_in
from tests.visitor import Visitor, as_client, shown
from tests.web.reading import read

__all__ = ["front_desk", "scene", "sign_in"]

WILL_COME = "I will come"
THANKS = "You told us that you are coming"


@pytest.fixture
def ada(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    return Visitor(as_client(app, scene.ada.contacts[0], scene.ada))


@pytest.fixture
def visit(scene: Scene) -> Appointment:
    """In three days, agreed two days ago, with nothing else to do for it."""
    send(scene.ada, {"back_pain_now": "no"}, at=make.NOW - timedelta(days=2))
    found = scene.visit(time_agreed_at=make.NOW - timedelta(days=2))
    db.session.commit()
    return found


def page_of(visit: Appointment) -> str:
    return signed_links.manage_path(visit.id, visit.link_epoch)


def test_the_portal_asks_for_it_as_the_next_act_and_then_says_that_it_is_known(
    visit: Appointment, ada: Visitor
) -> None:
    ada.open("/my").press(WILL_COME)
    assert ada.path == page_of(visit)
    assert "Thank you. We know that you are coming." in ada.text
    db.session.refresh(visit)
    assert visit.is_coming
    ada.open("/my")
    assert THANKS in ada.text
    assert WILL_COME not in ada.text


@pytest.mark.parametrize("where", ["portal", "page"])
def test_it_is_taken_back_where_it_stands(visit: Appointment, ada: Visitor, where: str) -> None:
    ada.open(page_of(visit)).press(WILL_COME)
    if where == "portal":
        ada.open("/my")
    ada.press(f"Undo: {THANKS}")
    assert ada.path == page_of(visit)
    assert "Taken back. Your appointment stands as before." in ada.text
    assert THANKS not in ada.text
    assert WILL_COME in ada.text
    assert not make.refreshed(visit).is_coming


def test_who_has_just_agreed_to_the_time_is_not_asked_in_the_portal(visit: Appointment, ada: Visitor) -> None:
    visit.time_agreed_at = make.NOW - timedelta(hours=23)
    db.session.commit()
    assert WILL_COME not in ada.open("/my").text
    assert WILL_COME in ada.open(page_of(visit)).text


def test_health_questions_come_before_it(scene: Scene, ada: Visitor) -> None:
    scene.visit(time_agreed_at=make.NOW - timedelta(days=2))
    db.session.commit()
    ada.open("/my")
    assert "Answer the health questions" in ada.text
    assert WILL_COME not in ada.text


def test_looking_at_the_page_says_nothing_and_a_press_twice_is_harmless(
    visit: Appointment, ada: Visitor
) -> None:
    ada.open(page_of(visit))
    assert not make.refreshed(visit).is_coming
    form, _ = ada.form_with(WILL_COME)
    ada.press(WILL_COME)
    again = ada.browser.post(form.get("action"), data=shown(form))
    assert again.status_code == 303
    assert make.refreshed(visit).is_coming


@pytest.mark.parametrize("revision", ["", "0", "x", "9" * 40])
def test_an_outdated_page_changes_nothing_and_shows_how_it_stands(
    visit: Appointment, ada: Visitor, revision: str
) -> None:
    ada.open(page_of(visit)).press(WILL_COME, revision=revision)
    assert ada.answer.status_code == 409
    assert not make.refreshed(visit).is_coming


@pytest.mark.parametrize(
    ("state", "days"), [(State.REQUESTED, 3), (State.BOOKED, 8), (State.CANCELLED, 3), (State.DONE, -1)]
)
def test_the_page_asks_only_for_a_booked_visit_of_this_week(
    scene: Scene, ada: Visitor, state: State, days: int
) -> None:
    visit = scene.visit(state=state, starts_at=make.NOW + timedelta(days=days))
    db.session.commit()
    assert WILL_COME not in ada.open(page_of(visit)).text


def test_it_is_asked_in_german(scene: Scene, visit: Appointment, ada: Visitor) -> None:
    scene.ada.language = "de"
    db.session.commit()
    ada.open(page_of(visit)).press("Ich komme")
    assert "Danke. Wir wissen jetzt, dass Sie kommen." in ada.text
    assert "Sie haben zugesagt" in ada.text


@pytest.mark.parametrize(
    ("language", "asks", "thanks"),
    [
        ("en", "Tell us with one press that you are coming", "You told us that you are coming. Thank you."),
        ("de", "Mit einem Klick zusagen, dass Sie kommen", "Sie haben uns zugesagt, dass Sie kommen. Danke."),
    ],
)
def test_the_reminder_leads_to_it_until_it_is_said(
    scene: Scene, visit: Appointment, language: str, asks: str, thanks: str
) -> None:
    scene.ada.language = language
    letter = about(visit, scene.ada, MessageKind.REMINDER, make.NOW)
    assert asks in words(letter)
    assert f"{page_of(visit)}#coming" in letter.text
    assert f"{page_of(visit)}#coming" in letter.html
    say(visit)
    db.session.execute(sa.text("DELETE FROM messages"))
    letter = about(visit, scene.ada, MessageKind.REMINDER, make.NOW)
    assert thanks in words(letter)
    assert "#coming" not in letter.text + letter.html


def test_the_place_the_reminder_leads_to_is_on_the_page(visit: Appointment, ada: Visitor) -> None:
    assert ada.open(page_of(visit)).page.one("h2", id="coming")
    assert urlsplit(ada.path).fragment == ""


def test_the_desk_sees_who_has_not_said_it_and_who_has(scene: Scene, front_desk: Browser) -> None:
    agreed = {"time_agreed_at": make.NOW - timedelta(days=2)}
    silent = scene.visit(starts_at=make.NOW + timedelta(hours=30), **agreed)
    coming = scene.visit(starts_at=make.NOW + timedelta(hours=3), who=make.client(given_name="Ben"), **agreed)
    say(coming)
    page = read(front_desk.get("/staff"))
    (listed,) = [one for one in page.all("section") if one.attributes.get("aria-labelledby") == "not-said"]
    assert "Ada Sample" in listed.text
    assert "Ben" not in listed.text
    assert "Says they are coming" in page.text
    assert front_desk.get(f"/staff/calendar?view=day&day={coming.wall_start.date()}").count("Comes") == 1
    assert front_desk.get(f"/staff/calendar?view=day&day={silent.wall_start.date()}").count("Comes") == 0


def test_the_desk_notes_what_was_said_on_the_telephone(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit(starts_at=make.NOW + timedelta(hours=30))
    db.session.commit()
    assert "Says they are coming" in front_desk.get(f"/staff/appointments/{visit.id}")
    page = front_desk.acted(visit, "coming")
    assert "Noted: Ada comes." in page
    assert make.refreshed(visit).is_coming
    assert front_desk.act(visit, "coming", revision="7").status_code == 409
