"""How many acts the most frequent work of a day takes, in a browser: each is walked, counted, and held to its limit.

An act is a press, a drag, a key that does something, or a field that is filled in. Walking the focus and waiting are none.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from clinic.booking.models import Appointment, State
from clinic.db import db
from tests.browser import go
from tests.journeys.test_calendar_by_hand import HOUR, ROW, NewPage, begins, day_of, hold, tab, visit
from tests.journeys.test_note_by_hand import opened, visit_of_ines
from tests.journeys.test_staff_pages import Desk, desk

__all__ = ["desk", "tab", "visit"]

pytestmark = pytest.mark.browser


@dataclass
class Hands:
    """Somebody at the desk whose acts are counted."""

    page: Page
    base: str
    count: int = 0

    def at(self, path: str) -> Page:
        """Begin anew on a page."""
        self.page.goto(self.base + path)
        self.count = 0
        return self.page

    def press(self, control: Locator) -> None:
        """Press what leads on to another page."""
        self.count += 1
        go(control)

    def type(self, field: Locator, text: str) -> None:
        self.count += 1
        field.press_sequentially(text)

    def key(self, key: str) -> None:
        self.count += 1
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def drop(self) -> None:
        """Let go of what is dragged."""
        self.count += 1
        with self.page.expect_navigation():
            self.page.mouse.up()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)


Walk = Callable[[Hands, UUID], None]


def todays_list(hands: Hands, visit: UUID) -> None:
    expect(hands.at("/staff").get_by_role("region", name="Your day").locator("li").first).to_be_visible()


def arrive(hands: Hands, visit: UUID) -> None:
    hands.at("/staff")
    hands.press(hands.button("Arrived").first)
    expect(hands.page.get_by_role("status")).to_contain_text("Undo")


def open_note(hands: Hands, visit: UUID) -> None:
    hands.at("/staff")
    hands.press(hands.page.locator("main a[href$='/note']").first)
    expect(hands.page.locator("h1")).to_contain_text("Note for")


def sign(hands: Hands, visit: UUID) -> None:
    opened(hands.page, hands.base, visit_of_ines())
    hands.page.keyboard.type("Calm")
    hands.count = 0
    hands.button("Sign the note").click()
    hands.count += 1
    expect(hands.page.get_by_text("Signed. The note is locked")).to_be_visible()


def book_a_known_caller(hands: Hands, visit: UUID) -> None:
    hands.at(day_of(visit))
    hands.press(free_time(hands.page))
    hands.type(hands.page.get_by_role("combobox", name="Find a client"), "hannha")
    hands.count += 1
    with hands.page.expect_navigation():
        hands.page.locator(".suggestions [role=option]").first.click()
    hands.press(hands.button("Book"))
    expect(hands.page.locator(".flash")).to_contain_text("Booked.")


def move_by_drag(hands: Hands, visit: UUID) -> None:
    hands.at(day_of(visit))
    hold(hands.page, visit, HOUR + 6)
    hands.drop()
    expect(hands.page.locator(".flash")).to_contain_text("The visit has a new time.")


def move_by_keyboard(hands: Hands, visit: UUID) -> None:
    before = begins(visit)
    hands.at(day_of(visit))
    hands.page.locator(f'.cal-visit[href$="{visit}"]').focus()
    hands.key("m")
    hands.press(hands.page.locator("#times .offer").first)
    hands.press(hands.button("Move"))
    assert begins(visit) != before


def move_to_another_day(hands: Hands, visit: UUID) -> None:
    """A caller's visit, once it is found."""
    before = db.session.scalar(sa.select(Appointment.wall_start).where(Appointment.id == visit))
    hands.at(f"/staff/appointments/{visit}")
    hands.press(hands.page.get_by_role("link", name="Move").first)
    hands.press(hands.page.locator("a.day:not([aria-current])").first)
    hands.press(hands.page.locator("#times .offer").first)
    hands.press(hands.button("Move"))
    db.session.rollback()
    after = db.session.scalar(sa.select(Appointment.wall_start).where(Appointment.id == visit))
    assert before is not None
    assert after is not None
    assert before.date() != after.date()


def cancel(hands: Hands, visit: UUID) -> None:
    hands.at(day_of(visit))
    hands.press(hands.page.locator(f'.cal-visit[href$="{visit}"]'))
    hands.press(hands.page.locator("main a[href$='/cancel']"))
    hands.press(hands.button("Cancel appointment"))
    expect(hands.page.locator(".flash")).to_contain_text("is cancelled")


def block_an_hour(hands: Hands, visit: UUID) -> None:
    hands.at(day_of(visit))
    box = free_time(hands.page).bounding_box()
    assert box is not None
    hands.page.mouse.move(box["x"] + 20, box["y"] + 3)
    hands.page.mouse.down()
    hands.page.mouse.move(box["x"] + 20, box["y"] + 4 * ROW, steps=4)
    hands.page.mouse.move(box["x"] + 20, box["y"] + HOUR * ROW - 4, steps=4)
    hands.drop()
    hands.press(hands.button("Block this time"))
    expect(hands.page.locator(".cal-wrap")).to_be_visible()


def find_a_client(hands: Hands, visit: UUID) -> None:
    hands.at("/staff")
    hands.press(hands.page.get_by_role("link", name="Clients", exact=True).first)
    hands.type(hands.page.get_by_label("Find a client"), "lindqv")
    expect(hands.page.locator("#found-count")).to_contain_text("1 client found")


def same_day_next_week(hands: Hands, visit: UUID) -> None:
    hands.at(f"/staff/appointments/{visit}")
    hands.press(hands.button("Same day next week"))
    expect(hands.page.locator(".flash")).to_contain_text("Booked.")
    db.session.rollback()
    first = db.session.get_one(Appointment, visit)
    again = sa.select(Appointment).where(Appointment.wall_start == first.wall_start + timedelta(weeks=1))
    assert db.session.scalars(again).one().state == State.BOOKED
    db.session.rollback()


def free_time(page: Page) -> Locator:
    """Two hours nobody has taken."""
    return page.locator('.cal-col[data-therapist="ines-moreau"] .cal-free a', has_text="10:15 am to 12:00 pm")


LIMITS: dict[Walk, int] = {
    todays_list: 0,
    arrive: 1,
    open_note: 1,
    sign: 1,
    book_a_known_caller: 4,
    move_by_drag: 1,
    move_by_keyboard: 4,
    move_to_another_day: 4,
    cancel: 3,
    block_an_hour: 2,
    find_a_client: 2,
    same_day_next_week: 1,
}


@pytest.fixture(scope="module")
def counted() -> Iterator[dict[str, tuple[int, int]]]:
    """What was counted, printed when all is done."""
    table: dict[str, tuple[int, int]] = {}
    yield table
    print(
        "\n" + "\n".join(f"{name:<24}{count:>3} of at most {limit}" for name, (count, limit) in table.items())
    )


@pytest.mark.parametrize("walk", LIMITS, ids=lambda walk: walk.__name__)
def test_what_is_done_most_often_takes_few_acts(
    tab: NewPage, desk: Desk, visit: UUID, walk: Walk, counted: dict[str, tuple[int, int]]
) -> None:
    hands = Hands(tab(), desk.base)
    walk(hands, visit)
    counted[re.sub("_", " ", walk.__name__)] = hands.count, LIMITS[walk]
    assert hands.count <= LIMITS[walk]
