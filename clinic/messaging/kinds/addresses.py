"""Letters about a client's email address: the sign-in link, the proof of a new address, and a note to the one it replaced."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from clinic.accounts import services as accounts
from clinic.accounts import signed_links
from clinic.accounts.models import (
    AddressChange,
    Client,
    Contact,
    ContactKind,
    LinkPurpose,
    ReplacedAddress,
)
from clinic.db import db
from clinic.language import N_
from clinic.messaging.due.shape import DueQuery, DueRules, Row, due_query, never_owed
from clinic.messaging.kinds.content import Drop, LetterContent, public_url
from clinic.messaging.kinds.declaration import DeclaredKind
from clinic.messaging.kinds.sample import sample_link
from clinic.messaging.kinds.wording import OF_PRACTICE, Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import SIGN_IN_WORTH, Claim, Owed, owe
from clinic.practice.models import Practice

REPLACED_WORTH = timedelta(days=7)

STANDS_AGAIN = sa.exists().where(
    Contact.client_id == ReplacedAddress.client_id, Contact.normalised == ReplacedAddress.normalised
)
"""Whether a replaced address is back on the record."""


def addresses_replaced(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """An email address was replaced and not put back within the settling time; after the quiet hours."""

    def due_at(row: Row) -> datetime:
        zone = next(iter(rules.zones), None)
        at: datetime = row.replaced_at + rules.settle
        return rules.quiet(zone).after(at) if zone else at

    replaced = (
        sa.select(
            ReplacedAddress.id,
            ReplacedAddress.client_id,
            ReplacedAddress.replaced_at,
            ReplacedAddress.contact_id.label("recipient_id"),
        )
        .join(Client, Client.id == ReplacedAddress.client_id)
        .where(
            ReplacedAddress.replaced_at > now - REPLACED_WORTH,
            Client.erased_at.is_(None),
            ~STANDS_AGAIN,
            never_owed(MessageKind.ADDRESS_REPLACED, ReplacedAddress.id),
        )
    )
    return [
        due_query(
            MessageKind.ADDRESS_REPLACED,
            replaced,
            rules.until(now),
            occasion=lambda row: "once",
            due_at=due_at,
            expires_at=lambda row: row.replaced_at + REPLACED_WORTH,
        )
    ]


def new_addresses(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A client asked for a link at a new address."""
    asked = (
        sa.select(
            AddressChange.id,
            AddressChange.id.label("recipient_id"),
            Contact.client_id,
            AddressChange.asked_revision.label("revision"),
            AddressChange.asked_at,
        )
        .join(Contact, Contact.id == AddressChange.contact_id)
        .where(
            AddressChange.asked_at > now - SIGN_IN_WORTH,
            never_owed(
                MessageKind.ADDRESS_PROOF,
                AddressChange.id,
                Message.occasion == sa.func.concat("r", AddressChange.asked_revision),
            ),
        )
    )
    return [
        due_query(
            MessageKind.ADDRESS_PROOF,
            asked,
            rules.until(now),
            occasion=lambda row: f"r{row.revision}",
            due_at=lambda row: row.asked_at,
            expires_at=lambda row: row.asked_at + SIGN_IN_WORTH,
        )
    ]


def owe_sign_in(contact: Contact, now: datetime) -> None:
    """Queue a sign-in link for an address, proven or not; asking again within the same minute is the same occasion.

    The link itself is minted at delivery and never stored in clear. The caller commits.
    """
    owe(
        [
            Owed(
                kind=MessageKind.SIGN_IN,
                subject_id=contact.id,
                recipient_id=contact.id,
                client_id=contact.client_id,
                occasion=f"{now:%Y-%m-%dT%H:%M}",
                due_at=now,
                expires_at=now + SIGN_IN_WORTH,
            )
        ],
        now,
    )


def _sign_in(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    contact = db.session.get(Contact, claim.recipient_id)
    if contact is None or contact.kind != ContactKind.MAIL:
        return Drop("no_address")
    raw = accounts.mint_link(purpose=LinkPurpose.SIGN_IN, contact_id=contact.id, now=now)
    return LetterContent(
        recipient=contact.normalised,
        contact_id=contact.id,
        language=contact.client.language,
        facts={"link": public_url(signed_links.sign_in_path(raw))},
    )


def _address_proof(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    change = db.session.get(AddressChange, claim.subject_id)
    if change is None:
        return Drop("gone")
    contact = db.session.get_one(Contact, change.contact_id)
    raw = accounts.mint_link(purpose=LinkPurpose.NEW_ADDRESS, subject_id=change.id, now=now)
    # No contact: what comes back from the new address says nothing about the one that counts.
    return LetterContent(
        recipient=change.mail,
        language=contact.client.language,
        facts={"link": public_url(signed_links.new_address_path(raw))},
    )


def _address_replaced(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    replaced = db.session.get(ReplacedAddress, claim.subject_id)
    client = db.session.get(Client, replaced.client_id) if replaced else None
    if replaced is None or client is None:
        return Drop("gone")
    if client.erased_at is not None:
        return Drop("erased")
    if db.session.scalar(sa.select(STANDS_AGAIN).where(ReplacedAddress.id == replaced.id)):
        return Drop("undone")
    # No contact: what comes back from the old address says nothing about the new one.
    return LetterContent(recipient=replaced.normalised, language=client.language, facts={})


KINDS = (
    DeclaredKind(
        kind=MessageKind.SIGN_IN,
        label=N_("Sign-in link"),
        words=Words(
            subject=N_("Your sign-in link for {practice}"),
            heading=N_("Here is your link"),
        ),
        placeholders=OF_PRACTICE,
        compose=_sign_in,
        sample=sample_link,
        is_one_time=True,
    ),
    DeclaredKind(
        kind=MessageKind.ADDRESS_PROOF,
        label=N_("Link to a new address"),
        due=(new_addresses,),
        words=Words(
            subject=N_("Is this your new address for {practice}?"),
            heading=N_("One press, and we write here"),
        ),
        placeholders=OF_PRACTICE,
        compose=_address_proof,
        sample=sample_link,
        is_one_time=True,
    ),
    DeclaredKind(
        kind=MessageKind.ADDRESS_REPLACED,
        label=N_("Note to an address that was replaced"),
        due=(addresses_replaced,),
        words=Words(
            subject=N_("Your e-mail address at {practice} was replaced"),
            heading=N_("This address was replaced"),
        ),
        placeholders=OF_PRACTICE,
        compose=_address_replaced,
    ),
)
