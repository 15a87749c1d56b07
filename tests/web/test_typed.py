"""Nothing typed is ever lost: whatever a form is refused for, its words stand on the page that says so."""

import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from clinic import clock
from clinic.accounts.models import User
from clinic.db import db
from clinic.plans import notes
from clinic.plans.models import SessionNote
from clinic.plans.note_content import NoteContent
from clinic.web import typed_text
from tests import make
from tests.authorisation.test_matrix import path_of, rules, with_token
from tests.authorisation.world import World, build
from tests.make import Make
from tests.plans.conftest import Scene, scene
from tests.staff.conftest import Browser, sign_in
from tests.visitor import as_client, as_staff

__all__ = ["scene", "sign_in"]

WORDS = "Wörter, die jemand getippt hat"
NAMES = ("text", "reason", "note", "done", "name", "given_name", "family_name", "mail", "days", "words")
BUTTONS_ONLY = frozenset(
    {
        "auth.pin",
        "appointment.cancel",
        "appointment.undo",
        "appointment.come",
        "appointment.take_back_coming",
        "booking.hold",
        "contact_data.prove",
        "own_page.open_page",
        "guardian.agree",
        "own_tips.show",
        "portal.use_link",
        "preparation.use_link",
        "resume.use_link",
        "sign_in.set_up",
        "score_sheet.answer",
        "staff.arrived",
        "staff.coming",
        "staff.book_next_week",
        "staff.take_back_decision",
        "staff.cancelled_afterwards",
        "staff.correct_scores",
        "staff.discard_note",
        "staff.enter_scores",
        "staff.cosign_note",
        "staff.join_records",
        "staff.missed",
        "staff.release",
        "staff.settings_day",
        "staff.settings_hand_over",
        "staff.settings_lock",
        "staff.settings_member",
        "staff.settings_restricted",
        "staff.settings_retention_period",
        "staff.settings_ways",
        "staff.settings_week",
        "staff.undo",
        "staff.undo_series",
        "waiting.accept",
        "waiting.come_back",
        "preferences.letters",
    }
)
"""Forms that answer on a page of their own and take no words: buttons, ticks, lists, numbers, passwords, and sheets of hours, which show
their own lines again."""
MACHINES = ("/api/", "/health", "/static/")
OF_PASSKEYS = ("security.wan_", "security.us_", "security.mf_")
NO_WORDS_KEPT = ("languages.choose",)
"""Chooses a language from a list; nothing is typed."""
SCRIPTS_ONLY = frozenset({"staff.calendar_drop"})
"""Answered to a script, whose dialog still holds what was typed into it."""
FILES_ONLY = frozenset({"documents.of_visit", "own_documents.show", "staff.add_document"})
"""Forms that ask for a file and a tick: no browser lets a page fill in a file again."""


@pytest.fixture
def world(app: Flask, make: Make) -> World:
    return build(app, make)


def forms(app: Flask) -> Iterator[Rule]:
    """Every page that takes a form."""
    for rule in rules(app):
        is_page = not rule.rule.startswith(MACHINES) and not rule.endpoint.startswith(
            ("security.", "letters.stop")
        )
        if "POST" in (rule.methods or ()) and is_page and rule.endpoint not in NO_WORDS_KEPT:
            yield rule


def sent(token: dict[str, str]) -> dict[str, str]:
    """A form in which somebody typed, from a page that is long out of date."""
    return {
        **token,
        "revision": "999",
        "seen": "2001-01-01T00:00:00+00:00",
        **dict.fromkeys(NAMES, WORDS),
    }


def words_in(answer: TestResponse) -> bool:
    return WORDS in html.unescape(answer.get_data(as_text=True))


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        (("therapist",), "own"),
        (("owner",), "own"),
        (("owner",), "missing"),
        ("client", "own"),
        ("nobody", "missing"),
    ],
    ids=str,
)
def test_a_form_that_is_refused_shows_what_was_typed(
    world: World, kind: str, role: tuple[str, ...] | str
) -> None:
    lost, refused = [], 0
    for rule in forms(world.app):
        if kind == "missing" and not rule.arguments:
            continue
        browser = _browser(world, role)
        path, form = path_of(world, rule, kind), sent(with_token(browser))
        answer = browser.post(path, data=form)
        names = typed_names()
        if names and not words_in(answer):
            # Its fields have other names than those above: now they are known.
            answer = browser.post(path, data={**form, **dict.fromkeys(names, WORDS)})
        if rule.endpoint in FILES_ONLY | SCRIPTS_ONLY:
            continue
        if answer.status_code >= 400 and (names or rule.endpoint not in BUTTONS_ONLY):
            refused += 1
            if not words_in(answer):
                lost.append((rule.endpoint, answer.status_code))
        db.session.rollback()
    assert lost == [], "LOST " + str(lost)
    assert refused > 10


def typed_names() -> list[str]:
    """Names of the fields for words in the forms that read the last request."""
    return [field.name for form in g.get("sent_forms", ()) for field in form if typed_text._is_typed(field)]


def _browser(world: World, role: tuple[str, ...] | str) -> FlaskClient:
    if role == "client":
        return as_client(world.app, world.ada.contacts[0], world.ada)
    if role == "nobody":
        return world.app.test_client()
    return as_staff(world.app, world.ines if role == ("therapist",) else world.make.user(roles=list(role)))


def test_a_page_that_lay_open_too_long_gives_the_words_back(world: World) -> None:
    browser = as_staff(world.app, world.ines)
    path = f"/staff/appointments/{world.visit_of_ada.id}/note"
    answer = browser.post(path, data={"text": WORDS, "csrf_token": "old", "seen": "x"})
    assert answer.status_code == 400
    assert words_in(answer)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_form_of_another_site_is_not_shown(world: World) -> None:
    browser = as_staff(world.app, world.ines)
    answer = browser.post("/staff/sign-in", data={"text": WORDS}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert not words_in(answer)


def test_secrets_and_handles_are_not_shown_again(world: World) -> None:
    browser = world.app.test_client()
    hidden = {
        "password": "correct horse battery",
        "new_password_confirm": "correct horse battery",
        "recovery_code": "what it says",
        "back": "/staff/appointments/1",
        "start": "2031-03-06T09:00:00+00:00~0190c9d4-0000-7000-8000-000000000001",
        "key": "abc def",
        "revision": "12",
    }
    page = browser.post("/nowhere", data={**hidden, "text": WORDS, **with_token(browser)})
    assert words_in(page)
    for text in hidden.values():
        assert f">{text}</textarea>" not in html.unescape(page.get_data(as_text=True))


def test_what_was_typed_is_only_text(world: World) -> None:
    browser = world.app.test_client()
    page = browser.post("/nowhere", data={"text": "</textarea><script>alert(1)</script>"})
    assert "<script>alert(1)" not in page.get_data(as_text=True)


# The note, beside how things stand


@pytest.fixture
def note_page(scene: Scene, sign_in: Callable[[User], Browser], clock_at_now: None) -> tuple[Browser, str]:
    """The note of a visit that has begun, with a draft that was just saved."""
    visit = scene.visit(state="arrived", starts_at=make.NOW - timedelta(hours=1))
    notes.write_note(visit, NoteContent(text="First window"), by=scene.therapist_user, now=clock.now())
    db.session.commit()
    return sign_in(scene.therapist_user), f"/staff/appointments/{visit.id}/note"


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


def refused(browser: Browser, address: str, **fields: object) -> str:
    """The page of a form that came too late."""
    answer = browser.post(address, **fields)
    assert answer.status_code == 409
    return answer.get_data(as_text=True)


def test_a_note_open_in_two_tabs_shows_both_and_the_next_save_counts(note_page: tuple[Browser, str]) -> None:
    browser, address = note_page
    old = {"seen": "", "text": WORDS, "save": "yes"}
    page = refused(browser, address, **old)
    assert WORDS in html.unescape(page)
    assert "Saved meanwhile in another window" in page
    assert "First window" in page
    browser.done(address, **{**old, "seen": field(page, "seen")})
    assert db.session.query(SessionNote).one().content["text"] == WORDS


def test_a_note_that_was_signed_meanwhile_takes_the_words_as_an_addition(
    note_page: tuple[Browser, str], scene: Scene
) -> None:
    browser, address = note_page
    written = db.session.query(SessionNote).one()
    written.signed_at = clock.now()
    db.session.commit()
    page = refused(browser, address, seen="", text=WORDS, reaction="Slept well afterwards", save="yes")
    assert "This note is signed and does not change any more." in page
    assert WORDS in html.unescape(page)
    assert "Slept well afterwards" in page


def test_one_long_word_is_text_and_a_key_is_none() -> None:
    assert typed_text._looks_typed("text", "Nackenmuskelverspannungen")
    assert not typed_text._looks_typed("text", "kA8fEM8mQ0ZrVtS3cJq1xY2u")
