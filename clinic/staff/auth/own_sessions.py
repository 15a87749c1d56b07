"""Own sessions: in which browsers one is signed in, and ending one of the others."""

from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, sessions
from clinic.db import transaction
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.auth.blueprint import blueprint
from clinic.web import access
from clinic.web.access import audience, staff

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
MACHINES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
"""User agent keywords, most specific first, because many browsers name others besides themselves."""


def device() -> str:
    """A name for this browser in our own words: `Firefox on Linux`. Nothing that was sent is repeated."""
    sent = request.headers.get("User-Agent", "")
    browser = next((name for mark, name in BROWSERS if mark in sent), "A browser")
    machine = next((name for mark, name in MACHINES if mark in sent), "")
    return f"{browser} on {machine}" if machine else browser


@blueprint.post("/account/sessions/<uuid:session_id>/end")
@audience(staff, fresh=True)
def end_session(session_id: UUID) -> ResponseReturnValue:
    """End one of one's own sessions; that browser has to sign in again."""
    user, now = desk.user(), clock.now()
    with transaction():
        if not sessions.end_one_of(user, session_id, now):
            raise NotFound
        audit.record(
            access.actor(), "session_ended", subject_type="staff_sessions", subject_id=session_id, now=now
        )
    desk.say("That device is signed out.")
    return redirect(url_for("sign_in.account"), 303)
