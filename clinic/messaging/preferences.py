"""Preferences: what a person wants to receive besides letters about their bookings, agreement to text messages, and how to
unsubscribe.

Check-ins are part of a visit's care and go out unless somebody stops them. Invitations to come again and news go only
to people who agreed, and consent is a row: which text, when, and when it was withdrawn. Every change is audited.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit, signed_links
from clinic.accounts.models import Contact, ContactKind
from clinic.db import db
from clinic.intake import withdrawal
from clinic.intake.consent import ConsentText
from clinic.intake.models import Consent, ConsentWay, Purpose
from clinic.language import N_
from clinic.refusal import NotFound, Refusal

STOP: Final = "stop"
MOST_OFFSETS: Final = 5
LONGEST_OFFSET_MINUTES: Final = 14 * 24 * 60

NEWS: Final = ConsentText(
    Purpose.NEWS,
    "2026-11",
    (N_("Write to me when it is time for another session. I can stop this at any time."),),
)

TEXT_MESSAGES: Final = ConsentText(
    Purpose.TEXT_MESSAGES,
    "2026-12",
    (N_("Remind me of my visits by text messages to my telephone. I can stop this at any time."),),
)


class Topic(StrEnum):
    """What somebody can unsubscribe from with one click in the letter."""

    CHECK_INS = "check-ins"
    REBOOKING = "rebooking"


class NoSuchReminder(Refusal):
    """Reminders that cannot be sent: too many, or too long before."""

    status = 422
    code = "no-such-reminder"
    sentence = N_("Choose at most 5 reminders, each between 15 minutes and 14 days before a visit.")


class NoTelephone(Refusal):
    """Text messages can only go to a telephone."""

    code = "no-telephone"
    sentence = "Text messages can only go to a telephone."


def agreed_to_news(client_id: Any) -> sa.ColumnElement[bool]:
    """A condition: the client agreed to invitations and news and has not withdrawn."""
    return sa.exists().where(
        Consent.client_id == client_id, Consent.purpose == Purpose.NEWS, Consent.withdrawn_at.is_(None)
    )


def wants_news(client_id: UUID) -> bool:
    """The same as a plain bool."""
    return bool(db.session.scalar(sa.select(agreed_to_news(client_id))))


def agree_to_news(client_id: UUID, *, actor: str, now: datetime) -> None:
    """Record consent to invitations and news; does nothing if it already exists. The caller commits."""
    withdrawal.agree(client_id, NEWS, actor=actor, now=now)


def withdraw_news(client_id: UUID, *, actor: str, now: datetime, way: ConsentWay = ConsentWay.WEB) -> None:
    """Withdraw consent to invitations and news; does nothing without one. The caller commits."""
    withdrawal.withdraw(client_id, Purpose.NEWS, actor=actor, now=now, way=way)


def set_reminders(contact: Contact, offsets_minutes: Sequence[int] | None, *, now: datetime) -> None:
    """Set this address's reminders, in minutes before a visit; None follows the practice, an empty list means never.

    The caller commits. Raises NoSuchReminder.
    """
    wanted = None if offsets_minutes is None else sorted(set(offsets_minutes), reverse=True)
    if wanted and (
        len(wanted) > MOST_OFFSETS or not all(15 <= each <= LONGEST_OFFSET_MINUTES for each in wanted)
    ):
        raise NoSuchReminder
    contact.reminder_offsets_minutes = wanted
    contact.wants_reminders = wanted != []
    audit.record(
        audit.by_contact(contact.id), "change", contact, client_id=contact.client_id,
        fields=("reminder_offsets_minutes", "wants_reminders"), now=now,
    )  # fmt: skip


def set_check_ins(contact: Contact, wanted: bool, *, now: datetime) -> None:
    """Set whether check-ins go to this address. The caller commits."""
    if contact.wants_check_ins == wanted:
        return
    contact.wants_check_ins = wanted
    audit.record(
        audit.by_contact(contact.id), "change", contact, client_id=contact.client_id,
        fields=("wants_check_ins",), now=now,
    )  # fmt: skip


def record_sms_consent(
    contact_id: UUID, actor: str, now: datetime, *, agrees: bool, way: ConsentWay = ConsentWay.DESK
) -> Contact:
    """Record that the owner of a telephone agreed to text messages, or withdrew: on the telephone, which stops them, and in the ledger.

    Raises NotFound and NoTelephone. The caller commits.
    """
    contact = db.session.get(Contact, contact_id)
    if contact is None:
        raise NotFound
    if contact.kind != ContactKind.PHONE:
        raise NoTelephone
    if agrees != (contact.sms_agreed_at is not None):
        contact.sms_agreed_at = now if agrees else None
        if agrees:
            about = {"client_id": contact.client_id, "contact_id": contact.id}
            db.session.add(withdrawal.given(TEXT_MESSAGES, way=way, actor=actor, now=now, **about))
        else:
            _end_texts(contact, actor, now, way)
        action = "sms_agreed" if agrees else "sms_withdrawn"
        audit.record(actor, action, contact, client_id=contact.client_id, fields=("sms_agreed_at",), now=now)
    return contact


def end_texts_to_changed(contact: Contact, actor: str, now: datetime, way: ConsentWay) -> None:
    """End in the ledger what was agreed to for a number that is no longer this telephone's. The caller commits."""
    if contact.kind == ContactKind.PHONE and contact.sms_agreed_at is None:
        _end_texts(contact, actor, now, way)


def _end_texts(contact: Contact, actor: str, now: datetime, way: ConsentWay) -> None:
    withdrawal.withdraw(
        contact.client_id, Purpose.TEXT_MESSAGES, actor=actor, now=now, way=way, contact_id=contact.id
    )


def unsubscribe(contact: Contact, topic: Topic, now: datetime) -> None:
    """Unsubscribe an address from one topic. Safe to repeat. The caller commits."""
    if topic is Topic.CHECK_INS:
        set_check_ins(contact, False, now=now)
    else:
        withdraw_news(contact.client_id, actor=audit.by_contact(contact.id), now=now, way=ConsentWay.LINK)


def unsubscribe_path(contact_id: UUID, topic: Topic) -> str:
    """The URL that unsubscribes an address from a topic: `/stop/<topic>/<token>`."""
    return signed_links.purpose_path(f"{STOP}/{topic.value}", f"{STOP}-{topic.value}", contact_id, 1)


def contact_of(topic: Topic, token: str) -> Contact:
    """The contact of an unsubscribe token; raises NotFound."""
    claim = signed_links.check(token, f"{STOP}-{topic.value}")
    contact = db.session.get(Contact, claim.subject_id) if claim and claim.holds(1) else None
    if contact is None:
        raise NotFound
    return contact
