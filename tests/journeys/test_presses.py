"""How many presses of a key lead from the top of each page for clients to its main act, in a browser."""

import re
from collections.abc import Iterator
from itertools import groupby

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import PATIENCE_MS
from tests.journeys.client_addresses import ClientPage, Site, furnished

pytestmark = pytest.mark.browser

FEW = 12
"""Presses from the top of a page to its main act."""
MANY = 90
MARK = """() => {
  const filled = "button.button:not(.button--second, .button--plain), a.button:not(.button--second, .button--plain), #times .offer";
  const acts = [...document.querySelectorAll(`main :is(${filled})`)].filter((each) => each.checkVisibility() && !each.closest("details:not([open])"));
  const act = acts.find((each) => each.matches("#times .offer")) ?? acts[0];
  act?.setAttribute("data-act", "");
  return act?.innerText.trim().split("\\n")[0];
}"""
"""Marks the main act of the page, a time where times are offered, and gives its words."""
HELD = """() => {
  const on = document.activeElement, act = document.querySelector("[data-act]");
  const isSkip = on.matches(".skip:not([href='#main'])");
  return [on === act || (isSkip && on.href === act.href), isSkip];
}"""
"""Whether the focus is on the main act, or on a link above the page that does the same; and whether it is on such a link."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with furnished(tmp_path_factory.mktemp("presses")) as found:
        yield found


def whose(page: ClientPage) -> tuple[tuple[str, str], ...]:
    """Who opens a page: the cookies of their browser."""
    return tuple(page.cookies.items())


def presses(page: Page) -> int:
    """Tab until the main act has the focus, taking a link above the page that leads past others."""
    count = 0
    while count < MANY:
        page.keyboard.press("Tab")
        count += 1
        is_there, leads_past = page.evaluate(HELD)
        if leads_past and not is_there:
            page.keyboard.press("Enter")
            count += 1
            is_there, _ = page.evaluate(HELD)
        if is_there:
            break
    return count


def test_the_main_act_of_every_page_is_a_few_presses_away(chromium: Browser, site: Site) -> None:
    rows: list[tuple[int, str, str]] = []
    for cookies, pages in groupby(sorted(site.pages, key=whose), whose):
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([{"name": name, "value": value, "url": site.base} for name, value in cookies])
        page = context.new_page()
        for one in pages:
            page.goto(f"{site.base}{one.path}")
            act = page.evaluate(MARK)
            if act:
                rows.append((presses(page), f"{one.endpoint} {one.path[:40]}", act))
        context.close()
    rows.sort(reverse=True)
    print("\n" + "\n".join(f"{count:3} {where}: {act}" for count, where, act in rows))
    assert len(rows) > 50
    assert rows[0][0] <= FEW, rows[:20]


def test_the_far_times_of_a_day_are_arrows_away_and_one_stop_by_tab(chromium: Browser, site: Site) -> None:
    (path,) = {one.path for one in site.pages if one.endpoint == "booking.choose"}
    page = chromium.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page.goto(f"{site.base}{path}")
    page.get_by_role("link", name=re.compile("Show all .* times of this day")).click()
    bars = page.get_by_role("toolbar")
    expect(bars.first).to_be_visible()
    assert bars.count() >= 1
    times = bars.first.get_by_role("button")
    assert times.count() > 4
    assert bars.first.locator("[tabindex='0']").count() == 1
    times.first.focus()
    page.keyboard.press("End")
    expect(times.last).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(times.nth(times.count() - 2)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(times.nth(1)).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate(
        "document.activeElement.closest('[role=toolbar]')?.ariaLabel"
    ) != bars.first.get_attribute("aria-label")
    page.keyboard.press("Shift+Tab")
    expect(times.nth(1)).to_be_focused()
    bars.first.page.context.close()


def test_without_scripts_each_time_is_a_button_of_its_own(chromium: Browser, site: Site) -> None:
    (path,) = {one.path for one in site.pages if one.endpoint == "booking.choose"}
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.base}{path}")
    assert page.locator("#times .offer").count() > 4
    assert page.locator("#times [tabindex], #times [role=toolbar]").count() == 1, (
        "only the heading, for the way there"
    )
    context.close()
