"""What a slot picker shows: four weeks of days with the number of free times, and the times of the chosen day.

The first choice of a time and the move of an appointment show the same picker; only the address of its days and the act of
its buttons differ.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from clinic.booking import availability
from clinic.booking.availability import SearchCriteria
from clinic.booking.models import Appointment
from clinic.language import N_, gettext
from clinic.language.reading import day_and_month
from clinic.practice import queries as practice
from clinic.practice.models import Location, Therapist
from clinic.practice.queries import Supply
from clinic.scheduling import hours, slots
from clinic.scheduling.hours import Days
from clinic.web import time_values

WEEKS = 4
FEW = 4
NEAREST = 3
PARTS = ((N_("Morning"), 0, 12), (N_("Afternoon"), 12, 17), (N_("Evening"), 17, 24))

Address = Callable[..., str]
"""Called with `day` and `start`, both dates as text or None; gives the address of the picker that shows them."""


@dataclass(frozen=True)
class SlotDay:
    """One day of the calendar; without an address when nothing is free on it."""

    on: date
    free: int
    href: str | None
    few: bool
    chosen: bool


@dataclass(frozen=True)
class SlotTime:
    """One offer: `value` is what its button sends, `who` the therapist who would give it."""

    value: str
    starts_at: datetime
    time: str
    who: str
    is_own: bool = False
    """Whether it is kept for whoever looks; `who` says until when."""


@dataclass(frozen=True)
class Picker:
    """Everything the page shows."""

    days: list[SlotDay]
    first: SlotTime | None
    """The earliest of all, when the page begins today."""
    chosen_on: date | None
    groups: list[tuple[str, list[tuple[str, str, str, bool]]]]
    next_day: SlotDay | None
    """The next day with free times after the chosen one."""
    earlier: str | None
    later: str | None
    location: Location
    watched: str
    """Where the JSON interface says what is free in these weeks; the page's script looks there for changes."""

    @property
    def label(self) -> str:
        """What the days are, for those who hear the page."""
        first, last = self.days[0].on, self.days[-1].on
        return gettext("Days, %(first)s to %(last)s") % {
            "first": day_and_month(first),
            "last": f"{day_and_month(last)} {last.year}",
        }


@dataclass(frozen=True)
class SlotChoice:
    """What the visitor asked to see. All of it came from an address, so nothing of it is trusted."""

    wish: SearchCriteria
    location: Location
    therapists: dict[UUID, Therapist]
    day: date | None
    start: date | None
    supply: Supply | None = None
    """Who and where can give it, where that is not what the treatment says now: for a visit that was agreed before."""
    not_before: datetime | None = None
    """Before that the health answers of whoever asks allow no visit."""
    own: Appointment | None = None
    """The time this browser keeps already: it can be chosen, and with it everything it is in the way of."""


def picker(choice: SlotChoice, treatment: str, address: Address, now: datetime) -> Picker:
    """The four weeks around the choice and the times of its day; `treatment` is its slug. Raises Unbookable."""
    zone = ZoneInfo(choice.location.zone)
    today = hours.local_day(now, zone)
    own_on = hours.local_day(choice.own.starts_at, zone) if choice.own else None
    monday = _monday(max(choice.start or choice.day or today, today))
    days = Days(monday, monday + timedelta(weeks=WEEKS))
    answer = _found(choice, days, now)
    counts = _with_own(answer.offers, choice, own_on)
    chosen_on = (
        choice.day if choice.day in counts else next((on for on, free in counts.items() if free), None)
    )
    cells = [_day(on, free, chosen_on, monday, address) for on, free in counts.items()]
    times = _times(answer.offers.starts(chosen_on), choice, zone) if chosen_on else []
    if choice.own is not None and chosen_on == own_on:
        times = _own_among(times, choice.own, choice, zone)
    last_on = today + answer.supply.rules.horizon
    return Picker(
        days=cells,
        first=first(answer.offers, choice, zone) if monday <= today else None,
        chosen_on=chosen_on,
        groups=_grouped(times),
        next_day=next((cell for cell in cells if chosen_on and cell.on > chosen_on and cell.free), None),
        earlier=address(start=monday - timedelta(weeks=WEEKS)) if monday > today else None,
        later=address(start=days.until_on) if days.until_on <= last_on else None,
        location=choice.location,
        watched=_watched(choice, treatment, days),
    )


def _found(choice: SlotChoice, days: Days, now: datetime) -> availability.AvailabilityAnswer:
    """What is offered to whoever asks. Raises Unbookable."""
    supply = choice.supply or practice.supply(choice.wish.treatment_id)
    if choice.not_before is not None:
        notice = max(supply.rules.notice, choice.not_before - now)
        supply = replace(supply, rules=replace(supply.rules, notice=notice))
    return availability.find_offers(supply, choice.wish, days, now)


def _with_own(offers: "slots.Offers[UUID]", choice: SlotChoice, own_on: date | None) -> dict[date, int]:
    """How many times each day has, with the one that is kept for whoever asks."""
    counts = offers.per_day(choice.location.id)
    own = choice.own
    if own is not None and own_on in counts and offers.at(own.starts_at) is None:
        counts[own_on] += 1
    return counts


def _own_among(times: list[SlotTime], own: Appointment, choice: SlotChoice, zone: ZoneInfo) -> list[SlotTime]:
    """The times of a day with the one that is kept for whoever asks, in its place and with until when."""
    until = gettext("kept for you until %(time)s") % {
        "time": (own.held_until or own.starts_at).astimezone(zone).strftime("%H:%M")
    }
    kept = SlotTime(
        value=time_values.value(own.starts_at, own.therapist_id),
        starts_at=own.starts_at,
        time=own.starts_at.astimezone(zone).strftime("%H:%M"),
        who=until,
        is_own=True,
    )
    others = [time for time in times if time.starts_at != own.starts_at]
    return sorted([*others, kept], key=lambda time: time.starts_at)


def _watched(choice: SlotChoice, treatment: str, days: Days) -> str:
    therapist_id = choice.wish.therapist_id
    asked: dict[str, Any] = {
        "treatment": treatment,
        "therapist": choice.therapists[therapist_id].slug if therapist_id else None,
        "location": choice.location.slug,
        "from": days.first_on,
        "to": days.until_on,
    }
    return url_for("api.free_times", **asked)


def nearest(choice: SlotChoice, wanted: datetime, now: datetime) -> list[SlotTime]:
    """The three offers nearest to a time that is gone, within a week before and after it."""
    zone = ZoneInfo(choice.location.zone)
    on = hours.local_day(wanted, zone)
    week = timedelta(days=7)
    found = _found(choice, Days(on - week, on + week), now).offers.starts()
    return _times(slots.nearest(found, wanted, NEAREST), choice, zone)


def day_of(wanted: datetime | None, location: Location) -> date | None:
    """The local day of a time somebody wanted; None when nobody said which."""
    return hours.local_day(wanted, ZoneInfo(location.zone)) if wanted else None


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _day(on: date, free: int, chosen_on: date | None, monday: date, address: Address) -> SlotDay:
    return SlotDay(
        on=on,
        free=free,
        href=address(day=on, start=monday) if free else None,
        few=free < FEW,
        chosen=on == chosen_on,
    )


def _times(
    starts: "list[slots.SlotStart[UUID]] | tuple[slots.SlotStart[UUID], ...]",
    choice: SlotChoice,
    zone: ZoneInfo,
) -> list[SlotTime]:
    found = []
    for start in starts:
        therapist = choice.therapists[start.candidates[0].therapist]
        found.append(
            SlotTime(
                value=time_values.value(start.starts_at, therapist.id),
                starts_at=start.starts_at,
                time=start.starts_at.astimezone(zone).strftime("%H:%M"),
                who=therapist.given_name,
            )
        )
    return found


def first(offers: "slots.Offers[UUID]", choice: SlotChoice, zone: ZoneInfo) -> SlotTime | None:
    """The earliest of all offers."""
    instants = offers.instants()
    start = offers.at(instants[0]) if instants else None
    return _times([start], choice, zone)[0] if start else None


def _grouped(times: list[SlotTime]) -> list[tuple[str, list[tuple[str, str, str, bool]]]]:
    groups = []
    for title, from_hour, until_hour in PARTS:
        inside = [time for time in times if from_hour <= int(time.time[:2]) < until_hour]
        groups.append((gettext(title), [(time.value, time.time, time.who, time.is_own) for time in inside]))
    return groups
