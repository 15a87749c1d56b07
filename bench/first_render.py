"""The first render of every page that a client can open, on a slow line, as a person meets it who has never been there.

Chromium's own network emulation slows each request and each byte. The page's making is part of the time, and so is what the browser computes: a
busy machine shows. What must hold on any machine is asserted in `tests/journeys/test_weight.py`.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import launched
from tests.journeys.client_addresses import ClientPage, furnished
from tests.journeys.looks import telephone

SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
"""What Lighthouse calls slow 4G: milliseconds for each request, bytes a second."""
GOAL_MS = 1000
PAINTED = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    return [paint?.startTime ?? NaN, page.responseStart - page.requestStart, window.shifted];
}"""


@dataclass(frozen=True)
class Arrival:
    """What a first visit to a page was like."""

    first_render_ms: float
    """From the request to the first content on the screen."""
    made_ms: float
    """Of that, what passed until the page's first byte beyond the line's delay: the time in which the page was made."""
    shift: float
    """How far content moved under the reader (Cumulative Layout Shift)."""


def run() -> None:
    """Print the first render of each page, the slowest first, and how many meet the goal."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with (
        tempfile.TemporaryDirectory() as folder,
        furnished(Path(folder)) as site,
        launched() as browser,
    ):
        seen = list(_arrivals(browser, site.base, site.pages))
    seen.sort(key=lambda one: -one[1].first_render_ms)
    load = " ".join(f"{one:.2f}" for one in os.getloadavg())
    print(f"First render on slow 4G, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load {load}")
    print("\n| page | first render | of it, making the page | layout shift |\n|---|---|---|---|")
    for page, found in seen:
        print(
            f"| {page.endpoint} | {found.first_render_ms:.0f} ms | {found.made_ms:.0f} ms | {found.shift:.2f} |"
        )
    soon = sum(found.first_render_ms < GOAL_MS for _, found in seen)
    print(f"\n{soon} of {len(seen)} pages render in less than {GOAL_MS} ms.")


def _arrivals(browser: Browser, base: str, pages: list[ClientPage]) -> Iterator[tuple[ClientPage, Arrival]]:
    """Each endpoint's first page; the questions are alike."""
    for page in {each.endpoint: each for each in reversed(pages)}.values():
        yield page, arrive(browser, f"{base}{page.path}", page.cookies)


def arrive(browser: Browser, address: str, cookies: dict[str, str]) -> Arrival:
    """Visit an address for the first time with a telephone on slow 4G."""
    with telephone(browser, address, cookies) as page:
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.emulateNetworkConditions", SLOW_4G)
        page.goto(address, wait_until="networkidle")
        painted, waited, shift = page.evaluate(PAINTED)
        return Arrival(painted, max(0.0, waited - float(SLOW_4G["latency"])), shift)
