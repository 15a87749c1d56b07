"""Opening hours are wall times and appointments are instants; only this module brings the two together.

Everything else relies on these rules for the two nights a year when the clock changes:

* Spring, the gap: no appointment starts at a wall time that the clock jumps over. As the *edge* of opening hours, time
  off or a closure, such a time means the moment of the jump, so hours from 02:30 begin when the clock shows 03:00.
* Autumn, the fold: a wall time that occurs twice means its first occurrence, both as a start and as an edge. Hours that
  reach past the fold stay open through the repeated hour. No appointment starts in the repeated hour itself, so each
  wall time is offered once.
* A day lasts from local midnight to local midnight: 23, 23.5, 24.5 or 25 hours if the clock changes in it. If the
  clock jumps over midnight itself, the day begins at the jump.

Callers pass zones as `ZoneInfo`. Wall times are naive datetimes; no function returns one with a zone attached.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from clinic.scheduling import grid
from clinic.scheduling.grid import CELL_MINUTES, CELL_SECONDS, CELLS_PER_DAY, Key, Window
from clinic.scheduling.rota import (
    MIDNIGHT,
    Days,
    Rota,
    RotaClosure,
    RotaSpecialDay,
    RotaTimeOff,
    RotaWeeklyHours,
)

__all__ = [
    "Days",
    "Rota",
    "RotaClosure",
    "RotaSpecialDay",
    "RotaTimeOff",
    "RotaWeeklyHours",
    "cells_by_day",
    "day_range",
    "days_off",
    "earliest_instant",
    "instant",
    "local_day",
    "midnight",
    "open_spans",
    "openings",
    "repeated_cells",
    "ticks",
    "wall",
    "wall_labels",
]

ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)


def wall(at: datetime, zone: ZoneInfo) -> datetime:
    """The wall time at an instant, as a naive local datetime. Two instants may have the same wall time."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def instant(shown: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant in UTC at which the clock first shows this naive local time; None if it never does."""
    at = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return at if wall(at, zone) == shown.replace(fold=0) else None


def earliest_instant(shown: datetime, zone: ZoneInfo) -> datetime:
    """The first instant in UTC at which the clock shows this naive local time or a later one."""
    at = instant(shown, zone)
    return at if at is not None else _jump(shown, zone)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The local date at an instant."""
    return at.astimezone(zone).date()


def midnight(on: date, zone: ZoneInfo) -> datetime:
    """The instant in UTC at which a local day begins."""
    return earliest_instant(datetime.combine(on, MIDNIGHT), zone)


def day_range(days: Days, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The half-open range of instants, in UTC, that these local days cover."""
    return midnight(days.first_on, zone), midnight(days.until_on, zone)


def days_off(days: Days) -> tuple[datetime, datetime]:
    """The wall times at which a `TimeOff` or a `Closure` of these whole local days begins and ends."""
    return datetime.combine(days.first_on, MIDNIGHT), datetime.combine(days.until_on, MIDNIGHT)


def openings(window: Window, zones: Mapping[Key, ZoneInfo], rota: Rota[Key]) -> dict[tuple[Key, Key], int]:
    """The open cells of every therapist at every location, by (therapist, location).

    Special days replace weekly hours; time off and closures are subtracted from both. Rows of locations that
    `zones` does not name are ignored. Open time is rounded inward to whole cells, absence outward.
    """
    weekly: dict[tuple[Key, Key], list[RotaWeeklyHours[Key]]] = defaultdict(list)
    special: dict[tuple[Key, Key], list[RotaSpecialDay[Key]]] = defaultdict(list)
    for rule in rota.weekly:
        weekly[rule.therapist, rule.location].append(rule)
    for day in rota.special:
        special[day.therapist, day.location].append(day)
    found = {}
    for therapist, location in weekly.keys() | special.keys():
        if location in zones:
            pair, zone = (therapist, location), zones[location]
            away = [(off.away_from, off.away_until) for off in rota.time_off if off.therapist == therapist]
            shut = [
                (each.closed_from, each.closed_until) for each in rota.closures if each.location == location
            ]
            found[pair] = _worked(window, zone, weekly[pair], special[pair]) & ~_absent(
                window, zone, away + shut
            )
    return found


def open_spans(
    days: Days, zone: ZoneInfo, *, therapist: Key, location: Key, rota: Rota[Key]
) -> list[tuple[datetime, datetime]]:
    """When the therapist works at the location on these local days: half-open ranges in UTC, earliest first."""
    window = grid.covering(*day_range(days, zone))
    mask = openings(window, {location: zone}, rota).get((therapist, location), 0)
    return grid.spans(mask, window)


def ticks(window: Window, zone: ZoneInfo, step: timedelta) -> int:
    """The cells at which the wall time is a whole multiple of `step` after midnight; if it repeats, only the first.

    Raises ValueError if the step is not a positive multiple of five minutes.
    """
    every = grid.whole_cells(step)
    if every == 0:
        raise ValueError("a step must be longer than zero")
    return _ticks(window, zone, every)


def repeated_cells(window: Window, zone: ZoneInfo) -> int:
    """The cells whose wall time occurs for the second time: the repeated hour of an autumn night."""
    return _laid_over(window, zone).repeated


def cells_by_day(window: Window, zone: ZoneInfo) -> tuple[tuple[date, int], ...]:
    """Each local day that touches the window, earliest first, with the mask of its cells."""
    return _laid_over(window, zone).masks


def wall_labels(window: Window, zone: ZoneInfo) -> tuple[str, ...]:
    """The wall time of each cell with its UTC offset, to the minute: `09:30+01:00`."""
    return _labels(window, zone)


@dataclass(frozen=True, slots=True)
class _LocalDays:
    """The local days of one zone that touch a window.

    An even day begins on a whole cell and has 24 hours at one UTC offset, so its hours are cell counts from midnight.
    Even days that lie wholly inside the window are handled together, weekday by weekday; those that the window cuts are
    handled one by one. Only on odd days, such as those when the clock changes, is each time converted by itself.
    """

    masks: tuple[tuple[date, int], ...]
    midnights: tuple[int, ...]  # By weekday: the first cells of the even days that lie wholly inside.
    cut: tuple[tuple[date, int], ...]  # Even days the window cuts; their first cell may be negative.
    odd: tuple[date, ...]
    repeated: int


@lru_cache(maxsize=128)
def _laid_over(window: Window, zone: ZoneInfo) -> _LocalDays:
    masks: list[tuple[date, int]] = []
    midnights = [0] * 7
    cut: list[tuple[date, int]] = []
    odd: list[date] = []
    repeated = 0
    on = local_day(window.begins_at, zone)
    begins_at = midnight(on, zone)
    while begins_at < window.ends_at:
        ends_at = midnight(on + ONE_DAY, zone)
        first, end = window.floor(begins_at), window.floor(ends_at)
        masks.append((on, window.between(first, end)))
        even = ends_at - begins_at == ONE_DAY and _offset(begins_at, zone) == _offset(ends_at, zone)
        if not even or window.at(first) != begins_at:
            odd.append(on)
            repeated |= _repeated_between(window, zone, first, end)
        elif first < 0 or end > window.cells:
            cut.append((on, first))
        else:
            midnights[on.weekday()] |= 1 << first
        on, begins_at = on + ONE_DAY, ends_at
    return _LocalDays(tuple(masks), tuple(midnights), tuple(cut), tuple(odd), repeated)


def _repeated_between(window: Window, zone: ZoneInfo, first: int, end: int) -> int:
    inside = range(max(first, 0), min(end, window.cells))
    return sum(1 << cell for cell in inside if window.at(cell).astimezone(zone).fold)


@lru_cache(maxsize=64)
def _labels(window: Window, zone: ZoneInfo) -> tuple[str, ...]:
    days = _laid_over(window, zone)
    odd = set(days.odd)
    labels: list[str] = []
    for on, cells in days.masks:
        first, count = len(labels), cells.bit_count()
        if on in odd:
            labels += (_label(window.at(cell), zone) for cell in range(first, first + count))
            continue
        shown = wall(window.at(first), zone)
        since = (shown.hour * 60 + shown.minute) // CELL_MINUTES
        labels += _even_day(_label(window.at(first), zone)[5:])[since : since + count]
    return tuple(labels)


@lru_cache(maxsize=256)
def _even_day(offset: str) -> tuple[str, ...]:
    minutes = range(0, CELLS_PER_DAY * CELL_MINUTES, CELL_MINUTES)
    return tuple(f"{minute // 60:02}:{minute % 60:02}{offset}" for minute in minutes)


def _label(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="minutes")[11:]


@lru_cache(maxsize=128)
def _ticks(window: Window, zone: ZoneInfo, every: int) -> int:
    days = _laid_over(window, zone)
    day = _day_of_ticks(every)
    # A product lays the day over each midnight: they are a day apart, so that nothing is carried over.
    mask = grid.union(days.midnights) * day
    for _, first in days.cut:
        mask |= (day << first if first >= 0 else day >> -first) & window.between(0, window.cells)
    for on in days.odd:
        start_of_day = datetime.combine(on, MIDNIGHT)
        for minutes in range(0, CELLS_PER_DAY * CELL_MINUTES, every * CELL_MINUTES):
            at = instant(start_of_day + timedelta(minutes=minutes), zone)
            if at is not None and window.floor(at) == window.ceil(at):
                mask |= window.between(window.floor(at), window.floor(at) + 1)
    return mask


@cache
def _day_of_ticks(every: int) -> int:
    """The ticks of an even day, counted in cells from midnight."""
    return grid.union(1 << cell for cell in range(0, CELLS_PER_DAY, every))


def _worked(
    window: Window,
    zone: ZoneInfo,
    weekly: Iterable[RotaWeeklyHours[Key]],
    special: Iterable[RotaSpecialDay[Key]],
) -> int:
    days = _laid_over(window, zone)
    replaced_on = {day.on for day in special}
    replaced = grid.union(cells for on, cells in days.masks if on in replaced_on)
    mask = 0
    for rule in weekly:
        midnights = days.midnights[rule.weekday] & _in_force(days, rule) & ~replaced
        since, until = _cells(rule.opens, rule.closes)
        mask |= grid.repeated(midnights, since, until)
        for on, first in days.cut:
            if rule.holds_on(on) and on not in replaced_on:
                mask |= window.between(first + since, first + until)
        for on in days.odd:
            if rule.holds_on(on) and on not in replaced_on:
                mask |= _open_on(window, zone, on, rule.opens, rule.closes)
    for day in special:
        for opens, closes in day.hours:
            mask |= _open_on(window, zone, day.on, opens, closes)
    return mask


def _in_force(days: _LocalDays, rule: RotaWeeklyHours[Key]) -> int:
    (first_on, _), (last_on, _) = days.masks[0], days.masks[-1]
    if rule.in_force_on(first_on) and rule.in_force_on(last_on):
        return -1  # Every day: the usual case, found with two comparisons.
    return grid.union(cells for on, cells in days.masks if rule.in_force_on(on))


def _open_on(window: Window, zone: ZoneInfo, on: date, opens: time, closes: time) -> int:
    ends_on = on + ONE_DAY if closes == MIDNIGHT else on
    begins_at = earliest_instant(datetime.combine(on, opens), zone)
    return grid.open_within(window, begins_at, earliest_instant(datetime.combine(ends_on, closes), zone))


def _absent(window: Window, zone: ZoneInfo, ranges: Iterable[tuple[datetime, datetime]]) -> int:
    return grid.busy(
        window, ((earliest_instant(begins, zone), earliest_instant(ends, zone)) for begins, ends in ranges)
    )


def _cells(opens: time, closes: time) -> tuple[int, int]:
    """The whole cells between two wall times of an ordinary day, as (first, end); both are equal if there are none."""
    first = -(-_seconds(opens) // CELL_SECONDS)
    end = _seconds(closes) // CELL_SECONDS if closes != MIDNIGHT else CELLS_PER_DAY
    return first, max(first, end)


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _jump(shown: datetime, zone: ZoneInfo) -> datetime:
    """The instant, to the second, at which the clock jumps over this wall time; by bisection, as zone rules differ."""
    before = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    old = _offset(before, zone)
    while after - before > ONE_SECOND:
        middle = before + (after - before) // (2 * ONE_SECOND) * ONE_SECOND
        before, after = (middle, after) if _offset(middle, zone) == old else (before, middle)
    return after
