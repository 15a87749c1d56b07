"""Free times as the desk sees them: four weeks of days for one treatment at one place, and the times of a day.

What is shown comes from the address, so nothing of it is trusted; a time is named by its instant and its therapist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.booking import availability
from clinic.booking.availability import Wish
from clinic.practice.models import Location, Therapist
from clinic.practice.queries import Supply
from clinic.refusal import NotFound, Refusal
from clinic.scheduling import hours, slots
from clinic.scheduling.hours import Days

WEEKS = 4
FEW = 4
NEAREST = 3
PARTS = (("Morning", 0, 12), ("Afternoon", 12, 17), ("Evening", 17, 24))
YEARS = range(2000, 2200)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Address = Callable[[date | None, date], str]
"""The address of the page that shows a day (None for none) within the four weeks from a Monday on."""


class NoSuchTime(Refusal):
    """A day and a time of day that no clock at the place shows, or that are none."""

    status = 422
    code = "no-such-time"
    sentence = "Enter a day and a time, like 6 March 2031 and 18:30."


@dataclass(frozen=True)
class Day:
    """One day of the four weeks; without an address when nothing is free on it."""

    on: date
    free: int
    href: str | None
    few: bool
    chosen: bool


@dataclass(frozen=True)
class Time:
    """One offer: `value` names it in an address."""

    value: str
    starts_at: datetime
    time: str
    who: str


@dataclass(frozen=True, kw_only=True)
class Times:
    """Four weeks of days and the times of the chosen one."""

    location: Location
    days: list[Day]
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
class Place:
    """Where and by whom: what turns an offer into words."""

    location: Location
    therapists: Mapping[UUID, Therapist]

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the place."""
        return ZoneInfo(self.location.zone)


def shown(
    supply: Supply,
    wish: Wish,
    place: Place,
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
    offers = availability.look(supply, wish, days, now).offers
    counts = offers.per_day(place.location.id)
    chosen_on = day if day in counts else next((on for on, free in counts.items() if free), None)
    found = [_time(start, place) for start in offers.starts(chosen_on)] if chosen_on else []
    return Times(
        location=place.location,
        days=[
            Day(on, free, address(on, monday) if free else None, free < FEW, on == chosen_on)
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


def nearest(supply: Supply, wish: Wish, place: Place, wanted: datetime, now: datetime) -> list[Time]:
    """The three offers nearest to a time that cannot be had, within a week before and after it."""
    on, week = hours.local_day(wanted, place.zone), timedelta(days=7)
    starts = availability.look(supply, wish, Days(on - week, on + week), now).offers.starts()
    return [_time(start, place) for start in slots.nearest(starts, wanted, NEAREST)]


def _time(start: slots.Start[UUID], place: Place) -> Time:
    therapist = place.therapists[start.candidates[0].therapist]
    return Time(
        value=value(start.starts_at, therapist.id),
        starts_at=start.starts_at,
        time=start.starts_at.astimezone(place.zone).strftime("%H:%M"),
        who=therapist.given_name,
    )


def value(starts_at: datetime, therapist_id: UUID) -> str:
    """A start and a therapist as one word of an address."""
    return f"{starts_at.astimezone(UTC).isoformat()}/{therapist_id}"


def read_value(text: str) -> tuple[datetime, UUID]:
    """The start and the therapist an address names; raises NotFound for anything `value` does not give."""
    moment, _, therapist = text.partition("/")
    try:
        starts_at, therapist_id = datetime.fromisoformat(moment), UUID(therapist)
    except ValueError:
        raise NotFound from None
    if starts_at.tzinfo is None or starts_at.year not in YEARS:
        raise NotFound
    return starts_at.astimezone(UTC), therapist_id


def read_day(text: str | None) -> date | None:
    """A day from an address; raises NotFound for what is no day, or one nobody books."""
    if not text:
        return None
    try:
        on = date.fromisoformat(text)
    except ValueError:
        raise NotFound from None
    if on.year not in YEARS:
        raise NotFound
    return on


def at_wall(on: str, at: str, zone: ZoneInfo) -> datetime:
    """The instant at which a clock shows this day and time, in UTC; raises NoSuchTime."""
    try:
        shown_at = datetime.combine(date.fromisoformat(on), time.fromisoformat(at).replace(tzinfo=None))
    except ValueError:
        raise NoSuchTime from None
    if shown_at.year not in YEARS:
        raise NoSuchTime
    found = hours.instant(shown_at.replace(second=0, microsecond=0), zone)
    if found is None:
        raise NoSuchTime("The clocks are put forward then, so that time does not exist on that day.")
    return found
