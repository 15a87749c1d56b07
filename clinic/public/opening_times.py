"""When somebody is at a location in a usual week: as rows for people, and as spans for machines."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.db import db
from clinic.language import gettext
from clinic.language.reading import wall_minute, weekday_name
from clinic.practice import queries as practice
from clinic.practice.models import Location, WeeklyHours
from clinic.scheduling import hours

Spans = dict[int, tuple[int, int]]
"""From the first opening to the last closing, in minutes of the local day, by weekday; 0 is Monday."""


@dataclass(frozen=True)
class OpeningTimes:
    """A location with its staffed hours, as rows of (days, hours)."""

    location: Location
    hours: list[tuple[str, str]]


def of_locations(now: datetime) -> list[OpeningTimes]:
    """Every location that is open, in the practice's order."""
    return [OpeningTimes(place, rows_of(place, now)) for place in practice.locations(now.date())]


def rows_of(place: Location, now: datetime) -> list[tuple[str, str]]:
    """A location's week as (days, hours), with equal consecutive days joined."""
    spans = spans_of(place, now)
    by_day = [_from_to(*spans[day]) if day in spans else gettext("Closed") for day in range(7)]
    found: list[tuple[str, str]] = []
    first = 0
    for day in range(1, 8):
        if day == 7 or by_day[day] != by_day[first]:
            found.append((_names(first, day - 1), by_day[first]))
            first = day
    return found


def spans_of(place: Location, now: datetime) -> Spans:
    """When somebody is at a location, on each weekday that has hours now."""
    today = hours.local_day(now, ZoneInfo(place.zone))
    rows = db.session.scalars(
        sa.select(WeeklyHours).where(
            WeeklyHours.location_id == place.id,
            WeeklyHours.valid_from <= today,
            sa.or_(WeeklyHours.valid_until.is_(None), WeeklyHours.valid_until > today),
        )
    )
    minutes: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        minutes[row.weekday] += [row.from_minute, row.until_minute]
    return {day: (min(minutes[day]), max(minutes[day])) for day in sorted(minutes)}


def day_names(days: Sequence[int]) -> list[str]:
    """Weekdays by name, three or more in a row as one span; 0 is Monday, and they come in order."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return [
        name
        for run in runs
        for name in ([_names(run[0], run[-1])] if len(run) > 2 else [weekday_name(day) for day in run])
    ]


def _from_to(start: int, end: int) -> str:
    return gettext("%(start)s to %(end)s") % {"start": wall_minute(start), "end": wall_minute(end)}


def _names(first: int, last: int) -> str:
    if first == last:
        return weekday_name(first)
    return gettext("%(first)s to %(last)s") % {"first": weekday_name(first), "last": weekday_name(last)}
