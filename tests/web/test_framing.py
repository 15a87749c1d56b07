"""Who may put which page into a frame, over the whole URL map, and what the frame's own cookie is."""

import os
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from clinic.web import framing
from tests.authorisation.test_matrix import calls, path_of
from tests.authorisation.world import ROLES, World, build
from tests.make import Make

WEBSITES = ["https://www.alderlane.example", "https://alderlane.example:8443"]
ALLOWED = "frame-ancestors 'self' https://www.alderlane.example https://alderlane.example:8443"
LETTERS = ("staff.settings_text_preview", "staff.mail_html")
"""The letters that staff look at inside our own page: in a sandbox, for ourselves alone."""
LONG = bool(os.environ.get("LUMBAR_LONG"))
ROLES_THAT_LOOK = [role for role in ROLES if role.name in ("client A", "owner") or LONG]
"""Between them these enter nearly every page, and are turned away from the others."""


@pytest.fixture
def world(app: Flask, make: Make) -> World:
    made = build(app, make)
    make.practice(websites=WEBSITES)
    return made


def policy(answer: TestResponse) -> str:
    """The one directive that says who may frame an answer."""
    policies = answer.headers.getlist("Content-Security-Policy")
    assert len(policies) == 1
    return next(part.strip() for part in policies[0].split(";") if "frame-ancestors" in part)


def answers(world: World) -> Iterator[tuple[str, TestResponse]]:
    """What every route answers to every method, for each of these roles."""
    for role in ROLES_THAT_LOOK:
        browser = role.browser(world)
        for rule, method in calls(world.app):
            if rule.endpoint != "static":
                origin = {"Origin": "http://localhost"} if method == "POST" else {}
                with browser.open(path_of(world, rule), method=method, headers=origin) as answer:
                    yield rule.endpoint, answer


def test_only_the_pages_made_for_a_frame_can_be_framed_and_only_by_the_practices_websites(
    world: World,
) -> None:
    """Nor do those read or set the cookies of the other pages, or others theirs."""
    framed, others = set(), {world.app.config[f"{kind}_COOKIE_NAME"] for kind in ("SESSION", "CLIENT")}
    for endpoint, answer in answers(world):
        says, old = policy(answer), answer.headers.get("X-Frame-Options")
        if endpoint in LETTERS and old == "SAMEORIGIN":
            assert says == "frame-ancestors 'self'"
        elif says == ALLOWED:
            assert endpoint in framing.FRAMED
            assert old is None
            framed.add(endpoint)
        else:
            assert (endpoint, says, old) == (endpoint, "frame-ancestors 'none'", "DENY")
        for line in answer.headers.getlist("Set-Cookie"):
            if endpoint.startswith("website_booking."):
                assert line.partition("=")[0] not in others
                assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned"} <= set(line.split("; "))
            else:
                assert ("SameSite=None" in line, "Partitioned" in line) == (False, False)
    assert framed >= {"website_booking.treatments", "website_booking.choose"}


def test_without_a_website_only_our_own_settings_frame_the_pages(app: Flask, make: Make) -> None:
    make.offering()
    assert policy(app.test_client().get("/embed")) == "frame-ancestors 'self'"


def test_an_error_page_is_never_framed(world: World) -> None:
    stranger = world.app.test_client()
    for path in ("/embed/nothing/at/all", "/embed/kept/time"):
        answer = stranger.post(path, headers={"Origin": "https://www.alderlane.example"})
        assert answer.status_code >= 400
        assert (policy(answer), answer.headers["X-Frame-Options"]) == ("frame-ancestors 'none'", "DENY")


def test_any_website_may_load_the_one_script(world: World) -> None:
    answer = world.app.test_client().get("/embed/booking.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert len(answer.data) < 1000
    page = world.app.test_client().get("/embed")
    assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"
