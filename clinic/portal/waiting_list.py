"""A signed-in client's waiting-list entries: shown beside the visits, and withdrawn there."""

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
    """An entry, when it would suit, and its open offer."""

    wish: WaitingListEntry
    words: str
    path: str
    offer: Offer | None
    offer_path: str | None


def entries_of(client_id: UUID, now: datetime) -> list[PortalEntry]:
    """All this client's entries, longest waiting first."""
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
    """Withdraw an entry; does nothing if it has already ended. Raises NotFound for somebody else's."""
    if entries.lock_entry(wish_id).client_id != client_id:
        raise NotFound
    entries.withdraw(wish_id, actor=actor, now=now)
