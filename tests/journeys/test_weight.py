"""Every page that a client can open, as a telephone fetches it for the first time: how heavy it is, and what its first render waits for.

How long that takes in life is measured by `python -m bench first-render`; a busy machine says nothing about it.
"""

from collections.abc import Iterator
from itertools import groupby

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.journeys.client_addresses import ClientPage, Site, furnished
from tests.journeys.looks import load, telephone
from tests.make import Make

pytestmark = pytest.mark.browser

HEAVIEST = 100_000
"""The promise for a page of a client's, in bytes, with its letters and pictures."""
LIGHTEST = 60_000
"""A page that weighs less has come without its styles or letters, so that nothing was measured."""
STILL = 0.01
"""How far a page may shift (CLS): a letter that arrives within a tenth of a second may still change the length of a line. What
moves by itself is at ten times as much."""
RENDERED_MS = 1000
"""The promise for its first render on slow 4G."""
ROUND_TRIP_MS, BYTES_A_MS = 150, 1600 / 8
"""What Lighthouse calls slow 4G."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with furnished(tmp_path_factory.mktemp("weight")) as found:
        yield found


def whose(page: ClientPage) -> tuple[tuple[str, str], ...]:
    """Who opens a page: the cookies of their browser."""
    return tuple(page.cookies.items())


def test_every_page_of_a_client_is_light_renders_at_once_and_stands_still(
    chromium: Browser, site: Site
) -> None:
    wrong = []
    for cookies, pages in groupby(sorted(site.pages, key=whose), whose):
        with telephone(chromium, site.base, dict(cookies)) as telephones:
            for each in pages:
                seen = load(telephones, f"{site.base}{each.path}")
                print(f"{each.endpoint:<28} {each.path[:28]:<28} {seen}")
                on_the_line = ROUND_TRIP_MS * seen.answers_before_render + seen.before_render / BYTES_A_MS
                is_light = LIGHTEST < seen.carried <= HEAVIEST
                if (
                    not is_light
                    or on_the_line >= RENDERED_MS
                    or seen.answers_before_render > 2
                    or seen.shift > STILL
                ):
                    wrong.append((each.path, seen))
    assert wrong == []
    assert len(site.pages) > 100


def test_a_folded_photo_is_fetched_when_somebody_unfolds_it(chromium: Browser, site: Site) -> None:
    (where,) = (each for each in site.pages if each.endpoint == "people.location")
    with telephone(chromium, site.base) as page:
        fetched: list[str] = []
        page.on("request", lambda asked: fetched.append(asked.url) if "/photos/" in asked.url else None)
        page.goto(f"{site.base}{where.path}", wait_until="networkidle")
        assert len(fetched) == 2
        assert all(asked.endswith(".avif") for asked in fetched)
        page.get_by_text("4 more photos").click()
        last = page.get_by_role("img", name="Room 6")
        last.scroll_into_view_if_needed()
        expect(last).to_be_visible()
        page.wait_for_function(
            "image => image.complete && image.naturalWidth === 480", arg=last.element_handle()
        )


def test_a_compressed_page_repeats_nothing_of_what_a_visitor_sends(app: Flask, make: Make) -> None:
    """Else its length could betray the form's token, letter by letter (BREACH)."""
    make.practice()
    house = make.location()
    make.treatment(therapists=[make.therapist(house)])
    browser = app.test_client()
    for path in ("/", f"/locations/{house.slug}", "/guidance"):
        answer = browser.get(
            f"{path}?zebra=okapi&from=okapi&lang=okapi",
            headers={
                "Accept-Encoding": "gzip",
                "Referer": "http://okapi.example/",
                "User-Agent": "okapi",
                "Accept-Language": "okapi",
            },
        )
        assert answer.status_code == 200
        assert answer.content_encoding == "gzip"
        plain = browser.get(
            f"{path}?zebra=okapi&from=okapi&lang=okapi", headers={"Referer": "http://okapi.example/"}
        ).text
        assert "okapi" not in plain
        assert "zebra" not in plain
