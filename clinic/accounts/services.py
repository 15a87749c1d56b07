"""Create and change clients and their contacts, and make the one-time links that prove an address.

A visitor always becomes a new, unverified client: nothing is looked up or shown, so that known and unknown addresses
behave alike. `sessions` holds client sessions, `merging` merges two records of one person.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import phonenumbers
import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import contains_eager

from clinic.accounts.models import Client, Contact, ContactKind, LinkPurpose, LoginLink, Relation
from clinic.accounts.name_search import search_name
from clinic.db import RowsToDelete, add_together, db
from clinic.language import N_
from clinic.refusal import Refusal

LINK_LIFE = timedelta(minutes=10)
SHORTEST_NUMBER = 5
"""The fewest digits after the country code; the library accepts even fewer for some countries."""


class UnreadableAddress(Refusal):
    """The text cannot be an address; the sentence says what to check."""

    status = 422
    code = "unreadable"


def add_client(
    *,
    given_name: str,
    family_name: str,
    mail: str | None,
    phone: str | None = None,
    now: datetime,
    language: str = "en",
    country: str = "US",
    relation: Relation = Relation.SELF,
) -> Client:
    """A new client with unverified addresses; flushed. Nothing is looked up: other records may have the same address.

    `country` is the practice's, for telephone numbers without a country code. Raises UnreadableAddress for an address that cannot
    be one.
    """
    client = Client(
        given_name=given_name,
        family_name=family_name,
        search_name=search_name(given_name, family_name),
        language=language,
        created_at=now,
    )
    typed = {ContactKind.MAIL: mail, ContactKind.PHONE: phone}
    contacts = [
        _new_contact(client, kind, value, now=now, country=country, relation=relation)
        for kind, value in typed.items()
        if value
    ]
    client.contacts = contacts
    add_together(client, *contacts)
    return client


def add_contact(
    client: Client,
    kind: ContactKind,
    value: str,
    *,
    now: datetime,
    country: str = "US",
    relation: Relation = Relation.SELF,
    verified_at: datetime | None = None,
) -> Contact:
    """A further address of a client; raises UnreadableAddress for one that cannot be an address of its kind."""
    contact = _new_contact(
        client, kind, value, now=now, country=country, relation=relation, verified_at=verified_at
    )
    contact.client = client
    db.session.add(contact)
    return contact


def _new_contact(
    client: Client,
    kind: ContactKind,
    value: str,
    *,
    now: datetime,
    country: str,
    relation: Relation,
    verified_at: datetime | None = None,
) -> Contact:
    normalised = normalise_mail(value) if kind == ContactKind.MAIL else normalise_phone(value, country)
    return Contact(
        client_id=client.id,
        kind=kind,
        value=value.strip(),
        normalised=normalised,
        relation=relation,
        verified_at=verified_at,
        wants_reminders=True,
        created_at=now,
    )


def normalise_mail(text: str) -> str:
    """The address normalised for comparison: lower case, ASCII domain; raises UnreadableAddress."""
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        raise UnreadableAddress(
            N_("Enter an e-mail address in the correct format, like name@example.com")
        ) from None
    return (found.ascii_email or found.normalized).lower()


def normalise_phone(text: str, country: str) -> str:
    """The number in E.164, read as dialled in this country (two letters).

    Raises UnreadableAddress for anything that is not a number, and for one that can be dialled only within its own town.
    """
    try:
        number = phonenumbers.parse(text, country, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or len(str(number.national_number)) < SHORTEST_NUMBER:
        raise UnreadableAddress(N_("Enter a telephone number, with the country code if it is from abroad"))
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY or _lacks_area_code(number, country):
        raise UnreadableAddress(
            N_(
                "This number cannot be dialled from elsewhere. Enter it with its area code, "
                "or beginning with + and the country code"
            )
        )
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise UnreadableAddress(N_("Enter a telephone number, with the country code if it is from abroad"))
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _lacks_area_code(number: phonenumbers.PhoneNumber, country: str) -> bool:
    """Whether a number without a country code was typed without its area code.

    Where area codes begin with 0, a number without the 0 is a local number. Elsewhere a local number does not fit the
    country's numbering plan. If a plan is newer than our library, the country code helps: with it, any number is
    accepted.
    """
    if number.country_code_source != phonenumbers.CountryCodeSource.FROM_DEFAULT_COUNTRY:
        return False
    plan = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if plan is not None and plan.national_prefix == "0":
        return not phonenumbers.normalize_digits_only(number.raw_input or "").startswith("0")
    return not phonenumbers.is_valid_number(number)


def phone_parts(text: str, country: str) -> list[str]:
    """The digits to search for in E.164 numbers; the text may be part of a number.

    "+44 (0)20 7946" and "020 7946" both name a part of +442079460958. Empty for a text without digits.
    """
    dialled = text.replace("(0)", "")
    digits = str(phonenumbers.normalize_digits_only(dialled))
    parts = [digits.lstrip("0")]
    try:
        number = phonenumbers.parse(dialled, country)
    except phonenumbers.NumberParseException:
        pass  # Too short to be a number, so it is searched as typed.
    else:
        is_abroad = dialled.lstrip().startswith(("+", "00"))
        whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        parts.append(whole if is_abroad else phonenumbers.national_significant_number(number))
    return [part for part in dict.fromkeys(parts) if part]


def contacts_on(kind: ContactKind, normalised: str) -> Sequence[Contact]:
    """Every contact with this address, oldest first, but not those of erased or merged clients."""
    return db.session.scalars(
        sa.select(Contact)
        .join(Contact.client)
        .where(
            Contact.kind == kind,
            Contact.normalised == normalised,
            Client.erased_at.is_(None),
            Client.merged_into_id.is_(None),
        )
        .order_by(Contact.created_at, Contact.id)
        .options(contains_eager(Contact.client))
    ).all()


def people_on(contact: Contact) -> list[Client]:
    """All clients whose records have the same address as this contact, the oldest record first."""
    return [one.client for one in contacts_on(ContactKind(contact.kind), contact.normalised)]


def prove(contact: Contact, now: datetime) -> None:
    """Mark the address as verified, because somebody who reads its mail followed our link; on every record that has
    it."""
    for same in contacts_on(ContactKind(contact.kind), contact.normalised):
        same.verified_at = same.verified_at or now
        same.bounced_at = None


def add_person_on(contact: Contact, *, given_name: str, family_name: str, now: datetime) -> Client:
    """An additional person on a proven address; flushed."""
    person = add_client(
        given_name=given_name,
        family_name=family_name,
        mail=None,
        now=now,
        language=contact.client.language,
    )
    add_contact(person, ContactKind(contact.kind), contact.normalised, now=now, verified_at=now)
    db.session.flush()
    return person


def mint_link(
    *,
    purpose: LinkPurpose,
    contact_id: UUID | None = None,
    subject_id: UUID | None = None,
    now: datetime,
    expires_at: datetime | None = None,
) -> str:
    """A fresh one-time secret, for ten minutes unless an end is given; only its digest is stored.

    Called at delivery, so no table holds it in clear.
    """
    raw = secrets.token_urlsafe(32)
    db.session.add(
        LoginLink(
            digest=digest(raw),
            purpose=purpose,
            contact_id=contact_id,
            subject_id=subject_id,
            created_at=now,
            expires_at=expires_at or now + LINK_LIFE,
        )
    )
    return raw


def find_link(raw: str, purpose: LinkPurpose, now: datetime) -> LoginLink | None:
    """The link with this secret while it can still be used; changes nothing."""
    return db.session.scalar(
        sa.select(LoginLink).where(
            LoginLink.digest == digest(raw),
            LoginLink.purpose == purpose,
            LoginLink.used_at.is_(None),
            LoginLink.expires_at > now,
        )
    )


def ended_link(raw: str, purpose: LinkPurpose) -> LoginLink | None:
    """The link with this secret, also if it was used or is too old; it opens nothing. None once its row is deleted."""
    return db.session.scalar(
        sa.select(LoginLink).where(LoginLink.digest == digest(raw), LoginLink.purpose == purpose)
    )


def consume_link(raw: str, purpose: LinkPurpose, now: datetime) -> LoginLink | None:
    """Use up a link; None if it is unknown, for another purpose, too old or used. Of several calls at once, one
    wins."""
    used = (
        sa.update(LoginLink)
        .where(
            LoginLink.digest == digest(raw),
            LoginLink.purpose == purpose,
            LoginLink.used_at.is_(None),
            LoginLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(LoginLink)
        .execution_options(populate_existing=True)
    )
    return db.session.scalar(used)


def old_links(before: datetime) -> RowsToDelete:
    """One-time links that expired before an instant."""
    return RowsToDelete(LoginLink, LoginLink.expires_at < before)


def digest(raw: str) -> bytes:
    """SHA-256 of a secret, the only form it is stored in."""
    return hashlib.sha256(raw.encode()).digest()
