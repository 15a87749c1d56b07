"""Text messages: reminders to telephones whose owners agreed to them. Off unless SMS_URL is set.

A text message says when and where and carries the manage link; like a mail it holds no health data and no family name.
"""

import http.client
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from flask import Flask, current_app

from clinic import language
from clinic.accounts import audit, signed_links
from clinic.accounts.models import Client, Contact, ContactKind
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.language import gettext
from clinic.language.reading import local_time, short_date
from clinic.messaging.due.reminders import reminded_at
from clinic.messaging.due.shape import DueQuery, DueRules, Row
from clinic.messaging.letters.content import Drop
from clinic.messaging.mailer import Refused, TryLater
from clinic.messaging.models import MessageKind
from clinic.messaging.services import Claim, Owed
from clinic.practice.models import Location
from clinic.practice.queries import find_practice
from clinic.refusal import NotFound, Refusal

CHANNEL = "sms"
TIMEOUT_SECONDS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage:
    """What goes to one telephone (E.164); `reference` is the same for every try, so that a provider can leave out a copy."""

    reference: UUID
    to: str
    text: str


class SmsProvider(Protocol):
    """Delivers one text message at a time."""

    def send(self, message: TextMessage) -> None:
        """Hand one message over; returns once the provider has taken charge of it. Raises TryLater and Refused."""


class HttpSms:
    """Posts each message as JSON (`from`, `to`, `text`, `reference`) to the provider's address, with a bearer token."""

    def __init__(
        self, url: str, token: str, sender: str, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self.parts = urlsplit(url)
        self.token = token
        self.sender = sender
        self.timeout_seconds = timeout_seconds

    def send(self, message: TextMessage) -> None:
        """Post it: 2xx is taken, 408, 425, 429 and 5xx mean later, any other answer means never."""
        try:
            status = self._status(message)
        except (OSError, http.client.HTTPException):
            raise TryLater("unreachable") from None
        if status in (408, 425, 429) or status >= 500:
            raise TryLater("not_now")
        if not 200 <= status < 300:
            raise Refused("refused")

    def _status(self, message: TextMessage) -> int:
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        connection = kinds[self.parts.scheme](self.parts.netloc, timeout=self.timeout_seconds)
        told = {
            "from": self.sender,
            "to": message.to,
            "text": message.text,
            "reference": str(message.reference),
        }
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        try:
            connection.request("POST", self.parts.path or "/", json.dumps(told), headers)
            status: int = connection.getresponse().status
            return status
        finally:
            connection.close()


def sms_provider(app: Flask) -> SmsProvider | None:
    """The provider of the settings; None while text messages are off."""
    url = app.config["SMS_URL"]
    return HttpSms(url, app.config["SMS_TOKEN"], app.config["SMS_FROM"]) if url else None


class NoTelephone(Refusal):
    """Text messages to an address that is no telephone."""

    code = "no-telephone"
    sentence = "Text messages can only go to a telephone."


def agree(contact_id: UUID, actor: str, now: datetime, *, agrees: bool) -> Contact:
    """Note that the owner of a telephone agreed to text messages, or no longer does.

    Raises NotFound and NoTelephone. The caller commits.
    """
    contact = db.session.get(Contact, contact_id)
    if contact is None:
        raise NotFound
    if contact.kind != ContactKind.PHONE:
        raise NoTelephone
    if agrees != (contact.sms_agreed_at is not None):
        contact.sms_agreed_at = now if agrees else None
        action = "sms_agreed" if agrees else "sms_withdrawn"
        audit.record(actor, action, contact, client_id=contact.client_id, fields=("sms_agreed_at",), now=now)
    return contact


def reminders(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Booked visits whose reminder is due, for telephones whose owners agreed; of several due at once the last before the visit."""
    if not rules.reminder_offsets:
        return []
    furthest = rules.until(now) + max(rules.reminder_offsets) + timedelta(days=1)
    booked = (
        sa.select(
            Appointment.id,
            Appointment.client_id,
            Appointment.starts_at,
            Appointment.time_revision,
            Appointment.time_agreed_at,
            Location.zone,
            Contact.id.label("recipient_id"),
        )
        .join(Client, Client.id == Appointment.client_id)
        .join(Location, Location.id == Appointment.location_id)
        .join(Contact, Contact.client_id == Client.id)
        .where(
            Appointment.state == State.BOOKED,
            Appointment.starts_at > now,
            Appointment.starts_at <= furthest,
            Client.erased_at.is_(None),
            Contact.kind == ContactKind.PHONE,
            Contact.sms_agreed_at.is_not(None),
            Contact.bounced_at.is_(None),
        )
    )
    return [DueQuery(booked, lambda rows: [owed for row in rows for owed in _owed(row, rules, now)])]


def _owed(row: Row, rules: DueRules, now: datetime) -> Iterator[Owed]:
    """The reminder that is due, which is the last one before the visit; looking ahead, also those that fall due later."""
    visit = row._mapping
    quiet = rules.quiet(visit["zone"])
    for offset in sorted(rules.reminder_offsets):
        if quiet.before(visit["starts_at"] - offset) > rules.until(now):
            continue
        # One that fell into quiet hours is left out: a longer one goes anyway.
        is_longest = offset == max(rules.reminder_offsets)
        due_at = reminded_at(
            visit["starts_at"], offset, visit["time_agreed_at"], quiet, earlier_went=not is_longest
        )
        if due_at is None:
            continue
        yield Owed(
            kind=MessageKind.REMINDER,
            channel=CHANNEL,
            subject_id=visit["id"],
            recipient_id=visit["recipient_id"],
            client_id=visit["client_id"],
            occasion=f"r{visit['time_revision']}/{int(offset.total_seconds() // 60)}",
            due_at=due_at,
            expires_at=visit["starts_at"],
        )
        if due_at <= now:
            return


def compose(held: Claim, now: datetime) -> TextMessage | Drop:
    """The text of a claimed message from today's facts, or the reason why it must not go."""
    appointment = db.session.get(Appointment, held.subject_id)
    contact = db.session.get(Contact, held.recipient_id)
    practice = find_practice()
    if appointment is None or contact is None or practice is None or appointment.client is None:
        return Drop("gone")
    if appointment.client.erased_at is not None:
        return Drop("erased")
    if contact.bounced_at is not None:
        return Drop("does_not_arrive")
    if contact.sms_agreed_at is None or contact.client_id != appointment.client_id:
        return Drop("no_consent")
    if appointment.state != State.BOOKED:
        return Drop("cancelled")
    if held.occasion.partition("/")[0] != f"r{appointment.time_revision}":
        return Drop("moved")
    if appointment.starts_at <= now:
        return Drop("over")
    with language.speaking(appointment.client.language):
        text = gettext(
            "%(practice)s: your appointment is on %(day)s, %(time)s, %(place)s. Change or cancel: %(link)s"
        ) % {
            "practice": practice.name,
            "day": short_date(appointment.starts_at, appointment.zone),
            "time": local_time(appointment.starts_at, appointment.zone),
            "place": appointment.location.name,
            "link": current_app.config["PUBLIC_URL"]
            + signed_links.manage_path(appointment.id, appointment.link_epoch),
        }
    return TextMessage(reference=held.id, to=contact.normalised, text=text)
