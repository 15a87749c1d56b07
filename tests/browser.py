"""A real Chromium for the tests that need one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

PATIENCE_MS = 120_000
"""How long a page may take on a busy machine before a test gives up; nothing waits longer than it must."""
expect.set_options(timeout=PATIENCE_MS)


def whole_chromium() -> str:
    """The browser of the machine with everything that people have in it; CHROMIUM names another one."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "these tests need Chromium: install the package `chromium` or set CHROMIUM"
    return path


def chromium() -> str:
    """The same without the windows around the page, where it is installed: it draws and runs pages alike and costs a third."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or whole_chromium()


@contextmanager
def launched() -> Iterator[Browser]:
    """A running browser, closed at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        try:
            yield browser
        finally:
            browser.close()


def go(control: Locator) -> None:
    """Press a control that leads to another page, and wait until that page has arrived whole.

    By keyboard: a press of the mouse that comes while the page still scrolls can miss.
    """
    control.focus()
    enter(control.page)


def enter(page: Page) -> None:
    """Press Enter on what has the focus, and wait until the page it leads to has arrived whole."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def settle(page: Page) -> None:
    """Wait until a page takes a decision: just after its arrival it takes none, because a double press may have led to it."""
    page.wait_for_timeout(500)  # Not the page's own clock: without scripts it never goes off.
