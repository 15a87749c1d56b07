"""The parts in a real browser: seen, tapped, typed and read, with and without script, in both themes, narrow and wide."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser import PATIENCE_MS
from tests.journeys.looks import AT_REST, COLOURS, FORGET, NARROW, RULES, WIDE
from tests.web.gallery import PAGE_NAMES

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
Scheme = Literal["light", "dark"]


@dataclass
class Window:
    """A browser of one's own with one tab, in which one test after the other opens its pages, and what went wrong in it.

    A new one for each test would cost more than the tests themselves.
    """

    tab: Page
    address: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tab.on(
            "console", lambda said: said.type in ("error", "warning") and self.faults.append(said.text)
        )
        self.tab.on("pageerror", lambda error: self.faults.append(str(error)))
        self.tab.on("requestfailed", self._failed)
        self.tab.on(
            "request", lambda asked: asked.url.startswith(self.address) or self.faults.append(asked.url)
        )

    def open(self, path: str, width: int, scheme: Scheme) -> Page:
        """A page as somebody finds it who has never been here."""
        if self.tab.url.startswith(self.address):
            self.tab.evaluate(FORGET)
        self.tab.context.clear_cookies()
        self.tab.set_viewport_size({"width": width, "height": 800})
        self.tab.emulate_media(color_scheme=scheme)
        self.faults.clear()
        self.tab.goto(f"{self.address}{path}")
        return self.tab

    def _failed(self, request: Request) -> None:
        # A page that is left may drop its favicon; that is no fault of its own.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"{request.url} {request.failure}")


@pytest.fixture(scope="module")
def windows(chromium: Browser, gallery_address: str) -> Iterator[dict[bool, Window]]:
    """One with scripts and one without."""
    made = {}
    for script in (True, False):
        context = chromium.new_context(java_script_enabled=script, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        made[script] = Window(context.new_page(), gallery_address)
    yield made
    for window in made.values():
        window.tab.context.close()


@pytest.fixture
def opened(windows: dict[bool, Window]) -> Iterator[Open]:
    """Opens a page of the gallery; at the end nothing may have been refused, failed or fetched from elsewhere."""
    used = []

    def opening(path: str, *, width: int = WIDE, scheme: Scheme = "light", script: bool = True) -> Page:
        used.append(windows[script])
        return used[-1].open(path, width, scheme)

    yield opening
    assert [window.faults for window in used if window.faults] == []


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("name", PAGE_NAMES)
def test_no_part_breaks_a_rule_of_accessibility_or_runs_off_the_side(
    opened: Open, name: str, width: int
) -> None:
    page = opened(f"/parts/{name}", width=width)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    results = Axe().run(page, options=json.loads(RULES))
    assert results.violations_count == 0, results.generate_report()
    page.emulate_media(color_scheme="dark")
    page.evaluate(AT_REST)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    results = Axe().run(page, options=json.loads(COLOURS))
    assert results.violations_count == 0, results.generate_report()


def test_an_error_page_breaks_no_rule_of_accessibility(
    windows: dict[bool, Window], gallery_address: str
) -> None:
    # A status of 404 counts as a failed load in the console, so this page is opened without watching it.
    page = windows[True].tab.context.new_page()
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{gallery_address}/error/404")
        results = Axe().run(page, options=json.loads(RULES))
        assert results.violations_count == 0, results.generate_report()
    page.close()


@pytest.mark.parametrize("script", [True, False])
def test_tapping_the_figure_ticks_the_list_with_and_without_script(opened: Open, script: bool) -> None:
    page = opened("/parts/questions", script=script)
    lower_back = page.get_by_role("checkbox", name="Lower back")
    expect(lower_back).not_to_be_checked()
    page.locator(".figure-card").first.locator('[data-area="lower_back"] .region').click()
    expect(lower_back).to_be_checked()


@pytest.mark.parametrize(
    "area",
    [
        "neck",
        "shoulders",
        "upper_back",
        "lower_back",
        "hip_buttock",
        "leg_left",
        "leg_right",
        "arm_left",
        "arm_right",
    ],
)
def test_each_region_of_the_back_answers_for_itself_alone(opened: Open, area: str) -> None:
    page = opened("/parts/questions", script=False)
    boxes = page.locator(".areas input")
    for index in range(boxes.count()):
        boxes.nth(index).set_checked(False)
    x, y = middle_of(area)
    drawing = page.locator(".figure-stage").first
    drawing.scroll_into_view_if_needed()
    stage = drawing.bounding_box()
    assert stage
    page.mouse.click(stage["x"] + x / 220 * stage["width"], stage["y"] + y / 488 * stage["height"])
    ticked = [
        boxes.nth(index).get_attribute("value")
        for index in range(boxes.count())
        if boxes.nth(index).is_checked()
    ]
    assert ticked == [area]


def middle_of(area: str) -> tuple[float, float]:
    """A point inside each region as seen from behind, in the units of the drawing."""
    return {
        "neck": (110, 88),
        "shoulders": (60, 112),
        "upper_back": (110, 140),
        "lower_back": (125, 205),
        "hip_buttock": (130, 255),
        "leg_left": (90, 330),
        "leg_right": (130, 330),
        "arm_left": (45, 180),
        "arm_right": (175, 180),
    }[area]


def test_the_level_of_pain_shades_what_is_marked(opened: Open) -> None:
    page = opened("/parts/questions")
    neck = page.locator(".figure-card").first.locator('[data-area="neck"] .region')
    before = neck.evaluate("path => getComputedStyle(path).fill")
    page.get_by_role("group", name="pain last week, on average").get_by_role("radio", name="9").check()
    expect(neck).not_to_have_css("fill", before)


@pytest.mark.parametrize("script", [True, False])
def test_the_error_summary_has_the_focus_and_leads_into_the_field(opened: Open, script: bool) -> None:
    page = opened("/parts/client", script=script)
    expect(page.get_by_role("alert").first).to_be_focused()
    page.get_by_role("link", name="Enter an e-mail address").click()
    expect(page.get_by_label("E-mail address")).to_be_focused()


@pytest.mark.parametrize("script", [True, False])
def test_choosing_a_day_moves_the_focus_to_its_times(opened: Open, script: bool) -> None:
    page = opened("/parts/client", script=script)
    page.get_by_role("link", name=re.compile("Wednesday 25 November ?, 9 free times")).click()
    expect(page.get_by_role("heading", name="Tuesday 24 November")).to_be_focused()


def test_none_of_these_and_the_other_answers_exclude_each_other(opened: Open) -> None:
    page = opened("/parts/questions")
    none, asthma = (
        page.get_by_role("checkbox", name="None of these"),
        page.get_by_role("checkbox", name="Asthma"),
    )
    expect(none).to_be_checked()
    asthma.check()
    expect(none).not_to_be_checked()
    none.check()
    expect(asthma).not_to_be_checked()


def test_without_script_both_stay_for_the_server_to_ask_about(opened: Open) -> None:
    page = opened("/parts/questions", script=False)
    page.get_by_role("checkbox", name="Asthma").check()
    expect(page.get_by_role("checkbox", name="None of these")).to_be_checked()


def test_what_has_just_become_true_stays_until_it_is_closed(opened: Open) -> None:
    page = opened("/parts/staff")
    status = page.get_by_role("status")
    expect(status).to_contain_text("Moved to 15:30.")
    status.get_by_role("button", name="Close this message").first.click()
    expect(status).not_to_contain_text("Moved to 15:30.")
    expect(status).to_contain_text("Hours saved.")


def test_without_script_a_message_has_its_undo_and_no_dead_button(opened: Open) -> None:
    page = opened("/parts/staff", script=False)
    status = page.get_by_role("status")
    expect(status.get_by_role("button", name="Undo")).to_be_visible()
    expect(status.get_by_role("button", name="Close this message")).to_have_count(0)


def test_a_dialog_opens_in_place_of_its_page_and_escape_leaves_everything(opened: Open) -> None:
    page = opened("/parts/staff")
    opener = page.get_by_role("link", name="Move…")
    opener.click()
    dialog = page.get_by_role("dialog", name="Move Theo Brandt")
    expect(dialog.get_by_label("Room")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    dialog.get_by_role("button", name="Go back").click()
    expect(dialog).to_be_hidden()


def test_without_script_the_opener_leads_to_the_page_of_its_own(opened: Open) -> None:
    page = opened("/parts/staff", script=False)
    assert page.get_by_role("link", name="Move…").get_attribute("href") == "/a/2/move"


def test_one_key_hides_names_and_the_next_page_still_hides_them(opened: Open) -> None:
    page = opened("/parts/staff")
    name = page.locator(".who").first
    expect(name).to_have_css("filter", "none")
    page.keyboard.press("Shift+P")
    expect(name).not_to_have_css("filter", "none")
    expect(page.get_by_role("button", name="Hide names")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator(".who").first).not_to_have_css("filter", "none")
    page.get_by_role("button", name="Hide names").click()
    expect(page.locator(".who").first).to_have_css("filter", "none")


def test_typing_a_capital_p_does_not_hide_names(opened: Open) -> None:
    page = opened("/parts/client")
    page.goto(page.url.replace("client", "staff"))
    page.get_by_role("link", name="Move…").click()
    page.get_by_label("Room").focus()
    page.keyboard.press("Shift+P")
    expect(page.locator(".who").first).to_have_css("filter", "none")


def test_what_does_not_fit_the_bar_opens_from_more_without_script(opened: Open) -> None:
    page = opened("/parts/staff", width=NARROW, script=False)
    rail = page.get_by_role("navigation", name="Staff")
    expect(rail.get_by_role("button", name="Sign out")).to_be_hidden()
    rail.get_by_text("More", exact=True).click()
    expect(rail.get_by_role("button", name="Sign out")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_chosen_theme_wins_over_the_system(opened: Open, scheme: str) -> None:
    page = opened("/parts/client", scheme=scheme)
    ground = page.locator("body")
    by_system = ground.evaluate("body => getComputedStyle(body).backgroundColor")
    other = "light" if scheme == "dark" else "dark"
    page.locator("html").evaluate("(html, theme) => { html.dataset.theme = theme }", other)
    expect(ground).not_to_have_css("background-color", by_system)


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_button_offer_day_and_answer_is_large_enough_for_a_thumb(
    opened: Open, name: str, width: int
) -> None:
    page = opened(f"/parts/{name}", width=width)
    small = page.evaluate(
        """() => [...document.querySelectorAll('.button, .offer, a.day, .choice, .tick, .scale label, .textlink, summary')]
            .map(part => [part, part.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0 && box.height < 44)
            .map(([part, box]) => `${part.textContent.trim()} ${box.height}`)"""
    )
    assert small == []


def test_the_day_calendar_draws_each_visit_at_its_time_and_as_long_as_it_lasts(opened: Open) -> None:
    page = opened("/parts/calendar")
    column = page.get_by_role("list", name="Ines Moreau")
    hour = page.locator(".cal-hours li").nth(1).bounding_box()
    visit = column.get_by_role("link", name="Ben Achterberg").bounding_box()
    ten = page.locator(".cal-hours li").nth(2).bounding_box()
    assert hour
    assert visit
    assert ten
    assert abs(visit["y"] - (ten["y"] - 2)) <= 2.5
    assert abs(visit["height"] - hour["height"]) <= 2.5


def test_only_one_font_file_is_fetched_for_a_page_in_english(opened: Open) -> None:
    fonts: list[str] = []

    def note(request: Request) -> None:
        if request.resource_type == "font":
            fonts.append(request.url)

    page = opened("/parts/client")
    page.on("request", note)
    page.reload()
    page.evaluate("document.fonts.ready")
    page.remove_listener("request", note)
    assert len(set(fonts)) == 1
