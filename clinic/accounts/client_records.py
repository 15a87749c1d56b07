"""A client's record as staff correct it: personal details and contacts.

A change carries a mark of what the page showed, so that nobody overwrites a colleague's change unseen. If an address
changes:

1. The row stays, and with it its owner's preferences.
2. It is unverified until somebody follows a link sent to it; bounces of the old address no longer count.
3. Consent to text messages ends, because it was given for the old telephone.
4. Sessions and one-time links that proved the old email address end; a telephone proves nothing.
5. An old email address is kept for a month, so that a note can tell its reader that it was replaced.
"""

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit, services
from clinic.accounts.models import (
    Client,
    ClientSession,
    Contact,
    ContactKind,
    LoginLink,
    Relation,
    ReplacedAddress,
)
from clinic.accounts.name_search import search_name
from clinic.db import RowsToDelete, db, violates
from clinic.language import N_
from clinic.refusal import NotFound, Refusal, Stale

EARLIEST_BIRTH = date(1900, 1, 1)
ONCE_ON_A_RECORD = "uq_contacts_client_id_kind_normalised"


class RecordChanged(Stale):
    """Somebody else changed the record since the page was opened."""

    code = "record-changed"
    sentence = (
        "Somebody else changed this record while your page was open. Nothing of yours was saved. What you typed "
        "still stands here; compare it with the record before you save again."
    )


class AddressKnown(Refusal):
    """The address is already on this record."""

    status = 422
    code = "address-known"
    sentence = "This address stands on the record already."


class NotBornYet(Refusal):
    """A birth date that no living person has."""

    status = 422
    code = "not-born-yet"
    sentence = N_("Enter the birth date, a day from 1900 to today.")


@dataclass(frozen=True, kw_only=True)
class Further:
    """What a practice may want to know besides a name and a contact; empty where unknown."""

    street: str = ""
    postcode: str = ""
    town: str = ""
    emergency_name: str = ""
    emergency_phone: str = ""
    doctor: str = ""


@dataclass(frozen=True, kw_only=True)
class ClientDetails:
    """A client's personal details, as staff read and correct them."""

    given_name: str
    family_name: str
    preferred_name: str
    language: str
    birth_on: date | None
    further: Further


def person_of(client: Client) -> ClientDetails:
    """The record as it stands."""
    return ClientDetails(
        given_name=client.given_name or "",
        family_name=client.family_name or "",
        preferred_name=client.preferred_name or "",
        language=client.language,
        birth_on=client.birth_on,
        further=further_of(client),
    )


def further_of(client: Client) -> Further:
    """The further details; all empty if none were ever given."""
    return Further(**(client.further or {}))


def page_mark(row: Client | Contact) -> str:
    """A mark of what a page shows of a record or a contact; it changes with every change of either."""
    shown = (
        asdict(person_of(row)) if isinstance(row, Client) else {"value": row.value, "relation": row.relation}
    )
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:24]


def correct(client_id: UUID, person: ClientDetails, *, seen_as: str, actor: str, now: datetime) -> Client:
    """Set these values and record in the audit log which of them changed; the caller commits.

    Raises NotFound, RecordChanged and NotBornYet.
    """
    client = locked_client(client_id)
    if seen_as != page_mark(client):
        raise RecordChanged
    if person.birth_on is not None and not EARLIEST_BIRTH <= person.birth_on <= now.date():
        raise NotBornYet
    changed = _changed(person_of(client), person)
    if not changed:
        return client
    client.given_name, client.family_name = person.given_name, person.family_name
    client.preferred_name = person.preferred_name or None
    client.language = person.language
    client.search_name = search_name(person.given_name, person.family_name)
    client.birth_on = person.birth_on
    client.birth_year = person.birth_on.year if person.birth_on else None
    client.further = asdict(person.further) if any(asdict(person.further).values()) else None
    audit.record(actor, "change", client, client_id=client.id, fields=changed, now=now)
    db.session.flush()
    return client


def _changed(before: ClientDetails, after: ClientDetails) -> list[str]:
    old, new = (
        {**asdict(person.further), **{k: v for k, v in vars(person).items() if k != "further"}}
        for person in (before, after)
    )
    return sorted(name for name in new if new[name] != old[name])


def add_address(
    client_id: UUID,
    kind: ContactKind,
    value: str,
    *,
    relation: Relation,
    country: str,
    actor: str,
    now: datetime,
) -> Contact:
    """A further address on a record, unverified; the caller commits. Raises NotFound, UnreadableAddress and AddressKnown."""
    client = locked_client(client_id)
    with violates(ONCE_ON_A_RECORD, AddressKnown()):
        contact = services.add_contact(client, kind, value, now=now, country=country, relation=relation)
    audit.record(actor, "add", contact, client_id=client.id, fields=["value", "relation"], now=now)
    return contact


def change_address(
    contact_id: UUID,
    value: str,
    *,
    relation: Relation,
    country: str,
    seen_as: str,
    actor: str,
    now: datetime,
) -> Contact:
    """Replace an address, by the steps at the top of this module; the caller commits.

    Another spelling of the same address keeps its verification. Raises NotFound, RecordChanged, UnreadableAddress and AddressKnown.
    """
    found = db.session.get(Contact, contact_id)
    if found is None:
        raise NotFound
    locked_client(found.client_id)
    contact = db.session.get_one(Contact, contact_id, populate_existing=True)
    if seen_as != page_mark(contact):
        raise RecordChanged
    kind = ContactKind(contact.kind)
    normalised = (
        services.normalise_mail(value)
        if kind == ContactKind.MAIL
        else services.normalise_phone(value, country)
    )
    before = {name: getattr(contact, name) for name in ("value", "normalised", "relation")}
    after = {"value": value.strip(), "normalised": normalised, "relation": relation}
    changed = sorted(name for name in after if after[name] != before[name])
    if not changed:
        return contact
    with violates(ONCE_ON_A_RECORD, AddressKnown()):
        for name in changed:
            setattr(contact, name, after[name])
        if "normalised" in changed:
            _start_anew(contact, before["normalised"], now)
    audit.record(actor, "change", contact, client_id=contact.client_id, fields=changed, now=now)
    return contact


def _start_anew(contact: Contact, before: str, now: datetime) -> None:
    contact.verified_at = contact.bounced_at = contact.sms_agreed_at = None
    if contact.kind != ContactKind.MAIL:
        return
    db.session.add(
        ReplacedAddress(
            client_id=contact.client_id, contact_id=contact.id, normalised=before, replaced_at=now
        )
    )
    proved_by_it = sa.or_(
        ClientSession.contact_id == contact.id, ClientSession.client_id == contact.client_id
    )
    db.session.execute(
        sa.update(ClientSession).where(proved_by_it, ClientSession.ended_at.is_(None)).values(ended_at=now)
    )
    db.session.execute(
        sa.update(LoginLink)
        .where(LoginLink.contact_id == contact.id, LoginLink.used_at.is_(None))
        .values(used_at=now)
    )


def old_replaced(before: datetime) -> RowsToDelete:
    """Addresses that were replaced before an instant."""
    return RowsToDelete(ReplacedAddress, ReplacedAddress.replaced_at < before)


def locked_client(client_id: UUID) -> Client:
    """A living record, locked until the transaction ends; raises NotFound for one that is erased or was joined to another."""
    client = db.session.get(Client, client_id, with_for_update=True, populate_existing=True)
    if client is None or client.erased_at is not None or client.merged_into_id is not None:
        raise NotFound
    return client
