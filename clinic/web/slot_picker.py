"""The slot picker: four weeks of days with the number of free times, and the times of the chosen day.

Clients choose and move on it, and so do staff for a caller. The pages differ in their links, and in what a button does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from clinic.booking import availability
from clinic.booking.models import Appointment
from clinic.booking.search_criteria import SearchCriteria
from clinic.language import N_, gettext
from clinic.language.reading import local_time, long_date, week_start
from clinic.practice.models import Location, Therapist
from clinic.practice.supply import Supply
from clinic.scheduling import hours, slots
from clinic.scheduling.hours import Days
from clinic.web import time_values

WEEKS = 4
FEW = 4
NEAREST = 3
EVERY = "all"
"""In a URL, as `times`: show every time of the day."""
MANY = 8
"""More times than this on a day are shown only on request; without it those that follow one another."""
PARTS = ((N_("Morning"), 0, 12), (N_("Afternoon"), 12, 17), (N_("Evening"), 17, 24))

PickerUrl = Callable[..., str]
"""Called with `day` and `start`, dates or None; returns the URL of the page whose picker shows them. With `every`, that of
the page with every time of the day; staff, who always see every time, are not asked for it."""


@dataclass(frozen=True)
class SlotDay:
    """One day of the calendar; `href` is None if nothing is free on it."""

    on: date
    free: int
    href: str | None
    few: bool
    chosen: bool


@dataclass(frozen=True)
class SlotTime:
    """One offer: `value` is what its button sends, `time` the local time, `who` the therapist's given name."""

    value: str
    starts_at: datetime
    time: str
    who: str
    is_own: bool = False
    """Whether this visitor has it reserved; `who` then says until when."""


@dataclass(frozen=True)
class SlotPicker:
    """Everything the page shows."""

    location: Location
    days: list[SlotDay]
    first: SlotTime | None
    """The earliest offer of all; None if the page begins after today."""
    chosen_on: date | None
    empty_on: date | None
    """The day that was asked for and has no times, where the next one that has some is shown instead."""
    groups: list[tuple[str, list[tuple[str, str, str, bool]]]]
    next_day: SlotDay | None
    """The next day with free times after the chosen one."""
    earlier: str | None
    later: str | None
    every: str | None
    """The URL that shows every time of the chosen day; None if they are shown."""
    total: int
    """How many times the chosen day has, shown or not."""
    watched: str
    """The URL of the JSON interface for these weeks; the page's script asks it for changes."""

    @property
    def label(self) -> str:
        """A heading for the days, for screen readers."""
        first, last = self.days[0].on, self.days[-1].on
        return gettext("Days, %(first)s to %(last)s") % {
            "first": long_date(first),
            "last": long_date(last),
        }


@dataclass(frozen=True, kw_only=True)
class SlotChoice:
    """What to show. `search` names the location; `day` and `start` came from a URL and can be any date."""

    supply: Supply
    search: SearchCriteria
    location: Location
    therapists: Mapping[UUID, Therapist]
    day: date | None = None
    start: date | None = None
    not_before: datetime | None = None
    """The client's health answers allow no visit before this."""
    own: Appointment | None = None
    """The visitor's own reservation: it can be chosen, and so can the times that it blocks."""
    is_every_time_shown: bool = False
    """Whether to show every time of a day that has many, rather than those that follow one another."""
    everybody: Supply | None = None
    """The supply without the visitor's preference for some of the therapists, if they have one."""
    present: Appointment | None = None
    """The visit that is moved: its own time, with its own therapist, is no other time and is not shown."""
    left_out: frozenset[UUID] = frozenset()
    """Therapists who give the treatment, but may not be offered to this client (`trained_therapists`)."""
    is_past_horizon_shown: bool = False
    """Whether one can page past the booking horizon, as staff can."""

    @property
    def zone(self) -> ZoneInfo:
        """The location's zone, in which days and times are shown."""
        return ZoneInfo(self.location.zone)


def picker(choice: SlotChoice, treatment: str, url: PickerUrl, now: datetime) -> SlotPicker:
    """The four weeks around the choice and the times of its day; `treatment` is its slug."""
    today = hours.local_day(now, choice.zone)
    own_on = hours.local_day(choice.own.starts_at, choice.zone) if choice.own else None
    begins = week_start(max(choice.start or choice.day or today, today))
    days = Days(begins, begins + timedelta(weeks=WEEKS))
    offers = _offers(choice, days, now)
    counts = _counts(offers, choice, own_on)
    chosen_on = _opened(choice.day, counts)
    cells = [
        SlotDay(on, free, url(day=on, start=begins) if free else None, free < FEW, on == chosen_on)
        for on, free in counts.items()
    ]
    starts = offers.starts(chosen_on) if chosen_on else ()
    shown: Sequence[slots.SlotStart[UUID]] = starts
    if len(starts) > MANY and not choice.is_every_time_shown:
        shown = slots.one_after_another(starts, choice.supply.need.whole)
    times = _times(shown, choice)
    if choice.own is not None and chosen_on == own_on:
        times = _with_own(times, choice.own, choice)
    is_anybody_there = bool(availability.candidates(choice.supply, choice.search))
    has_later = choice.is_past_horizon_shown or days.until_on <= today + choice.supply.rules.horizon
    return SlotPicker(
        location=choice.location,
        days=cells,
        first=_first(offers, choice) if begins <= today else None,
        chosen_on=chosen_on,
        empty_on=choice.day if choice.day in counts and chosen_on not in (None, choice.day) else None,
        groups=[
            (gettext(title), _between(times, since, until, choice.zone)) for title, since, until in PARTS
        ],
        next_day=next((cell for cell in cells if chosen_on and cell.on > chosen_on and cell.free), None),
        earlier=url(start=begins - timedelta(weeks=WEEKS)) if begins > today else None,
        later=url(start=days.until_on) if has_later and is_anybody_there else None,
        every=url(day=chosen_on, start=begins, every=True) if len(shown) < len(starts) else None,
        total=len(starts),
        watched=_watched(choice, treatment, days),
    )


def _opened(wanted: date | None, counts: Mapping[date, int]) -> date | None:
    """The day whose times are shown: the wanted one, or the next that has any, or the first; None if no day has."""
    free = [on for on, count in counts.items() if count]
    after = (on for on in free if wanted in counts and wanted is not None and on >= wanted)
    return next(after, next(iter(free), None))


def nearest_times(choice: SlotChoice, wanted: datetime, now: datetime, reach: int = 1) -> list[SlotTime]:
    """The three offers nearest to an unavailable time, within so many weeks before and after it."""
    on, span = hours.local_day(wanted, choice.zone), timedelta(weeks=reach)
    offers = _offers(choice, Days(on - span, on + span), now)
    return _times(slots.nearest(offers.starts(), wanted, NEAREST), choice)


def first_time(choice: SlotChoice, days: Days, now: datetime) -> SlotTime | None:
    """The earliest offer on some local days; None if there is none."""
    return _first(_offers(choice, days, now), choice)


def first_of_days(choice: SlotChoice, days: Days, now: datetime, most: int) -> list[SlotTime]:
    """The earliest offer of each of the first days that have any, at most so many, in order."""
    offers = _offers(choice, days, now)
    free = [on for on, count in offers.per_day(choice.location.id).items() if count]
    firsts = [next(iter(offers.starts(on)), None) for on in free[:most]]
    return [_time(start, choice) for start in firsts if start is not None]


def local_day_of(wanted: datetime | None, location: Location) -> date | None:
    """The location's day of a wanted time; None if there is none."""
    return hours.local_day(wanted, ZoneInfo(location.zone)) if wanted else None


def _offers(choice: SlotChoice, days: Days, now: datetime) -> "slots.Offers[UUID]":
    supply = choice.supply
    if choice.not_before is not None:
        notice = max(supply.rules.notice, choice.not_before - now)
        supply = replace(supply, rules=replace(supply.rules, notice=notice))
    offers = availability.find_offers(supply, choice.search, days, now).offers
    visit = choice.present
    return offers.without(visit.therapist_id, visit.location_id, visit.starts_at) if visit else offers


def _counts(offers: "slots.Offers[UUID]", choice: SlotChoice, own_on: date | None) -> dict[date, int]:
    """How many times each day has, the visitor's own reservation included."""
    counts = offers.per_day(choice.location.id)
    own = choice.own
    if own is not None and own_on in counts and offers.at(own.starts_at) is None:
        counts[own_on] += 1
    return counts


def _with_own(times: list[SlotTime], own: Appointment, choice: SlotChoice) -> list[SlotTime]:
    """The times of a day with the visitor's own reservation in its place, saying until when it is kept."""
    until = local_time(own.held_until or own.starts_at, choice.location.zone)
    reserved = SlotTime(
        value=time_values.value(own.starts_at, own.therapist_id),
        starts_at=own.starts_at,
        time=local_time(own.starts_at, choice.location.zone),
        who=gettext("kept for you until %(time)s") % {"time": until},
        is_own=True,
    )
    others = [time for time in times if time.starts_at != own.starts_at]
    return sorted([*others, reserved], key=lambda time: time.starts_at)


def _watched(choice: SlotChoice, treatment: str, days: Days) -> str:
    therapist_id = choice.search.therapist_id
    asked: dict[str, Any] = {
        "treatment": treatment,
        "therapist": choice.therapists[therapist_id].slug if therapist_id else None,
        "location": choice.location.slug,
        "from": days.first_on,
        "to": days.until_on,
    }
    return url_for("api.free_times", **asked)


def _times(starts: "Iterable[slots.SlotStart[UUID]]", choice: SlotChoice) -> list[SlotTime]:
    return [_time(start, choice) for start in starts]


def _time(start: "slots.SlotStart[UUID]", choice: SlotChoice) -> SlotTime:
    therapist = choice.therapists[start.candidates[0].therapist]
    return SlotTime(
        value=time_values.value(start.starts_at, therapist.id),
        starts_at=start.starts_at,
        time=local_time(start.starts_at, choice.location.zone),
        who=therapist.given_name,
    )


def _first(offers: "slots.Offers[UUID]", choice: SlotChoice) -> SlotTime | None:
    instants = offers.instants()
    start = offers.at(instants[0]) if instants else None
    return _time(start, choice) if start else None


def _between(
    times: Sequence[SlotTime], since: int, until: int, zone: ZoneInfo
) -> list[tuple[str, str, str, bool]]:
    """The times of some hours of the day, as the templates' `offers` takes them."""
    return [
        (time.value, time.time, time.who, time.is_own)
        for time in times
        if since <= time.starts_at.astimezone(zone).hour < until
    ]
