"""Which browser is asking: an anonymous id in the signed session cookie, known to the database only by its SHA-256.

Drafts, holds and idempotency keys of a visitor belong to it. It says nothing about who the person is.
"""

import hashlib
import secrets

from flask import session

FIELD = "browser"
TYPED = "typed_details"
"""Names and addresses (never health answers) kept in the visitor's own cookie when the last step could not be taken."""


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
    session.pop(FIELD, None)
    session.pop(TYPED, None)


def digest(secret: str) -> bytes:
    """SHA-256 of a browser's id."""
    return hashlib.sha256(secret.encode()).digest()
