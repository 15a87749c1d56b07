"""A page looked at in a real browser: narrow and wide, light and dark, for whom it shuts out and what it fetches."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request
from werkzeug.serving import make_server

from tests.browser import PATIENCE_MS
from tests.journeys import contrast

NARROW, WIDE = 360, 1440
LOOKS = [(NARROW, "light"), (WIDE, "dark")]
"""From where every page is looked at, and its colours are read. All other rules are asked at the first, and at the
second by `make test-long`, which also reads every text again that is drawn like another one."""
CROSSED = [(NARROW, "dark"), (WIDE, "light")]
"""From where `make test-long` looks at the colours too."""
COLOURS = json.dumps(
    {
        "resultTypes": ["violations"],
        "iframes": False,
        "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    }
)
"""What can change with the colours alone; the other rules see no theme, and have seen this width in another one."""
EVERYWHERE = bool(os.environ.get("LUMBAR_LONG"))
RULES = json.dumps(
    {
        "resultTypes": ["violations"],
        "iframes": False,  # The rules are not in them, and a letter's frame, which runs no scripts, cannot be asked.
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
)
BUT_CONTRAST = json.dumps({**json.loads(RULES), "rules": {"color-contrast": {"enabled": False}}})
AT_REST = """Promise.all(document.getAnimations()
    .filter(moving => moving.effect.getComputedTiming().endTime < 2000).map(moving => moving.finished))"""
"""Waits until what moves has moved. What goes by itself after a while, such as a message, is looked at before."""
ANSWERED = "the server responded with a status of 4"
"""What the console says of a refusal that is shown as a page of its own: no fault."""

FORGET = "[localStorage, sessionStorage].forEach(kept => kept.clear())"
"""Makes a tab forget what the pages of its origin left in it."""


@contextmanager
def served(app: Flask, port: int = 0) -> Iterator[str]:
    """The address at which this process serves an app, for as long as the block lasts; at a free port unless one is given."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Watch:
    """One person's browser, and every fault seen in it: on the console, on the way, on the page."""

    context: BrowserContext
    base: str
    everywhere: bool = EVERYWHERE
    """Whether the rules are asked in both themes at both widths."""
    faults: list[str] = field(default_factory=list)

    def page(self) -> Page:
        """A new tab, watched."""
        page = self.context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("request", self._asked)
        return page

    def look(self, page: Page) -> None:
        """Look at what is open from every side, and note what is wrong with it."""
        page.wait_for_load_state("load")
        page.evaluate(AXE_SCRIPT)
        where = page.url.removeprefix(self.base)
        if page.locator("h1").count() != 1:
            self.faults.append(f"{where}: {page.locator('h1').count()} main headings")
        if not page.title().partition(" - ")[0].removeprefix("Error: ").strip():
            self.faults.append(f"{where}: no title")
        for width, scheme in [*LOOKS, *(CROSSED if self.everywhere else ())]:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.evaluate(AT_REST)
            beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if beyond > 0:
                self.faults.append(f"{where} at {width}: {beyond} pixels beyond the side")
            for found in self._breaks(page, (width, scheme)):
                at = [node["target"] for node in found["nodes"][:3]]
                self.faults.append(f"{where} at {width} {scheme}: {found['id']} {at}")

    def _breaks(self, page: Page, seen_from: tuple[int, str]) -> list[dict[str, Any]]:
        """The rules that a page breaks, where they are asked."""
        if self.everywhere:
            return self._asked_of(page, RULES if seen_from in LOOKS else COLOURS)
        found = contrast.violations(page)
        return found + self._asked_of(page, BUT_CONTRAST) if seen_from == LOOKS[0] else found

    @staticmethod
    def _asked_of(page: Page, rules: str) -> list[dict[str, Any]]:
        return list(page.evaluate(f"axe.run({rules}).then(answer => answer.violations)"))

    def open(self, page: Page, path: str) -> Page:
        """Go to a path and look at it."""
        page.goto(f"{self.base}{path}")
        self.look(page)
        return page

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and ANSWERED not in message.text:
            self.faults.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self.base):
            self.faults.append(f"asked another host: {request.url}")


@contextmanager
def watched(
    browser: Browser, base: str, cookies: dict[str, str] | None = None, *, everywhere: bool = EVERYWHERE
) -> Iterator[Watch]:
    """A browser of one's own; at the end of the block nothing may be wrong with what was seen, perhaps from everywhere."""
    context = browser.new_context(reduced_motion="reduce", ignore_https_errors=True)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies(
        [{"name": name, "value": value, "url": base} for name, value in (cookies or {}).items()]
    )
    watch = Watch(context, base, everywhere)
    try:
        yield watch
        assert not watch.faults, "\n".join(watch.faults)
    finally:
        context.close()


@dataclass(frozen=True)
class Arrival:
    """What a first visit to a page is like on a slow line."""

    carried: int
    """Bytes over the wire, with everything the page fetches."""
    first_render_ms: float
    """From the request to the first content on the screen, here and now; the time in which the page was made is left out."""
    on_the_line_ms: float
    """What that takes on the line alone: an answer for the page and one for its styles, and their bytes."""
    shift: float
    """How far content moved under the reader (Cumulative Layout Shift); 0 is not at all."""


SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
"""What Lighthouse calls slow 4G: milliseconds for each request, bytes a second."""
SEE_SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifted += each.value;
    }).observe({ type: "layout-shift", buffered: true });
"""
PAINTED = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    return [paint?.startTime ?? NaN, page.responseStart - page.requestStart, window.shifted];
}"""


def arrive(browser: Browser, address: str, cookies: dict[str, str] | None = None) -> Arrival:
    """Visit an address for the first time with a telephone on slow 4G, and watch it arrive."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": NARROW, "height": 740})
    context.set_default_timeout(PATIENCE_MS)
    origin = urljoin(address, "/")
    context.add_cookies(
        [{"name": name, "value": value, "url": origin} for name, value in (cookies or {}).items()]
    )
    page = context.new_page()
    page.add_init_script(SEE_SHIFTS)
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", SLOW_4G)
    carried: list[int] = []
    kinds: dict[str, str] = {}
    blocking: list[int] = []

    def arrived(event: dict[str, Any]) -> None:
        carried.append(int(event["encodedDataLength"]))
        if kinds.get(event["requestId"]) in ("Document", "Stylesheet"):
            blocking.append(carried[-1])

    wire.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    wire.on("Network.loadingFinished", arrived)
    page.goto(address, wait_until="networkidle")
    painted, waited, shift = page.evaluate(PAINTED)
    assert page.locator("head script:not([type=module]):not([type='application/ld+json'])").count() == 0
    context.close()
    latency, speed = SLOW_4G["latency"], SLOW_4G["downloadThroughput"] / 1000
    return Arrival(
        carried=sum(carried),
        first_render_ms=round(painted - max(0.0, waited - latency)),
        on_the_line_ms=round(2 * latency + sum(blocking) / speed),
        shift=shift,
    )


def weight(browser: Browser, address: str, cookies: dict[str, str] | None = None) -> int:
    """What a first visit to an address carries over the wire, in bytes, with everything it fetches."""
    context = browser.new_context(ignore_https_errors=True)
    origin = urljoin(address, "/")
    context.add_cookies(
        [{"name": name, "value": value, "url": origin} for name, value in (cookies or {}).items()]
    )
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    carried: list[int] = []
    wire.on("Network.loadingFinished", lambda event: carried.append(int(event["encodedDataLength"])))
    page.goto(address, wait_until="networkidle")
    context.close()
    return sum(carried)
