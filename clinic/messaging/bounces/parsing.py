"""Parse what mail systems report about our letters: bounces and complaints.

Two forms are read: emails between mail servers (RFC 3464 for bounces, RFC 5965 for complaints), and a small JSON object
for providers that call a webhook. Only three things are used: which message, what happened, and to which address.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message as Part
from enum import StrEnum
from typing import Any
from uuid import UUID

from clinic.messaging.bounces.smtp_replies import Blame, blame
from clinic.refusal import Refusal

OUR_ID = re.compile(
    r"<?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@([^\s<>@]+)>?", re.ASCII
)
COMPLAINTS = frozenset({"abuse", "opt-out", "opt-out-list"})
"""Feedback that a reader gives. `not-spam` (RFC 6430) is praise, `auth-failure` (RFC 6591) and `virus` are about our
own mail."""


class What(StrEnum):
    """What happened to a letter."""

    RETURNED = "returned"
    NO_SUCH_ADDRESS = "no_such_address"
    UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceReport:
    """What happened to one message; `recipient` is the address named in the report, if any."""

    message_id: UUID
    what: What
    recipient: str | None = None


class UnreadableReport(Refusal):
    """A report that is neither of the two forms, or does not say which message it is about."""

    status = 422
    code = "unreadable-report"
    sentence = "The report could not be read."


def read_json(content: bytes, domain: str) -> BounceReport | None:
    """The report in `{"event": "bounce" | "complaint", "message_id": …, "permanent": …, "recipient": …}`.

    `status` (an enhanced code) and `diagnostic` (the server's words), if given, outweigh `permanent`. None if it is not
    about a message of ours (`domain` is that of our Message-IDs). Raises UnreadableReport.
    """
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        raise UnreadableReport from None
    if not isinstance(told, Mapping) or not isinstance(told.get("message_id"), str):
        raise UnreadableReport
    recipient = _text(told, "recipient") or None
    whats = {"complaint": What.UNWANTED, "bounce": _returned(told, recipient)}
    event = told.get("event")
    if not isinstance(event, str) or event not in whats:
        raise UnreadableReport
    message_id = our_id(told["message_id"], domain)
    if message_id is None:
        return None
    return BounceReport(message_id=message_id, what=whats[event], recipient=recipient)


def read_mail(content: bytes, domain: str) -> BounceReport | None:
    """The report in an email from one server to another.

    None if it is not about a message of ours, or only reports a delay. Raises UnreadableReport for an email that is not
    a report.
    """
    parts = list(message_from_bytes(content).walk())
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    feedback = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
    if status is None and feedback is None:
        raise UnreadableReport
    message_id = next((found for name in _names(parts) if (found := our_id(name, domain))), None)
    if message_id is None:
        return None
    if status is None:
        if _feedback_type(feedback) not in COMPLAINTS:
            return None
        return BounceReport(message_id=message_id, what=What.UNWANTED)
    return next((_of_recipient(message_id, block) for block in _failed(status)), None)


def our_id(name: str, domain: str) -> UUID | None:
    """The message of one of our Message-IDs; None for anybody else's."""
    found = OUR_ID.fullmatch(name.strip().lower())
    return UUID(found[1]) if found and found[2] == domain.lower() else None


def _names(parts: list[Part]) -> Iterator[str]:
    """Message-IDs of the letters that a report carries within, whole or their headers alone."""
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/rfc822" and isinstance(part.get_payload(), list):
            yield from _name(part.get_payload(0))
        elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
            raw: Any = part.get_payload(decode=True)
            if isinstance(raw, bytes):
                yield from _name(message_from_string(raw.decode("ascii", "replace")))


def _name(letter: Any) -> Iterator[str]:
    name = letter["Message-ID"] if isinstance(letter, Part) else None
    if name is not None:
        yield str(name)


def _failed(status: Part) -> Iterator[Part]:
    """The blocks about recipients whom the letter did not reach."""
    blocks: Any = status.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if str(block.get("Action", "")).strip().lower() == "failed":
            yield block


def _of_recipient(message_id: UUID, block: Part) -> BounceReport:
    named = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "")
    recipient = named.partition(";")[2].strip().strip("<>") or None
    whom = blame(
        str(block.get("Status", "")), " ".join(str(block.get("Diagnostic-Code", "")).split()), recipient
    )
    return BounceReport(
        message_id=message_id,
        what=What.NO_SUCH_ADDRESS if whom is Blame.RECIPIENT else What.RETURNED,
        recipient=recipient,
    )


def _feedback_type(feedback: Part | None) -> str:
    """What kind of feedback a report gives; its fields are in a part inside it, or in its text."""
    inner: Any = feedback.get_payload() if feedback is not None else ""
    fields = inner[0] if isinstance(inner, list) and inner else message_from_string(str(inner))
    return str(fields.get("Feedback-Type", "")).strip().lower()


def _returned(told: Mapping[str, Any], recipient: str | None) -> What:
    status, said = _text(told, "status"), _text(told, "diagnostic")
    certain = (
        blame(status, said, recipient) is Blame.RECIPIENT if status or said else told.get("permanent") is True
    )
    return What.NO_SUCH_ADDRESS if certain else What.RETURNED


def _text(told: Mapping[str, Any], name: str) -> str:
    given = told.get(name)
    return given if isinstance(given, str) else ""
