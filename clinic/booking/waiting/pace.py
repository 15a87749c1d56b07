"""How fast the waiting list goes: how many people get an offer at once, how long they have, and the quiet hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from clinic.practice.models import Practice
from clinic.scheduling import hours


@dataclass(frozen=True)
class Pace:
    """The practice's pace: how many get an offer at once, how long they have to answer, and the quiet hours."""

    people: int
    lasts: timedelta
    notice: timedelta
    quiet_from_hour: int
    quiet_until_hour: int

    @classmethod
    def of(cls, practice: Practice) -> Self:
        """The practice's settings."""
        return cls(
            people=practice.offer_people,
            lasts=timedelta(minutes=practice.offer_minutes),
            notice=timedelta(minutes=practice.notice_minutes),
            quiet_from_hour=practice.quiet_from_hour,
            quiet_until_hour=practice.quiet_until_hour,
        )

    def is_awake(self, zone: ZoneInfo, now: datetime) -> bool:
        """Whether an offer made now begins and ends outside the quiet hours of a place."""
        return not any(self._is_quiet(at, zone) for at in (now, now + self.lasts))

    def is_early_enough(self, starts_at: datetime, now: datetime) -> bool:
        """Whether an answer at the last moment still gives the practice its notice."""
        return starts_at >= now + self.lasts + self.notice

    def _is_quiet(self, at: datetime, zone: ZoneInfo) -> bool:
        hour, since, until = hours.wall(at, zone).hour, self.quiet_from_hour, self.quiet_until_hour
        return since <= hour < until if since <= until else hour >= since or hour < until
