"""A client's new email address: it counts only once somebody who reads its mail followed a one-time link.

Asking stores the address; messaging derives the letter from that row. Until the link is used, the old address stays in force.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit, client_records, services
from clinic.accounts.client_records import AddressKnown
from clinic.accounts.models import AddressChange, Client, Contact, ContactKind, Relation
from clinic.db import RowsToDelete, db

KEPT: Final = timedelta(days=1)
"""How long after it was asked for an address that nobody proved is kept."""


def ask(contact: Contact, mail: str, now: datetime) -> AddressChange:
    """Ask for a link at a new address in place of this contact's; asking again replaces what was asked before.

    The caller commits. Raises UnreadableAddress, and AddressKnown for an address that is on the record already.
    """
    address = services.normalise_mail(mail)
    client_records.locked_client(contact.client_id)
    known = sa.exists().where(
        Contact.client_id == contact.client_id,
        Contact.kind == ContactKind.MAIL,
        Contact.normalised == address,
    )
    if db.session.scalar(sa.select(known)):
        raise AddressKnown
    row = pending(contact)
    if row is None:
        row = AddressChange(contact_id=contact.id, asked_at=now)
        db.session.add(row)
    else:
        row.asked_at, row.asked_revision = now, row.asked_revision + 1
    row.mail = address
    db.session.flush()
    return row


def pending(contact: Contact) -> AddressChange | None:
    """The new address that waits to be proven in place of this contact's, if there is one."""
    return db.session.scalar(sa.select(AddressChange).where(AddressChange.contact_id == contact.id))


def give_up(contact: Contact) -> None:
    """Forget the new address; its link opens nothing any more. Does nothing without one. The caller commits."""
    db.session.execute(sa.delete(AddressChange).where(AddressChange.contact_id == contact.id))


def prove(change_id: UUID, now: datetime) -> Contact | None:
    """Let the new address count, because its link was used; None if it was given up, or the record is gone.

    The old address ends as `client_records` says. The caller commits. Raises AddressKnown if it came onto the record
    another way meanwhile.
    """
    row = db.session.get(AddressChange, change_id)
    contact = db.session.get(Contact, row.contact_id) if row else None
    person = db.session.get(Client, contact.client_id) if contact else None
    if row is None or contact is None or person is None:
        return None
    if row.asked_at <= now - KEPT or person.erased_at is not None or person.merged_into_id is not None:
        return None
    changed = client_records.change_address(
        contact.id,
        row.mail,
        relation=Relation(contact.relation),
        country="",
        seen_as=client_records.page_mark(contact),
        actor=audit.by_contact(contact.id),
        now=now,
    )
    changed.verified_at = now
    db.session.delete(row)
    db.session.flush()
    return changed


def old_changes(until: datetime) -> RowsToDelete:
    """Addresses asked for at an instant or before it."""
    return RowsToDelete(AddressChange, AddressChange.asked_at <= until)
