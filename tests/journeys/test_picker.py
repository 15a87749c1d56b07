"""The slot picker in a real browser over https: days and weeks change in place, by keyboard too, the way back leads back, and what is
shown is asked of the JSON interface anew."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from clinic.db import db
from tests import make
from tests.journeys.live import Live, secure

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, str]]:
    """A practice that sells one treatment."""
    with secure(Path(tmp_path_factory.mktemp("picker")), make.NOW) as running:
        make.practice(horizon_days=70)
        sold = make.treatment(therapists=[make.therapist(make.location())], name="Plain", slug="plain")
        running.start_web()
        yield running, f"{running.base}/book/{sold.slug}"


@pytest.fixture
def page(chromium: Browser, product: tuple[Live, str]) -> Iterator[Page]:
    """The picker, as it opens; what is loaded anew later is counted in `window.loaded`."""
    _, address = product
    tab = chromium.new_page(ignore_https_errors=True)
    tab.goto(address)
    tab.evaluate("window.stayed = true")
    yield tab
    tab.close()


def stayed(page: Page) -> bool:
    """Whether the page is still the one that was opened."""
    return bool(page.evaluate("window.stayed === true"))


def test_a_day_shows_its_times_without_a_new_page_and_they_are_read_next(page: Page) -> None:
    page.get_by_role("link", name="Thursday 6").click()
    expect(page.get_by_role("heading", name="Thursday 6 March")).to_be_focused()
    assert stayed(page)
    assert "day=2031-03-06" in page.url
    page.go_back()
    expect(page.get_by_role("heading", name="Monday 3 March")).to_be_visible()
    assert stayed(page)


def test_the_weeks_turn_by_keyboard_and_are_said(page: Page) -> None:
    later = page.get_by_role("link", name="Four weeks later")
    later.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("grid", name="Days, Monday 31 March to Sunday 27 April")).to_be_visible()
    expect(later).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Monday 31 March to Sunday 27 April")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("grid", name="Days, Monday 28 April to Sunday 25 May")).to_be_visible()
    earlier = page.get_by_role("link", name="Four weeks earlier")
    earlier.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("grid", name="Days, Monday 31 March to Sunday 27 April")).to_be_visible()
    expect(earlier).to_be_focused()
    assert stayed(page)


def focused(page: Page) -> str:
    """The day that has the focus, as it is heard."""
    return str(
        page.evaluate("document.activeElement.querySelector('.sr')?.textContent ?? document.activeElement.id")
    )


def test_the_days_are_one_stop_and_arrows_go_from_day_to_day(page: Page) -> None:
    grid = page.get_by_role("grid", name="Days, Monday 3 March")
    assert grid.get_by_role("row").count() == 4
    assert grid.locator("a.day").count() > 10
    assert grid.locator("a.day[tabindex='0']").count() == 1
    grid.locator("a.day[tabindex='0']").focus()
    seen = [focused(page)]
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft", "End", "Home"):
        page.keyboard.press(key)
        seen.append(focused(page))
    assert seen == [
        "Monday 3 March", "Tuesday 4 March", "Tuesday 11 March", "Tuesday 4 March", "Monday 3 March", "Friday 7 March", "Monday 3 March",
    ]  # fmt: skip
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "Monday 3 March", "nothing stands before it"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[data-days]')") is None
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "Monday 10 March", "one comes back to the day one left"


def test_page_down_turns_the_weeks_and_stays_on_the_day_of_the_week(page: Page) -> None:
    page.locator("a.day[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageDown")
    expect(page.get_by_role("grid", name="Days, Monday 31 March to Sunday 27 April")).to_be_visible()
    expect(page.locator("a.day:focus")).to_contain_text("Tuesday 1 April")
    expect(page.get_by_role("status").filter(has_text="Monday 31 March to Sunday 27 April")).to_have_count(1)
    page.keyboard.press("PageUp")
    expect(page.locator("a.day:focus")).to_contain_text("Tuesday 4 March")
    assert stayed(page)
    page.keyboard.press("Enter")
    title = page.get_by_role("heading", name="Tuesday 4 March")
    expect(title).to_be_focused()
    assert title.evaluate("found => getComputedStyle(found).outlineStyle") == "solid", (
        "who came by keys sees where they are"
    )


def test_without_scripts_each_day_is_a_link_of_its_own(chromium: Browser, product: tuple[Live, str]) -> None:
    context = chromium.new_context(java_script_enabled=False, ignore_https_errors=True)
    plain = context.new_page()
    plain.goto(product[1])
    assert plain.locator("a.day").count() > 10
    assert plain.locator("a.day[tabindex]").count() == 0
    context.close()


def test_a_time_chosen_after_turning_is_kept(page: Page) -> None:
    page.get_by_role("link", name="Four weeks later").click()
    expect(page.get_by_role("grid", name="Days, Monday 31 March to Sunday 27 April")).to_be_visible()
    page.get_by_role("link", name=re.compile("Wednesday 2 April ?,")).click()
    expect(page.get_by_role("heading", name="Wednesday 2 April")).to_be_focused()
    page.get_by_role("button", name="10:00").click()
    expect(page.get_by_role("heading", name="Your details")).to_be_visible()


def fetched(page: Page) -> list[str]:
    """What the script asks for from now on, by path."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.resource_type == "fetch":
            asked.append(request.url.partition("?")[0].removeprefix(page.url.partition("/book")[0]))

    page.on("request", note)
    return asked


def test_a_day_seen_before_comes_back_when_the_interface_says_that_nothing_changed(
    page: Page, product: tuple[Live, str]
) -> None:
    with page.expect_response("**/api/v1/availability*"):
        page.goto(product[1] + "?from=2031-03-31")
    expect(page.get_by_role("heading", name="Monday 31 March")).to_be_visible()
    # What is shown before the first answer of the interface is not kept, so each day is opened twice.
    for day in ("Thursday 3 April", "Friday 4 April") * 2:
        page.get_by_role("link", name=re.compile(f"^{day} ?,")).click()
        expect(page.get_by_role("heading", name=day)).to_be_focused()
    asked = fetched(page)
    with page.expect_response("**/api/v1/availability*") as answer:
        page.get_by_role("link", name=re.compile("Thursday 3 April ?,")).click()
    assert answer.value.status == 304
    expect(page.get_by_role("heading", name="Thursday 3 April")).to_be_focused()
    assert set(asked) == {"/api/v1/availability"}


def taken_by_somebody(page: Page, start: str) -> None:
    """Another program keeps a time; then the visitor comes back to this tab."""
    answer = page.request.post("/api/v1/holds", data={"treatment": "plain", "start": start})
    assert answer.status == 201, answer.text()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_time_that_went_meanwhile_goes_and_is_said(chromium: Browser, product: tuple[Live, str]) -> None:
    running, address = product
    context = chromium.new_context(base_url=running.base, ignore_https_errors=True)
    page = context.new_page()
    with page.expect_response("**/api/v1/availability*"):
        page.goto(address + "?day=2031-03-11")
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="16:00").focus()
    taken_by_somebody(page, "2031-03-11T09:00+01:00")
    gone = "No longer free: 09:00."
    expect(page.get_by_role("region", name="Tuesday 11 March").get_by_text(gone)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text=gone)).to_have_count(1)
    expect(page.get_by_role("button", name="09:00 Thea")).to_have_count(0)
    expect(page.get_by_role("button", name="16:00")).to_be_focused()
    taken_by_somebody(page, "2031-03-11T16:00+01:00")
    expect(page.get_by_role("button", name="16:00")).to_have_count(0)
    expect(page.get_by_role("heading", name="Tuesday 11 March")).to_be_focused()
    assert stayed(page)
    context.close()


def test_times_that_went_are_said_as_their_buttons_said_them(
    chromium: Browser, product: tuple[Live, str]
) -> None:
    make.practice(country="CA")
    db.session.commit()
    context = chromium.new_context(base_url=product[0].base, ignore_https_errors=True)
    page = context.new_page()
    with page.expect_response("**/api/v1/availability*"):
        page.goto(product[1] + "?day=2031-03-12&times=all")
    expect(page.get_by_role("button", name="9:15 am")).to_be_visible()
    taken_by_somebody(page, "2031-03-12T09:00+01:00")
    gone = "No longer free: 9:00 am, 9:15 am, 9:30 am, 9:45 am."
    expect(page.get_by_role("status").filter(has_text=gone)).to_have_count(1)
    context.close()
    make.practice(country="DE")
    db.session.commit()


def test_who_cannot_be_reached_is_told_and_goes_on_from_there(page: Page) -> None:
    def stop(way: Route) -> None:
        way.abort()

    page.route("**/book/**", stop)
    page.get_by_role("link", name="Thursday 6").click()
    again = page.get_by_role("link", name="Try again")
    expect(again).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="We cannot be reached right now")).to_have_count(1)
    expect(page.get_by_role("heading", name="Monday 3 March")).to_be_visible()
    page.unroute("**/book/**", stop)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thursday 6 March")).to_be_focused()
    expect(again).to_have_count(0)
    assert stayed(page)
    page.route("**/book/**", stop)
    page.get_by_role("link", name="Monday 10").click()
    expect(again).to_be_focused()
    page.unroute("**/book/**", stop)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.get_by_role("heading", name="Monday 10 March")).to_be_focused()
    assert stayed(page)


def test_when_the_answer_is_no_picker_the_link_is_followed(page: Page) -> None:
    def refuse(way: Route) -> None:
        if way.request.resource_type == "fetch":
            way.fulfill(status=503, body="away")
        else:
            way.continue_()

    page.route("**/book/**", refuse)
    page.get_by_role("link", name="Thursday 6").click()
    expect(page.get_by_role("heading", name="Thursday 6 March")).to_be_visible()
    assert not stayed(page)


def test_a_slow_answer_is_said_to_be_on_its_way(page: Page) -> None:
    held: list[Route] = []
    page.route("**/book/**", lambda way: held.append(way))
    page.get_by_role("link", name="Thursday 6").click()
    looking = "Looking for free times …"
    expect(page.get_by_role("region", name="Four weeks").get_by_text(looking)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text=looking)).to_have_count(1)
    expect(page.locator("[aria-busy=true]")).to_have_count(1)
    for way in held:
        way.continue_()
    expect(page.get_by_role("heading", name="Thursday 6 March")).to_be_focused()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.get_by_text("Below each day: its free times.")).to_be_visible()


def test_without_scripts_every_day_is_a_link(chromium: Browser, product: tuple[Live, str]) -> None:
    _, address = product
    context = chromium.new_context(java_script_enabled=False, ignore_https_errors=True)
    plain = context.new_page()
    plain.goto(address)
    plain.get_by_role("link", name="Thursday 6").click()
    expect(plain.get_by_role("heading", name="Thursday 6 March")).to_be_visible()
    context.close()
