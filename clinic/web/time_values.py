"""Moments as addresses and forms name them: a start with its therapist, a day, a time of day. Nothing of it is trusted."""

from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.refusal import NotFound, Refusal
from clinic.scheduling import hours

YEARS = range(2000, 2200)
"""Around these days can be reckoned; at the ends of the calendar they cannot."""


class NoSuchTime(Refusal):
    """A day and a time of day that no clock at the place shows, or that are none."""

    status = 422
    code = "no-such-time"
    sentence = "Enter a day and a time, like 6 March 2031 and 18:30."


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


def day(text: str) -> date:
    """A day of a form; raises ValueError for what is no day, or one nobody books."""
    on = date.fromisoformat(text)
    if on.year not in YEARS:
        raise ValueError
    return on


def time_of_day(text: str) -> time:
    """A time of a form in whole five minutes; raises ValueError."""
    at = time.fromisoformat(text)
    if at.minute % 5 or at.second or at.microsecond or at.tzinfo:
        raise ValueError
    return at
