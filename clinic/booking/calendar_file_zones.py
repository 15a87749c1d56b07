"""Time zones in calendar files (RFC 5545, section 3.6.5): the clock changes around the events, one rule each.

The library's lists end in 2038 and begin daylight saving an hour late, so we write our own. Calendars that know the
zone's name ignore them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

AROUND = timedelta(days=366)
"""Before the first event and after the last: a change lies on each side wherever the clocks are changed every year."""
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def component(zone: ZoneInfo, first: datetime, last: datetime) -> Timezone:
    """The rules of a zone from a year before the first instant to a year after the last."""
    since = _midnight(first - AROUND)
    found = Timezone()
    found.add("tzid", zone.key)
    found.add_component(_observance(zone, since, since))
    for change in changes(zone, since, last + AROUND):
        found.add_component(_observance(zone, change - _MINUTE, change))
    return found


def changes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """The instants (UTC, whole minutes) from which a zone's clock shows another offset or name, earliest first."""
    at = since
    while at < until:
        if _shown(zone, at) != _shown(zone, at + _DAY):
            yield _first_minute(zone, at, at + _DAY)
        at += _DAY


def _first_minute(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The minute between two instants that differ, from which the clock shows what it shows at the later one."""
    minutes = int((after - before) / _MINUTE)
    low, high = 0, minutes
    while high - low > 1:
        middle = (low + high) // 2
        if _shown(zone, before + middle * _MINUTE) == _shown(zone, before):
            low = middle
        else:
            high = middle
    return before + high * _MINUTE


def _observance(zone: ZoneInfo, before: datetime, onset: datetime) -> TimezoneStandard | TimezoneDaylight:
    """What holds from an instant on; its beginning is told by the clock as it stood before."""
    wall, was = onset.astimezone(zone), before.astimezone(zone).utcoffset()
    found = TimezoneDaylight() if wall.dst() else TimezoneStandard()
    begins = (onset + (was or timedelta())).replace(tzinfo=None)
    found.add("dtstart", begins)
    # Some readers count only dates that are listed; the first one may be listed as well (section 3.8.5.2).
    found.add("rdate", [begins])
    found.add("tzoffsetfrom", was)
    found.add("tzoffsetto", wall.utcoffset())
    found.add("tzname", wall.tzname())
    return found


def _shown(zone: ZoneInfo, at: datetime) -> tuple[timedelta | None, str | None]:
    wall = at.astimezone(zone)
    return wall.utcoffset(), wall.tzname()


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
