"""Which browser is asking: an anonymous id in the signed session cookie, known to the database only by its SHA-256.

Drafts, holds and idempotency keys of a visitor belong to it. It says nothing about who the person is.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime

from flask import session

from clinic.accounts import typed_details
from clinic.db import transaction

FIELD = "browser"
SIGNED_IN = "client"
"""Says that a client signed in here: what is begun then is out of sight when that session is over, however it ended."""
TYPED = "typed_details"
"""Where cookies kept names and addresses until they were kept on the server."""


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
    """Keep what somebody typed about themselves for an hour, on the server: nobody types their name twice."""
    with transaction():
        typed_details.keep(browser(), details, now)


def typed(now: datetime) -> dict[str, str]:
    """What was typed here within the last hour."""
    known = known_browser()
    return typed_details.find(known, now) if known is not None else {}


def forget_typed() -> None:
    """It was used, or nobody came back for it."""
    known = known_browser()
    if known is not None:
        with transaction():
            typed_details.forget(known)


def tidy() -> None:
    """Take from the cookie what was kept in it before it was kept on the server."""
    session.pop(TYPED, None)


def digest(secret: str) -> bytes:
    """SHA-256 of a browser's id."""
    return hashlib.sha256(secret.encode()).digest()
