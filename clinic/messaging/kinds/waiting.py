"""Letters of the waiting list: joined, a time is free, the time is gone, the last day has passed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from clinic.accounts import signed_links
from clinic.accounts.models import Client, Contact
from clinic.booking.models import Appointment
from clinic.booking.waiting.models import EntryEnd, Offer, OfferEnd, Offering, WaitingListEntry
from clinic.db import db
from clinic.language import N_
from clinic.messaging.due.shape import DueQuery, DueRules, Row, due_query, never_owed
from clinic.messaging.due.visits import address_of
from clinic.messaging.kinds.content import Drop, LetterContent, public_url, why_unreachable
from clinic.messaging.kinds.declaration import DeclaredKind
from clinic.messaging.kinds.visit_letter import LetterVisit
from clinic.messaging.kinds.wording import OF_PRACTICE, Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import Claim
from clinic.practice.models import Location, Practice

WORTH = timedelta(days=1)
"""How long it makes sense to say that somebody joined or left the list, or that a time is gone."""

ADDRESS = address_of(WaitingListEntry.client_id)


def joined(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Somebody joined: where to change and withdraw the entry. A visit that should be earlier has its own page for
    that."""
    waiting = _wishes(
        WaitingListEntry.ended_at.is_(None),
        WaitingListEntry.replaces_id.is_(None),
        WaitingListEntry.created_at > now - WORTH,
        never_owed(MessageKind.WAITING_JOINED, WaitingListEntry.id),
    )
    return [
        due_query(
            MessageKind.WAITING_JOINED,
            waiting,
            rules.until(now),
            occasion=lambda row: "first",
            due_at=lambda row: row.created_at,
            expires_at=lambda row: row.created_at + WORTH,
        )
    ]


def offers(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A time is offered: at once, because it is reserved for minutes only."""
    waiting = _offers(
        Offer.ended_at.is_(None), Offer.expires_at > now, never_owed(MessageKind.WAITING_OFFER, Offer.id)
    )
    return [
        due_query(
            MessageKind.WAITING_OFFER,
            waiting,
            rules.until(now),
            occasion=lambda row: "first",
            due_at=lambda row: row.offered_at,
            expires_at=lambda row: row.expires_at,
        )
    ]


def outcomes(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """The time in an offer letter went to somebody else or was withdrawn, and its recipient still waits."""
    told = sa.exists().where(
        Message.kind == MessageKind.WAITING_OFFER,
        Message.channel == "mail",
        Message.subject_id == Offer.id,
        Message.sent_at.is_not(None),
    )
    lost = _offers(
        Offer.end.in_([OfferEnd.MISSED, OfferEnd.STOPPED]),
        Offer.ended_at > now - WORTH,
        WaitingListEntry.ended_at.is_(None),
        Appointment.starts_at > now,
        told,
        never_owed(MessageKind.WAITING_OUTCOME, Offer.id),
    )
    return [
        due_query(
            MessageKind.WAITING_OUTCOME,
            lost,
            rules.until(now),
            occasion=lambda row: "first",
            due_at=lambda row: rules.quiet(row.zone).after(row.ended_at),
            expires_at=lambda row: row.starts_at,
        )
    ]


def over(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """An entry's last day passed without a suitable time."""

    def due_at(row: Row) -> datetime:
        zone = row.zone or next(iter(rules.zones), None)
        at: datetime = row.ended_at
        return rules.quiet(zone).after(at) if zone else at

    ended = _wishes(
        WaitingListEntry.end == EntryEnd.OVER,
        WaitingListEntry.ended_at > now - WORTH,
        never_owed(MessageKind.WAITING_OVER, WaitingListEntry.id),
    )
    return [
        due_query(
            MessageKind.WAITING_OVER,
            ended,
            rules.until(now),
            occasion=lambda row: "last",
            due_at=due_at,
            expires_at=lambda row: row.ended_at + WORTH,
        )
    ]


def _wishes(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(
            WaitingListEntry.id,
            WaitingListEntry.client_id,
            WaitingListEntry.created_at,
            WaitingListEntry.ended_at,
            Location.zone,
            ADDRESS.c.id.label("recipient_id"),
        )
        .join(Client, Client.id == WaitingListEntry.client_id)
        .outerjoin(Location, Location.id == WaitingListEntry.location_id)
        .join(ADDRESS, sa.true())
        .where(Client.erased_at.is_(None), *conditions)
    )


def _offers(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(
            Offer.id,
            WaitingListEntry.client_id,
            Offer.offered_at,
            Offer.expires_at,
            Offer.ended_at,
            Appointment.starts_at,
            Appointment.zone,
            ADDRESS.c.id.label("recipient_id"),
        )
        .join(WaitingListEntry, WaitingListEntry.id == Offer.entry_id)
        .join(Offering, Offering.id == Offer.offering_id)
        .join(Appointment, Appointment.id == Offering.hold_id)
        .join(Client, Client.id == WaitingListEntry.client_id)
        .join(ADDRESS, sa.true())
        .where(Client.erased_at.is_(None), *conditions)
    )


def _joined_letter(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    entry = db.session.get(WaitingListEntry, claim.subject_id)
    if entry is None or not entry.is_live:
        return Drop("gone")
    return _content(claim, entry, {"minutes": practice.offer_minutes})


def _offer_letter(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    offer = db.session.get(Offer, claim.subject_id)
    if offer is None:
        return Drop("gone")
    if offer.ended_at is not None:
        return Drop("decided")
    if offer.expires_at <= now:
        return Drop("past")
    moved = offer.entry.replaces
    return _content(
        claim,
        offer.entry,
        {
            "visit": _visit(offer, practice, now),
            "offer_link": public_url(signed_links.offer_path(offer.id, offer.entry.link_epoch)),
            "kept_until": offer.expires_at,
            "moves": LetterVisit.of(moved, offer.entry.client, practice, now) if moved else None,
        },
    )


def _outcome_letter(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    offer = db.session.get(Offer, claim.subject_id)
    if offer is None or not offer.entry.is_live:
        return Drop("gone")
    return _content(
        claim,
        offer.entry,
        {"visit": _visit(offer, practice, now), "was_missed": offer.end == OfferEnd.MISSED},
    )


def _over_letter(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    entry = db.session.get(WaitingListEntry, claim.subject_id)
    if entry is None or entry.end != EntryEnd.OVER:
        return Drop("gone")
    return _content(claim, entry, {})


def _visit(offer: Offer, practice: Practice, now: datetime) -> LetterVisit:
    """The offered time; length and price of a visit that would move are its own."""
    kept, moved = offer.offering.hold, offer.entry.replaces
    visit = LetterVisit.of(kept, offer.entry.client, practice, now)
    if moved is None:
        return visit
    return replace(
        visit,
        ends_at=kept.starts_at + (moved.ends_at - moved.starts_at),
        minutes=moved.length_minutes,
        price_cents=moved.price_cents,
    )


def _content(claim: Claim, entry: WaitingListEntry, facts: Mapping[str, Any]) -> LetterContent | Drop:
    contact, client = db.session.get(Contact, claim.recipient_id), entry.client
    if contact is None or (why := why_unreachable(contact, client)) is not None:
        return Drop("no_address" if contact is None else why or "no_address")
    return LetterContent(
        recipient=contact.normalised,
        contact_id=contact.id,
        language=client.language,
        facts={"entry_link": public_url(signed_links.entry_path(entry.id, entry.link_epoch)), **facts},
    )


KINDS = (
    DeclaredKind(
        kind=MessageKind.WAITING_JOINED,
        label=N_("On the waiting list"),
        due=(joined,),
        words=Words(
            subject=N_("You are on the waiting list at {practice}"),
            heading=N_("You are on the waiting list"),
        ),
        placeholders=OF_PRACTICE,
        compose=_joined_letter,
        sample=lambda scene: {"entry_link": scene.link, "minutes": scene.practice.offer_minutes},
    ),
    DeclaredKind(
        kind=MessageKind.WAITING_OFFER,
        label=N_("Offer from the waiting list"),
        due=(offers,),
        words=Words(
            subject=N_("Free for you: {day}, {time}"),
            heading=N_("A time is free for you, {client}"),
        ),
        compose=_offer_letter,
        sample=lambda scene: {
            "visit": scene.visit,
            "entry_link": scene.link,
            "offer_link": scene.link,
            "kept_until": scene.now + timedelta(days=1),
            "moves": None,
        },
    ),
    DeclaredKind(
        kind=MessageKind.WAITING_OUTCOME,
        label=N_("Offered time is gone"),
        due=(outcomes,),
        words=Words(
            subject=N_("No longer free: {day}, {time}"),
            heading=N_("This time is gone, {client}"),
        ),
        compose=_outcome_letter,
        sample=lambda scene: {"visit": scene.visit, "entry_link": scene.link, "was_missed": True},
    ),
    DeclaredKind(
        kind=MessageKind.WAITING_OVER,
        label=N_("Waiting list: last day over"),
        due=(over,),
        words=Words(
            subject=N_("Your time on the waiting list is over"),
            heading=N_("Your last day is over"),
        ),
        placeholders=OF_PRACTICE,
        compose=_over_letter,
        sample=lambda scene: {"entry_link": scene.link},
    ),
)
