"""The slow, obvious answer: time as sets of minutes, one clock reading per minute, no cleverness anywhere.

Everything is decided minute by minute from what the clock on the wall shows, so that the fast code and this share no
idea but the rules themselves.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from clinic.scheduling import hours, slots

MINUTE = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def minute_of(at: datetime) -> int:
    return (at - EPOCH) // MINUTE


def instant_of(minute: int) -> datetime:
    return EPOCH + minute * MINUTE


@lru_cache(maxsize=64)
def clock(zone: ZoneInfo, first_on: date, until_on: date) -> tuple[tuple[int, datetime], ...]:
    """What the wall shows at every minute from a day before until a day after."""
    begin = minute_of(datetime.combine(first_on, time(0), UTC)) - 2 * 24 * 60
    end = minute_of(datetime.combine(until_on, time(0), UTC)) + 2 * 24 * 60
    return tuple(
        (minute, instant_of(minute).astimezone(zone).replace(tzinfo=None, fold=0))
        for minute in range(begin, end)
    )


@lru_cache(maxsize=64)
def first_showings(zone: ZoneInfo, first_on: date, until_on: date) -> dict[datetime, int]:
    """Each wall time with the first minute that shows it; a skipped wall time is not in it."""
    found: dict[datetime, int] = {}
    for minute, shown in clock(zone, first_on, until_on):
        found.setdefault(shown, minute)
    return found


def since(zone: ZoneInfo, days: hours.Days, wall: datetime) -> int:
    """The first minute at which the clock shows this wall time or a later one; the end of the clock when none does."""
    readings = clock(zone, days.first_on, days.until_on)
    exact = first_showings(zone, days.first_on, days.until_on).get(wall)
    if exact is not None:
        return exact
    return next((minute for minute, shown in readings if shown >= wall), readings[-1][0] + 1)


def worked_minutes(
    zone: ZoneInfo, days: hours.Days, therapist: str, location: str, rota: hours.Rota[str]
) -> set[int]:
    """The minutes at which the therapist works at the location."""
    on = days.first_on - timedelta(days=1)
    found: set[int] = set()
    while on <= days.until_on:
        special = [
            day for day in rota.special if (day.therapist, day.location, day.on) == (therapist, location, on)
        ]
        if special:
            ranges = [each for day in special for each in day.hours]
        else:
            ranges = [
                (rule.opens, rule.closes)
                for rule in rota.weekly
                if (rule.therapist, rule.location, rule.weekday) == (therapist, location, on.weekday())
                and (rule.valid_from is None or rule.valid_from <= on)
                and (rule.valid_until is None or on < rule.valid_until)
            ]
        for opens, closes in ranges:
            ends_on = on if closes != time(0) else on + timedelta(days=1)
            found.update(
                range(
                    since(zone, days, datetime.combine(on, opens)),
                    since(zone, days, datetime.combine(ends_on, closes)),
                )
            )
        on += timedelta(days=1)
    away = [(off.away_from, off.away_until) for off in rota.time_off if off.therapist == therapist]
    shut = [(each.closed_from, each.closed_until) for each in rota.closures if each.location == location]
    for begins, ends in away + shut:
        found.difference_update(range(since(zone, days, begins), since(zone, days, ends)))
    return found


def busy_minutes(rows: Iterable[tuple[datetime, datetime]]) -> set[int]:
    """The minutes the ranges touch, rounded outward to five."""
    found: set[int] = set()
    for begins_at, ends_at in rows:
        if begins_at < ends_at:
            first = minute_of(begins_at) // 5 * 5
            end = -(-((ends_at - EPOCH) // timedelta(microseconds=1)) // 300_000_000) * 5
            found.update(range(first, end))
    return found


class Oracle:
    """The offers to a question, found by trying every fifth minute for every therapist, place and room."""

    def __init__(
        self, question: slots.SlotQuestion[str], rota: hours.Rota[str], taken: slots.Taken[str]
    ) -> None:
        self.question, self.rota, self.taken = question, rota, taken
        self.zones = {place.location: place.zone for place in question.places}
        self.worked = {
            (who, place.location): worked_minutes(place.zone, question.days, who, place.location, rota)
            for who in question.therapists
            for place in question.places
        }
        self.busy = {
            (who, place.location): busy_minutes(
                [(begin, end) for key, begin, end in taken.therapists if key == who]
                + [(b, e) for key, there, b, e in taken.travelling if (key, there) == (who, place.location)]
            )
            for who in question.therapists
            for place in question.places
        }
        rooms = {room for place in question.places for room in place.rooms or ()}
        self.rooms_busy = {
            room: busy_minutes([(begin, end) for key, begin, end in taken.rooms if key == room])
            for room in rooms
        }

    def offers(self) -> dict[int, list[tuple[str, str, tuple[str, ...]]]]:
        """By minute: (therapist, location, free rooms), in the order asked."""
        found: dict[int, list[tuple[str, str, tuple[str, ...]]]] = {}
        for place in self.question.places:
            readings = clock(place.zone, self.question.days.first_on, self.question.days.until_on)
            firsts = first_showings(place.zone, self.question.days.first_on, self.question.days.until_on)
            for minute, shown in readings:
                if minute % 5 or firsts[shown] != minute or not self._in_time(place, minute, shown):
                    continue
                rooms = self._rooms(place, minute)
                if place.rooms is not None and not rooms:
                    continue
                for who in self.question.therapists:
                    if self._offered(place, who, minute, shown):
                        found.setdefault(minute, []).append((who, place.location, rooms))
        return found

    def fits(
        self, place: slots.SlotLocation[str], who: str, minute: int, need: slots.Need, more: frozenset[int]
    ) -> bool:
        """Whether a visit can begin at this minute; `more` is busy besides what is."""
        worked, busy = self.worked[who, place.location], self.busy[who, place.location]
        visit = range(minute, minute + need.length // MINUTE)
        return all(each in worked for each in visit) and not any(
            each in busy or each in more for each in occupied(need, minute)
        )

    def leaves_gap(self, place: slots.SlotLocation[str], who: str, minute: int) -> bool:
        """Whether free time beside the visit is left in which no smallest visit has a start, tried one by one."""
        worked, busy = self.worked[who, place.location], self.busy[who, place.location]
        here = occupied(self.question.need, minute)
        smallest = self.question.smallest or self.question.need
        for first, step in ((here.start - 1, -1), (here.stop, 1)):
            piece = []
            while first in worked and first not in busy:
                piece.append(first)
                first += step
            inside = set(piece)
            starts = [
                each
                for each in piece
                if each % 5 == 0
                and self.fits(place, who, each, smallest, frozenset(here))
                and set(range(each, each + smallest.length // MINUTE)) <= inside
                and (place.pack or self._on_grid(place, each))
            ]
            if piece and not starts:
                return True
        return False

    def _on_grid(self, place: slots.SlotLocation[str], minute: int) -> bool:
        shown = instant_of(minute).astimezone(place.zone)
        return (shown.hour * 60 + shown.minute) % (place.step // MINUTE) == 0

    def _in_time(self, place: slots.SlotLocation[str], minute: int, shown: datetime) -> bool:
        at, now = instant_of(minute), self.question.now
        return (
            shown.date() in self.question.days
            and at >= now + place.notice
            and (place.horizon is None or at < now + place.horizon)
        )

    def _rooms(self, place: slots.SlotLocation[str], minute: int) -> tuple[str, ...]:
        wanted = occupied(self.question.need, minute)
        return tuple(
            room for room in place.rooms or () if not any(each in self.rooms_busy[room] for each in wanted)
        )

    def _offered(self, place: slots.SlotLocation[str], who: str, minute: int, shown: datetime) -> bool:
        need, none = self.question.need, frozenset[int]()
        cap = self.taken.daily_cap.get(who)
        if cap is not None and self.taken.booked.get((who, shown.date()), 0) >= cap:
            return False
        if not self.fits(place, who, minute, need, none):
            return False
        if self._on_grid(place, minute):
            return True
        alone = [not self.fits(place, who, minute + side, need, none) for side in (-5, 5)]
        return place.pack and any(alone)


def occupied(need: slots.Need, minute: int) -> range:
    """The minutes a visit that begins here takes from the therapist and the room."""
    return range(minute - need.buffer_before // MINUTE, minute + (need.length + need.buffer_after) // MINUTE)
