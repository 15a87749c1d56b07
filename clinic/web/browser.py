"""Identify a browser by an anonymous id in the signed session cookie; the database stores only its SHA-256.

A visitor's drafts, holds and idempotency keys belong to it. It does not identify the person.
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
"""Marks that a client signed in here: what they begin is hidden once that session ends, however it ends."""
TYPED = "typed_details"
"""The field of the cookie in which older versions stored names and contacts."""


def browser() -> bytes:
    """The digest of this browser's id; gives the browser an id if it has none yet."""
    if FIELD not in session:
        session[FIELD] = secrets.token_urlsafe(32)
        session.permanent = True
    return digest(session[FIELD])


def known_browser() -> bytes | None:
    """The digest of this browser's id, or None if it has none; never sets a cookie."""
    secret = session.get(FIELD)
    return digest(secret) if secret else None


def forget_browser() -> None:
    """Make the browser unknown again, so that the next person does not see what was begun in it."""
    for field in (FIELD, SIGNED_IN, TYPED):
        session.pop(field, None)


def keep_typed(details: Mapping[str, str], now: datetime) -> None:
    """Store contact details that were typed here for an hour, on the server, so that nobody types their name twice."""
    with transaction():
        typed_details.keep(browser(), details, now)


def typed(now: datetime) -> dict[str, str]:
    """What was typed here within the last hour."""
    known = known_browser()
    return typed_details.find(known, now) if known is not None else {}


def forget_typed() -> None:
    """Delete what was typed, because it was used or nobody came back for it."""
    known = known_browser()
    if known is not None:
        with transaction():
            typed_details.forget(known)


def tidy() -> None:
    """Remove from the cookie what older versions stored there."""
    session.pop(TYPED, None)


def digest(secret: str) -> bytes:
    """SHA-256 of a browser's id."""
    return hashlib.sha256(secret.encode()).digest()
