"""Quiet hours: the part of a location's night in which no letter should arrive if it can come before or after."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.scheduling import hours

BEFORE = timedelta(minutes=30)
"""How long before the quiet hours a letter is sent that would otherwise fall into them; enough time for one retry."""
CANNOT_WAIT = timedelta(hours=1)
"""A late letter goes during the quiet hours if its visit begins sooner than this after them."""
MORNING = time(9)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Local hours from `from_hour` until `until_hour` (excluded), over midnight if need be; equal hours mean none."""

    zone: ZoneInfo
    from_hour: int
    until_hour: int

    def period(self, at: datetime) -> tuple[datetime, datetime] | None:
        """The quiet hours that contain an instant, as a half-open range in UTC."""
        if self.from_hour == self.until_hour:
            return None
        over_midnight = ONE_DAY if self.until_hour < self.from_hour else timedelta()
        today = hours.local_day(at, self.zone)
        for day in (today - ONE_DAY, today):
            begin = hours.earliest_instant(datetime.combine(day, time(self.from_hour)), self.zone)
            end = hours.earliest_instant(
                datetime.combine(day + over_midnight, time(self.until_hour)), self.zone
            )
            if begin <= at < end:
                return begin, end
        return None

    def after(self, at: datetime) -> datetime:
        """The instant itself, or the end of the quiet hours that contain it: for what can wait."""
        period = self.period(at)
        return period[1] if period else at

    def before(self, at: datetime) -> datetime:
        """The instant itself, or shortly before the quiet hours that contain it: for what must not be late."""
        period = self.period(at)
        return period[0] - BEFORE if period else at

    def reminded_until(self, now: datetime, offset: timedelta) -> datetime:
        """The last start, in UTC, whose reminder of this offset is due now.

        Later starts are not due. During quiet hours, only visits that begin soon after them are.
        """
        period = self.period(now)
        if period:
            return min(period[1] + CANNOT_WAIT, period[1] + offset)
        coming = self.period(now + BEFORE)
        return (coming[1] if coming else now) + offset

    def next_morning(self, at: datetime) -> datetime:
        """Nine o'clock on the local day after an instant."""
        day = hours.local_day(at, self.zone) + ONE_DAY
        return hours.earliest_instant(datetime.combine(day, MORNING), self.zone)
