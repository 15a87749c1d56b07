"""Signed-in browsers: separate sessions for staff and for clients.

The browser holds a 256-bit secret, the database its SHA-256. Sign-out, idleness and age end a session on the server,
so a copied cookie is worthless afterwards. The principal of a client session is a proven address, not a client. What locks
a session of staff, and opens it again, is `session_locks`.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from clinic.accounts.models import Client, ClientSession, Contact, StaffSession, User
from clinic.accounts.services import digest
from clinic.db import RowsToDelete, db

# NIST SP 800-63B-4 section 2.2.3 (read 2026-11-22) allows 24 h and 1 h at this level; a shared front desk needs less.
STAFF_LIFE = timedelta(hours=12)
STAFF_IDLE = timedelta(minutes=30)
CLIENT_LIFE = timedelta(hours=24)
CLIENT_IDLE = timedelta(hours=2)
CLIENT_FRESH = timedelta(minutes=15)
"""How long after the one-time link a client's sign-in counts as a fresh proof of who they are."""

# `seen_at` is rewritten at most this often, so that reading pages does not mean writing rows.
SEEN_STEP = timedelta(minutes=1)


def open_staff(user: User, now: datetime, device: str = "", *, lock_minutes: int | None = None) -> str:
    """Begin a staff session; returns the secret for the browser. `device` describes the browser to its owner.

    After `lock_minutes` without an act it locks by itself; None for never.
    """
    raw = secrets.token_urlsafe(32)
    db.session.add(
        StaffSession(
            digest=digest(raw),
            user_id=user.id,
            device=device,
            created_at=now,
            seen_at=now,
            lock_minutes=lock_minutes,
        )
    )
    return raw


def lock_all_after(minutes: int | None) -> None:
    """Let every session of staff lock by itself after so many minutes without an act; None for never."""
    live = sa.update(StaffSession).where(StaffSession.ended_at.is_(None))
    db.session.execute(live.values(lock_minutes=minutes))


def staff(raw: str, now: datetime) -> StaffSession | None:
    """The live session with this secret, read with its person in one statement, if that person still works here."""
    return db.session.scalar(live_staff(raw, now))


def live_staff(raw: str, now: datetime) -> sa.Select[StaffSession]:
    """The question of `staff`, for a caller who reads more with the same statement."""
    return (
        sa.select(StaffSession)
        .join(StaffSession.user)
        .options(contains_eager(StaffSession.user))
        .where(StaffSession.digest == digest(raw), *_is_live(now), User.active)
    )


def _is_live(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Neither ended nor too old. A locked session does not end by idleness: it opens nothing meanwhile."""
    is_locked = sa.or_(StaffSession.locked_at.is_not(None), StaffSession.lock_minutes.is_not(None))
    return (
        StaffSession.ended_at.is_(None),
        StaffSession.created_at > now - STAFF_LIFE,
        sa.or_(StaffSession.seen_at > now - STAFF_IDLE, is_locked),
    )


def lately_idle(raw: str, now: datetime) -> User | None:
    """Whose session this secret opened, if it ended by idleness or age (not by signing out) within the last working
    day."""
    return db.session.scalar(
        sa.select(User)
        .join(StaffSession, StaffSession.user_id == User.id)
        .where(
            StaffSession.digest == digest(raw),
            StaffSession.ended_at.is_(None),
            StaffSession.seen_at > now - STAFF_LIFE,
            User.active,
        )
    )


def others_of(user: User, own: StaffSession, now: datetime) -> Sequence[StaffSession]:
    """This person's other live sessions, most recently seen first."""
    live = sa.select(StaffSession).where(*_others(user, own), *_is_live(now))
    return db.session.scalars(live.order_by(StaffSession.seen_at.desc())).all()


def end_one_of(user: User, session_id: UUID, now: datetime) -> bool:
    """End one session of this person by its id; False when they have no such session. Ending it twice is harmless."""
    found = db.session.scalar(
        sa.select(StaffSession).where(StaffSession.id == session_id, StaffSession.user_id == user.id)
    )
    if found is None:
        return False
    end(found, now)
    return True


def end_others_of(user: User, own: StaffSession, now: datetime) -> None:
    """End every session of this person except the current one."""
    db.session.execute(sa.update(StaffSession).where(*_others(user, own)).values(ended_at=now, pin_hash=None))


def _others(user: User, own: StaffSession) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        StaffSession.user_id == user.id,
        StaffSession.digest != own.digest,
        StaffSession.ended_at.is_(None),
    )


def open_client(contact: Contact, client_id: UUID | None, now: datetime) -> str:
    """Begin a session whose principal is this proven contact; returns the secret for the browser."""
    raw = secrets.token_urlsafe(32)
    db.session.add(
        ClientSession(
            digest=digest(raw),
            contact_id=contact.id,
            client_id=client_id,
            created_at=now,
            seen_at=now,
            expires_at=now + CLIENT_LIFE,
        )
    )
    return raw


def live_client(raw: str, now: datetime) -> sa.Select[ClientSession]:
    """The question for the live client session with this secret; nothing also if its client has been erased or merged meanwhile.

    It joins the client, if one was chosen, so that the caller can read more with the same statement.
    """
    return (
        sa.select(ClientSession)
        .outerjoin(Client, Client.id == ClientSession.client_id)
        .where(
            ClientSession.digest == digest(raw),
            ClientSession.ended_at.is_(None),
            ClientSession.expires_at > now,
            ClientSession.seen_at > now - CLIENT_IDLE,
            Client.erased_at.is_(None),
            Client.merged_into_id.is_(None),
        )
    )


def is_due_to_be_seen(session: StaffSession | ClientSession, now: datetime) -> bool:
    """Whether `seen_at` is old enough to be rewritten."""
    return now - session.seen_at >= SEEN_STEP


def is_fresh_client(session: ClientSession, now: datetime) -> bool:
    """Whether the address of this session was proven only just now."""
    return now - session.created_at < CLIENT_FRESH


def end(session: StaffSession | ClientSession, now: datetime) -> None:
    """Sign out; the secret opens nothing from now on, and the PIN is gone with it."""
    session.ended_at = session.ended_at or now
    if isinstance(session, StaffSession):
        session.pin_hash = None


def end_all_of(user: User, now: datetime) -> None:
    """Sign a member of staff out everywhere, as after a reset or when somebody leaves."""
    live = sa.update(StaffSession).where(StaffSession.user_id == user.id, StaffSession.ended_at.is_(None))
    db.session.execute(live.values(ended_at=now, pin_hash=None))


def old_staff_sessions(before: datetime) -> RowsToDelete:
    """Sessions of staff last seen before an instant."""
    return RowsToDelete(StaffSession, StaffSession.seen_at < before)


def old_client_sessions(before: datetime) -> RowsToDelete:
    """Sessions of clients that expired before an instant."""
    return RowsToDelete(ClientSession, ClientSession.expires_at < before)
