"""Pages inside a frame on the practice's own website: which they are, who may frame them, and their cookie.

Nobody is known in there. These pages read neither the session nor anybody's sign-in, and write none: a browser may send those cookies
into a frame of the same site. Their one cookie names the time that is kept, nothing else; its browser stores it apart for each
website (`Partitioned`), and the pages work without it.
"""

import secrets
from datetime import timedelta

from flask import Request, Response, current_app, g, request

from clinic.web.browser import digest

FRAMED_PATH = "/embed"
FRAMED = (
    "website_booking.treatments",
    "website_booking.choose",
    "website_booking.hold",
    "website_booking.kept_time",
    "website_booking.release",
)
"""The endpoints whose pages may be framed, by the practice's websites alone."""
SCRIPTS_FOR_WEBSITES = ("website_booking.script",)
"""Endpoints that any website may load as a script."""


def is_framed(asked: Request) -> bool:
    """Whether a request is for a page that belongs in a frame."""
    return asked.path == FRAMED_PATH or asked.path.startswith(f"{FRAMED_PATH}/")


def allow_websites(origins: list[str]) -> None:
    """Let these websites frame the answer to this request, and our own settings, which show how it looks."""
    g.framed_by = ("'self'", *origins)


def ancestors() -> tuple[str, ...]:
    """Who may frame the answer to this request; nobody, unless it is one of the pages for a frame."""
    allowed: tuple[str, ...] = g.get("framed_by", ()) if request.endpoint in FRAMED else ()
    return allowed


def new_secret() -> str:
    """A new secret, under which one time is kept."""
    return secrets.token_urlsafe(32)


def kept_secret() -> str | None:
    """The secret in this browser's cookie; None if there is none, or if the browser sends none into frames."""
    return request.cookies.get(_cookie_name()) or None


def known_holder() -> bytes | None:
    """The digest of that secret, as a reservation stores it."""
    secret = kept_secret()
    return digest(secret) if secret else None


def remember_secret(response: Response, secret: str, life: timedelta) -> None:
    """Set the cookie, which ends with the time. Without `SameSite=None` no browser would send it from a frame on another site."""
    response.set_cookie(
        _cookie_name(),
        secret,
        max_age=life,
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
        path="/",
    )


def forget_secret(response: Response) -> None:
    """Delete the cookie."""
    response.delete_cookie(
        _cookie_name(), secure=True, httponly=True, samesite="None", partitioned=True, path="/"
    )


def _cookie_name() -> str:
    is_https = current_app.config["PUBLIC_URL"].startswith("https://")
    return "__Host-lumbar-kept" if is_https else "lumbar-kept"
