"""The most frequent work of a day on a phone, and the bar of acts on a small laptop: nothing is out of reach."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.test_acts_of_a_day import (
    Hands,
    Walk,
    arrive,
    book_a_known_caller,
    cancel,
    find_a_client,
    free_time,
    move_to_another_day,
    open_note,
    sign,
    todays_list,
)
from tests.journeys.test_calendar_by_hand import NewPage, begins, day_of, tab, visit
from tests.journeys.test_staff_pages import Desk, desk

__all__ = ["desk", "tab", "visit"]

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 760}
LEAST = 24
"""Pixels of a target in either direction (WCAG 2.2, 2.5.8)."""


@dataclass
class Finger(Hands):
    """The same on a phone: what is pressed is on the page, large enough, and not below something else."""

    def press(self, control: Locator) -> None:
        self.count += 1
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, self.page.url
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= LEAST, (self.page.url, box)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        with self.page.expect_navigation():
            control.click()  # Waits until the press would meet the control itself.


def block_by_press(hands: Hands, visit: UUID) -> None:
    hands.at(day_of(visit))
    hands.press(free_time(hands.page))
    hands.press(hands.button("Block this time"))
    expect(hands.page.locator(".cal-wrap")).to_be_visible()


def move_by_press(hands: Hands, visit: UUID) -> None:
    before = begins(visit)
    hands.at(f"/staff/appointments/{visit}")
    hands.press(hands.page.get_by_role("link", name="Move").first)
    hands.press(hands.page.locator("#times .offer").nth(3))
    hands.press(hands.button("Move"))
    assert begins(visit) != before


@pytest.mark.parametrize(
    "walk",
    [
        todays_list,
        arrive,
        open_note,
        sign,
        book_a_known_caller,
        move_by_press,
        move_to_another_day,
        cancel,
        block_by_press,
        find_a_client,
    ],
    ids=lambda walk: walk.__name__,
)
def test_what_is_done_most_often_is_within_reach_on_a_phone(
    tab: NewPage, desk: Desk, visit: UUID, walk: Walk
) -> None:
    page = tab(has_touch=True)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    walk(Finger(page, desk.base), visit)


def test_a_month_is_read_on_a_phone_without_a_broken_or_a_cut_word(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    page = tab()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(desk.base + day_of(visit).replace("view=day", "view=month"))
    heads = page.locator(".cal-month th span[aria-hidden]").all()
    assert [one.inner_text() for one in heads] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    counts = page.locator(".cal-count").all()
    assert "2" in [one.inner_text().split()[0] for one in counts]
    for one in (*heads, *counts):
        assert one.evaluate("e => e.getClientRects().length") == 1
        assert one.evaluate(
            "e => e.getBoundingClientRect().right <= e.parentElement.getBoundingClientRect().right"
        )


@pytest.mark.parametrize("width", [1024, 1280])
def test_on_a_small_laptop_all_acts_of_a_bar_stand_in_one_row(
    tab: NewPage, desk: Desk, visit: UUID, width: int
) -> None:
    page = tab()
    page.set_viewport_size({"width": width, "height": 768})
    for path in (f"/staff/appointments/{visit}", desk.review("Castellano")):
        page.goto(desk.base + path)
        acts = [one.bounding_box() for one in page.locator(".actionbar .button").all() if one.is_visible()]
        boxes = [box for box in acts if box is not None]
        assert len(boxes) > 2
        assert len({round(box["y"] + box["height"] / 2) for box in boxes}) == 1, (path, boxes)
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
        assert all(box["y"] + box["height"] <= 768 for box in boxes)
