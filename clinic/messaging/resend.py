"""Resending a message at the request of a member of staff."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.db import db
from clinic.messaging.kinds import KINDS
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import AGAIN, STILL_OPEN, Owed, owe
from clinic.refusal import NotFound, Refusal

ONE_TIME = frozenset(kind for kind, declared in KINDS.items() if declared.is_one_time)


class NotAgain(Refusal):
    """A message that is not to be sent a second time."""

    code = "not-again"
    sentence = "This message cannot be sent again: it still waits, its visit is over, or it holds a link for one use."


def may_go_again(message: Message, now: datetime) -> bool:
    """Whether somebody may ask to have this message sent a second time."""
    has_ended = message.sent_at is not None or message.given_up_at is not None
    is_worth = message.expires_at is None or message.expires_at > now
    return has_ended and is_worth and message.kind not in ONE_TIME


def send_again(message_id: UUID, actor: str, now: datetime) -> None:
    """Queue a message again, composed from today's facts; if it was sent, as a new message.

    Asking twice before it has left sends it once. Raises NotFound and NotAgain. The caller commits.
    """
    message = db.session.get(Message, message_id, with_for_update=True)
    if message is None:
        raise NotFound
    if not may_go_again(message, now):
        raise NotAgain
    if message.given_up_at is not None:
        message.given_up_at = message.why = message.told = None
        message.attempts, message.due_at = 0, now
    else:
        _owe_copy(message, now)
    audit.record(actor, "message_sent_again", message, client_id=message.client_id, now=now)


def _owe_copy(message: Message, now: datetime) -> None:
    """A new row on the same channel, and so a new Message-ID: mail programs hide a second email with the same one."""
    first = message.occasion.partition(AGAIN)[0]
    copies = sa.select(Message).where(
        Message.kind == message.kind,
        Message.channel == message.channel,
        Message.subject_id == message.subject_id,
        Message.recipient_id == message.recipient_id,
        Message.occasion.startswith(first + AGAIN, autoescape=True),
    )
    if db.session.scalar(sa.select(copies.where(STILL_OPEN).exists())):
        return
    made = db.session.scalar(sa.select(sa.func.count()).select_from(copies.subquery())) or 0
    again = Owed(
        kind=MessageKind(message.kind),
        channel=message.channel,
        subject_id=message.subject_id,
        recipient_id=message.recipient_id,
        occasion=f"{first}{AGAIN}{made + 1}",
        due_at=now,
        expires_at=message.expires_at,
        client_id=message.client_id,
    )
    owe([again], now)
