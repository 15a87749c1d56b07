"""Which browser is asking: an anonymous id in the signed session cookie, known to the database only by its SHA-256.

Drafts, holds and idempotency keys of a visitor belong to it. It says nothing about who the person is.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import session

FIELD = "browser"
SIGNED_IN = "client"
"""Says that a client signed in here: what is begun then is out of sight when that session is over, however it ended."""
TYPED = "typed_details"
"""Names and addresses (never health answers) kept in the visitor's own cookie when the last step could not be taken."""
TYPED_AT = "at"
TYPED_FOR = timedelta(hours=1)


def browser() -> bytes:
    """The digest that stands for this browser; gives the browser an id when it has none yet."""
    if FIELD not in session:
        session[FIELD] = secrets.token_urlsafe(32)
        session.permanent = True
    return digest(session[FIELD])


def known_browser() -> bytes | None:
    """The digest of a browser that already has an id, else None; never sets a cookie."""
    secret = session.get(FIELD)
    return digest(secret) if secret else None


def forget_browser() -> None:
    """Make the browser an unknown one again: what somebody began in it is out of the next person's sight."""
    for field in (FIELD, SIGNED_IN, TYPED):
        session.pop(field, None)


def keep_typed(details: Mapping[str, str], now: datetime) -> None:
    """Keep what somebody typed about themselves for an hour: nobody types their name twice."""
    session[TYPED] = {**details, TYPED_AT: now.isoformat()}


def typed() -> dict[str, str]:
    """What was typed here within the last hour."""
    found: dict[str, str] = session.get(TYPED, {})
    return {name: value for name, value in found.items() if name != TYPED_AT}


def forget_typed() -> None:
    """It was used, or nobody came back for it."""
    session.pop(TYPED, None)


def tidy(now: datetime) -> None:
    """Take from the cookie what was typed more than an hour ago."""
    if TYPED in session:
        at = session[TYPED].get(TYPED_AT)
        if at is None or not timedelta() <= now - datetime.fromisoformat(at) < TYPED_FOR:
            forget_typed()


def digest(secret: str) -> bytes:
    """SHA-256 of a browser's id."""
    return hashlib.sha256(secret.encode()).digest()
