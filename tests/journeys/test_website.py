"""Booking on the practice's own website, from another origin, in a real browser: with third-party cookies and without."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from clinic.practice.models import IntakeRule
from tests import make
from tests.browser import PATIENCE_MS, whole_chromium
from tests.journeys.live import Secure, secure
from tests.journeys.looks import served

pytestmark = pytest.mark.browser

MONDAY = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
LISTENS = "<script>heard = []; addEventListener('message', (event) => heard.push([event.origin, event.data]));</script>"
PAGE = """<!doctype html><html lang="en"><title>Our website</title><h1>Our website</h1>{listens}
<iframe data-lumbar src="{base}{path}" title="Book" style="width: 100%; height: 300px; border: 0"></iframe>
<script src="{base}/embed/booking.js" async></script>"""


@contextmanager
def website(base: str, path: str = "/embed") -> Iterator[str]:
    """The origin of another website whose only page frames a path of the product."""
    page = PAGE.format(base=base, path=path, listens=LISTENS).encode()

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    with (
        secure(tmp_path_factory.mktemp("website"), MONDAY) as running,
        served(running.stage.app, running.stage.settings.port),
    ):
        person = make.therapist(make.location(), given_name="Thea")
        make.treatment(
            therapists=[person], name="Swedish massage", slug="swedish", intake=IntakeRule.BEFORE_BOOKING
        )
        yield running


@pytest.fixture(scope="module")
def sites(product: Secure) -> Iterator[tuple[str, str]]:
    """The website that is allowed, and one that is not."""
    with ExitStack() as running:
        allowed, stranger = (running.enter_context(website(product.base)) for _ in range(2))
        make.practice(websites=[allowed])
        yield allowed, stranger


@pytest.fixture(params=["third-party cookies", "no third-party cookies"])
def visitor(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser that sends cookies into frames of other sites, and one that blocks them, as its owner can set."""
    if request.param == "third-party cookies":
        context = chromium.new_context(ignore_https_errors=True, reduced_motion="reduce")
    else:
        settings = tmp_path / "Default" / "Preferences"
        settings.parent.mkdir()
        settings.write_text(
            json.dumps({"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}})
        )
        context = chromium.browser_type.launch_persistent_context(
            tmp_path, executable_path=whole_chromium(), ignore_https_errors=True, reduced_motion="reduce"
        )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def test_a_time_is_chosen_on_the_website_and_booked_at_our_own_address(
    visitor: BrowserContext, product: Secure, sites: tuple[str, str]
) -> None:
    page = visitor.new_page()
    page.goto(sites[0])
    frame = page.frame_locator("iframe")
    frame.get_by_role("link", name="Swedish massage").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Choose a time")
    in_full(page, frame)
    frame.get_by_role("link", name="Thursday 6").click()
    expect(frame.get_by_role("heading", name="Thursday 6 March")).to_be_visible()
    offer = frame.locator(".offers .offer").first
    time = offer.inner_text()[:5]
    offer.click()
    go_on = frame.get_by_role("button", name="Go on at localhost")
    expect(go_on).to_be_visible()
    in_full(page, frame)
    cookies = {each["name"]: each for each in visitor.cookies()}
    assert set(cookies) <= {"__Host-lumbar-kept"}, "the frame set a cookie of the other pages"
    if cookies:
        assert cookies["__Host-lumbar-kept"].get("partitionKey") == "http://127.0.0.1"
    with visitor.expect_page() as opened:
        go_on.click()
    tab = opened.value
    expect(tab.get_by_role("heading", level=1)).to_have_text("Tell us about your back")
    assert tab.evaluate("[window.top === window, window.opener, location.origin]") == [
        True,
        None,
        product.base,
    ]
    assert time in tab.locator("main").inner_text()
    session = next(each for each in visitor.cookies() if each["name"] == "__Host-lumbar")
    assert session["sameSite"] == "Lax"
    # The frame's secret is spent: pressed again, it says so, and the time stays where it is.
    with visitor.expect_page() as again:
        go_on.click()
    expect(again.value.get_by_role("alert")).to_be_visible()
    tab.reload()
    assert time in tab.locator("main").inner_text()


def test_a_browser_that_refuses_the_frames_cookie_goes_on_all_the_same(
    chromium: Browser, product: Secure, sites: tuple[str, str]
) -> None:
    context = chromium.new_context(ignore_https_errors=True, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(sites[0])
    frame = page.frame_locator("iframe")
    frame.get_by_role("link", name="Swedish massage").click()
    frame.get_by_role("link", name="Friday 7").click()
    frame.get_by_role("button", name="11:00 Thea", exact=True).click()
    expect(frame.get_by_role("button", name="Go on at localhost")).to_be_visible()
    context.clear_cookies()  # As if the browser had taken none.
    with context.expect_page() as opened:
        frame.get_by_role("button", name="Go on at localhost").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("Tell us about your back")
    context.close()


def test_another_website_frames_nothing_and_hears_nothing(
    chromium: Browser, product: Secure, sites: tuple[str, str]
) -> None:
    context = chromium.new_context(ignore_https_errors=True)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(sites[1], wait_until="networkidle")
    assert any("frame-ancestors" in each for each in said), said
    assert page.frame_locator("iframe").get_by_text("Swedish massage").count() == 0
    assert page.evaluate("heard") == []
    context.close()


def test_the_allowed_website_frames_none_of_the_other_pages(chromium: Browser, product: Secure) -> None:
    with website(product.base, "/book") as site:
        make.practice(websites=[site])
        context = chromium.new_context(ignore_https_errors=True)
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(site, wait_until="networkidle")
        assert any("frame-ancestors" in each or "X-Frame-Options" in each for each in said), said
        assert page.frame_locator("iframe").get_by_role("heading").count() == 0
        context.close()


def in_full(page: Page, frame: FrameLocator) -> None:
    """The frame has become as high as its page: nothing in it scrolls."""
    page.wait_for_function("heard.some(([origin, data]) => data?.lumbar === 'height')")
    expect(frame.locator("#framed")).to_be_visible()
    inner = frame.locator("#framed")
    for _ in range(100):
        shown = page.locator("iframe").evaluate("(frame) => frame.clientHeight")
        wanted = inner.evaluate("(page) => Math.ceil(page.getBoundingClientRect().bottom + scrollY)")
        if abs(shown - wanted) <= 1:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the frame shows {shown} pixels of {wanted}")
