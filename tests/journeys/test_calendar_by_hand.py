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
from clinic.booking.waiting import entries
from clinic.db import db, transaction
from clinic.practice.models import Therapist, Treatment
from tests import make
from tests.browser import go
from tests.journeys.looks import watched
from tests.journeys.test_staff_pages import NOW, Desk, deliver, desk

__all__ = ["desk"]

pytestmark = pytest.mark.browser

TUESDAY = datetime(2031, 7, 8, 9, 0, tzinfo=ZoneInfo("America/Toronto"))
"""A day on which nobody comes to Ines, who works from 8 to 16 with a break at 12."""
sweeps = itertools.count(1)
"""A pass looks at everything once in some minutes."""
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
    day = TUESDAY + timedelta(weeks=next(desk.weeks))
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
    dialog.get_by_label("Why outside the rules?").fill("Comes in her own break")
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
    expect(card).to_contain_text("11:00 am to 12:00 pm", timeout=FOLLOWS)
    go(first.locator(".flash").get_by_role("button", name="Undo"))
    expect(card).to_contain_text("9:00 am to 10:00 am", timeout=FOLLOWS)


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
    expect(page.locator(f'.cal-visit[href$="{visit}"]')).to_contain_text("9:00 am to 10:00 am")
    go(page.locator(".cal-free a").first)
    expect(page.get_by_role("button", name="Block this time")).to_be_visible()


def confirm(desk: Desk) -> None:
    """Let the confirmations of all visits go out, so that a change is what a letter would tell of."""
    deliver(desk.app, NOW + next(sweeps) * timedelta(minutes=10))


def lasts(visit_id: UUID) -> int:
    """How many minutes a visit lasts now."""
    db.session.rollback()
    found = db.session.scalar(sa.select(Appointment.length_minutes).where(Appointment.id == visit_id))
    db.session.rollback()
    assert found is not None
    return found


def pull(page: Page, visit_id: UUID, rows: int) -> None:
    """Take a visit by its lower edge and hold that so many rows further down."""
    card = page.locator(f'.cal-visit[href$="{visit_id}"]')
    while (box := card.bounding_box()) is None:
        page.wait_for_timeout(50)
    x, y = box["x"] + 30, box["y"] + box["height"] - 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 8, steps=3)
    page.mouse.move(x, y + rows * ROW, steps=4)


def test_a_visit_is_made_longer_by_its_edge_where_that_is_forbidden_reasoned_and_free(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    earlier = db.session.get_one(Appointment, visit)
    other = make.appointment(
        of=earlier.treatment,
        who=make.client(mail=None),
        therapist=earlier.therapist,
        starts_at=earlier.starts_at + timedelta(minutes=75),
    ).id
    db.session.rollback()
    page = tab()
    page.goto(desk.base + day_of(visit))
    ghost, says = page.locator(".cal-drop"), page.locator("[data-calendar-says]")

    pull(page, other, 4 * HOUR)
    expect(ghost).to_have_class(re.compile("cal-drop--no"))
    page.mouse.up()
    expect(says).to_contain_text("It stays as it was.")
    assert lasts(other) == 60

    pull(page, visit, 2 * HOUR + 6)
    expect(ghost).to_contain_text("A therapist can say why")
    page.mouse.up()
    assert lasts(visit) == 60

    pull(page, other, HOUR + 6)
    expect(ghost).to_contain_text("Allowed with a reason")
    page.mouse.up()
    dialog = page.locator("#calendar-reason")
    expect(dialog.get_by_role("button", name="Change the length anyway")).to_be_visible()
    dialog.get_by_role("button", name="Leave it where it was").click()
    assert lasts(other) == 60

    pull(page, other, 6)
    with page.expect_navigation():
        page.mouse.up()
    assert (begins(other), lasts(other)) == (time(10, 15), 90)
    expect(page.locator(".flash")).to_contain_text("The visit has a new length.")
    go(page.locator(".flash").get_by_role("button", name="Undo"))
    assert lasts(other) == 60


def test_a_span_drawn_over_free_time_is_booked_for_a_known_caller_in_three_acts(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    page = tab()
    page.goto(desk.base + day_of(visit))
    free = page.locator('.cal-col[data-therapist="ines-moreau"] .cal-free a', has_text="10:15 am to 12:00 pm")
    box = free.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 6 * ROW, steps=4)
    page.mouse.move(box["x"] + 20, box["y"] + 15 * ROW, steps=4)
    expect(page.locator(".cal-drop")).to_contain_text("10:15 am to 11:30 am")
    with page.expect_navigation():
        page.mouse.up()
    expect(page.locator("h1")).to_contain_text("10:15 am to 11:30 am")
    assert page.get_by_label("Until").input_value() == "11:30 am"

    field = page.get_by_role("combobox", name="Find a client")
    field.press_sequentially("hannha")
    option = page.locator(".suggestions [role=option]").first
    expect(option).to_contain_text("Hannah")
    with page.expect_navigation():
        option.click()
    expect(page.locator("main")).to_contain_text("75 minutes instead of")
    assert "hanna" not in page.url.lower()
    go(page.get_by_role("button", name="Book", exact=True))
    expect(page.locator(".flash")).to_contain_text("Booked.")


def test_the_list_of_clients_is_walked_by_keys_and_shuts_nobody_out(
    chromium: Browser, desk: Desk, visit: UUID
) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        page.goto(desk.base + day_of(visit))
        free = page.locator(
            '.cal-col[data-therapist="ines-moreau"] .cal-free a', has_text="10:15 am to 12:00 pm"
        )
        free.focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        field = page.get_by_role("combobox", name="Find a client")
        field.focus()
        page.keyboard.type("hannah")
        expect(field).to_have_attribute("aria-expanded", "true")
        expect(page.locator("[data-suggests-count]")).to_have_text("1 client")
        watch.look(page)
        page.keyboard.press("Escape")
        expect(field).to_have_attribute("aria-expanded", "false")
        expect(page.locator(".suggestions")).to_have_count(0)
        page.keyboard.type(" ")
        option = page.locator(".suggestions [role=option]").first
        expect(option).to_be_visible()
        page.keyboard.press("ArrowDown")
        expect(field).to_be_focused()
        expect(option).to_have_attribute("aria-selected", "true")
        assert field.get_attribute("aria-activedescendant") == option.get_attribute("id")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        page.get_by_role("button", name="Book", exact=True).focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator(".flash")).to_contain_text("Booked.")


def test_by_keys_alone_a_visit_is_made_longer_without_a_letter(tab: NewPage, desk: Desk, visit: UUID) -> None:
    confirm(desk)
    page = tab()
    page.goto(desk.base + day_of(visit))
    page.locator(f'.cal-visit[href$="{visit}"]').focus()
    with page.expect_navigation():
        page.keyboard.press("m")
    page.get_by_label("Length, in minutes").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("75")
    page.get_by_role("button", name="Only change the length").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_label("Write no letter about it").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Change the length").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert (begins(visit), lasts(visit)) == (time(9), 75)
    expect(page.locator(".flash")).to_contain_text("No letter tells Hannah.")


def test_somebody_who_waits_is_dragged_onto_free_time_and_onto_what_is_not(
    tab: NewPage, desk: Desk, visit: UUID
) -> None:
    hannah = db.session.scalars(sa.select(Client).where(Client.given_name == "Hannah")).one()
    sold = db.session.scalars(sa.select(Treatment).where(Treatment.slug == "swedish")).one()
    day = db.session.scalars(sa.select(Appointment.wall_start).where(Appointment.id == visit)).one()
    with transaction():
        entries.join(
            client=hannah,
            treatment_id=sold.id,
            therapist_id=None,
            location_id=None,
            times=entries.times(range(7), range(3)),
            last_on=day.date(),
            actor="visitor",
            now=NOW,
        )
    page = tab()
    page.goto(f"{desk.base}{day_of(visit)}&waiting=yes")
    card = page.locator("[data-waits]", has_text="Hannah")
    column = page.locator('.cal-col[data-therapist="ines-moreau"]')
    taken = page.locator(f'.cal-visit[href$="{visit}"]').bounding_box()
    assert taken is not None

    def take_to(y: float) -> None:
        box = card.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 8, box["y"] + 8)
        page.mouse.down()
        page.mouse.move(box["x"] - 10, box["y"] + 8, steps=3)
        page.mouse.move(taken["x"] + 30, y, steps=4)

    take_to(taken["y"] + ROW)
    expect(page.locator(".cal-drop")).to_have_class(re.compile("cal-drop--no"))
    page.mouse.up()
    expect(page.locator("[data-calendar-says]")).to_contain_text("not free")
    expect(column).to_be_visible()
    take_to(taken["y"] + (HOUR + 3) * ROW)
    expect(page.locator(".cal-drop")).to_contain_text("10:15")
    with page.expect_navigation():
        page.mouse.up()
    expect(page.locator("h1")).to_contain_text("10:15")
    go(page.get_by_role("button", name="Book it for Hannah now"))
    expect(page.locator(".flash")).to_contain_text("Booked.")


def test_the_message_about_a_drop_holds_the_letter_back(tab: NewPage, desk: Desk, visit: UUID) -> None:
    confirm(desk)
    page = tab()
    page.goto(desk.base + day_of(visit))
    hold(page, visit, HOUR)
    with page.expect_navigation():
        page.mouse.up()
    expect(page.locator(".flash")).to_contain_text("A letter tells Hannah.")
    go(page.locator(".flash").get_by_role("button", name="Write no letter"))
    expect(page.locator(".flash")).to_contain_text("No letter tells Hannah.")
    assert begins(visit) == time(10)


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize(
    "view", ["day", "rooms", "week&therapist=ines-moreau", "week&therapist=all", "month", "day&waiting=yes"]
)
def test_nothing_of_a_view_lies_beyond_the_side(
    tab: NewPage, desk: Desk, visit: UUID, view: str, width: int
) -> None:
    page = tab()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{desk.base}/staff/calendar?view={view}&day={day_of(visit)[-10:]}")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    grid = page.locator(".cal[data-stamp]")
    if width == 360 and grid.count():
        assert page.locator(".cal-wrap").evaluate("one => one.scrollWidth - one.clientWidth") <= 0
