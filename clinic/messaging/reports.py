"""Reading what mail systems report about letters of ours: that one came back, or that its reader did not want it.

Two forms are read: the mails that mail servers send each other (RFC 3464 for letters that came back, RFC 5965 for
complaints), and a small JSON object for providers that call instead. Of either only three things are kept in hand: which
message, what happened, and to which address.
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

from clinic.refusal import Refusal

OUR_ID = re.compile(
    r"<?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@([^\s<>@]+)>?", re.ASCII
)
WRONG_ADDRESS = re.compile(r"5\.(1\.\d+|2\.1|4\.4)", re.ASCII)
"""Status codes of an address or a domain that does not take mail (RFC 3463): not of a full mailbox, a policy, or our letter."""


class What(StrEnum):
    """What happened to a letter."""

    RETURNED = "returned"
    NO_SUCH_ADDRESS = "no_such_address"
    UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What happened to one message; `recipient` is the address the report names, when it names one."""

    message_id: UUID
    what: What
    recipient: str | None = None


class Unreadable(Refusal):
    """A report that is neither of the two forms, or does not say which message it is about."""

    status = 422
    code = "unreadable-report"
    sentence = "The report could not be read."


def read_json(content: bytes, domain: str) -> Report | None:
    """The report in `{"event": "bounce" | "complaint", "message_id": …, "permanent": …, "recipient": …}`.

    None when it is about no message of ours (`domain` is that of our Message-IDs). Raises Unreadable.
    """
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(told, Mapping) or not isinstance(told.get("message_id"), str):
        raise Unreadable
    whats = {"complaint": What.UNWANTED}
    whats["bounce"] = What.NO_SUCH_ADDRESS if told.get("permanent") is True else What.RETURNED
    event = told.get("event")
    if not isinstance(event, str) or event not in whats:
        raise Unreadable
    message_id = _ours(told["message_id"], domain)
    recipient = told.get("recipient")
    if message_id is None:
        return None
    return Report(
        message_id=message_id,
        what=whats[event],
        recipient=recipient if isinstance(recipient, str) else None,
    )


def read_mail(content: bytes, domain: str) -> Report | None:
    """The report in a mail as one server sends it to another.

    None when it is about no message of ours, or tells of a delay only. Raises Unreadable for a mail that is no report.
    """
    parts = list(message_from_bytes(content).walk())
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    is_complaint = any(part.get_content_type() == "message/feedback-report" for part in parts)
    if status is None and not is_complaint:
        raise Unreadable
    message_id = next((found for name in _names(parts) if (found := _ours(name, domain))), None)
    if message_id is None:
        return None
    if status is None:
        return Report(message_id=message_id, what=What.UNWANTED)
    return next((_of_recipient(message_id, block) for block in _failed(status)), None)


def _ours(name: str, domain: str) -> UUID | None:
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


def _of_recipient(message_id: UUID, block: Part) -> Report:
    code = str(block.get("Status", "")).strip().partition(" ")[0]
    named = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "")
    recipient = named.partition(";")[2].strip().strip("<>")
    return Report(
        message_id=message_id,
        what=What.NO_SUCH_ADDRESS if WRONG_ADDRESS.fullmatch(code) else What.RETURNED,
        recipient=recipient or None,
    )
