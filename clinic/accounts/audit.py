"""The record of who did or read what: field names, never values.

Entries are added in the transaction of the deed and never change. The worker seals each past minute: a seal holds the
SHA-256 over its entries and over the seal before, so that an entry changed, added or taken away later is found by `verify`.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, AuditSeal
from clinic.db import Base, db

VISITOR = "visitor"
GUARDIAN = "guardian"
"""A parent or guardian, known by the link that was sent to their address."""
SYSTEM = "system"

# A deed is dated when its transaction begins and seen when it commits; nothing takes longer than the statement timeout,
# so a minute that ended this long ago gets no more entries.
SETTLING = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
PAGE = 500


def by_user(user_id: UUID) -> str:
    """The actor for a member of staff."""
    return f"user:{user_id}"


def by_contact(contact_id: UUID) -> str:
    """The actor for a signed-in client, known by the address that was proven."""
    return f"contact:{contact_id}"


def by_link(appointment_id: UUID) -> str:
    """The actor for whoever holds the manage link of an appointment."""
    return f"link:{appointment_id}"


def record(
    actor: str,
    action: str,
    subject: Base | None = None,
    *,
    subject_type: str | None = None,
    subject_id: UUID | None = None,
    client_id: UUID | None = None,
    purpose: str = "",
    fields: Sequence[str] = (),
    network: str | None = None,
    now: datetime,
) -> None:
    """Add one entry to the caller's transaction; nothing is flushed.

    Give the row itself or its type and id. `fields` are names of what changed or was read. `purpose` is a code or a short
    fixed phrase: like everything here it holds no health data and nobody's name. `network` is a keyed hash
    (`security_events.network_hash`), for what happens at the sign-in.
    """
    if subject is not None:
        subject_type = subject.__tablename__
        identity = getattr(subject, "id", None)
        subject_id = identity if isinstance(identity, UUID) else None
    db.session.add(
        AuditEntry(
            at=now,
            actor=actor,
            action=action,
            subject_type=subject_type or "",
            subject_id=subject_id,
            client_id=client_id,
            purpose=purpose,
            fields=list(fields),
            network=network,
        )
    )


def seal(now: datetime) -> int:
    """Seal the entries since the last seal, up to the last whole minute that has settled; returns how many seals were made.

    Quiet minutes are spanned by one seal. The caller commits. Twice is harmless: the second finds nothing to seal, and two
    at once meet at the unique end of a seal, where one of them fails.
    """
    until = _whole_minute(now - SETTLING)
    last = db.session.scalar(sa.select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))
    start = last.until_at if last else _first_minute()
    if start is None or start >= until:
        return 0
    made = 0
    for end in _ends(start, until):
        last = _sealed(last, start, end, now)
        start = end
        made += 1
    db.session.flush()
    return made


def _ends(start: datetime, until: datetime) -> Iterator[datetime]:
    """Ends of the seals from start to until: each minute with entries gets one, and the quiet time after the last one too."""
    minutes = db.session.scalars(
        sa.select(AuditEntry.at).where(AuditEntry.at >= start, AuditEntry.at < until).order_by(AuditEntry.at)
    )
    ends = dict.fromkeys(_whole_minute(at) + MINUTE for at in minutes)
    yield from (*ends, *(() if until in ends else (until,)))


def _sealed(before: AuditSeal | None, start: datetime, end: datetime, now: datetime) -> AuditSeal:
    entries, digest = _digest(before.digest if before else b"", start, end)
    made = AuditSeal(
        number=before.number + 1 if before else 1,
        from_at=start,
        until_at=end,
        entries=entries,
        digest=digest,
        sealed_at=now,
    )
    db.session.add(made)
    return made


@dataclass(frozen=True)
class Verification:
    """What a walk over the seals found: how many hold, and the first number that does not, with why."""

    seals: int
    broken: int | None = None
    why: str = ""

    @property
    def holds(self) -> bool:
        """Whether every seal matches its entries and the seal before."""
        return self.broken is None


def verify() -> Verification:
    """Recompute the chain from its first seal; stops at the first that does not hold."""
    before = b""
    edge: datetime | None = None
    count = 0
    for expected, made in enumerate(_seals(), start=1):
        if made.number != expected or (edge is not None and made.from_at != edge):
            return Verification(count, expected, "a seal is missing")
        entries, digest = _digest(before, made.from_at, made.until_at)
        if entries != made.entries:
            return Verification(
                count, expected, f"{made.entries} entries were sealed, {entries} are there now"
            )
        if digest != made.digest:
            return Verification(count, expected, "an entry or a seal was changed")
        before, edge, count = made.digest, made.until_at, count + 1
    if edge is not None and db.session.scalar(
        sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.at < _first_edge())
    ):
        return Verification(count, 1, "entries lie before the first seal")
    return Verification(count)


def _seals() -> Iterator[AuditSeal]:
    """Every seal in order, read in pages: a chain of years has millions."""
    last = -1
    while page := db.session.scalars(
        sa.select(AuditSeal).where(AuditSeal.number > last).order_by(AuditSeal.number).limit(PAGE)
    ).all():
        yield from page
        last = page[-1].number


def _first_edge() -> sa.ScalarSelect[datetime]:
    return sa.select(sa.func.min(AuditSeal.from_at)).scalar_subquery()


def _digest(before: bytes, start: datetime, end: datetime) -> tuple[int, bytes]:
    """How many entries lie in [start, end), and the hash over the seal before and them, in order of time and id."""
    rows = db.session.execute(
        sa.select(AuditEntry.__table__)
        .where(AuditEntry.at >= start, AuditEntry.at < end)
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    total = hashlib.sha256(before + f"{_instant(start)}|{_instant(end)}".encode())
    count = 0
    for row in rows:
        content = [
            str(row.id),
            _instant(row.at),
            row.actor,
            row.action,
            row.subject_type,
            str(row.subject_id or ""),
            str(row.client_id or ""),
            row.purpose,
            list(row.fields),
        ]
        total.update(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        count += 1
    return count, total.digest()


def _first_minute() -> datetime | None:
    first: datetime | None = db.session.scalar(sa.select(sa.func.min(AuditEntry.at)))
    return _whole_minute(first) if first else None


def _whole_minute(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
