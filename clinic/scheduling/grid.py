"""Time as the bits of one integer: bit *k* stands for the *k*-th five-minute cell of a window.

A month is some 8,900 cells, one Python integer of about a kilobyte. Union is `|`, subtraction is `& ~`, and
"free for an hour" is a short chain of shift-and-AND. A mask does not know its window: the caller keeps the two
together. Bits beyond either end of a window are never set.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import TypeVar

CELL_MINUTES = 5
CELL = timedelta(minutes=CELL_MINUTES)
CELLS_PER_DAY = 24 * 60 // CELL_MINUTES
CELL_SECONDS = CELL_MINUTES * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of `cells` five-minute cells that begins at an instant in UTC.

    Raises ValueError if it does not begin on a whole cell of aware UTC, or has no cells.
    """

    begins_at: datetime
    cells: int

    def __post_init__(self) -> None:
        if self.begins_at.tzinfo is not UTC or (self.begins_at - _EPOCH) % CELL:
            raise ValueError("a window begins on a whole five minutes of UTC")
        if self.cells < 1:
            raise ValueError("a window holds at least one cell")

    @property
    def ends_at(self) -> datetime:
        """The first instant after the window."""
        return self.begins_at + self.cells * CELL

    @property
    def every_cell(self) -> int:
        """The mask in which every cell is set."""
        return (1 << self.cells) - 1

    @property
    def first_cell(self) -> int:
        """The number of cells between the beginning of 1970 and the window's."""
        return (self.begins_at - _EPOCH) // CELL

    def floor(self, instant: datetime) -> int:
        """The cell the instant lies in; below 0 or above the last one outside the window."""
        return (instant - self.begins_at) // CELL

    def ceil(self, instant: datetime) -> int:
        """The first cell that begins at the instant or later; it may lie outside the window."""
        return -((self.begins_at - instant) // CELL)

    def at(self, cell: int) -> datetime:
        """The instant at which a cell begins, in UTC."""
        return self.begins_at + cell * CELL

    def between(self, first: int, end: int) -> int:
        """The cells from `first` up to, not including, `end`, as far as they lie inside the window."""
        first, end = max(first, 0), min(end, self.cells)
        return ((1 << (end - first)) - 1) << first if first < end else 0


def instant(cell: int) -> datetime:
    """The instant at which a cell begins, in UTC, counted from 1970."""
    return _EPOCH + cell * CELL


def cell_from(at: datetime) -> int:
    """The first cell, counted from 1970, that begins at the instant or later."""
    return -((_EPOCH - at) // CELL)


def covering(begins_at: datetime, ends_at: datetime) -> Window:
    """The smallest window that holds the half-open range of instants."""
    first = (begins_at - _EPOCH) // CELL
    end = -((_EPOCH - ends_at) // CELL)
    return Window(_EPOCH + first * CELL, end - first)


def whole_cells(length: timedelta) -> int:
    """A length in cells. Raises ValueError when it is negative or not a multiple of five minutes."""
    if length < timedelta(0) or length % CELL:
        raise ValueError("lengths are multiples of five minutes")
    return length // CELL


Busy = Mapping[Key, int] | Iterable[tuple[Key, datetime, datetime]]
"""Busy time by key: masks of the window if they exist already, otherwise rows (key, from, until)."""


def busy_by(window: Window, rows: Busy[Key]) -> Mapping[Key, int]:
    """The cells each key's half-open ranges touch: busy time is rounded outward. Masks are taken as they are.

    Rows are (key, from, until), from before until, in any order, and may overlap; what lies outside the window is cut
    off.
    """
    if isinstance(rows, Mapping):
        return rows
    masks: dict[Key, int] = {}
    origin, last, per_day, per_cell = window.begins_at, window.cells, CELLS_PER_DAY, CELL_SECONDS
    for key, begins_at, ends_at in rows:
        if begins_at.tzinfo is not origin.tzinfo and begins_at.tzname() == "UTC":
            # The difference of two instants is three times faster when both carry the same tzinfo object.
            origin = origin.replace(tzinfo=begins_at.tzinfo)
        since = begins_at - origin
        first = since.days * per_day + since.seconds // per_cell
        until = origin - ends_at
        end = -(until.days * per_day + until.seconds // per_cell)
        if first < 0:
            first = 0
        if end > last:
            end = last
        if first < end:
            masks[key] = masks.get(key, 0) | ((1 << (end - first)) - 1) << first
    return masks


def busy_cells(window: Window, firsts: Iterable[int], ends: Iterable[int]) -> int:
    """The cells of half-open ranges given as cells since 1970, from `firsts` to `ends`, pair by pair.

    What a database has already rounded to cells needs no instants; this is the loop behind a month of a large practice.
    """
    origin, last = window.first_cell, window.cells
    mask = 0
    for first, end in zip(firsts, ends, strict=True):
        begin = first - origin
        length = end - first
        if begin < 0:
            begin, length = 0, length + begin
        if begin + length > last:
            length = last - begin
        if length > 0:
            mask |= ((1 << length) - 1) << begin
    return mask


def busy(window: Window, spans: Iterable[tuple[datetime, datetime]]) -> int:
    """The cells that any of the half-open spans touches, rounded outward; an empty span touches none."""
    rows = ((None, begins_at, ends_at) for begins_at, ends_at in spans if begins_at < ends_at)
    return busy_by(window, rows).get(None, 0)


def open_within(window: Window, begins_at: datetime, ends_at: datetime) -> int:
    """The cells that lie wholly inside the half-open span: open time is rounded inward."""
    return window.between(window.ceil(begins_at), window.floor(ends_at))


def union(masks: Iterable[int]) -> int:
    """The cells set in any of the masks."""
    return reduce(or_, masks, 0)


def free_for(mask: int, cells: int) -> int:
    """Every cell with which `cells` consecutive set cells begin.

    Each step doubles the run that is known to be set, so an hour takes four shifts instead of twelve.
    """
    known = 1
    while known < cells:
        step = min(known, cells - known)
        mask &= mask >> step
        known += step
    return mask


def spread(mask: int, cells: int) -> int:
    """The cells that are set, or that come less than `cells` cells after a set one."""
    known = 1
    while known < cells:
        step = min(known, cells - known)
        mask |= mask << step
        known += step
    return mask


def repeated(mask: int, first: int, end: int) -> int:
    """The cells from `first` up to `end`, counted from each set cell.

    The set cells lie at least `end - first` cells apart. A run of ones is a power of two minus one, so one subtraction
    writes a Monday's hours into every Monday.
    """
    return ((mask << (end - first)) - mask) << first


def edges(mask: int) -> int:
    """The first and the last cell of every run of set cells."""
    return mask & ~(mask << 1 & mask >> 1)


def flags(mask: int, window: Window) -> str:
    """The mask as text, "1" or "0" for each cell of the window: the fastest form for a question about single cells."""
    return f"{mask:0{window.cells}b}"[::-1]


def positions(mask: int) -> Iterator[int]:
    """The set cells, earliest first."""
    text = bin(mask)[:1:-1]
    found = text.find("1")
    while found >= 0:
        yield found
        found = text.find("1", found + 1)


def instants(mask: int, window: Window) -> list[datetime]:
    """The instants at which the set cells begin, in UTC, earliest first."""
    origin = window.begins_at
    return [origin + cell * CELL for cell in positions(mask)]


def spans(mask: int, window: Window) -> list[tuple[datetime, datetime]]:
    """The runs of set cells as half-open ranges of instants in UTC, earliest first."""
    text = bin(mask)[:1:-1] + "0"
    found: list[tuple[datetime, datetime]] = []
    begin = text.find("1")
    while begin >= 0:
        end = text.find("0", begin)
        found.append((window.at(begin), window.at(end)))
        begin = text.find("1", end)
    return found
