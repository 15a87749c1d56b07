"""Free times as the desk sees them: four weeks of days for one treatment at one place, and the times of a day.

What is shown comes from the address, so nothing of it is trusted; a time is named by its instant and its therapist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.booking import availability
from clinic.booking.availability import SearchCriteria
from clinic.practice.models import Location, Therapist
from clinic.practice.queries import Supply
from clinic.scheduling import hours, slots
from clinic.scheduling.hours import Days
from clinic.web import time_values

WEEKS = 4
FEW = 4
NEAREST = 3
PARTS = (("Morning", 0, 12), ("Afternoon", 12, 17), ("Evening", 17, 24))

Address = Callable[[date | None, date], str]
"""The address of the page that shows a day (None for none) within the four weeks from a Monday on."""


@dataclass(frozen=True)
class DeskSlotDay:
    """One day of the four weeks; without an address when nothing is free on it."""

    on: date
    free: int
    href: str | None
    few: bool
    chosen: bool


@dataclass(frozen=True)
class DeskSlotTime:
    """One offer: `value` names it in an address."""

    value: str
    starts_at: datetime
    time: str
    who: str


@dataclass(frozen=True, kw_only=True)
class Times:
    """Four weeks of days and the times of the chosen one."""

    location: Location
    days: list[DeskSlotDay]
    chosen_on: date | None
    groups: list[tuple[str, list[tuple[str, str, str, bool]]]]
    earlier: str | None
    later: str | None

    @property
    def label(self) -> str:
        """What the days are, for those who hear the page."""
        first, last = self.days[0].on, self.days[-1].on
        return f"Days, {first.day} {first:%B} to {last.day} {last:%B %Y}"


@dataclass(frozen=True, kw_only=True)
class SlotWords:
    """Where and by whom: what turns an offer into words."""

    location: Location
    therapists: Mapping[UUID, Therapist]

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the place."""
        return ZoneInfo(self.location.zone)


def desk_times(
    supply: Supply,
    wish: SearchCriteria,
    place: SlotWords,
    address: Address,
    *,
    day: date | None,
    start: date | None,
    now: datetime,
) -> Times:
    """The four weeks around a day, or from the first free day on."""
    today = hours.local_day(now, place.zone)
    first_on = max(start or day or today, today)
    monday = first_on - timedelta(days=first_on.weekday())
    days = Days(monday, monday + timedelta(weeks=WEEKS))
    offers = availability.find_offers(supply, wish, days, now).offers
    counts = offers.per_day(place.location.id)
    chosen_on = day if day in counts else next((on for on, free in counts.items() if free), None)
    found = [_time(start, place) for start in offers.starts(chosen_on)] if chosen_on else []
    return Times(
        location=place.location,
        days=[
            DeskSlotDay(on, free, address(on, monday) if free else None, free < FEW, on == chosen_on)
            for on, free in counts.items()
        ],
        chosen_on=chosen_on,
        groups=[
            (
                title,
                [
                    (each.value, each.time, each.who, False)
                    for each in found
                    if since <= int(each.time[:2]) < until
                ],
            )
            for title, since, until in PARTS
        ],
        earlier=address(None, monday - timedelta(weeks=WEEKS)) if monday > today else None,
        later=address(None, days.until_on),
    )


def nearest(
    supply: Supply, wish: SearchCriteria, place: SlotWords, wanted: datetime, now: datetime
) -> list[DeskSlotTime]:
    """The three offers nearest to a time that cannot be had, within a week before and after it."""
    on, week = hours.local_day(wanted, place.zone), timedelta(days=7)
    starts = availability.find_offers(supply, wish, Days(on - week, on + week), now).offers.starts()
    return [_time(start, place) for start in slots.nearest(starts, wanted, NEAREST)]


def _time(start: slots.SlotStart[UUID], place: SlotWords) -> DeskSlotTime:
    therapist = place.therapists[start.candidates[0].therapist]
    return DeskSlotTime(
        value=time_values.value(start.starts_at, therapist.id),
        starts_at=start.starts_at,
        time=start.starts_at.astimezone(place.zone).strftime("%H:%M"),
        who=therapist.given_name,
    )
