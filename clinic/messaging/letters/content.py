"""What a kind of message hands to its templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from clinic.language import ENGLISH
from clinic.messaging.models import MessageKind

CANNOT_LEAVE = frozenset({"does_not_arrive", "no_address", "sms_off"})
"""Reasons why a message that is still wanted has no way to go: staff must hear of it. All others make it unneeded."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The message must not go, or has no way to; `why` is a code."""

    why: str

    @property
    def is_failure(self) -> bool:
        """Whether it counts as not delivered, rather than as not needed any more."""
        return self.why in CANNOT_LEAVE


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterContent:
    """Who gets the letter, in which language, and the facts its template prints; `told` is the digest of the time and place it tells."""

    recipient: str
    language: str = ENGLISH
    facts: Mapping[str, Any]
    contact_id: UUID | None = None
    sample_of: MessageKind | None = None
    """The kind this letter only shows, on invented facts."""
    calendar: bytes | None = None
    calendar_method: str = ""
    told: bytes | None = None
    stop_link: str = ""
    """Where one press ends letters of this kind; empty for what belongs to a booking."""
