"""Seals over the audit log: they reveal an entry that was changed, added or removed later.

1. Every minute the worker seals the entries that have settled since the last seal. Its database role may add seals
   and read entries, nothing else; the role that serves pages may only read both.
2. A seal is an HMAC over the previous seal and its entries, with a key that is not in the database. Somebody who
   controls the whole database, but not the key, cannot forge a valid seal.
3. Seals made before there was a key are SHA-256 digests at the beginning of the chain; none may follow a keyed seal.
"""

import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic.accounts.models import AuditEntry, AuditSeal
from clinic.db import SEALING, db

# An entry is dated when its transaction begins and becomes visible when it commits. No transaction outlasts the
# statement timeout, so a minute that ended this long ago gets no more entries.
SETTLING = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
LATE = timedelta(minutes=10)
PAGE = 500
LOOKED_AT = 60
"""How many seals `state` checks, because it runs often; `verify` checks all."""
KEY_BYTES = 32

_keys: dict[int, bytes] = {}


class NoSealKey(RuntimeError):
    """No key for sealing the audit log is loaded."""


def use(keys: Mapping[int, bytes]) -> None:
    """Use these keys (by id, 0 to 255; 32 bytes each) for the whole process; the highest id seals."""
    global _keys
    for key_id, key in keys.items():
        if not 0 <= key_id <= 255 or len(key) != KEY_BYTES:
            raise ValueError(f"audit key {key_id} must have an id from 0 to 255 and {KEY_BYTES} bytes")
    _keys = dict(keys)


def seal_as_sealer(now: datetime) -> int:
    """Seal in a separate transaction, as the sealing role; returns how many seals were made."""
    with Session(db.engines[SEALING]) as session, session.begin():
        return seal(now, session)


def seal(now: datetime, session: Session | None = None) -> int:
    """Seal the entries since the last seal, up to the last whole minute that has settled; returns how many seals were made.

    One seal covers a run of quiet minutes. The caller commits. Safe to repeat: the second call finds nothing to seal,
    and of two at once, one fails on the unique end of a seal. Raises NoSealKey.
    """
    session = session or db.session()
    if not _keys:
        raise NoSealKey("no key for sealing the audit log is loaded")
    until = _whole_minute(now - SETTLING)
    last = session.scalar(sa.select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))
    start = last.until_at if last else _first_minute(session)
    if start is None or start >= until:
        return 0
    made = 0
    for end in _ends(session, start, until):
        last = _sealed(session, last, start, end, now)
        start = end
        made += 1
    session.flush()
    return made


def state(now: datetime) -> str:
    """The state of sealing: `ok`, `late` (entries should be sealed but are not), `missing` (a seal was removed) or
    `ahead`.

    `ahead` means that a seal claims a time in the future, so that none could follow it.
    """
    newest = db.session.execute(
        sa.select(AuditSeal.number, AuditSeal.from_at, AuditSeal.until_at)
        .order_by(AuditSeal.number.desc())
        .limit(LOOKED_AT)
    ).all()
    if not newest:
        unsealed = sa.select(sa.exists().where(AuditEntry.at < now - LATE))
        return "late" if db.session.scalar(unsealed) else "ok"
    for later, earlier in itertools.pairwise(newest):
        if later.number != earlier.number + 1 or later.from_at != earlier.until_at:
            return "missing"
    if newest[0].until_at > now + MINUTE:
        return "ahead"
    return "late" if newest[0].until_at < now - LATE else "ok"


def may_be_forged() -> bool:
    """Whether the role that serves pages can add seals, because no separate sealing role is configured."""
    asked = sa.func.has_table_privilege(AuditSeal.__tablename__, "INSERT")
    return bool(db.session.scalar(sa.select(asked)))


@dataclass(frozen=True)
class Verification:
    """The result of verifying the seals: how many are valid, and the first that is not, with the reason."""

    seals: int
    broken: int | None = None
    why: str = ""
    keyed_since: datetime | None = None
    """Where the keyed seals begin; anyone who had the database could have rebuilt the chain before that."""

    @property
    def holds(self) -> bool:
        """Whether every seal matches its entries and the previous seal."""
        return self.broken is None


def verify() -> Verification:
    """Recompute the chain from its first seal; stops at the first invalid one."""
    before, edge, keyed_since, count = b"", None, None, 0
    for expected, made in enumerate(_seals(), start=1):
        why = _fault(made, expected, before, edge, is_keyed=keyed_since is not None)
        if why:
            return Verification(count, expected, why, keyed_since)
        if made.key_id is not None and keyed_since is None:
            keyed_since = made.from_at
        before, edge, count = made.digest, made.until_at, count + 1
    if count and keyed_since is None:
        return Verification(count, count, "no seal carries a key: the worker has not sealed yet")
    if edge is not None and db.session.scalar(
        sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.at < _first_edge())
    ):
        return Verification(count, 1, "there are entries before the first seal", keyed_since)
    return Verification(count, keyed_since=keyed_since)


def _fault(made: AuditSeal, expected: int, before: bytes, edge: datetime | None, *, is_keyed: bool) -> str:
    if made.number != expected or (edge is not None and made.from_at != edge):
        return "a seal is missing"
    if made.key_id is None and is_keyed:
        return "a seal without a key follows one with a key"
    if made.key_id is not None and made.key_id not in _keys:
        return f"its key {made.key_id} is not loaded"
    entries, digest = _digest(db.session(), made.key_id, before, made.from_at, made.until_at)
    if entries != made.entries:
        return f"of its entries, {made.entries} were sealed and {entries} are there now"
    return "" if hmac.compare_digest(digest, made.digest) else "an entry or a seal was changed"


def _ends(session: Session, start: datetime, until: datetime) -> Iterator[datetime]:
    """Ends of the seals from start to until: one for each minute with entries, and one for the quiet time after the
    last."""
    minutes = session.scalars(
        sa.select(AuditEntry.at).where(AuditEntry.at >= start, AuditEntry.at < until).order_by(AuditEntry.at)
    )
    ends = dict.fromkeys(_whole_minute(at) + MINUTE for at in minutes)
    yield from (*ends, *(() if until in ends else (until,)))


def _sealed(
    session: Session, before: AuditSeal | None, start: datetime, end: datetime, now: datetime
) -> AuditSeal:
    key_id = max(_keys)
    entries, digest = _digest(session, key_id, before.digest if before else b"", start, end)
    made = AuditSeal(
        number=before.number + 1 if before else 1,
        from_at=start,
        until_at=end,
        entries=entries,
        digest=digest,
        key_id=key_id,
        sealed_at=now,
    )
    session.add(made)
    return made


def _seals() -> Iterator[AuditSeal]:
    """Every seal in order, read in pages: after some years there are millions."""
    last = -1
    while page := db.session.scalars(
        sa.select(AuditSeal).where(AuditSeal.number > last).order_by(AuditSeal.number).limit(PAGE)
    ).all():
        yield from page
        last = page[-1].number


def _first_edge() -> sa.ScalarSelect[datetime]:
    return sa.select(sa.func.min(AuditSeal.from_at)).scalar_subquery()


def _digest(
    session: Session, key_id: int | None, before: bytes, start: datetime, end: datetime
) -> tuple[int, bytes]:
    """The number of entries in [start, end), and the digest over the previous seal and these entries, by time and
    id."""
    rows = session.execute(
        sa.select(AuditEntry.__table__)
        .where(AuditEntry.at >= start, AuditEntry.at < end)
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    beginning = before + f"{_instant(start)}|{_instant(end)}".encode()
    total = (
        hashlib.sha256(beginning) if key_id is None else hmac.new(_keys[key_id], beginning, hashlib.sha256)
    )
    count = 0
    for row in rows:
        text = json.dumps(
            _content(row, is_keyed=key_id is not None), ensure_ascii=False, separators=(",", ":")
        )
        total.update(text.encode() + b"\n")
        count += 1
    return count, total.digest()


def _content(row: Any, *, is_keyed: bool) -> list[object]:
    """An entry as it is sealed. Unkeyed seals predate the `network` of entries, so they omit it."""
    return [
        str(row.id),
        _instant(row.at),
        row.actor,
        row.action,
        row.subject_type,
        str(row.subject_id or ""),
        str(row.client_id or ""),
        row.purpose,
        list(row.fields),
        *([row.network] if is_keyed else []),
    ]


def _first_minute(session: Session) -> datetime | None:
    first: datetime | None = session.scalar(sa.select(sa.func.min(AuditEntry.at)))
    return _whole_minute(first) if first else None


def _whole_minute(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
