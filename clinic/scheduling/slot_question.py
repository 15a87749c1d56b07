"""A query for starts, and what is known at that time: the plain values that `slots` turns into offers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Generic
from zoneinfo import ZoneInfo

from clinic.scheduling import grid, hours
from clinic.scheduling.grid import CELL, Busy, Key, Window
from clinic.scheduling.hours import Days

NOTHING = timedelta(0)
QUARTER_HOUR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The time one appointment takes: the client's, and the buffers around it. Multiples of five minutes.

    Raises ValueError for other lengths, and for a length of zero.
    """

    length: timedelta
    buffer_before: timedelta = NOTHING
    buffer_after: timedelta = NOTHING

    def __post_init__(self) -> None:
        if not all(grid.whole_cells(each) >= 0 for each in self._parts) or not self.length:
            raise ValueError("a visit takes time")

    @property
    def cells(self) -> tuple[int, int, int]:
        """Before, the visit, after, in cells."""
        before, length, after = self._parts
        return before // CELL, length // CELL, after // CELL

    @property
    def whole(self) -> timedelta:
        """The time it occupies, buffers included."""
        return sum(self._parts, NOTHING)

    @property
    def _parts(self) -> tuple[timedelta, timedelta, timedelta]:
        return self.buffer_before, self.length, self.buffer_after


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLocation(Generic[Key]):
    """A location and its rules for this question.

    `rooms` are those that suit the treatment, in the order to fill them; None if it needs no room, empty if no room
    suits. Starts lie at local midnight plus multiples of `step`; with `pack`, also at the first and the last fitting
    moment of a free stretch. A start comes at least `notice` after now and less than `horizon` after it.
    """

    location: Key
    zone: ZoneInfo
    rooms: tuple[Key, ...] | None = None
    step: timedelta = QUARTER_HOUR
    notice: timedelta = NOTHING
    horizon: timedelta | None = None
    pack: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotQuestion(Generic[Key]):
    """What is asked: which starts, on which local days, for which therapists, at which places.

    `therapists` are in the practice's own order, which decides between equals. `preferred` is the client's own
    therapist. `smallest` is the shortest visit sold here: nobody will fill a gap that is too short for it. The default
    is the visit asked for. Without `ranked`, nobody will ask who could give the visit best, and gaps are not looked for.
    """

    need: Need
    days: Days
    now: datetime
    therapists: tuple[Key, ...]
    places: tuple[SlotLocation[Key], ...]
    preferred: Key | None = None
    smallest: Need | None = None
    ranked: bool = True

    def window(self) -> Window:
        """The time the answer depends on, somewhat wider than the days asked: read the busy rows that touch it.

        Without a place there is no question, and the window is the current five minutes.
        """
        if not self.places:
            return grid.covering(self.now, self.now + CELL)
        reach = self.need.whole + (self.smallest or self.need).whole + CELL
        ranges = [hours.day_range(self.days, place.zone) for place in self.places]
        begins_at = min(begins_at for begins_at, _ in ranges)
        return grid.covering(begins_at - reach, max(ends_at for _, ends_at in ranges) + reach)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Generic[Key]):
    """What is already in the calendar, as rows in any order.

    `therapists` and `rooms` hold (id, occupied from, occupied until): everything that occupies time, with live holds
    and buffers; or the same as masks of the question's window, by id. `travelling` holds (therapist, location, from,
    until): times at which the therapist cannot be *there*, because they are elsewhere or on the way. `booked` counts
    appointments per therapist and local day; `daily_cap` is the most a therapist takes on one.
    """

    therapists: Busy[Key] = ()
    rooms: Busy[Key] = ()
    travelling: Iterable[tuple[Key, Key, datetime, datetime]] = ()
    booked: Mapping[tuple[Key, date], int] = field(default_factory=lambda: MappingProxyType({}))
    daily_cap: Mapping[Key, int] = field(default_factory=lambda: MappingProxyType({}))
