"""Locking between two clients under a hand: the page is replaced, Back shows nothing, and a note that was begun stands there again."""

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from clinic import clock
from clinic.accounts import session_locks
from clinic.accounts.models import StaffSession, User
from clinic.db import db
from tests.journeys.test_calendar_by_hand import NewPage, tab
from tests.journeys.test_note_by_hand import opened, text_of, visit
from tests.journeys.test_staff_pages import NOW, Desk, desk
from tests.patience import eventually

__all__ = ["desk", "tab", "visit"]

pytestmark = pytest.mark.browser

PIN = "407216"
FIELD = "What you did and found"


@pytest.fixture(autouse=True)
def own(desk: Desk) -> Iterator[None]:
    """The one session of Ines has a PIN, and is open again after each test."""
    db.session.rollback()
    for session in _sessions():
        session_locks.set_pin(session, PIN)
    db.session.commit()
    yield
    db.session.rollback()
    for session in _sessions():
        session_locks.unlock(session, NOW)
        session.lock_minutes = None
    db.session.commit()


def _sessions() -> list[StaffSession]:
    own = sa.select(StaffSession).join(User).where(User.given_name == "Ines", StaffSession.ended_at.is_(None))
    return list(db.session.scalars(own.execution_options(populate_existing=True)))


def idle_for(minutes: float) -> None:
    """Let the last act of Ines be so long ago, in a browser that locks by itself after five minutes."""
    db.session.rollback()
    for session in _sessions():
        session.lock_minutes, session.seen_at = 5, clock.now() - timedelta(minutes=minutes)
    db.session.commit()


def unlock(page: Page) -> None:
    page.get_by_label("PIN").fill(PIN)
    page.get_by_role("button", name="Unlock").click()


def is_locked(page: Page) -> None:
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()


def test_a_note_is_saved_before_the_page_is_replaced_and_stands_there_again(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    page = opened(tab(), desk.base, visit)
    there = page.url
    page.keyboard.type("Calm, and half a sent")
    page.get_by_role("button", name="Lock").click()
    is_locked(page)
    expect(page.locator("body")).not_to_contain_text("Calm")
    assert text_of(visit) == "Calm, and half a sent"
    page.go_back()
    is_locked(page)
    expect(page.locator("body")).not_to_contain_text("Calm")
    page.goto(f"{desk.base}/staff/clients")
    is_locked(page)
    page.go_back()
    unlock(page)
    expect(page.get_by_label(FIELD)).to_have_value("Calm, and half a sent")
    assert page.url == there
    page.get_by_label(FIELD).press("End")
    page.keyboard.type("ence")
    expect(page.locator("[data-autosave-says]")).to_contain_text("Saved ")
    assert eventually(lambda: text_of(visit) == "Calm, and half a sentence", 10)


def test_a_lock_in_another_window_replaces_this_one_too(tab: NewPage, desk: Desk, visit: UUID) -> None:
    page = opened(tab(), desk.base, visit)
    page.keyboard.type("Calm")
    assert eventually(lambda: text_of(visit) == "Calm", 10)
    other = page.context.new_page()
    other.goto(f"{desk.base}/staff/tasks")
    expect(other.get_by_role("heading", level=1)).to_be_visible()
    other.keyboard.press("Shift+L")
    is_locked(other)
    is_locked(page)
    unlock(other)
    expect(other.get_by_role("heading", name="Tasks")).to_be_visible()
    expect(page.get_by_label(FIELD)).to_have_value("Calm")


def test_what_cannot_be_saved_is_taken_from_view_and_put_back(tab: NewPage, desk: Desk, visit: UUID) -> None:
    """The session is locked while the note is being typed, and the save is refused."""
    page = opened(tab(), desk.base, visit)
    page.keyboard.type("Calm")
    assert eventually(lambda: text_of(visit) == "Calm", 10)
    for session in _sessions():
        session_locks.lock(session, proof=0, now=NOW)
    db.session.commit()
    page.keyboard.type(", slept")
    is_locked(page)
    assert "slept" not in page.content()
    assert text_of(visit) == "Calm"
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Unlock in another window").click()
    unlock(opening.value)
    expect(page.get_by_label(FIELD)).to_have_value("Calm, slept")
    expect(page.locator("[data-autosave-says]")).not_to_contain_text("Not saved")
    assert eventually(lambda: text_of(visit) == "Calm, slept", 10)


def test_an_open_page_locks_by_itself_and_gives_back_what_was_typed(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    idle_for(0)
    page = tab()
    page.clock.install()
    opened(page, desk.base, visit)
    page.keyboard.type("Calm")
    assert eventually(lambda: text_of(visit) == "Calm", 10)
    page.route("**/note", lambda route: route.abort())
    page.keyboard.type(", slept")
    idle_for(6)
    page.clock.fast_forward("06:00")
    is_locked(page)
    assert "slept" not in page.content()
    page.unroute("**/note")
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Unlock in another window").click()
    unlock(opening.value)
    page.clock.fast_forward("00:05")
    expect(page.get_by_label(FIELD)).to_have_value("Calm, slept")
    page.clock.fast_forward("00:05")
    assert eventually(lambda: text_of(visit) == "Calm, slept", 10)


def test_neither_polls_nor_autosaves_keep_a_browser_open(tab: NewPage, desk: Desk, visit: UUID) -> None:
    idle_for(0)
    calendar = tab()
    calendar.clock.install()
    calendar.goto(f"{desk.base}/staff/calendar")
    note = opened(calendar.context.new_page(), desk.base, visit)
    idle_for(4)
    (before,) = [session.seen_at for session in _sessions()]
    with calendar.expect_response("**/staff/calendar/stamp*"):
        calendar.clock.fast_forward("00:10")
    note.keyboard.type("Calm")
    assert eventually(lambda: text_of(visit) == "Calm", 10)
    db.session.rollback()
    assert [session.seen_at for session in _sessions()] == [before]
    idle_for(6)
    calendar.clock.fast_forward("06:00")
    is_locked(calendar)
    is_locked(note)


def test_the_page_says_since_when_it_is_not_saved(tab: NewPage, desk: Desk, visit: UUID) -> None:
    page = opened(tab(), desk.base, visit)
    page.keyboard.type("Calm")
    assert eventually(lambda: text_of(visit) == "Calm", 10)
    page.route("**/staff/lock/state", lambda route: route.abort())
    for session in _sessions():
        session_locks.lock(session, proof=0, now=NOW)
    db.session.commit()
    page.keyboard.type(", slept")
    expect(page.locator("[data-autosave-says]")).to_have_text(
        re.compile(r"Not saved since .+\. This browser is locked\.")
    )


def test_a_form_that_was_begun_stands_there_again(tab: NewPage, desk: Desk) -> None:
    page = tab()
    page.goto(f"{desk.base}/staff/settings/practice")
    page.locator("#about").fill("Half a sentence about us")
    page.get_by_role("button", name="Lock").click()
    is_locked(page)
    assert "Half a sentence" not in page.content()
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Unlock in another window").click()
    unlock(opening.value)
    expect(page.locator("#about")).to_have_value("Half a sentence about us")


def test_the_key_is_dead_in_fields_and_where_letter_keys_are_off(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    page = opened(tab(), desk.base, visit)
    page.keyboard.press("Shift+L")
    expect(page.get_by_label(FIELD)).to_have_value("L")
    page.goto(f"{desk.base}/staff/account")
    page.get_by_role("button", name="Letter keys").click()
    page.keyboard.press("Shift+L")
    page.wait_for_timeout(500)
    expect(page.get_by_role("heading", name="Your sign-in")).to_be_visible()


def test_without_scripts_the_lock_works_the_same(tab: NewPage, desk: Desk) -> None:
    page = tab(java_script_enabled=False)
    page.goto(f"{desk.base}/staff/tasks")
    page.get_by_role("button", name="Lock").click()
    is_locked(page)
    unlock(page)
    expect(page.get_by_role("heading", name="Tasks")).to_be_visible()
