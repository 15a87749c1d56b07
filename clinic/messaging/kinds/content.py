"""What a kind of message hands to its templates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app

from clinic.accounts.models import Client, Contact, ContactKind
from clinic.language import ENGLISH
from clinic.messaging.models import MessageKind
from clinic.messaging.services import Claim
from clinic.messaging.sms import TextMessage
from clinic.practice.models import Practice

CANNOT_LEAVE = frozenset({"does_not_arrive", "no_address", "sms_off"})
"""Reasons why a message is still needed but cannot be sent, which staff must see. All others make it unnecessary."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The message must not go, or cannot; `why` is a code."""

    why: str

    @property
    def is_failure(self) -> bool:
        """Whether it counts as undelivered rather than as no longer needed."""
        return self.why in CANNOT_LEAVE


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterContent:
    """Who gets the letter, in which language, and the facts for its template; `told` is the digest of the time and
    place it states."""

    recipient: str
    language: str = ENGLISH
    facts: Mapping[str, Any]
    contact_id: UUID | None = None
    sample_of: MessageKind | None = None
    """The kind that this letter demonstrates with invented facts."""
    calendar: bytes | None = None
    calendar_method: str = ""
    told: bytes | None = None
    visit_starts_at: datetime | None = None
    """When the visit begins that the letter is about, as it says."""
    stop_link: str = ""
    """The one-click unsubscribe URL for this kind; empty for letters about a booking."""


Composer = Callable[[Claim, Practice, datetime], LetterContent | Drop]
"""Makes the letter of a claimed message from the facts at a moment (UTC), or says why it must not go."""
TextComposer = Callable[[Claim, Practice, datetime], TextMessage | Drop]
"""The same for a text message."""


def why_unreachable(contact: Contact, client: Client) -> str | None:
    """Why no letter about a client may go to this address, as a code; None when it may."""
    if client.erased_at is not None:
        return "erased"
    if contact.kind != ContactKind.MAIL or contact.client_id != client.id:
        return "no_address"
    return "does_not_arrive" if contact.bounced_at is not None else None


def public_url(path: str) -> str:
    """The whole URL of one of our pages, as a letter needs it."""
    return f"{current_app.config['PUBLIC_URL']}{path}"
