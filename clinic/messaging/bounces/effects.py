"""What comes back after a letter was taken: that it could not be delivered, or that nobody wanted it."""

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
"""Codes of a letter that came back, and of one that its reader reported."""


def came_back(message_id: UUID, now: datetime, *, for_good: bool, recipient: str | None = None) -> bool:
    """Note that a letter that was taken came back; what was told by it counts as not told.

    `for_good` when the address itself does not work: nothing more goes there until somebody corrects it. `recipient` is the
    address the report names, when it names one; another address of the same person stays as it is. Twice is harmless.
    False when there is no such message. The caller commits.
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
    """Note that somebody reported a letter as unwanted: nothing more goes to that address.

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
    """Note that an address does not exist: nothing is owed to it until somebody corrects it. The caller commits."""
    db.session.execute(sa.update(Contact).where(Contact.id == contact_id).values(bounced_at=now))


def mark_reachable(contact_id: UUID, actor: str, now: datetime) -> Contact:
    """Let messages go to an address again that did not take them. Raises NotFound. The caller commits."""
    contact = db.session.get(Contact, contact_id)
    if contact is None:
        raise NotFound
    if contact.bounced_at is not None:
        contact.bounced_at = None
        audit.record(
            actor, "address_works", contact, client_id=contact.client_id, fields=("bounced_at",), now=now
        )
    return contact
