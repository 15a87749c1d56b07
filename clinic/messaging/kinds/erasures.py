"""The letter about a client's request to be erased: what an owner decided, what stays until when, or why it is refused.

It has to leave before there is no address any more, and must not say what is taken back afterwards. In this order:

1. An owner grants it. For an hour (`erasures.TAKE_BACK`) they or the client can take it back; nothing is written meanwhile.
2. A minute after the hour the letter is due, like every other. From the end of the hour nobody can take the decision back.
3. Once the message has ended, sent or given up, the client is erased, and the message and its copy in the folder with them.
4. A mail server that is away, or a pause, holds the erasure up for `WAITS` at most: the right to be erased weighs more than the letter.

Who comes back with a restored backup is erased again from the ledger before anything is sent, and gets no second letter.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from clinic.accounts.erasures import TAKE_BACK, Erasure, ErasureState
from clinic.accounts.models import Client, Contact, ContactKind
from clinic.db import db
from clinic.language import N_
from clinic.messaging.due.shape import DueQuery, DueRules, Row, due_query, never_owed
from clinic.messaging.due.visits import address_of
from clinic.messaging.kinds.content import Drop, LetterContent, public_url, why_unreachable
from clinic.messaging.kinds.declaration import DeclaredKind
from clinic.messaging.kinds.wording import OF_PRACTICE, Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import STILL_OPEN, Claim
from clinic.practice.models import Practice
from clinic.practice.queries import practice_zone

PAGE: Final = "/my/data/erase"
AFTER_THE_HOUR: Final = TAKE_BACK + timedelta(minutes=1)
"""Longer than any request lasts, so that nobody is still taking it back."""
WAITS: Final = timedelta(days=1)
REFUSAL_WORTH: Final = timedelta(days=7)
DECIDED: Final = (ErasureState.GRANTED, ErasureState.REFUSED)

_RECIPIENT = address_of(Erasure.client_id)


def decided(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """An owner decided: a refusal is told at once, an erasure when its hour is over."""

    def due_at(row: Row) -> datetime:
        at: datetime = row.decided_at
        return at if row.state == ErasureState.REFUSED else at + AFTER_THE_HOUR

    def expires_at(row: Row) -> datetime:
        return due_at(row) + (REFUSAL_WORTH if row.state == ErasureState.REFUSED else WAITS)

    found = (
        sa.select(
            Erasure.id,
            Erasure.client_id,
            Erasure.state,
            Erasure.decided_at,
            _RECIPIENT.c.id.label("recipient_id"),
        )
        .join(_RECIPIENT, sa.true())
        .join(Client, Client.id == Erasure.client_id)
        .where(
            Erasure.state.in_(DECIDED),
            Erasure.decided_at > now - REFUSAL_WORTH,
            Client.erased_at.is_(None),
            never_owed(MessageKind.ERASURE_DECIDED, Erasure.id),
        )
    )
    return [
        due_query(
            MessageKind.ERASURE_DECIDED,
            found,
            rules.until(now),
            occasion=lambda row: str(row.state),
            due_at=due_at,
            expires_at=expires_at,
        )
    ]


def has_nothing_to_wait_for(now: datetime) -> sa.ColumnElement[bool]:
    """A condition on granted erasures: the letter has ended, there is nobody to write to, or it was waited for long enough."""
    about = sa.exists().where(Message.kind == MessageKind.ERASURE_DECIDED, Message.subject_id == Erasure.id)
    reachable = sa.exists().where(
        Contact.client_id == Erasure.client_id, Contact.kind == ContactKind.MAIL, Contact.bounced_at.is_(None)
    )
    return sa.or_(
        sa.and_(about, ~about.where(STILL_OPEN)),
        sa.and_(~about, ~reachable),
        Erasure.decided_at <= now - AFTER_THE_HOUR - WAITS,
    )


def _letter(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    asked = db.session.get(Erasure, claim.subject_id)
    contact = db.session.get(Contact, claim.recipient_id)
    if asked is None or contact is None or asked.state != claim.occasion:
        return Drop("gone")
    client = db.session.get_one(Client, asked.client_id)
    if why := why_unreachable(contact, client):
        return Drop(why)
    return LetterContent(
        recipient=contact.normalised,
        contact_id=contact.id,
        language=client.language,
        facts={
            "asked_at": asked.asked_at,
            "zone": practice_zone(now.date()),
            "is_granted": asked.state == ErasureState.GRANTED,
            "kept_until": asked.kept_until,
            "reason": asked.reason,
            "link": public_url(PAGE),
        },
    )


KINDS = (
    DeclaredKind(
        kind=MessageKind.ERASURE_DECIDED,
        label=N_("Your request to be erased"),
        due=(decided,),
        words=Words(
            subject=N_("Your request to {practice} to erase your data"),
            heading=N_("What we decided about your data"),
        ),
        placeholders=OF_PRACTICE,
        compose=_letter,
        sample=lambda scene: {
            "asked_at": scene.now - timedelta(days=3),
            "zone": scene.visit.zone,
            "is_granted": True,
            "kept_until": date(scene.now.year + 10, 1, 31),
            "reason": None,
            "link": scene.link,
        },
    ),
)
