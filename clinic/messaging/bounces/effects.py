"""The effects of reports about accepted letters: that one could not be delivered, or was unwanted."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import Contact
from clinic.db import db
from clinic.messaging.models import Message
from clinic.refusal import NotFound

CAME_BACK = "bounced"
UNWANTED = "complaint"
"""Codes of a letter that bounced, and of one that its reader reported."""


def came_back(message_id: UUID, now: datetime, *, for_good: bool, recipient: str | None = None) -> bool:
    """Record that an accepted letter bounced; its content counts as not delivered.

    `for_good`: the address itself does not work, and nothing more goes there until somebody corrects it. `recipient` is
    the address named in the report, if any; the person's other addresses are unaffected. Safe to repeat. False if there
    is no such message. The caller commits.
    """
    message = db.session.get(Message, message_id, with_for_update=True)
    if message is None:
        return False
    if message.dropped_at is None and message.given_up_at is None:
        message.sent_at = message.lease_until = message.told = None
        message.given_up_at, message.why = now, CAME_BACK
    if for_good:
        _mark(message, now, recipient)
    return True


def was_unwanted(message_id: UUID, now: datetime) -> bool:
    """Record that somebody reported a letter as unwanted: nothing more goes to that address.

    False when there is no such message. The caller commits.
    """
    message = db.session.get(Message, message_id, with_for_update=True)
    if message is None:
        return False
    if message.sent_at is not None:
        message.why = UNWANTED
    _mark(message, now, None)
    return True


def _mark(message: Message, now: datetime, recipient: str | None) -> None:
    contact = db.session.get(Contact, message.recipient_id)
    if contact is None or contact.bounced_at is not None:
        return
    if recipient is None or recipient.casefold() == contact.normalised:
        contact.bounced_at = now
        audit.record(
            audit.SYSTEM,
            "address_bounced",
            contact,
            client_id=contact.client_id,
            fields=("bounced_at",),
            now=now,
        )


def mark_unreachable(contact_id: UUID, now: datetime) -> None:
    """Record that an address does not exist: nothing goes to it until somebody corrects it. The caller commits."""
    db.session.execute(sa.update(Contact).where(Contact.id == contact_id).values(bounced_at=now))


def mark_reachable(contact_id: UUID, actor: str, now: datetime) -> Contact:
    """Allow messages to an address that rejected them before. Raises NotFound. The caller commits."""
    contact = db.session.get(Contact, contact_id)
    if contact is None:
        raise NotFound
    if contact.bounced_at is not None:
        contact.bounced_at = None
        audit.record(
            actor, "address_works", contact, client_id=contact.client_id, fields=("bounced_at",), now=now
        )
    return contact
