"""Parses times from URLs and forms: a start with its therapist, a day, a time of day. None of it is trusted."""

import re
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.refusal import NotFound, Refusal
from clinic.scheduling import hours

_CLOCK = re.compile(r"(\d{1,2})(?:[:.h]?([0-5]\d))?(?: ?([ap])\.?m\.?)?", re.ASCII | re.IGNORECASE)
YEARS = range(2000, 2200)
"""Days between which date arithmetic is safe; it overflows at the ends of the calendar."""


class NoSuchTime(Refusal):
    """The local time does not exist at the location, or is not a time."""

    status = 422
    code = "no-such-time"
    sentence = "Enter a day and a time, like 6 March 2031 and 18:30."


def value(starts_at: datetime, therapist_id: UUID) -> str:
    """A start and a therapist as one URL value."""
    return f"{starts_at.astimezone(UTC).isoformat()}/{therapist_id}"


def read_value(text: str) -> tuple[datetime, UUID]:
    """The start and the therapist in a URL value; raises NotFound for anything that `value` does not produce."""
    moment, _, therapist = text.partition("/")
    try:
        starts_at, therapist_id = datetime.fromisoformat(moment), UUID(therapist)
    except ValueError:
        raise NotFound from None
    if starts_at.tzinfo is None or starts_at.year not in YEARS:
        raise NotFound
    return starts_at.astimezone(UTC), therapist_id


def read_day(text: str | None) -> date | None:
    """A day from a URL; raises NotFound for an invalid day or one far out of range."""
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
    """The UTC instant of this local day and time; raises NoSuchTime."""
    try:
        day_there = date.fromisoformat(on)
    except ValueError:
        raise NoSuchTime from None
    try:
        shown_at = datetime.combine(day_there, _typed_time(at).replace(tzinfo=None))
    except ValueError:
        raise NoSuchTime("Enter a time, like 9:30 or 2:15 pm.") from None
    if shown_at.year not in YEARS:
        raise NoSuchTime
    found = hours.instant(shown_at.replace(second=0, microsecond=0), zone)
    if found is None:
        raise NoSuchTime("The clocks are put forward then, so that time does not exist on that day.")
    return found


def _typed_time(text: str) -> time:
    """The time that people mean, or an ISO time; raises ValueError."""
    minute = parsed_minute(text)
    return time(*divmod(minute, 60)) if minute is not None else time.fromisoformat(text)


def parsed_minute(text: str) -> int | None:
    """Minutes after midnight of `9`, `9:30`, `9.30`, `0930`, `2 pm` or `2:15 p.m.`, up to 99:59; None for other words.

    With *am* or *pm*, 12 is the first hour of its half, and no hour is above 12.
    """
    # A time that was copied from a page has a space that does not break.
    found = _CLOCK.fullmatch(" ".join(text.split()))
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour * 60 + minute


def day(text: str) -> date:
    """A day from a form; raises ValueError for an invalid day or one far out of range."""
    on = date.fromisoformat(text)
    if on.year not in YEARS:
        raise ValueError
    return on


def time_of_day(text: str) -> time:
    """A time from a form, in multiples of five minutes; raises ValueError."""
    at = _typed_time(text)
    if at.minute % 5 or at.second or at.microsecond or at.tzinfo:
        raise ValueError
    return at
