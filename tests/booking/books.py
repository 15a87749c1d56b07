"""What a machine that books knows of blocks, visits and kept times, told slowly and plainly."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from hypothesis import strategies as st

from clinic.scheduling.hours import Days
from tests import make

DAYS: Final = Days(date(2031, 3, 4), date(2031, 3, 6))
"""A Tuesday and a Wednesday in a zone that is always an hour ahead of UTC."""
QUARTER: Final = timedelta(minutes=15)
HOLD: Final = timedelta(minutes=20)
Span = tuple[datetime, datetime]
days = st.sampled_from([DAYS.first_on, DAYS.first_on + timedelta(days=1)])
quarters = st.integers(7 * 4, 18 * 4)
either = st.integers(0, 1)


def at(on: date, quarter: int) -> datetime:
    """A quarter of an hour of a local day, in UTC."""
    return datetime(on.year, on.month, on.day, tzinfo=UTC) - timedelta(hours=1) + quarter * QUARTER


def meet(one: Span, other: Span) -> bool:
    """Whether two half-open spans share a moment."""
    return one[0] < other[1] and other[0] < one[1]


@dataclass(frozen=True)
class Block:
    """Somebody and some room taken for a while; a hold or a time kept for taking back ends by itself."""

    therapist: UUID
    room: UUID
    span: Span
    ends: datetime | None = None

    def counts(self, now: datetime) -> bool:
        return self.ends is None or self.ends > now

    def less(self, other: "Block") -> Iterator["Block"]:
        """What is left of this time when another block stands on it."""
        shares = other.therapist == self.therapist or other.room == self.room
        if not (shares and meet(self.span, other.span)):
            yield self
            return
        for begin, end in ((self.span[0], other.span[0]), (other.span[1], self.span[1])):
            if begin < end:
                yield replace(self, span=(begin, end))


@dataclass(frozen=True)
class Visit:
    """A visit as agreed: its block, and how long it takes."""

    block: Block
    need: tuple[timedelta, timedelta, timedelta]
    treatment: UUID
    cancelled: bool = False
    before: Block | None = None
    kept: tuple[Block, ...] = ()
    undo_until: datetime | None = None


@dataclass(frozen=True)
class Held:
    """A time that a browser keeps, on the terms of its moment."""

    block: Block
    need: tuple[timedelta, timedelta, timedelta]
    treatment: UUID
    browser: bytes

    @property
    def start(self) -> datetime:
        return self.block.span[0] + self.need[0]


@dataclass
class Books:
    """The whole book-keeping."""

    now: datetime = make.NOW
    notice: timedelta = timedelta(0)
    hours: dict[UUID, tuple[int, int]] = field(default_factory=dict)
    off: list[tuple[UUID, Span]] = field(default_factory=list)
    cap: dict[UUID, int] = field(default_factory=dict)
    needs: dict[UUID, tuple[timedelta, timedelta, timedelta]] = field(default_factory=dict)
    rooms: dict[UUID, list[UUID]] = field(default_factory=dict)
    holds: dict[UUID, Held] = field(default_factory=dict)
    visits: dict[UUID, Visit] = field(default_factory=dict)

    def blocks(self, without: UUID | None = None) -> list[Block]:
        standing = [held.block for held in self.holds.values() if held.block.counts(self.now)]
        for key, visit in self.visits.items():
            if key != without:
                standing += [] if visit.cancelled else [visit.block]
                standing += [block for block in visit.kept if block.counts(self.now)]
        return standing

    def candidates(
        self, treatment: UUID, start: datetime, moving: UUID | None = None
    ) -> set[tuple[UUID, UUID]]:
        """Who could take this start, and in which room."""
        return self.takers(
            treatment, start, self.visits[moving].need if moving else self.needs[treatment], moving
        )

    def takers(
        self,
        treatment: UUID,
        start: datetime,
        need: tuple[timedelta, timedelta, timedelta],
        moving: UUID | None = None,
    ) -> set[tuple[UUID, UUID]]:
        """The same for a visit that takes this long."""
        before, length, after = need
        if start < self.now + self.notice:
            return set()
        wanted, visible = (start - before, start + length + after), (start, start + length)
        blocks = self.blocks(moving)
        return {
            (therapist, room)
            for therapist in self.hours
            if self._works(therapist, visible, start) and self._has_time(therapist, start, wanted, blocks)
            for room in self.rooms[treatment]
            if not any(block.room == room and meet(block.span, wanted) for block in blocks)
        }

    def can_complete(self, held: Held) -> bool:
        """Whether a time that is kept becomes a visit: judged by what the practice changed, or anew once it ran out."""
        block, start = held.block, held.start
        if start <= self.now:
            return False
        if not block.counts(self.now):
            return (block.therapist, block.room) in self.takers(held.treatment, start, held.need)
        visible = (start, start + held.need[1])
        return self._works(block.therapist, visible, start) and block.room in self.rooms[held.treatment]

    def _works(self, therapist: UUID, visible: Span, start: datetime) -> bool:
        on = (start + timedelta(hours=1)).date()
        opens, closes = self.hours[therapist]
        inside = at(on, opens) <= visible[0] and visible[1] <= at(on, closes)
        return inside and not any(who == therapist and meet(span, visible) for who, span in self.off)

    def _has_time(self, therapist: UUID, start: datetime, wanted: Span, blocks: list[Block]) -> bool:
        on = (start + timedelta(hours=1)).date()
        own = [block for block in blocks if block.therapist == therapist]
        today = [block for block in own if (block_start(block) + timedelta(hours=1)).date() == on]
        if len(today) >= self.cap.get(therapist, 99):
            return False
        return not any(meet(block.span, wanted) for block in own)

    def offered(self, treatment: UUID) -> list[datetime]:
        every = (
            at(on, quarter)
            for on in (DAYS.first_on, DAYS.first_on + timedelta(days=1))
            for quarter in range(96)
        )
        return [start for start in every if self.candidates(treatment, start)]


def block_start(block: Block) -> datetime:
    return block.span[0]
