"""When the practice is open, seen whole: everybody's rota at every location, whatever they give."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.db import db
from clinic.practice import queries
from clinic.practice.models import Location, Therapist
from clinic.practice.queries import Site
from clinic.scheduling import hours
from clinic.scheduling.hours import Days, Rota

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class PracticeRota:
    """Every location and everybody's last day; what a rota needs besides the hours."""

    sites: tuple[Site, ...]
    therapists: tuple[UUID, ...]
    left_on: Mapping[UUID, date]
    closed_on: Mapping[UUID, date]
    always_open: bool = False

    @property
    def zones(self) -> dict[UUID, ZoneInfo]:
        """The zone of each location."""
        return {site.location_id: site.zone for site in self.sites}


def house() -> PracticeRota:
    """The practice as it stands, closed locations and people who left included."""
    places = db.session.execute(
        sa.select(Location.id, Location.zone, Location.closed_on).order_by(Location.position, Location.id)
    ).all()
    people = db.session.execute(sa.select(Therapist.id, Therapist.left_on).order_by(Therapist.id)).all()
    return PracticeRota(
        sites=tuple(Site(id_, ZoneInfo(zone), ()) for id_, zone, _ in places),
        therapists=tuple(id_ for id_, _ in people),
        left_on={id_: left_on for id_, left_on in people if left_on},
        closed_on={id_: closed_on for id_, _, closed_on in places if closed_on},
    )


def rota(of: PracticeRota, days: Days, therapists: Iterable[UUID] | None = None) -> Rota[UUID]:
    """Everybody's rules of work on local days, or those of some."""
    return queries.rota(of, days, of.therapists if therapists is None else therapists)


def today(now: datetime) -> date:
    """The local day at the practice; the earliest where its locations differ, UTC's before there is one."""
    zones = [site.zone for site in house().sites]
    return min((hours.local_day(now, zone) for zone in zones), default=now.date())


@dataclass(frozen=True)
class Stay:
    """When somebody works at a location on one day, in wall time, with what they may be called for."""

    location_id: UUID
    opens: datetime
    closes: datetime


@dataclass(frozen=True)
class RotaDay:
    """One local day of a therapist: the stays in order, and the open minutes."""

    on: date
    stays: tuple[Stay, ...]

    @property
    def minutes(self) -> int:
        """Open time by the clock on the wall."""
        return sum(int((stay.closes - stay.opens).total_seconds()) // 60 for stay in self.stays)


def days_of(therapist_id: UUID, days: Days) -> list[RotaDay]:
    """What comes of all rules for one therapist, day by day."""
    of = house()
    rules = rota(of, days, [therapist_id])
    stays: dict[date, list[Stay]] = {}
    for site in of.sites:
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
    """Cut a stretch of wall time at midnight: hours until the end of one day may go on into the next."""
    while begin < end:
        midnight = datetime.combine(begin.date() + ONE_DAY, datetime.min.time())
        yield begin.date(), begin, min(end, midnight)
        begin = midnight
