"""What changes people: clients and their addresses, and the one-time links that prove an address.

A visitor always becomes a new, unverified client: nothing is looked up and nothing shown, so that known and unknown
addresses behave alike. Sessions of clients are in `sessions`, joining two records of one person in `merging`.
"""

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import phonenumbers
import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from clinic.accounts.models import Client, Contact, ContactKind, LinkPurpose, LoginLink, Relation
from clinic.db import db
from clinic.language import N_
from clinic.refusal import Refusal

LINK_LIFE = timedelta(minutes=10)
LINKS_KEPT = timedelta(days=1)
SHORTEST_NUMBER = 5
"""Digits after the country code; some countries call even shorter ones possible."""


class Unreadable(Refusal):
    """An address that cannot be one; the sentence says what to look at."""

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
    """A new client with unverified addresses; flushed. Nothing is looked up: the same address may stand on others.

    `country` is the practice's, for telephone numbers without a country code. Raises Unreadable for an address that cannot
    be one.
    """
    client = Client(
        given_name=given_name,
        family_name=family_name,
        search_name=search_name(given_name, family_name),
        language=language,
        created_at=now,
    )
    db.session.add(client)
    if mail:
        add_contact(client, ContactKind.MAIL, mail, now=now, relation=relation)
    if phone:
        add_contact(client, ContactKind.PHONE, phone, now=now, country=country, relation=relation)
    db.session.flush()
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
    """A further address of a client; raises Unreadable for one that cannot be an address of its kind."""
    normalised = normalise_mail(value) if kind == ContactKind.MAIL else normalise_phone(value, country)
    contact = Contact(
        client=client,
        kind=kind,
        value=value.strip(),
        normalised=normalised,
        relation=relation,
        verified_at=verified_at,
        wants_reminders=True,
        created_at=now,
    )
    db.session.add(contact)
    return contact


def search_name(*names: str | None) -> str:
    """Names as they are searched and sorted: without accents, casefolded, single spaces."""
    spread = unicodedata.normalize("NFKD", " ".join(name for name in names if name))
    plain = "".join(character for character in spread if not unicodedata.combining(character))
    return " ".join(plain.casefold().split())


def normalise_mail(text: str) -> str:
    """The address as it is compared: lower case, domain in its internet form; raises Unreadable."""
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        raise Unreadable(N_("Enter an e-mail address in the correct format, like name@example.com")) from None
    return (found.ascii_email or found.normalized).lower()


def normalise_phone(text: str, country: str) -> str:
    """The number in E.164, read as one would dial it in this country (two letters); raises Unreadable."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        number = None
    if (
        number is None
        or not phonenumbers.is_possible_number(number)
        or len(str(number.national_number)) < SHORTEST_NUMBER
    ):
        raise Unreadable(N_("Enter a telephone number, with the country code if it is from abroad"))
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def contacts_on(kind: ContactKind, normalised: str) -> Sequence[Contact]:
    """Every contact with this address, oldest first; of erased or merged-away clients none."""
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
    ).all()


def people_on(contact: Contact) -> list[Client]:
    """Everybody whose record carries the same address as this contact, the oldest record first."""
    return [one.client for one in contacts_on(ContactKind(contact.kind), contact.normalised)]


def prove(contact: Contact, now: datetime) -> None:
    """The address works: somebody who reads its mail followed our link. That holds for every record that carries it."""
    for same in contacts_on(ContactKind(contact.kind), contact.normalised):
        same.verified_at = same.verified_at or now
        same.bounced_at = None


def add_person_on(contact: Contact, *, given_name: str, family_name: str, now: datetime) -> Client:
    """A further person on a proven address; flushed."""
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
    *, purpose: LinkPurpose, contact_id: UUID | None = None, subject_id: UUID | None = None, now: datetime
) -> str:
    """A fresh one-time secret for ten minutes; only its digest is stored. Called at delivery, so no table holds it in clear."""
    raw = secrets.token_urlsafe(32)
    db.session.add(
        LoginLink(
            digest=digest(raw),
            purpose=purpose,
            contact_id=contact_id,
            subject_id=subject_id,
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    return raw


def find_link(raw: str, purpose: LinkPurpose, now: datetime) -> LoginLink | None:
    """The link behind a secret while it may still be used; looking changes nothing."""
    return db.session.scalar(
        sa.select(LoginLink).where(
            LoginLink.digest == digest(raw),
            LoginLink.purpose == purpose,
            LoginLink.used_at.is_(None),
            LoginLink.expires_at > now,
        )
    )


def consume_link(raw: str, purpose: LinkPurpose, now: datetime) -> LoginLink | None:
    """Use a link up; None when it is unknown, for another purpose, too old or used. Of many at once, one wins."""
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


def forget_links(now: datetime) -> int:
    """Delete one-time links a day after they ran out; returns how many. The caller commits."""
    old = sa.delete(LoginLink).where(LoginLink.expires_at < now - LINKS_KEPT)
    return cast(sa.CursorResult[Any], db.session.execute(old)).rowcount


def digest(raw: str) -> bytes:
    """SHA-256 of a secret, the only form it is stored in."""
    return hashlib.sha256(raw.encode()).digest()
