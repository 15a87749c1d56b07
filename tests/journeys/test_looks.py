"""What a look must find: a page that is hard to read in one theme, or at one width, is told."""

import json

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.journeys import contrast
from tests.journeys.looks import served, watched

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><title>Hours - Practice</title>
<style>@media (prefers-color-scheme: dark) {{ body {{ color: #eee; background: #111 }} }} {style}</style>
<main><h1>Hours</h1><p>From nine to five.</p></main></html>"""


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("@media (prefers-color-scheme: light) { p { color: #bbb } }", "at 360 light: color-contrast"),
        ("@media (prefers-color-scheme: dark) { p { color: #444 } }", "at 1440 dark: color-contrast"),
        ("@media (width < 400px) { p { width: 500px } }", "at 360: 1"),
    ],
    ids=["pale by day", "dark by night", "too wide for a phone"],
)
def test_a_look_tells_what_is_wrong(chromium: Browser, style: str, told: str, everywhere: bool) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: PAGE.format(style=style))
    with (
        served(app) as base,
        pytest.raises(AssertionError, match=told),
        watched(chromium, base, everywhere=everywhere) as watch,
    ):
        watch.open(watch.page(), "/")


def test_a_look_finds_nothing_wrong_with_a_plain_page(chromium: Browser) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: PAGE.format(style=""))
    with served(app) as base, watched(chromium, base) as watch:
        watch.open(watch.page(), "/")


@pytest.mark.parametrize(
    "style",
    [
        "p { color: #bbb }",
        "main { background: #777 }",
        "main { opacity: 0.4 }",
        "main { opacity: 0.6 } p { background: #fff }",
        "p { position: absolute; inset-block-start: 50px } h1 { background: #777; block-size: 200px }",
    ],
    ids=[
        "its colour",
        "what lies behind it",
        "how it shines through",
        "how its box does",
        "what it lies over",
    ],
)
def test_text_that_is_drawn_otherwise_than_before_is_read_again(chromium: Browser, style: str) -> None:
    plain = "body { background: #fff; color: #222 }"
    app = Flask(__name__)
    app.add_url_rule("/", "before", lambda: PAGE.format(style=plain))
    app.add_url_rule("/otherwise", "otherwise", lambda: PAGE.format(style=f"{plain} {style}"))
    with served(app) as base:
        with watched(chromium, base, everywhere=False) as before:
            before.open(before.page(), "/")
        with (
            pytest.raises(AssertionError, match="/otherwise at 360 light: color-contrast"),
            watched(chromium, base, everywhere=False) as watch,
        ):
            watch.open(watch.page(), "/otherwise")


def test_text_that_is_drawn_as_before_is_not_read_again(chromium: Browser) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: PAGE.format(style=""))
    with served(app) as base, watched(chromium, base, everywhere=False) as watch:
        page = watch.open(watch.page(), "/")
        assert page.evaluate(f"({contrast.ASK})({json.dumps(sorted(contrast.READ))})") == {
            "violations": [],
            "read": [],
        }
