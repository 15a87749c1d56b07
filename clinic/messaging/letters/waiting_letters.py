"""Letters to people on the waiting list."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import current_app

from clinic.accounts import signed_links
from clinic.accounts.models import Client, Contact, ContactKind
from clinic.booking.waiting.models import EntryEnd, Offer, OfferEnd, WaitingListEntry
from clinic.db import db
from clinic.messaging.letters.content import Drop, LetterContent
from clinic.messaging.letters.visit_letters import LetterVisit
from clinic.messaging.models import MessageKind
from clinic.messaging.services import Claim
from clinic.practice.models import Practice


def _joined(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    wish = db.session.get(WaitingListEntry, held.subject_id)
    if wish is None or not wish.is_live:
        return Drop("gone")
    return _content(held, wish, {"minutes": practice.offer_minutes})


def _offer(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    offer = db.session.get(Offer, held.subject_id)
    if offer is None:
        return Drop("gone")
    if offer.ended_at is not None:
        return Drop("decided")
    if offer.expires_at <= now:
        return Drop("past")
    moved = offer.wish.replaces
    return _content(
        held,
        offer.wish,
        {
            "visit": _visit(offer, practice, now),
            "offer_link": _address(signed_links.offer_path(offer.id, offer.wish.link_epoch)),
            "kept_until": offer.expires_at,
            "moves": LetterVisit.of(moved, offer.wish.client, practice, now) if moved else None,
        },
    )


def _outcome(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    offer = db.session.get(Offer, held.subject_id)
    if offer is None or not offer.wish.is_live:
        return Drop("gone")
    return _content(
        held,
        offer.wish,
        {"visit": _visit(offer, practice, now), "was_missed": offer.end == OfferEnd.MISSED},
    )


def _over(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    wish = db.session.get(WaitingListEntry, held.subject_id)
    if wish is None or wish.end != EntryEnd.OVER:
        return Drop("gone")
    return _content(held, wish, {})


def _visit(offer: Offer, practice: Practice, now: datetime) -> LetterVisit:
    """The offered time; length and price of a visit that would move are its own."""
    kept, moved = offer.offering.hold, offer.wish.replaces
    visit = LetterVisit.of(kept, offer.wish.client, practice, now)
    if moved is None:
        return visit
    return replace(
        visit,
        ends_at=kept.starts_at + (moved.ends_at - moved.starts_at),
        minutes=moved.length_minutes,
        price_cents=moved.price_cents,
    )


def _content(held: Claim, wish: WaitingListEntry, facts: Mapping[str, Any]) -> LetterContent | Drop:
    contact, client = db.session.get(Contact, held.recipient_id), wish.client
    if contact is None or (why := _unreachable(contact, client)) is not None:
        return Drop("no_address" if contact is None else why or "no_address")
    return LetterContent(
        recipient=contact.normalised,
        contact_id=contact.id,
        language=client.language,
        facts={"wish_link": _address(signed_links.wish_path(wish.id, wish.link_epoch)), **facts},
    )


def _unreachable(contact: Contact, client: Client) -> str | None:
    if client.erased_at is not None:
        return "erased"
    if contact.kind != ContactKind.MAIL or contact.client_id != client.id:
        return "no_address"
    return "does_not_arrive" if contact.bounced_at is not None else None


def _address(path: str) -> str:
    return f"{current_app.config['PUBLIC_URL']}{path}"


KINDS: Mapping[MessageKind, Callable[[Claim, Practice, datetime], LetterContent | Drop]] = {
    MessageKind.WAITING_JOINED: _joined,
    MessageKind.WAITING_OFFER: _offer,
    MessageKind.WAITING_OUTCOME: _outcome,
    MessageKind.WAITING_OVER: _over,
}
