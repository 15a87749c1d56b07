"""A note that is typed by hand: what the page says of saving, two windows, a session that ends, and phrases by keys."""

import itertools
import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from clinic.accounts.models import Client
from clinic.booking.models import State
from clinic.db import db
from clinic.plans.models import Phrase, SessionNote
from clinic.practice.models import Therapist, Treatment
from tests import make
from tests.browser import go
from tests.journeys.test_calendar_by_hand import NewPage, tab
from tests.journeys.test_staff_pages import NOW, Desk, desk
from tests.patience import eventually

__all__ = ["desk", "tab"]

pytestmark = pytest.mark.browser

days = itertools.count(40)


@pytest.fixture
def visit(desk: Desk) -> Iterator[UUID]:
    """A visit that Ines has begun; each has a day of its own."""
    return visit_of_ines()


def visit_of_ines() -> UUID:
    ines = db.session.scalars(sa.select(Therapist).where(Therapist.slug == "ines-moreau")).one()
    sold = db.session.scalars(sa.select(Treatment).where(Treatment.slug == "swedish")).one()
    who = db.session.scalars(sa.select(Client).where(Client.given_name == "Hannah")).one()
    begun = NOW - timedelta(days=next(days))
    made = make.appointment(of=sold, who=who, therapist=ines, starts_at=begun, state=State.ARRIVED).id
    db.session.rollback()
    return made


def opened(page: Page, base: str, visit: UUID) -> Page:
    page.goto(f"{base}/staff/appointments/{visit}/note")
    page.get_by_label("First type").select_option(label="Swedish massage")
    page.get_by_label("What you did and found").click()
    expect(page.locator("#note-form")).to_have_attribute("data-kept", re.compile(r"\d"))
    return page


def stored(visit: UUID) -> SessionNote | None:
    db.session.rollback()
    return db.session.scalar(
        sa.select(SessionNote)
        .where(SessionNote.appointment_id == visit)
        .execution_options(populate_existing=True)
    )


def text_of(visit: UUID) -> str:
    note = stored(visit)
    text = "" if note is None else str(note.content["text"])
    db.session.rollback()
    return text


def test_the_page_says_that_it_is_not_saved_and_saves_once_the_network_is_back(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    page = opened(tab(), desk.base, visit)
    says = page.locator("[data-autosave-says]")
    page.keyboard.type("Calm")
    expect(says).to_contain_text("Saved ")
    page.context.set_offline(True)
    page.keyboard.type(", slept")
    expect(says).to_contain_text("Not saved since ")
    page.context.set_offline(False)
    expect(says).not_to_contain_text("Not saved")
    assert text_of(visit) == "Calm, slept"


def test_two_windows_show_both_texts_and_the_writer_chooses(tab: NewPage, desk: Desk, visit: UUID) -> None:
    desktop, tablet = opened(tab(), desk.base, visit), opened(tab(), desk.base, visit)
    tablet.keyboard.type("From the tablet")
    assert eventually(lambda: text_of(visit) == "From the tablet", 10)
    desktop.keyboard.type("From the desk")
    standing = desktop.locator("[data-autosave-standing]")
    expect(standing).to_contain_text("From the tablet")
    expect(desktop.locator("[data-autosave-says]")).to_contain_text("Not saved since ")
    expect(desktop.get_by_label("What you did and found")).to_have_value("From the desk")
    assert text_of(visit) == "From the tablet"
    go(desktop.get_by_role("button", name="Keep what I typed"))
    assert text_of(visit) == "From the desk"


def test_a_session_that_ends_meanwhile_loses_nothing(tab: NewPage, desk: Desk, visit: UUID) -> None:
    page = opened(tab(), desk.base, visit)
    says = page.locator("[data-autosave-says]")
    page.keyboard.type("Calm")
    expect(says).to_contain_text("Saved ")
    kept = page.context.cookies()
    page.context.clear_cookies()
    page.keyboard.type(", slept")
    expect(says).to_contain_text("You are signed out")
    page.context.add_cookies(kept)  # Signed in again in another window.
    expect(says).not_to_contain_text("Not saved")
    assert text_of(visit) == "Calm, slept"


def test_signing_waits_for_a_server_that_does_not_answer(tab: NewPage, desk: Desk, visit: UUID) -> None:
    """A browser would show a page of its own in place of the note."""
    page = opened(tab(), desk.base, visit)
    page.context.set_offline(True)
    page.keyboard.type("Calm, slept")
    page.get_by_role("button", name="Sign the note").click()
    expect(page.locator("[data-autosave-says]")).to_contain_text("The server cannot be reached")
    expect(page.get_by_label("What you did and found")).to_have_value("Calm, slept")
    page.context.set_offline(False)
    assert eventually(lambda: text_of(visit) == "Calm, slept", 10)
    go(page.get_by_role("button", name="Sign the note"))
    expect(page.get_by_text("Signed. The note is locked")).to_be_visible()


@pytest.fixture
def phrases(desk: Desk) -> Iterator[None]:
    """Three phrases of the practice, and no others."""
    db.session.execute(sa.delete(Phrase))
    made = []
    for name, words in (
        ("rom", "Moves freely"),
        ("rom less", "Moves less inward"),
        ("tender", "Tender on touch"),
    ):
        row = Phrase(name=name)
        row.text = words
        made.append(row)
    db.session.add_all(made)
    db.session.commit()
    yield
    db.session.execute(sa.delete(Phrase))
    db.session.commit()


@pytest.mark.usefixtures("phrases")
def test_a_slash_offers_phrases_and_keys_choose_one(tab: NewPage, desk: Desk, visit: UUID) -> None:
    page = opened(tab(), desk.base, visit)
    field, offered = page.get_by_label("What you did and found"), page.get_by_role("listbox", name="Phrases")
    page.keyboard.type("Neck: /rom")
    expect(offered.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(offered.get_by_role("option", selected=True)).to_contain_text("Moves less inward")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Neck: Moves less inward")
    expect(offered).to_be_hidden()
    page.keyboard.type(" and/or /")
    expect(offered.get_by_role("option")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(offered).to_be_hidden()
    page.keyboard.press("Enter")
    expect(field).to_have_value("Neck: Moves less inward and/or /\n")
    page.get_by_text("Phrases", exact=True).click()
    page.get_by_role("button", name="tender").click()
    expect(field).to_have_value("Neck: Moves less inward and/or /\nTender on touch")
    assert eventually(lambda: text_of(visit).endswith("Tender on touch"), 10)
