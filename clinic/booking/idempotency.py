"""The same form sent twice gives one change and one answer.

A key is put into the page (or sent by an API caller in a header). Its row is written in the transaction of the change,
so either both exist or neither. Keys are scoped to a browser or API hold. The row names what was made but never its
URL, because a manage link is a secret and no secret is stored.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.booking.models import IdempotencyKey
from clinic.db import RowsToDelete, add_together, db
from clinic.language import N_
from clinic.refusal import Refusal

LONGEST_KEY = 255


class OtherContent(Refusal):
    """This key was used before for something else."""

    code = "idempotency-mismatch"
    sentence = N_("This form was sent before with other details. Please open the page again.")


class AtTheSameTime(Refusal):
    """The same key is being processed right now; a later try gets its answer."""

    code = "in-progress"
    sentence = N_("Your request is being worked on. Please try again in a moment.")


@dataclass(frozen=True)
class StoredAnswer:
    """The first answer; `subject_id` is what was made, from which the caller derives its URL."""

    status: int
    subject_id: UUID | None = None
    body: Any = None


def new_key() -> str:
    """A key for a form."""
    return secrets.token_urlsafe(18)


# Built once, because every booking of a start runs it.
_EARLIER = sa.select(IdempotencyKey).where(
    IdempotencyKey.scope == sa.bindparam("scope"), IdempotencyKey.key == sa.bindparam("key")
)


def earlier(scope: bytes, key: str, content: Mapping[str, Any]) -> StoredAnswer | None:
    """The earlier answer to this key, or None. Raises OtherContent if it was sent with other content."""
    row = db.session.scalar(_EARLIER, {"scope": scope, "key": key[:LONGEST_KEY]})
    if row is None:
        return None
    if not secrets.compare_digest(row.content_sha256, _digest(content)):
        raise OtherContent
    return StoredAnswer(row.status, row.subject_id, row.body)


def remember(scope: bytes, key: str, content: Mapping[str, Any], answer: StoredAnswer, now: datetime) -> None:
    """Store an answer with its change, and in the same statement the audit entries that wait to be written.

    Raises AtTheSameTime if another request with the same key was quicker.
    """
    row = IdempotencyKey(
        scope=scope,
        key=key[:LONGEST_KEY],
        content_sha256=_digest(content),
        status=answer.status,
        subject_id=answer.subject_id,
        created_at=now,
    )
    row.body = answer.body
    if not add_together(*audit.take_waiting(), once=row):
        raise AtTheSameTime


def old_keys(before: datetime) -> RowsToDelete:
    """Keys made before an instant."""
    return RowsToDelete(IdempotencyKey, IdempotencyKey.created_at < before)


def delete_old(before: datetime) -> int:
    """Delete these keys, and the URLs that an earlier version stored with newer ones; returns how many. The caller commits."""
    gone = old_keys(before).delete()
    db.session.execute(
        sa.update(IdempotencyKey).where(IdempotencyKey.location.is_not(None)).values(location=None)
    )
    return gone


def _digest(content: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).digest()
