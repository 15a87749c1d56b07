"""Locking a browser of staff between two clients: a state of its session on the server, opened by a PIN or a passkey.

A PIN belongs to one session, and so to one person in one browser: it is set after a full sign-in and goes with the session.
Its tries are counted before they are checked, each in a statement of its own, so that many at once are no more than five.
It proves nothing anew: what asks for a fresh proof of identity asks again after it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa
from flask_security import hash_password, verify_password

from clinic.accounts.models import StaffSession
from clinic.db import db

MOST_TRIES = 5
SHORTEST, LONGEST = 6, 12
FEWEST_DIGITS = 3
"""How many different digits a PIN needs."""


@dataclass(frozen=True)
class PinTry:
    """A try that is counted and not yet checked."""

    pin_hash: str
    number: int
    """1 for the first since the PIN was last right."""

    @property
    def left(self) -> int:
        """How many tries are left if this one is wrong; with none the session ends."""
        return MOST_TRIES - self.number

    def fits(self, pin: str) -> bool:
        """Whether this is the PIN. Takes as long as checking a password."""
        return verify_password(pin, self.pin_hash)


def objection(pin: str) -> str | None:
    """Why this PIN is refused, as a sentence for the person; None if it is accepted."""
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        return f"Use {SHORTEST} to {LONGEST} digits."
    if _is_tried_first(pin):
        return "This PIN is among the first that anybody would try. Choose another."
    return None


def _is_tried_first(pin: str) -> bool:
    """Whether it has few different digits, is a part repeated, or counts on or back."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    is_repeated = pin in (pin + pin)[1:-1]
    return len(set(pin)) < FEWEST_DIGITS or is_repeated or len(steps) == 1


def set_pin(own: StaffSession, pin: str) -> None:
    """Let this PIN unlock the session from now on, in place of any other. `objection` has accepted it."""
    own.pin_hash, own.pin_tries = hash_password(pin), 0


def remove_pin(own: StaffSession) -> None:
    """Let no PIN unlock the session."""
    own.pin_hash, own.pin_tries = None, 0


def lock(own: StaffSession, *, proof: float, now: datetime) -> None:
    """Lock the session. `proof` is when the person last proved their identity; it is not fresh any more afterwards."""
    own.locked_at = own.locked_at or now
    own.voided_proof = max(proof, own.voided_proof or 0)


def is_locked(own: StaffSession, now: datetime) -> bool:
    """Whether the session is locked, also by the time that passed since the person was last seen."""
    return own.locked_at is not None or (
        own.lock_minutes is not None and now - own.seen_at >= timedelta(minutes=own.lock_minutes)
    )


def count_try(own: StaffSession) -> PinTry | None:
    """Count a try of the PIN; None if there is no PIN, or if its tries are used up. Commit it before checking the PIN."""
    counted = (
        sa.update(StaffSession)
        .where(
            StaffSession.digest == own.digest,
            StaffSession.ended_at.is_(None),
            StaffSession.pin_hash.is_not(None),
            StaffSession.pin_tries < MOST_TRIES,
        )
        .values(pin_tries=StaffSession.pin_tries + 1)
        .returning(StaffSession.pin_hash, StaffSession.pin_tries)
        .execution_options(synchronize_session=False)
    )
    found = db.session.execute(counted).one_or_none()
    return PinTry(found.pin_hash or "", found.pin_tries) if found is not None else None


def unlock(own: StaffSession, now: datetime) -> bool:
    """Open the session again; False if it ended meanwhile. Nobody is seen by a locked page, so idleness begins anew."""
    opened = (
        sa.update(StaffSession)
        .where(StaffSession.digest == own.digest, StaffSession.ended_at.is_(None))
        .values(locked_at=None, pin_tries=0, seen_at=now)
        .returning(StaffSession.id)
    )
    return db.session.scalar(opened) is not None
