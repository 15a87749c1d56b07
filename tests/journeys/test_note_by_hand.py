"""A note that is typed while the network and the page die: what was said to be kept is kept, and little more can be lost."""

import contextlib
import itertools
import random
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Error, Page, expect

from clinic.accounts.models import Client
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans.models import Phrase, SessionNote
from clinic.practice.models import Therapist, Treatment
from tests import make
from tests.browser import go
from tests.journeys.test_calendar_by_hand import NewPage, tab
from tests.journeys.test_staff_pages import NOW, Desk, desk
from tests.patience import eventually, slowness

__all__ = ["desk", "tab"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(3600)]

LOST_SECONDS = 3
"""So much typing may be lost at most while the page is connected."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ENDS = (
    "crash",
    "close",
    "leave",
    "cut off, then close",
    "cut off for a while, then close",
    "sign",
    "cut off, then sign",
)
days = itertools.count(40)


@pytest.fixture
def visit(desk: Desk) -> Iterator[UUID]:
    """A visit that Ines has begun; each has a day of its own."""
    return visit_of(desk)


def visit_of(desk: Desk) -> UUID:
    ines = db.session.scalars(sa.select(Therapist).where(Therapist.slug == "ines-moreau")).one()
    sold = db.session.scalars(sa.select(Treatment).where(Treatment.slug == "swedish")).one()
    who = db.session.scalars(sa.select(Client).where(Client.given_name == "Hannah")).one()
    begun = NOW - timedelta(days=next(days))
    made = make.appointment(of=sold, who=who, therapist=ines, starts_at=begun, state=State.ARRIVED).id
    db.session.rollback()
    return made


def opened(page: Page, desk: Desk, visit: UUID) -> Page:
    page.goto(f"{desk.base}/staff/appointments/{visit}/note")
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


class Typist:
    """Types letter after letter, and remembers when each was typed and how many the page said were saved."""

    def __init__(self, page: Page, dice: random.Random) -> None:
        self.page, self.dice = page, dice
        self.text, self.at = "", list[float]()
        self.before, self.kept = edits_kept(page), 0

    def type(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            letter = self.dice.choice(LETTERS)
            self.page.keyboard.type(letter)
            self.text += letter
            self.at.append(time.monotonic())
            self.page.wait_for_timeout(40)
        self.look()

    def look(self) -> None:
        """How much of the text the page says is saved: each letter is one edit."""
        self.kept = edits_kept(self.page) - self.before

    def typed_before(self, moment: float) -> int:
        return sum(1 for at in self.at if at < moment)


def edits_kept(page: Page) -> int:
    return int(page.locator("#note-form").get_attribute("data-kept") or 0)


def play(page: Page, desk: Desk, visit: UUID, dice: random.Random, end: str) -> None:
    """One round: type, and let the page or the network end in the middle of it."""
    typist = Typist(opened(page, desk, visit), dice)
    typist.type(dice.uniform(2, 6))
    cut = time.monotonic()
    if end.startswith("cut off"):
        page.context.set_offline(True)
        typist.type(dice.uniform(1, 5))
    if "while" in end:
        page.context.set_offline(False)
        typist.type(dice.uniform(4, 7))
        cut = time.monotonic()
    typist.look()
    if end.endswith("sign"):
        with_network = not end.startswith("cut off")
        page.get_by_role("button", name="Sign the note").click(no_wait_after=True)
        if with_network:
            expect(page.get_by_text("Signed. The note is locked")).to_be_visible()
    elif end == "crash":
        with contextlib.suppress(Error):
            page.goto("chrome://crash", timeout=3000)
    elif end == "leave":
        page.goto(f"{desk.base}/staff")
    page.context.close()
    may_be_lost = LOST_SECONDS * slowness()
    assert eventually(lambda: len(text_of(visit)) >= typist.typed_before(cut - may_be_lost), 5), (
        end,
        typist.text,
    )
    text = text_of(visit)
    assert typist.text.startswith(text), "never anything that was not typed"
    assert len(text) >= typist.kept, "never less than the page said was saved"
    if end in ("leave", "sign"):
        assert eventually(lambda: text_of(visit) == typist.text, 10), end
    _is_whole(visit, typist.text, is_signed=end == "sign")


def _is_whole(visit: UUID, typed: str, *, is_signed: bool) -> None:
    """Signed is what was typed to the last letter, and then the visit is done; nothing else is signed."""
    note = stored(visit)
    state = db.session.scalar(sa.select(Appointment.state).where(Appointment.id == visit))
    if note is not None and note.signed_at is not None:
        assert note.content["text"] == typed
        assert state == State.DONE
    else:
        assert state == State.ARRIVED
        assert not is_signed
    db.session.rollback()


@pytest.mark.parametrize("end", ["crash", "cut off for a while, then close", "cut off, then sign"])
def test_little_is_lost_and_nothing_that_was_said_to_be_saved(
    tab: NewPage, desk: Desk, visit: UUID, end: str
) -> None:
    play(tab(), desk, visit, random.Random(end), end)


@pytest.mark.long
@pytest.mark.parametrize("turn", range(200))
def test_little_is_lost_in_two_hundred_rounds(tab: NewPage, desk: Desk, visit: UUID, turn: int) -> None:
    play(tab(), desk, visit, random.Random(turn), ENDS[turn % len(ENDS)])


def test_the_page_says_that_it_is_not_saved_and_saves_once_the_network_is_back(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    page = opened(tab(), desk, visit)
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
    desktop, tablet = opened(tab(), desk, visit), opened(tab(), desk, visit)
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
    page = opened(tab(), desk, visit)
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


@pytest.fixture
def phrases(desk: Desk) -> Iterator[None]:
    """Three phrases of the practice, for this test alone."""
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
    page = opened(tab(), desk, visit)
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
