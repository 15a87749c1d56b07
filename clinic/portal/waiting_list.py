"""What a signed-in client waits for: shown beside the visits, and ended there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from clinic.accounts import signed_links
from clinic.booking.waiting import entries, queries
from clinic.booking.waiting.models import Offer, WaitingListEntry
from clinic.refusal import NotFound
from clinic.web.waiting_form import in_words


@dataclass(frozen=True, kw_only=True)
class PortalEntry:
    """A wish, when it would suit, and what can be answered now."""

    wish: WaitingListEntry
    words: str
    path: str
    offer: Offer | None
    offer_path: str | None


def entries_of(client_id: UUID, now: datetime) -> list[PortalEntry]:
    """Everything this client waits for, the longest first."""
    offers = queries.open_offers(client_id, now)
    return [_shown(wish, offers.get(wish.id)) for wish in queries.of_client(client_id)]


def _shown(wish: WaitingListEntry, offer: Offer | None) -> PortalEntry:
    return PortalEntry(
        wish=wish,
        words=in_words(wish.times),
        path=signed_links.wish_path(wish.id, wish.link_epoch),
        offer=offer,
        offer_path=signed_links.offer_path(offer.id, wish.link_epoch) if offer else None,
    )


def end(wish_id: UUID, client_id: UUID, *, actor: str, now: datetime) -> None:
    """Wait no longer; harmless when the wish has ended already. Raises NotFound for what somebody else waits for."""
    if entries.lock_entry(wish_id).client_id != client_id:
        raise NotFound
    entries.withdraw(wish_id, actor=actor, now=now)
