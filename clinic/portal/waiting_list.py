"""A signed-in client's waiting-list entries: shown beside the visits, withdrawn there, and for a day put back."""

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

    entry: WaitingListEntry
    words: str
    path: str
    offer: Offer | None
    offer_path: str | None


def entries_of(client_id: UUID, now: datetime) -> list[PortalEntry]:
    """All this client's entries, longest waiting first, with those just withdrawn."""
    offers = queries.open_offers(client_id, now)
    return [_shown(entry, offers.get(entry.id)) for entry in queries.of_client(client_id, now)]


def _shown(entry: WaitingListEntry, offer: Offer | None) -> PortalEntry:
    return PortalEntry(
        entry=entry,
        words=in_words(entry.times),
        path=signed_links.entry_path(entry.id, entry.link_epoch),
        offer=offer,
        offer_path=signed_links.offer_path(offer.id, entry.link_epoch) if offer else None,
    )


def end(entry_id: UUID, client_id: UUID, *, actor: str, now: datetime) -> None:
    """Withdraw an entry; does nothing if it has already ended. Raises NotFound for somebody else's."""
    if entries.lock_entry(entry_id).client_id != client_id:
        raise NotFound
    entries.withdraw(entry_id, actor=actor, now=now)


def come_back(entry_id: UUID, client_id: UUID, *, actor: str, now: datetime) -> None:
    """Put a withdrawn entry back; raises NotFound for somebody else's, and what `entries.come_back` raises."""
    if entries.lock_entry(entry_id).client_id != client_id:
        raise NotFound
    entries.come_back(entry_id, actor=actor, now=now)
