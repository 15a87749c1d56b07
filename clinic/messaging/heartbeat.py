"""Heartbeats: when each part of the delivery last reported that it was alive.

Both ends of an age are measured by the database's clock, so neither a skewed host nor a shifted test clock makes a
living part look dead.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from clinic.db import db
from clinic.messaging.models import Heartbeat, Sending

FRESH = timedelta(seconds=60)
"""Twice the time between two passes in which there is no news."""
DEAD = timedelta(minutes=2)
"""A part that was silent this long will not come back by itself."""
SKEW_TOLERATED = timedelta(seconds=2)
FALLBACK = "fallback"
"""State of the pass while the fallback makes it: the broker does not answer."""
SWEEP, LOOK, NEWS = "sweep", "look", "news"
"""Names of rows that no part's heartbeat is in: when a pass last looked at everything, when one looked although there was no news,
and when there was news."""


class DeliveryPart(StrEnum):
    """What has a heartbeat."""

    WORKER = "worker"
    BEAT = "beat"
    PASS = "pass"  # noqa: S105  # no password
    MAIL = "mail"
    SENDING = "sending"


@dataclass(frozen=True, slots=True)
class Sign:
    """The last heartbeat of one part; `age` is None if there never was one."""

    part: DeliveryPart
    age: timedelta | None = None
    state: str = ""

    @property
    def word(self) -> str:
        """`ok`, `stale`, `never`, or the code of what is wrong.

        The mail server and the pause have no heartbeat of their own: no news is good news.
        """
        if self.state:
            return self.state
        if self.part in (DeliveryPart.MAIL, DeliveryPart.SENDING):
            return "ok"
        if self.age is None:
            return "never"
        return "ok" if self.age <= FRESH else "stale"

    @property
    def is_dead(self) -> bool:
        """Whether this part was never alive, or silent for two minutes."""
        return self.word in ("stale", "never") and (self.age is None or self.age > DEAD)


@dataclass(frozen=True, slots=True)
class DeliveryHeartbeats:
    """The heartbeats of all parts, in the order of `DeliveryPart`."""

    signs: tuple[Sign, ...]

    @property
    def is_well(self) -> bool:
        """Whether nothing is stale, missing or in trouble."""
        return not self.troubles

    @property
    def troubles(self) -> tuple[Sign, ...]:
        """The parts that are not well."""
        return tuple(sign for sign in self.signs if sign.word != "ok")

    def sign(self, part: DeliveryPart) -> Sign:
        """The heartbeat of one part."""
        return next(sign for sign in self.signs if sign.part is part)


def heartbeats() -> DeliveryHeartbeats:
    """The heartbeats as they are; one statement."""
    lived = sa.select(Heartbeat.name, sa.func.clock_timestamp() - Heartbeat.at, Heartbeat.state)
    held = sa.select(sa.literal(DeliveryPart.SENDING.value), sa.null(), Sending.held_why)
    return _read(db.session.execute(lived.union_all(held.where(Sending.held_why.is_not(None)))))


def as_column() -> sa.ColumnElement[Any]:
    """The same as one value, for a statement that reads more than this; `from_column` reads it."""
    lived = sa.select(
        Heartbeat.name.label("name"),
        sa.extract("epoch", sa.func.clock_timestamp() - Heartbeat.at).label("seconds"),
        Heartbeat.state.label("state"),
    )
    held = sa.select(sa.literal(DeliveryPart.SENDING.value), sa.null(), Sending.held_why)
    every = lived.union_all(held.where(Sending.held_why.is_not(None))).subquery()
    row = sa.func.json_build_array(every.c.name, every.c.seconds, every.c.state)
    return sa.select(sa.func.json_agg(row, type_=sa.JSON)).select_from(every).scalar_subquery()


def from_column(rows: Sequence[tuple[str, float | None, str]] | None) -> DeliveryHeartbeats:
    """The heartbeats that `as_column` gave."""
    return _read(
        (name, None if seconds is None else timedelta(seconds=seconds), state)
        for name, seconds, state in rows or ()
    )


def _read(rows: Iterable[Any]) -> DeliveryHeartbeats:
    found = {name: (age, state) for name, age, state in rows}
    return DeliveryHeartbeats(tuple(Sign(part, *found.get(part.value, (None, ""))) for part in DeliveryPart))


def some_silent(after: timedelta) -> sa.ColumnElement[bool]:
    """Whether a part that was once alive has been silent for longer; the mail server has no heartbeat of its own."""
    parts = [part.value for part in DeliveryPart if part is not DeliveryPart.MAIL]
    return sa.exists().where(Heartbeat.name.in_(parts), sa.func.clock_timestamp() - Heartbeat.at > after)


def beat(part: DeliveryPart, state: str = "") -> None:
    """Record that a part is alive, and its state; the caller commits."""
    row = pg.insert(Heartbeat).values(name=part.value, at=sa.func.clock_timestamp(), state=state)
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=[Heartbeat.name], set_={"at": row.excluded.at, "state": row.excluded.state}
        )
    )


def take_probe(every: timedelta) -> bool:
    """Whether it is this caller's turn to try a mail server that did not answer.

    One of all callers wins within each `every`. The caller commits before it tries.
    """
    turn = (
        sa.update(Heartbeat)
        .where(
            Heartbeat.name == DeliveryPart.MAIL.value,
            Heartbeat.state != "",
            Heartbeat.at <= sa.func.clock_timestamp() - every,
        )
        .values(at=sa.func.clock_timestamp())
        .returning(Heartbeat.name)
    )
    return db.session.scalar(turn) is not None


def take_turn(name: str, now: datetime, every: timedelta) -> bool:
    """Whether it is this caller's turn at what `name` names; one of all callers wins within each `every`.

    By the caller's clock, like the rows it checks; a clock that was set back misses no turn.
    """
    first = pg.insert(Heartbeat).values(name=name, at=now, state="")
    turn = first.on_conflict_do_update(
        index_elements=[Heartbeat.name],
        set_={"at": now},
        where=sa.or_(Heartbeat.at <= now - every, Heartbeat.at > now),
    )
    return db.session.scalar(turn.returning(Heartbeat.name)) is not None


def note(name: str, now: datetime) -> None:
    """Record the time at which `name` last was; the caller commits."""
    row = pg.insert(Heartbeat).values(name=name, at=now, state="")
    db.session.execute(
        row.on_conflict_do_update(index_elements=[Heartbeat.name], set_={"at": row.excluded.at})
    )


def is_within(name: str, now: datetime, span: timedelta) -> bool:
    """Whether `name` was less than `span` ago; a clock that was set back counts as that."""
    was = db.session.scalar(sa.select(Heartbeat.at).where(Heartbeat.name == name))
    return was is not None and was > now - span


def on_time(now: datetime, system: datetime) -> datetime:
    """`now` by the database's clock, if the host's clock (`system`) is more than two seconds off.

    With one shared clock, hosts agree on what is due and whose lease has expired.
    """
    off = _off(system)
    return now + off if abs(off) > SKEW_TOLERATED else now


def is_on_time(system: datetime) -> bool:
    """Whether the host's own clock and the database's differ by two seconds at most."""
    return abs(_off(system)) <= SKEW_TOLERATED


def _off(system: datetime) -> timedelta:
    found: timedelta = db.session.execute(sa.select(sa.func.clock_timestamp() - system)).scalar_one()
    return found
