"""Which starts a client may choose, and with whom: open cells minus busy time, under the location's rules.

The client's time lies inside open hours of one location without a break. The buffers may extend past opening hours and
into breaks, but never into busy time; busy time is what other appointments occupy, their own buffers included. All
arithmetic is done on masks for a whole month at once; instants appear only at the edges.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Generic
from zoneinfo import ZoneInfo

from clinic.scheduling import grid, hours
from clinic.scheduling.grid import CELL, Key, Window
from clinic.scheduling.hours import Rota
from clinic.scheduling.slot_question import Need, SlotLocation, SlotQuestion, Taken

__all__ = [
    "Candidate",
    "Need",
    "Offers",
    "SlotLocation",
    "SlotQuestion",
    "SlotStart",
    "Taken",
    "best",
    "nearest",
    "offers",
    "offers_within",
    "one_after_another",
]


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Key]):
    """Somebody who can give the visit, where, and in which free rooms (in the place's order; none when none is needed).

    `leaves_gap` says that the visit would leave free time beside it that the smallest visit does not fit into.
    """

    therapist: Key
    location: Key
    rooms: tuple[Key, ...]
    leaves_gap: bool


@dataclass(frozen=True, slots=True)
class SlotStart(Generic[Key]):
    """A moment, in UTC, at which the visit can begin, and who could give it, best first; there is at least one.

    The client's own therapist comes first, then those whose calendar keeps no unsellable gap, then those with the
    fewest visits that day.
    """

    starts_at: datetime
    candidates: tuple[Candidate[Key], ...]


def offers(question: SlotQuestion[Key], rota: Rota[Key], taken: Taken[Key]) -> "Offers[Key]":
    """Every start that answers the question, given the rota and what is taken."""
    zones = {place.location: place.zone for place in question.places}
    return offers_within(question, hours.openings(question.window(), zones, rota), taken)


def offers_within(
    question: SlotQuestion[Key], opened: Mapping[tuple[Key, Key], int], taken: Taken[Key]
) -> "Offers[Key]":
    """The same, given the open cells of the question's window by (therapist, location)."""
    window = question.window()
    busy = grid.busy_by(window, taken.therapists)
    away = grid.busy_by(
        window, (((who, where), since, until) for who, where, since, until in taken.travelling)
    )
    rooms = _free_rooms(window, question, taken)
    lines = []
    for place in question.places:
        allowed = _allowed(window, question, place, rooms)
        for therapist in question.therapists:
            pair = (therapist, place.location)
            if pair in opened:
                calendar = _Calendar(window, opened[pair], busy.get(therapist, 0) | away.get(pair, 0))
                days_left = allowed & ~_full_days(window, place, therapist, taken)
                lines.append(_line(question, place, therapist, calendar, days_left))
    return Offers(question=question, window=window, lines=tuple(lines), rooms=rooms, booked=taken.booked)


def best(starts: Iterable[SlotStart[Key]], count: int) -> list[SlotStart[Key]]:
    """The first few to propose: those that leave no unsellable gap come before those that do, then the earliest."""
    ranked = sorted(starts, key=lambda start: (start.candidates[0].leaves_gap, start.starts_at))
    return ranked[:count]


def one_after_another(starts: Iterable[SlotStart[Key]], whole: timedelta) -> list[SlotStart[Key]]:
    """Some of the starts, earliest first, so that the visits of a therapist follow one another as closely as they can.

    For each therapist who stands first: the earliest start, then the earliest one after the end of that visit, and so on.
    `whole` is what a visit occupies, buffers included. No choice of visits that do not overlap holds more. Starts that leave
    an unsellable gap are passed over as long as there are others.
    """
    everything = list(starts)
    whole_days = [start for start in everything if not start.candidates[0].leaves_gap]
    ends: dict[Key, datetime] = {}
    chosen = []
    for start in sorted(whole_days or everything, key=lambda start: start.starts_at):
        who = start.candidates[0].therapist
        if start.starts_at >= ends.get(who, start.starts_at):
            chosen.append(start)
            ends[who] = start.starts_at + whole
    return chosen


def nearest(starts: Iterable[SlotStart[Key]], wanted: datetime, count: int) -> list[SlotStart[Key]]:
    """The few nearest to an instant, earliest first: what to show if that start is gone."""
    ranked = sorted(starts, key=lambda start: (abs(start.starts_at - wanted), start.starts_at))
    return sorted(ranked[:count], key=lambda start: start.starts_at)


@dataclass(frozen=True, slots=True)
class TherapistStarts(Generic[Key]):
    """One therapist at one place: the offered starts, and those of them that leave an unsellable gap, as masks.

    The gaps are known only if the question is `ranked`.
    """

    therapist: Key
    place: SlotLocation[Key]
    starts: int
    gaps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers(Generic[Key]):
    """The answer: masks of starts, expanded into values only when they are read."""

    question: SlotQuestion[Key]
    window: Window
    lines: tuple[TherapistStarts[Key], ...]
    rooms: Mapping[Key, int]
    booked: Mapping[tuple[Key, date], int]

    def instants(self) -> list[datetime]:
        """Every offered start, in UTC, earliest first, without its candidates."""
        return grid.instants(grid.union(line.starts for line in self.lines), self.window)

    def starts(self, on: date | None = None) -> tuple[SlotStart[Key], ...]:
        """Every offered start with its candidates, earliest first; those of one local day when `on` is given."""
        asked = self if on is None else replace(self, lines=tuple(self._only_on(on)))
        return tuple(asked._unfolded(self.window.every_cell))

    def at(self, starts_at: datetime) -> SlotStart[Key] | None:
        """The start at exactly this instant, or None if it is not offered."""
        cell = self.window.floor(starts_at)
        if self.window.at(cell) != starts_at:
            return None
        return next(self._unfolded(self.window.between(cell, cell + 1)), None)

    def nearest(self, wanted: datetime, count: int) -> list[SlotStart[Key]]:
        """The few offered starts nearest to an instant, earliest first; only those are expanded."""
        near = heapq.nsmallest(count, self.instants(), key=lambda at: (abs(at - wanted), at))
        return [start for at in sorted(near) if (start := self.at(at)) is not None]

    def per_day(self, location: Key) -> dict[date, int]:
        """How many starts each of the asked days has at a location, earliest first; a day without any is zero, not
        absent.

        A location that was not asked about has no days.
        """
        starts = grid.union(line.starts for line in self.lines if line.place.location == location)
        return {
            on: (starts & cells).bit_count()
            for place in self.question.places
            if place.location == location
            for on, cells in hours.cells_by_day(self.window, place.zone)
            if on in self.question.days
        }

    def wall_times(self, location: Key) -> dict[date, list[str]]:
        """What the clock at a location shows at each of its starts, as `09:30+01:00`, by local day, earliest first.

        Days without a start are left out.
        """
        starts = grid.union(line.starts for line in self.lines if line.place.location == location)
        zones = [place.zone for place in self.question.places if place.location == location]
        if not starts or not zones:
            return {}
        labels = hours.wall_labels(self.window, zones[0])
        found, first = {}, 0
        for on, cells in hours.cells_by_day(
            self.window, zones[0]
        ):  # They follow one another from the first cell.
            count = cells.bit_count()
            of_day = starts >> first & (1 << count) - 1
            if of_day:
                found[on] = [labels[first + cell] for cell in grid.positions(of_day)]
            first += count
        return found

    def apart_from(self, spans: Iterable[tuple[datetime, datetime]]) -> "Offers[Key]":
        """The same without the starts whose visit, buffers aside, would meet one of these half-open spans."""
        length, meets = self.question.need.length, 0
        for since, until in spans:
            meets |= self.window.between(self.window.floor(since - length) + 1, self.window.ceil(until))
        lines = tuple(
            replace(line, starts=line.starts & ~meets, gaps=line.gaps & ~meets) for line in self.lines
        )
        return replace(self, lines=lines)

    def without(self, therapist: Key, location: Key, starts_at: datetime) -> "Offers[Key]":
        """The same without one therapist's start at a place; somebody else may still offer that moment."""
        cell = self.window.floor(starts_at)
        here = self.window.between(cell, cell + 1) if self.window.at(cell) == starts_at else 0
        lines = tuple(
            replace(line, starts=line.starts & ~here, gaps=line.gaps & ~here)
            if (line.therapist, line.place.location) == (therapist, location)
            else line
            for line in self.lines
        )
        return replace(self, lines=lines)

    def _only_on(self, on: date) -> Iterator[TherapistStarts[Key]]:
        for line in self.lines:
            days = hours.cells_by_day(self.window, line.place.zone)
            yield replace(line, starts=line.starts & grid.union(cells for day, cells in days if day == on))

    def _unfolded(self, among: int) -> Iterator[SlotStart[Key]]:
        offered = among & grid.union(line.starts for line in self.lines)
        masks = [mask for line in self.lines for mask in (line.starts, line.gaps)]
        columns = [grid.flags(mask, self.window) for mask in (*masks, *self.rooms.values())]
        for today, cells in self._stretches(offered):
            seen: dict[tuple[str, ...], tuple[Candidate[Key], ...]] = {}
            for cell in grid.positions(cells):
                pattern = tuple([column[cell] for column in columns])
                if pattern not in seen:
                    seen[pattern] = self._candidates(cell, today)
                yield SlotStart(self.window.at(cell), seen[pattern])

    def _stretches(self, offered: int) -> list[tuple[dict[ZoneInfo, date], int]]:
        """The offered cells, cut where a local day begins anywhere, earliest first, each with the date in every
        zone."""
        parts: list[tuple[dict[ZoneInfo, date], int]] = [({}, offered)]
        for zone in dict.fromkeys(line.place.zone for line in self.lines):
            days = hours.cells_by_day(self.window, zone)
            parts = [
                ({**today, zone: on}, cells & of_day)
                for today, cells in parts
                for on, of_day in days
                if cells & of_day
            ]
        return parts

    def _candidates(self, cell: int, today: dict[ZoneInfo, date]) -> tuple[Candidate[Key], ...]:
        free = {room for room, mask in self.rooms.items() if mask >> cell & 1}
        found = []
        for order, line in enumerate(self.lines):
            if line.starts >> cell & 1:
                who, place = line.therapist, line.place
                rooms = tuple(room for room in place.rooms or () if room in free)
                gap = bool(line.gaps >> cell & 1)
                rank = (
                    who != self.question.preferred,
                    gap,
                    self.booked.get((who, today[place.zone]), 0),
                    order,
                )
                found.append((rank, Candidate(who, place.location, rooms, gap)))
        return tuple(candidate for _, candidate in sorted(found, key=lambda each: each[0]))


@dataclass(frozen=True, slots=True)
class _Calendar:
    """One therapist's open and busy cells at one place."""

    window: Window
    opened: int
    busy: int

    def fits(self, need: Need) -> int:
        """The cells at which a visit could begin."""
        _, length, _ = need.cells
        return grid.free_for(self.opened, length) & _undisturbed(self.window, need, self.busy)


def _line(
    question: SlotQuestion[Key], place: SlotLocation[Key], therapist: Key, calendar: _Calendar, allowed: int
) -> TherapistStarts[Key]:
    fits = calendar.fits(question.need)
    on_grid = hours.ticks(calendar.window, place.zone, place.step)
    starts = fits & allowed & (on_grid | grid.edges(fits) if place.pack else on_grid)
    gaps = starts & _gaps(question, place, calendar, on_grid) if question.ranked else 0
    return TherapistStarts(therapist, place, starts, gaps)


def _gaps(question: SlotQuestion[Key], place: SlotLocation[Key], calendar: _Calendar, on_grid: int) -> int:
    """The cells at which the visit would leave, before or after it, free time the smallest visit has no start in.

    Free time next to the visit is sellable when the smallest one fits close up against it, or, where starts keep to the
    grid, when a grid start lies less than a step away from that.
    """
    before, length, after = question.need.cells
    smallest = question.smallest or question.need
    small_before, small_length, small_after = smallest.cells
    close_before = close_after = calendar.fits(smallest)
    if not place.pack:
        step = place.step // CELL
        near = grid.spread(close_before & on_grid, step)
        close_before, close_after = close_before & near, close_after & near >> (step - 1)
    free = calendar.opened & ~calendar.busy
    gap_before = free << (before + 1) & ~(close_before << (before + small_after + small_length))
    gap_after = free >> (length + after) & ~(close_after >> (length + after + small_before))
    return gap_before | gap_after


def _undisturbed(window: Window, need: Need, busy: int) -> int:
    """The cells at which a visit could begin with its buffers clear of busy time."""
    before, length, after = need.cells
    return grid.free_for(window.every_cell & ~busy, before + length + after) << before


def _free_rooms(window: Window, question: SlotQuestion[Key], taken: Taken[Key]) -> dict[Key, int]:
    busy = grid.busy_by(window, taken.rooms)
    rooms = [room for place in question.places for room in place.rooms or ()]
    return {room: _undisturbed(window, question.need, busy.get(room, 0)) for room in rooms}


def _allowed(
    window: Window, question: SlotQuestion[Key], place: SlotLocation[Key], rooms: Mapping[Key, int]
) -> int:
    """The cells at which the place lets a visit begin, whoever gives it: days, notice, horizon, fold, rooms."""
    begins_at, ends_at = hours.day_range(question.days, place.zone)
    begins_at = max(begins_at, question.now + place.notice)
    if place.horizon is not None:
        ends_at = min(ends_at, question.now + place.horizon)
    allowed = window.between(window.ceil(begins_at), window.ceil(ends_at))
    allowed &= ~hours.repeated_cells(window, place.zone)
    if place.rooms is not None:
        allowed &= grid.union(rooms[room] for room in place.rooms)
    return allowed


def _full_days(window: Window, place: SlotLocation[Key], therapist: Key, taken: Taken[Key]) -> int:
    """The cells of the local days on which the therapist has reached the daily cap."""
    if therapist not in taken.daily_cap:
        return 0
    cap = taken.daily_cap[therapist]
    days = hours.cells_by_day(window, place.zone)
    return grid.union(cells for on, cells in days if taken.booked.get((therapist, on), 0) >= cap)
