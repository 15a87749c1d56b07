"""A client changes one of their answers by keyboard, with and without scripts, and is back at that very entry of the list."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urldefrag

import pytest
from playwright.sync_api import Browser, Page, expect

from clinic.accounts import services, signed_links
from clinic.accounts.models import LinkPurpose
from clinic.db import transaction
from clinic.intake import services as services_of_intake
from clinic.web.browser import digest
from tests.browser import PATIENCE_MS, enter, go
from tests.intake import walk
from tests.journeys.test_client_pages import MONDAY, Place, answered, place

__all__ = ["place"]
pytestmark = pytest.mark.browser

FEW = 5
"""Presses from *Change* to being back: the link, into the question, to another answer, save."""
HELD = """() => { const on = document.activeElement, box = on.getBoundingClientRect();
  return [on.id, box.top >= 0 && box.top < innerHeight && box.bottom > 0, on.innerText ?? ""]; }"""
scripts = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
sizes = pytest.mark.parametrize("size", [(1280, 800), (360, 740)], ids=["wide", "narrow"])


@contextmanager
def opened(
    chromium: Browser, place: Place, *, secret: str, scripts: bool, size: tuple[int, int]
) -> Iterator[Page]:
    context = chromium.new_context(
        ignore_https_errors=True,
        java_script_enabled=scripts,
        viewport={"width": size[0], "height": size[1]},
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies(
        [{"name": name, "value": value, "url": place.base} for name, value in place.cookies(secret).items()]
    )
    yield context.new_page()
    context.close()


def changed(page: Page, entry: str, *keys: str, on: str) -> int:
    """Change the answer of an entry of the list by these keys; how many presses it took until back at an entry."""
    listed = page.url
    page.locator(f"#{entry}").focus()
    enter(page)
    held, is_in_sight, _ = page.evaluate(HELD)
    assert (held, is_in_sight) == (on, True), f"{held!r} has the focus on {page.url}"
    assert "#" not in page.url or urldefrag(page.url).fragment == on
    for key in keys:
        page.keyboard.press(key)
    enter(page)
    assert urldefrag(page.url).url == urldefrag(listed).url
    return 2 + len(keys)


def back_at(page: Page) -> str:
    """The entry of the list that has the focus."""
    entry, is_in_sight, words = page.evaluate(HELD)
    assert entry.startswith("change-"), f"{entry!r} has the focus on {page.url}"
    assert is_in_sight
    assert words
    return str(entry)


@scripts
@sizes
def test_change_leads_to_the_question_and_back_to_its_entry(
    chromium: Browser, place: Place, *, scripts: bool, size: tuple[int, int]
) -> None:
    secret = f"changes-{scripts}-{size[0]}"
    answered(secret)
    with opened(chromium, place, secret=secret, scripts=scripts, size=size) as page:
        page.goto(f"{place.base}/intake/check")
        took = []
        # One question of several on its page, with its answer in words.
        took.append(changed(page, "change-stress_level", "Tab", "ArrowRight", on="stress_level"))
        assert back_at(page) == "change-stress_level"
        # One that stood in one line with all that was nothing, and now has an answer of its own.
        took.append(changed(page, "change-osteoporosis", "Tab", "ArrowRight", on="osteoporosis"))
        assert back_at(page) == "change-osteoporosis"
        expect(page.locator(".said", has=page.locator("#change-osteoporosis"))).to_contain_text("Thin bones")
        # A field of typed text, on the first page of the list.
        took.append(changed(page, "change-age_years", "ArrowRight", "Backspace", "2", on="age_years"))
        assert back_at(page) == "change-age_years"
        # A question with a page of its own.
        took.append(changed(page, "change-visit_goals", "Tab", "Tab", "Space", on="visit_goals"))
        assert back_at(page) == "change-visit_goals"
        assert max(took) <= FEW, took
        print(f"\nscripts: {scripts}, {size[0]} px: {took} presses")


@scripts
def test_saving_or_leaving_without_a_change_leads_back_to_the_entry(
    chromium: Browser, place: Place, *, scripts: bool
) -> None:
    secret = f"unchanged-{scripts}"
    answered(secret)
    with opened(chromium, place, secret=secret, scripts=scripts, size=(1280, 800)) as page:
        page.goto(f"{place.base}/intake/check")
        changed(page, "change-mobility_limit", "Tab", on="mobility_limit")
        assert back_at(page) == "change-mobility_limit"
        page.locator("#change-stress_level").focus()
        enter(page)
        go(page.get_by_role("link", name="Back"))
        assert back_at(page) == "change-stress_level"


def test_what_a_new_answer_asks_further_leads_back_to_the_entry_too(chromium: Browser, place: Place) -> None:
    secret = "further"
    answered(secret, back_pain_now=["no"])
    with opened(chromium, place, secret=secret, scripts=False, size=(1280, 800)) as page:
        page.goto(f"{place.base}/intake/you?change=yes#back_pain_now")
        page.locator("#back_pain_now-yes").check(force=True)
        go(page.get_by_role("button", name="Continue"))
        for choices in (["pain_areas-lower_back", "pain_now_nrs-3"],):
            assert page.url.endswith("/intake/where?change=you")
            for choice in choices:
                page.locator(f"#{choice}").check(force=True)
            go(page.get_by_role("button", name="Continue"))
        assert page.url.endswith("/intake/pain?change=you")
        answered(secret)
        page.reload()
        go(page.get_by_role("button", name="Continue"))
        assert back_at(page) == "change-age_years", "all answers of that page have one link"


@scripts
def test_a_returning_client_changes_an_earlier_answer_and_is_back_at_it(
    chromium: Browser, place: Place, *, scripts: bool
) -> None:
    ada = place.client(f"returns-{scripts}@client.example", "Ada")
    then = MONDAY - timedelta(days=10)
    with transaction():
        walk.sent(then, browser=digest(f"before-{scripts}"))
        services_of_intake.adopt(digest(f"before-{scripts}"), ada.id, then)
        raw = services.mint_link(purpose=LinkPurpose.SIGN_IN, contact_id=ada.contacts[0].id, now=MONDAY)
    with opened(chromium, place, secret=f"returns-{scripts}", scripts=scripts, size=(1280, 800)) as page:
        page.goto(place.base + signed_links.sign_in_path(raw))
        go(page.get_by_role("button", name="Open my visits"))
        page.goto(f"{place.base}/intake/anything-new")
        for box in page.locator("input[name=none_of_these]").all():
            box.check(force=True)
        for group in page.locator(".questions fieldset").all():
            group.locator("input").last.check(force=True)
        go(page.get_by_role("button", name="Continue"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Still true?")
        took = changed(page, "change-stress_level", "Tab", "ArrowRight", on="stress_level")
        assert back_at(page) == "change-stress_level"
        assert took <= FEW
