"""Free stretches of somebody's day, and from when on they would suit a person on the waiting list."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.booking.waiting.matching import RankedEntry
from clinic.staff.calendar.frame import CalendarPerson

STEP: Final = timedelta(minutes=15)
"""How far apart the starts are at which a gap is tried for somebody who waits."""


@dataclass(frozen=True, kw_only=True)
class CalendarGap:
    """A free stretch of somebody's day, by the clock of its place."""

    person: CalendarPerson
    place_id: UUID
    zone: ZoneInfo
    begins: datetime
    ends: datetime


def first_fit(gap: CalendarGap, entry: RankedEntry) -> datetime | None:
    """The first start (wall time) within the gap at which somebody who waits would come; buffers are left to the booking."""
    if not entry.may_be_with(gap.person.id, gap.place_id):
        return None
    starts = gap.begins
    while starts + entry.lasts <= gap.ends:
        if entry.wants(starts.replace(tzinfo=gap.zone), gap.zone):
            return starts
        starts += STEP
    return None
