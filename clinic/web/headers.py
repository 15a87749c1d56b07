"""Headers of every response: the content security policy with its nonce, framing and caching, and the request id.

A view that needs another policy (the sandboxed preview of a letter) sets its own header, which is left as it is. No
view decides about caching: pages are never stored, by browsers or caches (RFC 9111, section 5.2.2.5). Files whose URL
names their content are stored for a year. Nobody may frame a page, except the practice's websites those that are made for it
(`framing`).
"""

import re
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import BadRequest, NotFound, UnsupportedMediaType
from werkzeug.middleware.proxy_fix import ProxyFix

from clinic.web import framing
from clinic.web.access import FILES, MACHINE_PATHS

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
NOBODY_FRAMES = "frame-ancestors 'none'"

STORED_FOR_A_YEAR = "public, max-age=31536000, immutable"
STORED_FOR_AN_HOUR = "public, max-age=3600"
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

SECRET_PATHS = (
    "/a/",
    "/c/",
    "/l/",
    "/o/",
    "/w/",
    "/visit/",
    "/intake/resume/",
    "/guardian/",
    "/intake/go-on/",
    "/own-page/",
    "/new-address/",
    "/check-in/",
    "/scores/",
    "/own-tips/",
    "/before/",
    "/before-visit/",
    "/staff/set-up/",
    "/staff/join/",
    "/staff/second-factor/",
    "/staff/passkey/",
    "/staff/passkeys/",
    "/staff/again-passkey/",
    "/stop/",
    "/api/v1/appointments/",
)
"""Pages with a secret URL, which is sent to nobody, not even to our own next page."""

FINDABLE = (
    "home.home",
    "legal.privacy",
    "legal.terms",
    "legal.imprint",
    "legal.accessibility",
    "booking.treatments",
    "booking.choose",
    "people.therapist",
    "people.qr_code",
    "people.location",
    "guidance.show",
    "site_files.robots",
    "site_files.sitemap",
    "site_files.manifest",
)
"""Endpoints that search engines may list; every other page asks them not to. The file for robots names the same ones by path."""

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def init_app(app: Flask) -> None:
    """Set the headers on every response, and trust as many proxies as the settings say, none by default."""
    proxies = app.config["TRUSTED_PROXIES"]
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # The way Flask documents for middleware.
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )
    app.before_request(refuse_files)
    app.before_request(refuse_nul)
    app.before_request(refuse_broken_next)
    app.after_request(with_headers)
    app.context_processor(lambda: {"csp_nonce": nonce()})


def nonce() -> str:
    """The nonce of this response's scripts; made when first needed, because CSRF may answer before our code runs."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    made: str = g.csp_nonce
    return made


def request_id() -> str:
    """The id that links a response to its log lines; a trusted proxy may have set it."""
    if "request_id" not in g:
        g.request_id = request_id_of(request.headers.get("X-Request-ID"), current_app.config)
    known: str = g.request_id
    return known


def request_id_of(given: str | None, config: Mapping[str, Any]) -> str:
    """The request's id from a trusted proxy, or a new one."""
    is_trusted = given is not None and config["TRUSTED_PROXIES"] and REQUEST_ID.fullmatch(given)
    return given if given and is_trusted else secrets.token_hex(8)


def refuse_files() -> None:
    """Every upload is refused, except by the pages that declare one (`access.audience`)."""
    if request.mimetype != "multipart/form-data":
        return
    asked = g.get("policy")
    if request.files and not (asked and asked.upload_bytes):
        raise UnsupportedMediaType("Files cannot be sent here.")


def refuse_nul() -> None:
    """No URL of ours contains NUL, which the database would not accept even in a query."""
    if "\0" in request.path:
        raise NotFound


def refuse_broken_next() -> None:
    """The target after signing in must be a valid URL; code that checks only its host fails on others."""
    if request.path.startswith(MACHINE_PATHS):
        return
    try:
        for wanted in (*request.args.getlist("next"), *request.form.getlist("next")):
            urlsplit(wanted)
    except ValueError:
        raise BadRequest from None


def with_headers(response: Response) -> Response:
    """The response with all required headers that its view has not set."""
    carried = {name.lower() for name, _ in response.headers}
    wanted = for_machines(current_app.config, request.path) | {"X-Request-ID": request_id()}
    if not request.path.startswith(MACHINE_PATHS):
        wanted["Content-Security-Policy"] = CONTENT_POLICY.format(nonce=nonce())
        if allowed := framing.ancestors():
            policy = CONTENT_POLICY.replace(NOBODY_FRAMES, f"frame-ancestors {' '.join(allowed)}")
            wanted["Content-Security-Policy"] = policy.format(nonce=nonce())
            del wanted["X-Frame-Options"]  # It knows no list of websites; browsers go by the policy.
        if request.endpoint not in (*FINDABLE, *FILES) or response.status_code != 200:
            wanted["X-Robots-Tag"] = "noindex, nofollow"
    if request.endpoint != "static":
        if not request.path.startswith(MACHINE_PATHS):
            # A library may set something that only looks right: `no-store=True` is not an HTTP directive.
            response.headers.pop("Cache-Control", None)
            carried.discard("cache-control")
        is_lasting = request.endpoint in FILES and response.status_code in (200, 304)
        wanted["Cache-Control"] = STORED_FOR_A_YEAR if is_lasting else "no-store"
    if request.endpoint in framing.SCRIPTS_FOR_WEBSITES and response.status_code in (200, 304):
        wanted["Cache-Control"] = STORED_FOR_AN_HOUR
        wanted["Cross-Origin-Resource-Policy"] = "cross-origin"
    for name, value in wanted.items():
        if name.lower() not in carried:
            response.headers.add(name, value)
    return response


def for_machines(config: Mapping[str, Any], path: str) -> dict[str, str]:
    """Headers of a response that is never rendered or executed, except the request id."""
    return {
        **_same_for_all(is_https=config["PUBLIC_URL"].startswith("https://")),
        "Referrer-Policy": "no-referrer" if path.startswith(SECRET_PATHS) else "same-origin",
    }


@cache
def _same_for_all(*, is_https: bool) -> dict[str, str]:
    return {**HEADERS, "Strict-Transport-Security": STRICT_TRANSPORT} if is_https else HEADERS
