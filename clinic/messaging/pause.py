"""Whether messages may leave. A database that was restored sends nothing until an owner has looked.

A restored copy would send again what was sent after the backup, so the sender must stop by itself. It recognises its
database by marks that no dump contains: the cluster, its timeline, the database and the table of messages. An
incarnation that differs from the stored one means a restored copy. `MESSAGES_HELD=1` pauses everything as well.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from clinic.accounts import audit
from clinic.db import db
from clinic.messaging.models import Message, MessageKind, Sending
from clinic.messaging.services import STILL_OPEN

INCARNATION = sa.text(
    """
    SELECT concat_ws(
      '/',
      (SELECT system_identifier FROM pg_control_system()),
      left(pg_walfile_name(pg_current_wal_lsn()), 8),
      (SELECT oid FROM pg_database WHERE datname = current_database()),
      'messages'::regclass::oid
    )
    """
)


class Why(StrEnum):
    """Why sending is paused."""

    ASKED = "asked"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class SendingPause:
    """The reason for the pause, and since when (UTC)."""

    why: Why
    since: datetime


def hold() -> SendingPause | None:
    """The current pause; None while messages may leave."""
    row = db.session.execute(sa.select(Sending.held_why, Sending.held_since)).one_or_none()
    if row is None or row.held_why is None or row.held_since is None:
        return None
    return SendingPause(Why(row.held_why), row.held_since)


def is_held(now: datetime, *, asked: bool) -> bool:
    """Whether sending is paused; records a pause that begins or ends now. `asked` is what the settings say.

    The caller commits. Any number of senders may ask at once.
    """
    here: str = db.session.execute(INCARNATION).scalar_one()
    db.session.execute(pg.insert(Sending).values(id=1, incarnation=here).on_conflict_do_nothing())
    row = db.session.execute(sa.select(Sending.incarnation, Sending.held_why, Sending.asked_release_at)).one()
    if row.incarnation != here:
        _note(
            Sending.incarnation != here,
            incarnation=here,
            held_why=Why.RESTORED,
            held_since=now,
            asked_release_at=None,
        )
        return True
    if asked:
        if row.held_why is None and row.asked_release_at is None:
            _note(Sending.held_why.is_(None), held_why=Why.ASKED, held_since=now)
            return True
    elif row.asked_release_at is not None or row.held_why == Why.ASKED:
        # The settings no longer ask; if they do again, it is a new pause.
        _note(Sending.held_why == Why.ASKED, held_why=None, held_since=None)
        _note(Sending.asked_release_at.is_not(None), asked_release_at=None)
        return bool(row.held_why == Why.RESTORED)
    return row.held_why is not None


def waiting(now: datetime) -> Counter[MessageKind]:
    """How many messages would leave at once if sending resumed, by kind."""
    due = (
        sa.select(Message.kind, sa.func.count())
        .where(STILL_OPEN, Message.due_at <= now)
        .group_by(Message.kind)
    )
    return Counter({MessageKind(kind): count for kind, count in db.session.execute(due)})


def release(actor: str, now: datetime, *, leave_out: bool) -> int:
    """Resume sending. With `leave_out`, messages that are due by now never go: after a restore they may have gone
    before.

    Returns how many were left out. The caller commits. Safe to repeat: the second call finds no pause.
    """
    held = hold()
    if held is None:
        return 0
    left_out = _leave_out(now) if leave_out else 0
    _note(
        Sending.held_why.is_not(None),
        held_why=None,
        held_since=None,
        asked_release_at=now if held.why is Why.ASKED else None,
    )
    audit.record(
        actor,
        "messages_released",
        subject_type="sending",
        purpose="left_out" if leave_out else "all",
        fields=("held_since",),
        now=now,
    )
    return left_out


def _leave_out(now: datetime) -> int:
    due = (
        sa.update(Message)
        .where(STILL_OPEN, Message.due_at <= now)
        .values(dropped_at=now, why="left_out", lease_until=None)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(db.session.scalars(due).all())


def _note(condition: sa.ColumnElement[bool], **columns: object) -> None:
    db.session.execute(
        sa.update(Sending).where(condition).values(**columns).execution_options(synchronize_session=False)
    )
