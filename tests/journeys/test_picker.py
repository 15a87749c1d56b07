"""The slot picker in a real browser: days and weeks change in place, by keyboard too, and the way back leads back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import make
from tests.journeys.live import Live, live

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, str]]:
    """A practice that sells one treatment."""
    with live(Path(tmp_path_factory.mktemp("picker")), make.NOW) as running:
        make.practice(horizon_days=70)
        sold = make.treatment(therapists=[make.therapist(make.location())], name="Plain", slug="plain")
        running.start_web()
        yield running, f"{running.base}/book/{sold.slug}"


@pytest.fixture
def page(chromium: Browser, product: tuple[Live, str]) -> Iterator[Page]:
    """The picker, as it opens; what is loaded anew later is counted in `window.loaded`."""
    _, address = product
    tab = chromium.new_page()
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
    expect(page.get_by_role("list", name="Days, 31 March to 27 April 2031")).to_be_visible()
    expect(later).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="31 March to 27 April")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Days, 28 April to 25 May 2031")).to_be_visible()
    earlier = page.get_by_role("link", name="Four weeks earlier")
    earlier.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Days, 31 March to 27 April 2031")).to_be_visible()
    expect(earlier).to_be_focused()
    assert stayed(page)


def test_a_time_chosen_after_turning_is_kept(page: Page) -> None:
    page.get_by_role("link", name="Four weeks later").click()
    expect(page.get_by_role("list", name="Days, 31 March to 27 April 2031")).to_be_visible()
    page.get_by_role("link", name="Wednesday 2 ,").click()
    expect(page.get_by_role("heading", name="Wednesday 2 April")).to_be_focused()
    page.get_by_role("button", name="10:00").click()
    expect(page.get_by_role("heading", name="Your details")).to_be_visible()


def test_when_the_way_there_fails_the_link_is_followed(page: Page) -> None:
    page.route("**/*", lambda way: way.abort() if way.request.resource_type == "fetch" else way.continue_())
    page.get_by_role("link", name="Thursday 6").click()
    expect(page.get_by_role("heading", name="Thursday 6 March")).to_be_visible()
    assert not stayed(page)


def test_without_scripts_every_day_is_a_link(chromium: Browser, product: tuple[Live, str]) -> None:
    _, address = product
    context = chromium.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(address)
    plain.get_by_role("link", name="Thursday 6").click()
    expect(plain.get_by_role("heading", name="Thursday 6 March")).to_be_visible()
    context.close()
