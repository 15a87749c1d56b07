"""Reads for the staff pages: what was owed lately and what became of it, what delivers it, and the mails in the folder."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts.models import Client
from clinic.db import db
from clinic.messaging import pulse as heart
from clinic.messaging.models import Kind, Message
from clinic.messaging.pulse import Pulse

FILE = re.compile(r"\d+\.[0-9a-f-]{36}\.[0-9a-f]{8}\.eml")


class Stage(StrEnum):
    """Where a message is between being owed and its end."""

    WAITING = "waiting"
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    DROPPED = "dropped"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message in the list: what, for whom, and what became of it. `why` is a code."""

    id: UUID
    kind: Kind
    stage: Stage
    why: str
    at: datetime
    attempts: int
    client_id: UUID | None
    client_name: str


def pulse() -> Pulse:
    """Whether worker, beat, pass and mail server live; by the database's clock."""
    return heart.read()


def recent(now: datetime, *, limit: int = 100, client_id: UUID | None = None) -> list[Line]:
    """The messages owed last, newest first; of one client when asked."""
    question = (
        sa.select(Message, Client)
        .outerjoin(Client, Client.id == Message.client_id)
        .order_by(Message.id.desc())
        .limit(limit)
    )
    if client_id is not None:
        question = question.where(Message.client_id == client_id)
    return [_line(message, client, now) for message, client in db.session.execute(question)]


def undelivered(since: datetime) -> int:
    """How many messages were given up since an instant: what staff should look after by telephone."""
    count = sa.select(sa.func.count()).where(Message.given_up_at >= since)
    return db.session.scalar(count) or 0


def _line(message: Message, client: Client | None, now: datetime) -> Line:
    return Line(
        id=message.id,
        kind=Kind(message.kind),
        stage=_stage(message, now),
        why=message.why or "",
        at=message.sent_at or message.given_up_at or message.dropped_at or message.due_at,
        attempts=message.attempts,
        client_id=message.client_id,
        client_name=client.name if client else "",
    )


def _stage(message: Message, now: datetime) -> Stage:
    if message.sent_at:
        return Stage.SENT
    if message.given_up_at:
        return Stage.GIVEN_UP
    if message.dropped_at:
        return Stage.DROPPED
    if message.lease_until and message.lease_until > now:
        return Stage.SENDING
    return Stage.RETRYING if message.attempts else Stage.WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail that was written into the folder instead of being sent; `name` is its file."""

    name: str
    to: str
    subject: str
    written_at: datetime
    text: str
    html: str
    calendar: str


def outbox(folder: Path, *, limit: int = 100) -> list[Mail]:
    """The newest mails of the folder, newest first; none when nothing was ever written."""
    files = sorted((folder / "new").glob("*.eml"), key=lambda file: file.name, reverse=True)
    return [_read(file) for file in files[:limit] if FILE.fullmatch(file.name)]


def mail(folder: Path, name: str) -> Mail | None:
    """One mail of the folder by its file name; None when the name is no such file's."""
    file = folder / "new" / name
    if not FILE.fullmatch(name) or not file.is_file():
        return None
    return _read(file)


def _read(file: Path) -> Mail:
    parsed = message_from_bytes(file.read_bytes(), policy=policy.default)
    return Mail(
        name=file.name,
        to=str(parsed["To"]),
        subject=str(parsed["Subject"]),
        written_at=parsedate_to_datetime(str(parsed["Date"])),
        text=_part(parsed, "text/plain"),
        html=_part(parsed, "text/html"),
        calendar=_part(parsed, "text/calendar"),
    )


def _part(parsed: EmailMessage, kind: str) -> str:
    for part in parsed.walk():
        if part.get_content_type() == kind:
            return str(part.get_content())
    return ""
