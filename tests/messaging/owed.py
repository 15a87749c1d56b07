"""What was owed, as tests ask for it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.db import db
from clinic.messaging.models import Message, MessageKind


def kinds() -> list[str]:
    """The kinds of all messages, in the order they were owed."""
    return list(db.session.scalars(sa.select(Message.kind).order_by(Message.id)))


def occasions(kind: MessageKind) -> list[str]:
    """The occasions of one kind, in the order they were owed."""
    return list(
        db.session.scalars(sa.select(Message.occasion).where(Message.kind == kind).order_by(Message.id))
    )


def berlin(text: str) -> datetime:
    """An instant (UTC) by the clock in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
