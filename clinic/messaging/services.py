"""Queueing, claiming and settling messages: their state changes here and nowhere else.

1. Of many senders one gets a row, by one UPDATE.
2. A claim is a lease: a sender that dies loses it within a minute.
3. A sender that sleeps past its lease can no longer settle, because the fence has risen.

So every live message goes out at least once, and twice only if a sender died between the mail server's acceptance and our
record of it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from clinic.db import db, new_id
from clinic.messaging.models import Message, MessageKind

LEASE = timedelta(seconds=45)
"""More than twice what one hand-over may take (`mailer.HANDOVER_SECONDS`)."""

RETRY_SECONDS = (5, 15, 45, 2 * 60, 5 * 60, 15 * 60, 30 * 60)
RETRY_SPREAD = 0.2
MOST_ATTEMPTS = 60
"""A message that crashes its senders must end some day; half-hourly tries over a day stay below this."""

AGAIN = "/again"
"""Marks the occasion of a resent copy; with its number it is a separate occasion."""
SIGN_IN_WORTH = timedelta(hours=1)
ROWS_AT_ONCE = 1000

_dice = SystemRandom()
KNOWN_KIND = Message.kind.in_([sa.literal_column(f"'{kind}'") for kind in MessageKind])
"""A kind of this version. A newer one, which was taken back, may have left others: they wait, untouched, until it returns."""
STILL_OPEN = sa.and_(
    Message.sent_at.is_(None), Message.given_up_at.is_(None), Message.dropped_at.is_(None), KNOWN_KIND
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A message to queue: kind, subject, recipient, occasion, and from when until when it is worth sending."""

    kind: MessageKind
    subject_id: UUID
    recipient_id: UUID
    occasion: str
    due_at: datetime
    expires_at: datetime | None = None
    client_id: UUID | None = None
    channel: str = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A message claimed by one sender until `lease_until`; `fence` distinguishes this claim from later ones.

    A resent copy has the occasion of the first, and is marked as a copy.
    """

    id: UUID
    kind: MessageKind
    channel: str = "mail"
    subject_id: UUID
    recipient_id: UUID
    occasion: str
    is_copy: bool = False
    due_at: datetime
    expires_at: datetime | None
    attempts: int
    fence: int
    lease_until: datetime


def owe(owed: Sequence[Owed], now: datetime) -> int:
    """Queue each of these once; existing rows, in whatever state, are left alone. Returns how many are new.

    The caller commits.
    """
    made = 0
    for start in range(0, len(owed), ROWS_AT_ONCE):
        rows = [
            {**asdict(one), "id": new_id(), "owed_at": now, "attempts": 0, "fence": 0}
            for one in owed[start : start + ROWS_AT_ONCE]
        ]
        added = pg.insert(Message).on_conflict_do_nothing(constraint="uq_messages_one_per_occasion")
        made += len(db.session.scalars(added.returning(Message.id), rows).all())
    return made


def claim(now: datetime, channel: str | None = None) -> Claim | None:
    """Claim the unclaimed message that has been due longest; None if there is none. The caller commits.

    `channel` limits it to one channel.
    """
    of_it = [] if channel is None else [Message.channel == channel]
    free = (
        sa.select(Message.id)
        .where(STILL_OPEN, Message.due_at <= now, lease_is_free(now), *of_it)
        .order_by(Message.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = (
        sa.update(Message)
        .where(Message.id == free)
        .values(lease_until=now + LEASE, attempts=Message.attempts + 1, fence=Message.fence + 1)
        .returning(
            Message.id,
            Message.kind,
            Message.channel,
            Message.subject_id,
            Message.recipient_id,
            Message.occasion,
            Message.due_at,
            Message.expires_at,
            Message.attempts,
            Message.fence,
            Message.lease_until,
        )
        .execution_options(synchronize_session=False)
    )
    row = db.session.execute(taken).mappings().one_or_none()
    if row is None:
        return None
    first, mark, _ = row["occasion"].partition(AGAIN)
    return Claim(**{**row, "kind": MessageKind(row["kind"]), "occasion": first, "is_copy": bool(mark)})


def settle(
    claim: Claim, now: datetime, *, told: bytes | None = None, visit_starts_at: datetime | None = None
) -> bool:
    """Record that the message was accepted; `told` is the digest of what it said, `visit_starts_at` the start of the visit it
    spoke of. False if the claim was lost meanwhile."""
    return _end(claim, sent_at=now, why=None, told=told, visit_starts_at=visit_starts_at)


def drop(claim: Claim, why: str, now: datetime) -> bool:
    """End a message that must not go any more, with a reason code. False if the claim was lost meanwhile."""
    return _end(claim, dropped_at=now, why=why)


def give_up(claim: Claim, why: str, now: datetime) -> bool:
    """End a message that cannot be delivered; staff see it. False if the claim was lost meanwhile."""
    return _end(claim, given_up_at=now, why=why)


def retry(claim: Claim, why: str, now: datetime) -> bool:
    """Put a message back for a later try, with growing delays; give it up if the next try would come too late.

    False when the claim was lost meanwhile.
    """
    again_at = now + retry_delay(claim.attempts)
    if claim.expires_at is not None and again_at >= claim.expires_at:
        return give_up(claim, why, now)
    return _end(claim, due_at=again_at, why=why)


def put_back(claim: Claim) -> bool:
    """Return a claim without using up an attempt. False if it was lost meanwhile."""
    return _end(claim, attempts=claim.attempts - 1)


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after this many attempts, with a fifth of jitter."""
    seconds = RETRY_SECONDS[min(attempts, len(RETRY_SECONDS)) - 1]
    return timedelta(seconds=seconds * _dice.uniform(1 - RETRY_SPREAD, 1 + RETRY_SPREAD))


def end_worthless(now: datetime) -> int:
    """Give up unclaimed messages that are too late or were tried too often; returns how many. The caller commits.

    Messages that were never tried, as after a long outage, are included, so that staff see them.
    """
    too_late = sa.and_(Message.expires_at.is_not(None), Message.expires_at <= now)
    ended = (
        sa.update(Message)
        .where(
            STILL_OPEN,
            Message.due_at <= now,
            lease_is_free(now),
            sa.or_(too_late, Message.attempts >= MOST_ATTEMPTS),
        )
        .values(
            given_up_at=now,
            why=sa.case((too_late, "too_late"), else_="exhausted"),
            lease_until=None,
        )
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(db.session.scalars(ended).all())


def oldest_due(now: datetime) -> datetime | None:
    """The due time of the longest-waiting message; None if nothing waits."""
    waiting = sa.select(sa.func.min(Message.due_at)).where(
        STILL_OPEN, Message.due_at <= now, lease_is_free(now)
    )
    found: datetime | None = db.session.scalar(waiting)
    return found


def lease_is_free(now: datetime) -> sa.ColumnElement[bool]:
    """Whether the message is unclaimed now."""
    return sa.or_(Message.lease_until.is_(None), Message.lease_until <= now)


def _end(claim: Claim, **columns: object) -> bool:
    """Release a claim and set these columns, unless somebody else has claimed the message since."""
    ours = sa.update(Message).where(Message.id == claim.id, Message.fence == claim.fence, STILL_OPEN)
    done = ours.values(lease_until=None, **columns).returning(Message.id)
    return db.session.scalar(done.execution_options(synchronize_session=False)) is not None
