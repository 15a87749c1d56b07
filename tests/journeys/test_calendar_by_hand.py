"""The calendar under a hand: dragged onto free, reasoned and forbidden places, two browsers on one visit, keys alone, and
without scripts."""

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.practice.models import Therapist, Treatment
from tests import make
from tests.browser import go
from tests.journeys.test_staff_pages import Desk, desk

__all__ = ["desk"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

TUESDAY = datetime(2031, 7, 8, 9, 0, tzinfo=ZoneInfo("America/Toronto"))
"""A day on which nobody comes to Ines, who works from 8 to 16 with a break at 12."""
weeks = itertools.count()
ROW = 7
"""Height of five minutes, in pixels."""
HOUR = 12
FOLLOWS = 15_000
"""What others do appears within five seconds; on a busy machine a page takes its time as well."""

NewPage = Callable[..., Page]


@pytest.fixture
def tab(chromium: Browser, desk: Desk) -> Iterator[NewPage]:
    """Opens signed-in browsers, each with cookies of its own."""
    opened = []

    def new(**options: object) -> Page:
        context = chromium.new_context(
            ignore_https_errors=True, viewport={"width": 1440, "height": 1500}, **options
        )  # type: ignore[arg-type]
        opened.append(context)
        context.add_cookies(
            [{"name": name, "value": value, "url": desk.base} for name, value in desk.cookies.items()]
        )
        return context.new_page()

    yield new
    for context in opened:
        context.close()


@pytest.fixture
def visit(desk: Desk) -> UUID:
    """A visit at nine; another one at two stands in the way. Each test has a day of its own."""
    ines = db.session.scalars(sa.select(Therapist).where(Therapist.slug == "ines-moreau")).one()
    sold = db.session.scalars(sa.select(Treatment).where(Treatment.slug == "swedish")).one()
    who = db.session.scalars(sa.select(Client).where(Client.given_name == "Hannah")).one()
    day = TUESDAY + timedelta(weeks=next(weeks))
    made = [
        make.appointment(of=sold, who=who, therapist=ines, starts_at=at.astimezone(UTC))
        for at in (day, day + timedelta(hours=5))
    ]
    first = made[0].id
    db.session.rollback()
    return first


def day_of(visit_id: UUID) -> str:
    """The page of the day of a visit."""
    found = db.session.scalar(sa.select(Appointment.wall_start).where(Appointment.id == visit_id))
    db.session.rollback()
    assert found is not None
    return f"/staff/calendar?view=day&day={found.date()}"


def begins(visit_id: UUID) -> time:
    """When a visit begins now, by the clock of its place."""
    db.session.rollback()
    found = db.session.scalar(sa.select(Appointment.wall_start).where(Appointment.id == visit_id))
    db.session.rollback()
    assert found is not None
    return found.time()


def hold(page: Page, visit_id: UUID, rows: int) -> None:
    """Take a visit and hold it so many rows further down."""
    card = page.locator(f'.cal-visit[href$="{visit_id}"]')
    while (box := card.bounding_box()) is None:  # The grid is just being drawn anew.
        page.wait_for_timeout(50)
    x, y = box["x"] + 30, box["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 10, steps=3)
    page.mouse.move(x, y + rows * ROW, steps=4)


def test_a_visit_is_dragged_onto_places_that_are_forbidden_reasoned_and_free(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    page = tab()
    page.goto(desk.base + day_of(visit))
    ghost, says, dialog = (
        page.locator(".cal-drop"),
        page.locator("[data-calendar-says]"),
        page.locator("#calendar-reason"),
    )

    hold(page, visit, 5 * HOUR)
    expect(ghost).to_have_class(re.compile("cal-drop--no"))
    page.mouse.up()
    expect(says).to_contain_text("It stays where it was.")
    assert begins(visit) == time(9)

    hold(page, visit, 3 * HOUR)
    expect(ghost).to_contain_text("Allowed with a reason")
    page.mouse.up()
    expect(dialog).to_contain_text("a break lies in it")
    dialog.get_by_role("button", name="Leave it where it was").click()
    expect(dialog).to_be_hidden()
    assert begins(visit) == time(9)
    hold(page, visit, 3 * HOUR)
    page.mouse.up()
    dialog.get_by_label("Why is it moved there?").fill("Comes in her own break")
    with page.expect_navigation():
        dialog.get_by_role("button", name="Move anyway").click()
    assert begins(visit) == time(12)
    go(page.locator(".flash").get_by_role("button", name="Undo"))
    assert begins(visit) == time(9)
    assert page.url.endswith(day_of(visit))

    hold(page, visit, HOUR + 6)
    with page.expect_navigation():
        page.mouse.up()
    expect(page.locator(".flash")).to_contain_text("The visit has a new time.")
    assert begins(visit) == time(10, 30)


def test_of_two_browsers_one_wins_and_the_other_sees_why_and_follows(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    first, second = tab(), tab()
    for page in (first, second):
        page.goto(desk.base + day_of(visit))
    hold(second, visit, HOUR)
    expect(second.locator(".cal-drop")).to_be_visible()
    hold(first, visit, 2 * HOUR)
    with first.expect_navigation():
        first.mouse.up()
    second.mouse.up()
    expect(second.locator("[data-calendar-says]")).to_contain_text("changed")
    assert begins(visit) == time(11)
    card = second.locator(f'.cal-visit[href$="{visit}"]')
    expect(card).to_contain_text("11:00 to 12:00", timeout=FOLLOWS)
    go(first.locator(".flash").get_by_role("button", name="Undo"))
    expect(card).to_contain_text("09:00 to 10:00", timeout=FOLLOWS)


def test_arrows_walk_through_the_grid_and_letters_lead_on_until_switched_off(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    page = tab()
    page.goto(desk.base + day_of(visit))
    page.keyboard.press("w")
    assert page.url.endswith(day_of(visit))
    card = page.locator(f'.cal-visit[href$="{visit}"]')
    page.locator(".cal-wrap").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(card).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator('.cal-col[data-therapist="ines-moreau"] :focus')).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    switch = page.get_by_role("button", name="Letter keys")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    card.focus()
    page.keyboard.press("m")
    assert page.url.endswith(day_of(visit))
    switch.click()
    card.focus()
    with page.expect_navigation():
        page.keyboard.press("m")
    expect(page.locator("h1")).to_contain_text("Move the visit of")


def test_without_scripts_the_day_is_read_and_a_free_time_leads_on(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    page = tab(java_script_enabled=False)
    page.goto(desk.base + day_of(visit))
    expect(page.locator(f'.cal-visit[href$="{visit}"]')).to_contain_text("09:00 to 10:00")
    go(page.locator(".cal-free a").first)
    expect(page.get_by_role("button", name="Block this time")).to_be_visible()
