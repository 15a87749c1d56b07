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
        if "#" in where:  # A bar that stays covers a part of some target wherever one jumps to.
            page.evaluate("scrollTo(0, 0)")
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
class Load:
    """What a first visit to a page takes, whatever the line and the machine."""

    status: int
    carried: int
    """Bytes over the wire, with everything the page fetches by itself."""
    before_render: int
    """Of these, what the browser must have before it shows anything: the page and its styles."""
    answers_before_render: int
    """How many answers it waits for until then, one after the other: the page, and all its styles at once."""
    shift: float
    """How far content moved under the reader (Cumulative Layout Shift); 0 is not at all."""


SEE_SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifted += each.value;
    }).observe({ type: "layout-shift", buffered: true });
"""
BLOCKING = """() => performance.getEntriesByType("resource")
    .filter(each => each.renderBlockingStatus === "blocking").map(each => each.initiatorType + " " + each.name)"""


@contextmanager
def telephone(browser: Browser, address: str, cookies: dict[str, str] | None = None) -> Iterator[Page]:
    """A page in a narrow window with a fine screen, of somebody who has never been at this address."""
    context = browser.new_context(
        ignore_https_errors=True, viewport={"width": NARROW, "height": 740}, device_scale_factor=3
    )
    context.set_default_timeout(PATIENCE_MS)
    origin = urljoin(address, "/")
    context.add_cookies(
        [{"name": name, "value": value, "url": origin} for name, value in (cookies or {}).items()]
    )
    page = context.new_page()
    page.add_init_script(SEE_SHIFTS)
    try:
        yield page
    finally:
        context.close()


def load(page: Page, address: str) -> Load:
    """Fetch an address and all it needs anew, and count what comes over the wire until nothing is asked for any more."""
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    asked: dict[str, str] = {}
    carried: dict[str, int] = {}
    wire.on("Network.requestWillBeSent", lambda event: asked.update({event["requestId"]: event["type"]}))
    wire.on(
        "Network.loadingFinished",
        lambda event: carried.update({event["requestId"]: int(event["encodedDataLength"])}),
    )
    wire.on("Network.loadingFailed", lambda event: carried.update({event["requestId"]: 0}))
    answer = page.goto(address)
    assert answer is not None
    page.wait_for_timeout(QUIET_MS)
    while set(asked) - set(carried):
        page.wait_for_timeout(QUIET_MS)
    wire.detach()
    blocking = page.evaluate(BLOCKING)
    assert all(each.startswith("link ") for each in blocking), blocking
    return Load(
        status=answer.status,
        carried=sum(carried.values()),
        before_render=sum(carried[each] for each in asked if asked[each] in ("Document", "Stylesheet")),
        answers_before_render=1 + bool(blocking),
        shift=page.evaluate("window.shifted"),
    )


QUIET_MS = 100
"""After so long a browser has asked for what it shows of a page that has arrived."""


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
