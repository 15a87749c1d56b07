"""Signed URLs: having one is the right to open it. They are derived from what they open, and never stored.

A token is `<id>.<key id and mac>`, both in base64url; the mac is HMAC-SHA-256 over purpose, id and epoch, truncated
to 128 bits. Raising a row's epoch revokes all its links. The keys are separate from the session key; several may be
loaded, and the highest id signs. One-time links are different: random, and stored as a digest
(`accounts.services.mint_link`).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

MAC_BYTES = 16
KEY_BYTES = 32
MANAGE = "manage"
AFTERCARE = "aftercare"
CHECK_IN = "check_in"
ENTRY = "waiting_wish"
OFFER = "waiting_offer"
VISIT_FORM = "visit"
PREPARATION = "preparation"
SCORES = "scores"

_keys: dict[int, bytes] = {}


def use(keys: Mapping[int, bytes]) -> None:
    """Use these keys (id 1..255 to 32 bytes) in the whole process; raises ValueError when one is malformed."""
    global _keys
    for key_id, key in keys.items():
        if not 1 <= key_id <= 255 or len(key) != KEY_BYTES:
            raise ValueError(f"link key {key_id} must have an id from 1 to 255 and {KEY_BYTES} bytes")
    _keys = dict(keys)  # In one step: other threads are reading them.


@dataclass(frozen=True)
class LinkClaim:
    """What a token claims to open; trust it only if `holds` says so."""

    purpose: str
    subject_id: UUID
    key_id: int
    mac: bytes

    def holds(self, epoch: int) -> bool:
        """Whether we made the token for this purpose, row and epoch; compared in constant time."""
        key = _keys.get(self.key_id)
        if key is None:
            return False
        return hmac.compare_digest(_mac(key, self.purpose, self.subject_id, epoch), self.mac)


def manage_path(appointment_id: UUID, epoch: int) -> str:
    """The permanent link of an appointment: `/a/<token>`."""
    return purpose_path("a", MANAGE, appointment_id, epoch)


def aftercare_path(appointment_id: UUID, epoch: int) -> str:
    """The link to the tips after a visit: `/c/<token>`. The page decides how long it opens."""
    return purpose_path("c", AFTERCARE, appointment_id, epoch)


def check_in_path(appointment_id: UUID, epoch: int) -> str:
    """The link to the two questions after a visit: `/check-in/<token>`."""
    return purpose_path("check-in", CHECK_IN, appointment_id, epoch)


def visit_form_path(appointment_id: UUID, epoch: int) -> str:
    """The link to the short form before a visit: `/visit/<token>`. The page decides when it takes answers."""
    return purpose_path("visit", VISIT_FORM, appointment_id, epoch)


def scores_path(sheet_id: UUID) -> str:
    """The link to a score sheet: `/scores/<token>`. The sheet says whether it still takes answers, so it has no epoch."""
    return purpose_path("scores", SCORES, sheet_id, 0)


def entry_path(entry_id: UUID, epoch: int) -> str:
    """The link to change or withdraw a waiting-list entry: `/w/<token>`."""
    return purpose_path("w", ENTRY, entry_id, epoch)


def offer_path(offer_id: UUID, epoch: int) -> str:
    """The link to accept or decline an offered time: `/o/<token>`; it uses the entry's epoch."""
    return purpose_path("o", OFFER, offer_id, epoch)


def purpose_path(prefix: str, purpose: str, subject_id: UUID, epoch: int) -> str:
    """`/<prefix>/<token>` for one purpose; a token of one purpose never opens another."""
    return f"/{prefix}/{token(purpose, subject_id, epoch)}"


def sign_in_path(raw: str) -> str:
    """The URL of a one-time sign-in link."""
    return f"/l/{raw}"


def preparation_path(appointment_id: UUID, epoch: int) -> str:
    """The link to the list of questions before a visit: `/before/<token>`. It shows no answers."""
    return purpose_path("before", PREPARATION, appointment_id, epoch)


def preparation_link_path(raw: str) -> str:
    """The URL of a one-time link that opens the questions before a visit."""
    return f"/before-visit/{raw}"


def new_address_path(raw: str) -> str:
    """The URL of a one-time link that proves a client's new email address."""
    return f"/new-address/{raw}"


def own_tips_path(raw: str) -> str:
    """The URL of a one-time link to the tips that depend on a client's own answers."""
    return f"/own-tips/{raw}"


def token(purpose: str, subject_id: UUID, epoch: int) -> str:
    """The token, signed with the newest key; raises LookupError if no key is loaded."""
    keys = _keys
    if not keys:
        raise LookupError("no link key is loaded")
    key_id = max(keys)
    mac = bytes([key_id]) + _mac(keys[key_id], purpose, subject_id, epoch)
    return f"{_text(subject_id.bytes)}.{_text(mac)}"


def keyed_digests(purpose: str, text: str) -> list[bytes]:
    """A code that is too short for a plain digest, under each key, the newest first: who reads the database cannot try all codes.

    The first is what is stored; a code is right if any of them is what was stored. Empty if no key is loaded.
    """
    content = f"{purpose}\0{text}".encode()
    return [hmac.new(key, content, hashlib.sha256).digest() for _, key in sorted(_keys.items(), reverse=True)]


def check(token: str, purpose: str = MANAGE) -> LinkClaim | None:
    """Parse a token; None if it is malformed. The caller loads the row and asks `holds(row.link_epoch)`."""
    head, dot, tail = token.partition(".")
    subject, mac = _bytes(head), _bytes(tail)
    if not dot or len(subject) != 16 or len(mac) != 1 + MAC_BYTES:
        return None
    return LinkClaim(purpose=purpose, subject_id=UUID(bytes=subject), key_id=mac[0], mac=mac[1:])


def _mac(key: bytes, purpose: str, subject_id: UUID, epoch: int) -> bytes:
    content = f"{purpose}\0{subject_id}\0{epoch}".encode()
    return hmac.new(key, content, hashlib.sha256).digest()[:MAC_BYTES]


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """The bytes of canonical base64url; empty for anything else, so that each row has exactly one valid token."""
    try:
        content = base64.b64decode(
            text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
        )
    except (UnicodeEncodeError, binascii.Error):
        return b""
    return content if _text(content) == text else b""
