"""When the practice is open as a whole: every therapist's hours at every location, whatever they offer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.db import db
from clinic.practice.models import Location, Therapist
from clinic.practice.rota import rota_of
from clinic.practice.supply import Site
from clinic.scheduling import hours
from clinic.scheduling.hours import Days, Rota

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class PracticeRoster:
    """Every location and every therapist's last day: what a rota needs besides the hours."""

    sites: tuple[Site, ...]
    therapists: tuple[UUID, ...]
    left_on: Mapping[UUID, date]
    closed_on: Mapping[UUID, date]
    always_open: bool = False

    @property
    def zones(self) -> dict[UUID, ZoneInfo]:
        """The zone of each location."""
        return {site.location_id: site.zone for site in self.sites}


def roster() -> PracticeRoster:
    """The practice as it is, including closed locations and people who left."""
    places = db.session.execute(
        sa.select(Location.id, Location.zone, Location.closed_on).order_by(Location.position, Location.id)
    ).all()
    people = db.session.execute(sa.select(Therapist.id, Therapist.left_on).order_by(Therapist.id)).all()
    return PracticeRoster(
        sites=tuple(Site(id_, ZoneInfo(zone), ()) for id_, zone, _ in places),
        therapists=tuple(id_ for id_, _ in people),
        left_on={id_: left_on for id_, left_on in people if left_on},
        closed_on={id_: closed_on for id_, _, closed_on in places if closed_on},
    )


def rota(whose: PracticeRoster, days: Days, therapists: Iterable[UUID] | None = None) -> Rota[UUID]:
    """The rota of all therapists, or of some, for local days."""
    return rota_of(whose, days, whose.therapists if therapists is None else therapists)


def today(now: datetime) -> date:
    """Today at the practice; the earliest date if its locations differ, the UTC date before it has a location."""
    zones = [site.zone for site in roster().sites]
    return min((hours.local_day(now, zone) for zone in zones), default=now.date())


@dataclass(frozen=True)
class Stay:
    """When somebody works at a location on one day, in local time."""

    location_id: UUID
    opens: datetime
    closes: datetime

    @property
    def until_minute(self) -> int:
        """The minute of its day at which it ends; 1440 at midnight."""
        minute = self.closes.hour * 60 + self.closes.minute
        return minute if self.closes.date() == self.opens.date() else 24 * 60


@dataclass(frozen=True)
class RotaDay:
    """A therapist's local day: the stays in order, and the open minutes."""

    on: date
    stays: tuple[Stay, ...]

    @property
    def minutes(self) -> int:
        """Open minutes by the local clock."""
        return sum(int((stay.closes - stay.opens).total_seconds()) // 60 for stay in self.stays)


def days_of(therapist_id: UUID, days: Days) -> list[RotaDay]:
    """A therapist's effective hours by all rules, day by day."""
    staffed = roster()
    rules = rota(staffed, days, [therapist_id])
    stays: dict[date, list[Stay]] = {}
    for site in staffed.sites:
        spans = hours.open_spans(
            days, site.zone, therapist=therapist_id, location=site.location_id, rota=rules
        )
        for opens, closes in spans:
            for on, begin, end in _by_day(hours.wall(opens, site.zone), hours.wall(closes, site.zone)):
                stays.setdefault(on, []).append(Stay(site.location_id, begin, end))
    count = (days.until_on - days.first_on).days
    every = [days.first_on + number * ONE_DAY for number in range(count)]
    return [RotaDay(on, tuple(sorted(stays.get(on, ()), key=lambda stay: stay.opens))) for on in every]


def _by_day(begin: datetime, end: datetime) -> Iterable[tuple[date, datetime, datetime]]:
    """Split local time at midnight: hours until the end of one day may continue on the next."""
    while begin < end:
        midnight = datetime.combine(begin.date() + ONE_DAY, datetime.min.time())
        yield begin.date(), begin, min(end, midnight)
        begin = midnight
