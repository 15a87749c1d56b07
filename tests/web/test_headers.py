"""What every answer carries."""

import io
import re

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers

from clinic.web import headers
from tests.make import Make
from tests.visitor import as_staff

EVERY_PAGE = ["/", "/staff/sign-in", "/my/sign-in", "/nowhere", "/l/nothing", "/staff/account"]


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_every_answer_carries_the_policy(client: FlaskClient, make: Make, path: str) -> None:
    make.practice()
    carried = client.get(path).headers
    policy = carried["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self' 'nonce-")
    for part in ("style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    carries_the_rest(carried)


@pytest.mark.parametrize("path", ["/health", "/api/v1/treatments", "/api/v1/nowhere"])
def test_nothing_an_answer_for_machines_holds_may_be_run_or_shown(
    client: FlaskClient, make: Make, path: str
) -> None:
    make.practice()
    carried = client.get(path).headers
    assert carried["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    carries_the_rest(carried)


def carries_the_rest(carried: Headers) -> None:
    """What pages and answers for machines have in common."""
    assert carried["X-Content-Type-Options"] == "nosniff"
    assert carried["X-Frame-Options"] == "DENY"
    assert carried["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "no-store" in carried["Cache-Control"]
    assert re.fullmatch(r"[0-9a-f]{16}", carried["X-Request-ID"])


def test_the_nonce_is_new_in_each_answer_and_the_one_of_the_page(client: FlaskClient, make: Make) -> None:
    make.practice()
    nonces = []
    for _ in range(2):
        answer = client.get("/staff/sign-in")
        found = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
        assert found
        assert set(re.findall(r'nonce="([^"]+)"', answer.get_data(as_text=True))) == {found.group(1)}
        nonces.append(found.group(1))
    assert nonces[0] != nonces[1]


def test_no_page_has_inline_style_or_handlers(app: Flask, client: FlaskClient, make: Make) -> None:
    make.practice()
    pages = [client.get(path) for path in EVERY_PAGE]
    pages.append(as_staff(app, make.user()).get("/staff/account"))
    for page in pages:
        text = page.get_data(as_text=True)
        assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", text)
        # A data block is nothing that runs.
        assert not re.search(r'<script(?! type="application/ld\+json">)(?![^>]*\ssrc=)', text)


@pytest.mark.parametrize("path", ["/l/secret", "/a/secret", "/staff/set-up/secret"])
def test_a_page_whose_address_is_a_key_tells_it_to_nobody(client: FlaskClient, make: Make, path: str) -> None:
    make.practice()
    assert client.get(path).headers["Referrer-Policy"] == "no-referrer"


def test_other_pages_tell_their_address_to_our_own_only(client: FlaskClient, make: Make) -> None:
    make.practice()
    assert client.get("/staff/sign-in").headers["Referrer-Policy"] == "same-origin"


def test_strict_transport_is_asked_for_where_there_is_encryption(
    app: Flask, client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.practice()
    assert "Strict-Transport-Security" not in client.get("/nowhere").headers
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://lumbar.example")
    assert client.get("/nowhere").headers["Strict-Transport-Security"].startswith("max-age=63072000")


def test_a_view_may_bring_a_policy_of_its_own(app: Flask) -> None:
    with app.test_request_context("/staff/messages"):
        own = Response(headers={"Content-Security-Policy": "sandbox", "Cache-Control": "private"})
        carried = headers.with_headers(own).headers
    assert carried["Content-Security-Policy"] == "sandbox"
    assert carried.getlist("Cache-Control") == ["no-store"], "a page is kept nowhere, whatever a view says"


def test_files_of_the_front_end_may_be_kept(client: FlaskClient) -> None:
    with client.get("/static/dist/manifest.json") as answer:
        assert "no-store" not in answer.headers["Cache-Control"]


def test_files_of_the_front_end_leave_the_session_alone(client: FlaskClient, make: Make) -> None:
    make.practice()
    client.get("/my/sign-in?next=/my")
    with client.get("/static/dist/manifest.json") as answer:
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")


def test_an_upload_is_refused_wherever_it_goes(client: FlaskClient, make: Make) -> None:
    make.practice()
    with client.session_transaction() as session:
        session["csrf_token"] = "planted"
    answer = client.post("/my/sign-in", data={"mail": (io.BytesIO(b"x" * 100), "cv.pdf")})
    assert answer.status_code in (400, 415)


def test_a_form_of_300_kilobytes_is_refused(client: FlaskClient, make: Make) -> None:
    make.practice()
    assert client.post("/my/sign-in", data={"mail": "a" * 300_000}).status_code == 413


def test_a_strangers_request_id_is_not_taken_over(client: FlaskClient, make: Make) -> None:
    make.practice()
    assert client.get("/", headers={"X-Request-ID": "chosen-by-me"}).headers["X-Request-ID"] != "chosen-by-me"


def test_a_trusted_proxys_request_id_is_taken_over_when_it_looks_like_one(
    app: Flask, client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.practice()
    monkeypatch.setitem(app.config, "TRUSTED_PROXIES", 1)
    assert (
        client.get("/", headers={"X-Request-ID": "from-the-proxy"}).headers["X-Request-ID"]
        == "from-the-proxy"
    )
    assert client.get("/", headers={"X-Request-ID": "<script>"}).headers["X-Request-ID"] != "<script>"
