"""What mail providers call us with when a letter came back or was not wanted: each in its own words, each with its own proof.

A provider's module reads its documented notifications into reports, and refuses what it cannot prove. It never asks anybody
anything: no address that a notification names is fetched while it is read.
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
"""Under this name a letter carries our own id where the provider puts a Message-ID of its own in place of ours."""
WORTH = timedelta(hours=26)
"""A notification older than this is not taken: longer than any of the providers tries again."""
AHEAD = timedelta(minutes=10)
"""So far a provider's clock may be ahead of ours."""


class Unproven(Refusal):
    """A notification that its provider did not prove to be its own; nothing of it is used."""

    status = 401
    code = "not-proven"
    sentence = "That does not prove where it comes from."


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a proven notification tells. `key` is the same each time it is sent; None when sending it again changes nothing."""

    reports: Sequence[BounceReport] = field(default=())
    key: str | None = None


def tags(message_id: UUID) -> dict[str, str]:
    """Header lines by which the providers of the settings give our own id back with their notifications."""
    name, config = str(message_id), current_app.config
    lines = {
        "X-SES-MESSAGE-TAGS": f"{TAG}={name}" if config["SES_TOPIC_ARN"] else None,
        f"X-PM-Metadata-{TAG}": name if config["POSTMARK_SECRET"] else None,
        "X-Mailgun-Variables": json.dumps({TAG: name}) if config["MAILGUN_SIGNING_KEY"] else None,
        "X-SMTPAPI": json.dumps({"unique_args": {TAG: name}}) if config["SENDGRID_PUBLIC_KEY"] else None,
    }
    return {header: line for header, line in lines.items() if line is not None}


def is_new(provider: str, told: Notification, now: datetime) -> bool:
    """Whether a notification is taken for the first time; notes it. A copy that somebody kept must not speak twice.

    The caller commits it with the change. Raises AtTheSameTime when the same one is being taken elsewhere.
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
    """The JSON of a body. Raises Unreadable."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise UnreadableReport from None


def part(of: Any, *names: str) -> Any:
    """What stands under these names in objects within objects; None where there is no such thing."""
    for name in names:
        of = of.get(name) if isinstance(of, Mapping) else None
    return of


def text(of: Any, *names: str) -> str:
    """The text that stands there; empty where there is none. A number is given in digits."""
    found = part(of, *names)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def message_of(tag: object, message_id: str, domain: str) -> UUID | None:
    """The message of ours that a notification is about: by the tag we gave it, else by our Message-ID."""
    if isinstance(tag, list):
        tag = tag[0] if tag else None
    try:
        return UUID(str(tag)) if tag else parsing.our_id(message_id, domain)
    except ValueError:
        return None


def returned(
    message_id: UUID, recipient: str, status: str, said: str, *, known_wrong: bool = False
) -> BounceReport:
    """That a letter came back. `known_wrong` when the provider itself calls the address one that does not exist.

    Its word counts unless the server's own answer blames something else.
    """
    whom = blame(status, said, recipient or None)
    certain = whom is Blame.RECIPIENT or (known_wrong and whom is Blame.UNKNOWN)
    what = What.NO_SUCH_ADDRESS if certain else What.RETURNED
    return BounceReport(message_id=message_id, what=what, recipient=recipient or None)


def unwanted(message_id: UUID) -> BounceReport:
    """That its reader did not want a letter."""
    return BounceReport(message_id=message_id, what=What.UNWANTED)
