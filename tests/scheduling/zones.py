"""The clock changes of 2026 and 2027 in every zone of the pinned tzdata, sorted into classes of the same rule."""

import zoneinfo
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

YEARS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))

zoneinfo.reset_tzpath(to=())

ODD = (
    "Australia/Lord_Howe",  # springs by half an hour
    "Antarctica/Troll",  # springs by two hours
    "Asia/Kathmandu",  # 5 hours 45 minutes off, and never changes
    "Africa/Cairo",  # springs at midnight, falls back into the day before
    "America/Havana",  # springs at midnight, falls back to it
    "Asia/Beirut",  # springs at midnight
    "America/Santiago",  # springs at midnight, in September
    "Africa/Casablanca",  # falls back for the month of Ramadan
)

SAMPLE = frozenset({*ODD, "Europe/Berlin", "America/Toronto"})
"""What every run walks through; `make test-long` walks through one zone for each distinct rule."""


@dataclass(frozen=True, slots=True)
class Change:
    """One moment at which the clock of a zone is moved by `shift`; `shown` is what it showed up to then."""

    at: datetime
    shown: datetime
    shift: timedelta

    @property
    def on(self) -> date:
        """The local day it falls on; a change at midnight belongs to the day that begins."""
        return self.shown.date()


def offset(at: datetime, zone: ZoneInfo) -> timedelta:
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found


@lru_cache(maxsize=1024)
def changes(zone: ZoneInfo) -> tuple[Change, ...]:
    """The changes of two years, earliest first: one reading a day, then halved down to the second."""
    found = []
    before, end = YEARS
    was = offset(before, zone)
    while before < end:
        after = before + timedelta(days=1)
        then = offset(after, zone)
        if was != then:
            found.append(_exact(before, after, zone))
        before, was = after, then
    return tuple(found)


def _exact(before: datetime, after: datetime, zone: ZoneInfo) -> Change:
    old, new = offset(before, zone), offset(after, zone)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (middle, after) if offset(middle, zone) == old else (before, middle)
    return Change(at=after, shown=(after + old).replace(tzinfo=None), shift=new - old)


@lru_cache(maxsize=1)
def changing_zones() -> list[str]:
    """Every zone whose clock changes in the two years, by name."""
    return sorted(name for name in zoneinfo.available_timezones() if changes(ZoneInfo(name)))


def representatives() -> list[Any]:
    """One zone for each distinct rule (wall times, shifts and instants of its changes); all but the sample are `long`."""
    by_rule: dict[tuple[Change, ...], list[str]] = defaultdict(list)
    for name in changing_zones():
        by_rule[changes(ZoneInfo(name))].append(name)
    names = sorted({names[0] for names in by_rule.values()} | SAMPLE)
    return [pytest.param(name, marks=() if name in SAMPLE else pytest.mark.long) for name in names]
