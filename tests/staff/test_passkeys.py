"""A passkey signs in without password and code, in a real Chromium with a virtual authenticator."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask
from flask_security import hash_password
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from clinic.accounts.models import User
from tests.make import Make
from tests.visitor import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def address(app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The product on a port; one request at a time, since the test's transaction has one connection.

    A thread for each connection all the same: a browser opens spare ones, on which a single thread would wait for ever.
    """
    make.practice()
    turn = threading.Lock()

    def in_turn(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with turn, closing(app(environ, start_response)) as body:
            return list(body)

    server = make_server("localhost", 0, in_turn, threaded=True)
    monkeypatch.setitem(app.config, "PUBLIC_URL", f"http://localhost:{server.server_port}")
    monkeypatch.setitem(app.config, "ENVIRONMENT", "demo")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ines(make: Make) -> User:
    """Demo staff, so that the story is about passkeys only."""
    return make.user(
        roles=["therapist"], email="ines@alderlane.example", password=hash_password(PASSWORD), is_demo=True
    )


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page whose device holds passkeys, verifies its person, and notes what the policy refused."""
    context = chromium.new_context()
    page = context.new_page()
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    refused: list[str] = []
    page.on(
        "console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None
    )
    yield page
    assert refused == []
    context.close()


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/staff/sign-in")
    page.get_by_label("E-mail address").fill("ines@alderlane.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def sign_out(page: Page, address: str) -> None:
    page.goto(f"{address}/staff/account")
    page.get_by_role("button", name="Sign out").last.click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


def add_passkey(page: Page, address: str) -> None:
    page.goto(f"{address}/staff/passkeys")
    page.get_by_label("Name of the passkey").fill("Telephone")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("Your passkey is ready.")).to_be_visible()


def test_a_passkey_is_added_signs_in_proves_it_again_and_is_deleted(
    page: Page, address: str, ines: User
) -> None:
    sign_in(page, address)
    add_passkey(page, address)
    sign_out(page, address)

    page.get_by_role("link", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Use my passkey").click()
    page.wait_for_url(f"{address}/staff")
    page.goto(f"{address}/staff/account")
    expect(page.get_by_role("heading", name="Your sign-in")).to_be_visible()

    page.goto(f"{address}/staff/again-passkey")
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_text("Thank you. You can go on.")).to_be_visible()

    page.goto(f"{address}/staff/passkeys")
    page.get_by_role("button", name="Delete Telephone").click()
    expect(page.get_by_text("No passkey yet")).to_be_visible()
    sign_out(page, address)
    page.goto(f"{address}/staff/passkey")
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_text("That passkey was not accepted")).to_be_visible()


def test_a_passkey_unlocks_a_browser_and_is_a_full_proof(page: Page, address: str, ines: User) -> None:
    sign_in(page, address)
    add_passkey(page, address)
    page.goto(f"{address}/staff/tasks")
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_text("There is no PIN in this browser.")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{address}/staff/tasks")
    page.goto(f"{address}/staff/pin")
    expect(page.get_by_role("heading", name="Choose a PIN")).to_be_visible()


def test_an_answer_sent_from_another_browser_signs_nobody_in(
    page: Page, chromium: Browser, address: str, ines: User
) -> None:
    """The challenge belongs to the browser it was given to; its answer is worth nothing elsewhere."""
    sign_in(page, address)
    add_passkey(page, address)
    sign_out(page, address)
    page.route("**/staff/passkey/*", lambda route: route.abort())
    page.goto(f"{address}/staff/passkey")
    with page.expect_request("**/staff/passkey/*") as answering:
        page.get_by_role("button", name="Use my passkey").click()
    url, body = answering.value.url, answering.value.post_data or ""
    thief = chromium.new_context().new_page()
    thief.goto(f"{address}/staff/passkey")
    token = thief.locator("input[name=csrf_token]").first.input_value()
    fields = dict(part.split("=", 1) for part in body.split("&"))
    answer = thief.request.post(
        url,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Origin": address},
        data=f"csrf_token={token}&remember=&credential={fields['credential']}",
        max_redirects=0,
    )
    assert answer.headers["location"].endswith("/staff/passkey")
    thief.goto(f"{address}/staff/account")
    expect(thief.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    thief.context.close()
