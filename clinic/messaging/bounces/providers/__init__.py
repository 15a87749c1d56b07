"""Webhooks of mail providers about bounces and complaints: each with its own format and its own proof of origin.

A provider's module parses its documented notifications into reports, and refuses what it cannot verify. Parsing makes
no requests: no URL in a notification is fetched.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import current_app

from clinic.booking import idempotency
from clinic.booking.idempotency import StoredAnswer
from clinic.messaging.bounces import parsing
from clinic.messaging.bounces.parsing import BounceReport, UnreadableReport, What
from clinic.messaging.bounces.smtp_replies import Blame, blame
from clinic.refusal import Refusal

TAG = "lumbar-message"
"""The name under which a letter carries our own id, for a provider that replaces our Message-ID."""
WORTH = timedelta(hours=26)
"""Notifications older than this are refused; no provider retries for longer."""
AHEAD = timedelta(minutes=10)
"""How far a provider's clock may be ahead of ours."""


class Unproven(Refusal):
    """The notification's origin is not proven; nothing in it is used."""

    status = 401
    code = "not-proven"
    sentence = "That does not prove where it comes from."


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """The content of a proven notification. `key` is the same for every copy; None if a copy does no harm."""

    reports: Sequence[BounceReport] = field(default=())
    key: str | None = None


def tags(message_id: UUID) -> dict[str, str]:
    """Header lines that make the configured providers return our own id in their notifications."""
    name, config = str(message_id), current_app.config
    lines = {
        "X-SES-MESSAGE-TAGS": f"{TAG}={name}" if config["SES_TOPIC_ARN"] else None,
        f"X-PM-Metadata-{TAG}": name if config["POSTMARK_SECRET"] else None,
        "X-Mailgun-Variables": json.dumps({TAG: name}) if config["MAILGUN_SIGNING_KEY"] else None,
        "X-SMTPAPI": json.dumps({"unique_args": {TAG: name}}) if config["SENDGRID_PUBLIC_KEY"] else None,
    }
    return {header: line for header, line in lines.items() if line is not None}


def is_new(provider: str, told: Notification, now: datetime) -> bool:
    """Whether a notification is new; records it, so that a replayed copy has no effect.

    The caller commits it with the change. Raises AtTheSameTime if the same one is being processed elsewhere.
    """
    if told.key is None:
        return True
    scope = hashlib.sha256(f"notification {provider}".encode()).digest()
    if idempotency.earlier(scope, told.key, {}) is not None:
        return False
    idempotency.remember(scope, told.key, {}, StoredAnswer(204), now)
    return True


def require_timely(at: datetime, now: datetime) -> None:
    """Raises Unproven for a notification from too long ago, or from the future."""
    if not now - WORTH <= at <= now + AHEAD:
        raise Unproven


def instant(seconds: object) -> datetime:
    """The instant (UTC) of a number of seconds since 1970, written in digits. Raises Unproven for anything else."""
    text = str(seconds)
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        raise Unproven
    return datetime.fromtimestamp(int(text), UTC)


def loaded(content: bytes) -> Any:
    """The JSON of a body. Raises UnreadableReport."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise UnreadableReport from None


def part(of: Any, *names: str) -> Any:
    """The value under these names in nested objects; None if there is none."""
    for name in names:
        of = of.get(name) if isinstance(of, Mapping) else None
    return of


def text(of: Any, *names: str) -> str:
    """The text under these names, or an empty one; a number is returned as digits."""
    found = part(of, *names)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def message_of(tag: object, message_id: str, domain: str) -> UUID | None:
    """The message of ours that a notification is about: by the tag we gave it, otherwise by our Message-ID."""
    if isinstance(tag, list):
        tag = tag[0] if tag else None
    try:
        return UUID(str(tag)) if tag else parsing.our_id(message_id, domain)
    except ValueError:
        return None


def returned(
    message_id: UUID, recipient: str, status: str, said: str, *, known_wrong: bool = False
) -> BounceReport:
    """A report that a letter bounced. `known_wrong`: the provider itself says that the address does not exist.

    The provider's word counts unless the server's own answer blames something else.
    """
    whom = blame(status, said, recipient or None)
    certain = whom is Blame.RECIPIENT or (known_wrong and whom is Blame.UNKNOWN)
    what = What.NO_SUCH_ADDRESS if certain else What.RETURNED
    return BounceReport(message_id=message_id, what=what, recipient=recipient or None)


def unwanted(message_id: UUID) -> BounceReport:
    """A report that its reader did not want a letter."""
    return BounceReport(message_id=message_id, what=What.UNWANTED)
