"""What a kind of message hands to its templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Drop:
    """The message must not go; `why` is a code."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Who gets the letter and the facts its templates print; `told` is the digest of the time and place it tells."""

    recipient: str
    facts: Mapping[str, Any]
    contact_id: UUID | None = None
    calendar: bytes | None = None
    calendar_method: str = ""
    told: bytes | None = None
