"""Reads for the staff pages: the message log, what is sent next, the delivery's heartbeats, and the emails in the
folder."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts.models import Client, Contact, User
from clinic.accounts.name_search import name_matches
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import heartbeat as heart
from clinic.messaging import resend
from clinic.messaging.bounces.effects import CAME_BACK, UNWANTED
from clinic.messaging.due.visits import visits
from clinic.messaging.heartbeat import DeliveryHeartbeats
from clinic.messaging.kinds import KINDS
from clinic.messaging.kinds.declaration import Recipient
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import KNOWN_KIND, STILL_OPEN

FILE = re.compile(r"\d+\.[0-9a-f-]{36}\.[0-9a-f]{8}\.eml")
PAGE = 50

_about, _since = sa.orm.aliased(Message), sa.orm.aliased(Message)
"""For `not_delivered`; made once, because every page of visits asks."""


class Stage(StrEnum):
    """The state of a message."""

    WAITING = "waiting"
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    UNWANTED = "unwanted"
    DROPPED = "dropped"
    GIVEN_UP = "given_up"
    CAME_BACK = "came_back"


class MessageStage(StrEnum):
    """Which messages a list shows."""

    ALL = "all"
    OWED = "owed"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


SHOWN: dict[MessageStage, sa.ColumnElement[bool]] = {
    MessageStage.ALL: sa.true(),
    MessageStage.OWED: STILL_OPEN,
    MessageStage.SENT: Message.sent_at.is_not(None),
    MessageStage.FAILED: Message.given_up_at.is_not(None),
    MessageStage.DROPPED: Message.dropped_at.is_not(None),
}

OF_REQUESTS = (
    MessageKind.REQUEST_RECEIVED,
    MessageKind.REQUEST_MOVED,
    MessageKind.REQUEST_WITHDRAWN,
    MessageKind.REQUEST_DECLINED,
)
"""Letters about a visit that was asked for and is not booked; once it is confirmed, they are about a visit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """One message in the log: what, for whom, about which visit, and how it ended. `why` is a code.

    `staff_name` is the recipient if it goes to a member of staff.
    """

    id: UUID
    kind: MessageKind
    channel: str
    stage: Stage
    why: str
    at: datetime
    attempts: int
    client_id: UUID | None
    client_name: str
    staff_name: str
    visit_id: UUID | None
    visit_at: datetime | None
    zone: str
    may_go_again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """The filters of the log."""

    shown: MessageStage = MessageStage.ALL
    name: str = ""
    client_id: UUID | None = None
    visit_id: UUID | None = None


EVERYTHING = MessageFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """Some lines, newest first, and the ids at which the neighbouring pages begin."""

    lines: Sequence[MessageLine]
    newer: UUID | None = None
    older: UUID | None = None


def pulse() -> DeliveryHeartbeats:
    """Whether worker, beat, pass and mail server are alive, by the database's clock."""
    return heart.heartbeats()


def page(
    now: datetime,
    wanted: MessageFilter = EVERYTHING,
    *,
    before: UUID | None = None,
    after: UUID | None = None,
) -> MessagePage:
    """One page of messages, newest first: those older than `before`, or the next newer than `after`."""
    question = _lines().where(SHOWN[wanted.shown])
    if wanted.client_id is not None:
        question = question.where(Message.client_id == wanted.client_id)
    if wanted.visit_id is not None:
        question = question.where(Message.subject_id == wanted.visit_id)
    question = question.where(*name_matches(Client.search_name, wanted.name))
    if after is not None:
        rows = db.session.execute(
            question.where(Message.id > after).order_by(Message.id).limit(PAGE + 1)
        ).all()
        has_newer, has_older = len(rows) > PAGE, True
        rows = rows[:PAGE][::-1]
    else:
        if before is not None:
            question = question.where(Message.id < before)
        rows = db.session.execute(question.order_by(Message.id.desc()).limit(PAGE + 1)).all()
        has_newer, has_older = before is not None, len(rows) > PAGE
        rows = rows[:PAGE]
    lines = [line_of(row, now) for row in rows]
    return MessagePage(
        lines=lines,
        newer=lines[0].id if lines and has_newer else None,
        older=lines[-1].id if lines and has_older else None,
    )


def stages(kind: MessageKind, subject_ids: Sequence[UUID], now: datetime) -> Mapping[UUID, Stage]:
    """The state of the newest message of a kind about each of these subjects; subjects without one are left out."""
    about = sa.select(Message).where(Message.kind == kind, Message.subject_id.in_(subject_ids))
    return {row.subject_id: _stage(row, now) for row in db.session.scalars(about.order_by(Message.id))}


def reaches_by_mail(visit_id: UUID) -> bool:
    """Whether letters about a visit have a usable address, and none was lost so far."""
    has_address = db.session.scalar(sa.select(visits(Appointment.id == visit_id).exists()))
    return bool(has_address) and not not_delivered([visit_id])


def not_delivered(visit_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Visits whose client did not get a letter or text message about them, nor another one of its kind since."""
    went = sa.exists().where(
        _since.subject_id == _about.subject_id,
        _since.kind == _about.kind,
        _since.sent_at.is_not(None),
        _since.owed_at >= _about.owed_at,
    )
    failed = sa.select(_about.subject_id).where(
        _about.subject_id.in_(list(visit_ids)),
        _about.client_id.is_not(None),
        _about.given_up_at.is_not(None),
        ~went,
    )
    return frozenset(db.session.scalars(failed))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMessage:
    """A message that left for a client: what it was, when, by which channel, to which of their addresses."""

    id: UUID
    kind: MessageKind
    channel: str
    at: datetime
    """When it left, or when it came back."""
    address: str
    """Empty if it went to an address that is none of the client's contacts now."""
    came_back: bool
    visit_at: datetime | None
    """When the visit begins that it spoke of; None if it spoke of none, or if that is no longer known."""
    zone: str

    @property
    def is_of_request(self) -> bool:
        """Whether it spoke of a visit that was asked for and not booked."""
        return self.kind in OF_REQUESTS


def received(client_id: UUID, *, before: UUID | None = None, limit: int) -> list[ReceivedMessage]:
    """What was sent to a client, newest first, those older than `before`; messages to staff about them are left out. One
    statement."""
    at = sa.func.coalesce(Message.sent_at, Message.given_up_at)
    # Of messages from before their day was stored, only one that left since the present time was agreed is known to speak of it.
    day = sa.func.coalesce(
        Message.visit_starts_at, sa.case((Appointment.time_agreed_at <= at, Appointment.starts_at))
    )
    rows = sa.select(Message, at, Contact.value, day, Appointment.zone).where(
        Message.client_id == client_id,
        Message.kind.in_([kind for kind, known in KINDS.items() if known.recipient is Recipient.CLIENT]),
        sa.or_(Message.sent_at.is_not(None), Message.why == CAME_BACK),
    )
    rows = rows.outerjoin(Appointment, Appointment.id == Message.subject_id).outerjoin(
        Contact, sa.and_(Contact.id == Message.recipient_id, Contact.client_id == client_id)
    )
    if before is not None:
        rows = rows.where(Message.id < before)
    found = db.session.execute(rows.order_by(Message.id.desc()).limit(limit)).all()
    return [
        ReceivedMessage(
            id=message.id,
            kind=MessageKind(message.kind),
            channel=message.channel,
            at=at,
            address=address or "",
            came_back=message.sent_at is None,
            visit_at=visit_at,
            zone=zone or "",
        )
        for message, at, address, visit_at, zone in found
    ]


def _lines() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(Message, Client, User, Appointment.id, Appointment.starts_at, Appointment.zone)
        .outerjoin(Client, Client.id == Message.client_id)
        .outerjoin(User, User.id == Message.recipient_id)
        .outerjoin(Appointment, Appointment.id == Message.subject_id)
        .where(KNOWN_KIND)
    )


def line_of(row: Sequence[Any], now: datetime) -> MessageLine:
    """The line of a message with its client, its member of staff, and its visit's id, start and zone."""
    message, client, user, visit_id, visit_at, zone = row
    return MessageLine(
        id=message.id,
        kind=MessageKind(message.kind),
        channel=message.channel,
        stage=_stage(message, now),
        why=message.why or "",
        at=message.sent_at or message.given_up_at or message.dropped_at or message.due_at,
        attempts=message.attempts,
        client_id=message.client_id,
        client_name=client.name if client else "",
        staff_name=user.name if user else "",
        visit_id=visit_id,
        visit_at=visit_at,
        zone=zone or "",
        may_go_again=resend.may_go_again(message, now),
    )


def _stage(message: Message, now: datetime) -> Stage:
    if message.sent_at:
        return Stage.UNWANTED if message.why == UNWANTED else Stage.SENT
    if message.given_up_at:
        return Stage.CAME_BACK if message.why == CAME_BACK else Stage.GIVEN_UP
    if message.dropped_at:
        return Stage.DROPPED
    if message.lease_until and message.lease_until > now:
        return Stage.SENDING
    return Stage.RETRYING if message.attempts else Stage.WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """An email that was written to the folder instead of being sent; `name` is its file."""

    name: str
    to: str
    subject: str
    written_at: datetime
    text: str
    html: str
    calendar: str


def outbox(folder: Path, *, limit: int = 100) -> list[Mail]:
    """The latest emails in the folder, newest first."""
    files = sorted((folder / "new").glob("*.eml"), key=lambda file: file.name, reverse=True)
    return [_read(file) for file in files[:limit] if FILE.fullmatch(file.name)]


def mail(folder: Path, name: str) -> Mail | None:
    """One email of the folder by its file name; None if there is no such file."""
    file = folder / "new" / name
    if not FILE.fullmatch(name) or not file.is_file():
        return None
    return _read(file)


def _read(file: Path) -> Mail:
    parsed = message_from_bytes(file.read_bytes(), policy=policy.default)
    return Mail(
        name=file.name,
        to=_address(parsed),
        subject=str(parsed["Subject"]),
        written_at=parsedate_to_datetime(str(parsed["Date"])),
        text=_part(parsed, "text/plain"),
        html=_part(parsed, "text/html"),
        calendar=_part(parsed, "text/calendar"),
    )


def _address(parsed: EmailMessage) -> str:
    """The recipient, even if the address is plain UTF-8 in the header."""
    written = next((value for name, value in parsed.raw_items() if name.lower() == "to"), "")
    return str(written).encode("ascii", "surrogateescape").decode("utf-8", "replace").strip()


def _part(parsed: EmailMessage, kind: str) -> str:
    for part in parsed.walk():
        if part.get_content_type() == kind:
            return str(part.get_content())
    return ""
