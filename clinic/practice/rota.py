"""The stored rota: weekly hours, special days, time off and closures, as the scheduling core reads them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Any, Protocol
from uuid import UUID

from clinic.db import db
from clinic.practice.supply import Site
from clinic.scheduling import hours
from clinic.scheduling.hours import Days

FAR_FUTURE = datetime.combine(date(9000, 1, 1), time(0))

ROTA_SQL = """
    SELECT 'weekly' AS kind, therapist_id, location_id, weekday, from_minute, until_minute, valid_from AS from_on,
           valid_until AS until_on
      FROM weekly_hours
     WHERE therapist_id = ANY(%(therapists)s) AND valid_from < %(until_on)s AND (valid_until IS NULL OR valid_until > %(from_on)s)
    UNION ALL
    SELECT 'special', therapist_id, location_id, NULL, from_minute, until_minute, "on", NULL
      FROM special_days WHERE therapist_id = ANY(%(therapists)s) AND "on" >= %(from_on)s AND "on" < %(until_on)s
    UNION ALL
    SELECT 'off', therapist_id, NULL, NULL, from_minute, until_minute, from_on, until_on
      FROM time_off WHERE therapist_id = ANY(%(therapists)s) AND from_on < %(until_on)s AND until_on > %(from_on)s
    UNION ALL
    SELECT 'closed', NULL, location_id, NULL, NULL, NULL, from_on, until_on
      FROM closures WHERE from_on < %(until_on)s AND until_on > %(from_on)s
"""
"""Asked with what `parameters` gives; others read it in one statement with more rows, and give its rows to `rota_from`."""
ROTA_COLUMNS = (
    "kind",
    "therapist_id",
    "location_id",
    "weekday",
    "from_minute",
    "until_minute",
    "from_on",
    "until_on",
)


class Roster(Protocol):
    """What a rota needs besides the hours: the locations, and the last days of therapists and locations."""

    @property
    def sites(self) -> tuple[Site, ...]: ...

    @property
    def left_on(self) -> Mapping[UUID, date]: ...

    @property
    def closed_on(self) -> Mapping[UUID, date]: ...

    @property
    def always_open(self) -> bool: ...


def rota_of(supply: Roster, days: Days, therapists: Iterable[UUID]) -> hours.Rota[UUID]:
    """These therapists' hours on local days, with everything that overrides them; one statement."""
    people = list(therapists)
    rows = db.session.connection().exec_driver_sql(ROTA_SQL, parameters(days, people)).mappings()
    return rota_from(rows, supply, people)


def parameters(days: Days, therapists: Iterable[UUID]) -> dict[str, object]:
    """What `ROTA_SQL` is asked with."""
    return {"therapists": list(therapists), "from_on": days.first_on, "until_on": days.until_on}


def rota_from(
    rows: Iterable[Mapping[Any, Any]], supply: Roster, therapists: Iterable[UUID]
) -> hours.Rota[UUID]:
    """The rota of these therapists from the rows of `ROTA_SQL`."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row["kind"]].append(row)
    locations = [site.location_id for site in supply.sites]
    if supply.always_open:
        found["special"], found["weekly"] = [], _at_all_hours(therapists, locations)
    return hours.Rota(
        weekly=tuple(_weekly(row) for row in found["weekly"]),
        special=tuple(_special(found["special"], locations)),
        time_off=(*_time_off(found["off"]), *(_away_from(id_, day) for id_, day in supply.left_on.items())),
        closures=(
            *_closures(found["closed"], locations),
            *(_closed_from(id_, day) for id_, day in supply.closed_on.items()),
        ),
    )


def _at_all_hours(therapists: Iterable[UUID], locations: Iterable[UUID]) -> list[Mapping[str, Any]]:
    return [
        {
            "therapist_id": therapist,
            "location_id": location,
            "weekday": weekday,
            "from_minute": 0,
            "until_minute": 24 * 60,
            "from_on": None,
            "until_on": None,
        }
        for therapist, location, weekday in product(therapists, locations, range(7))
    ]


def _at(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def _weekly(row: Mapping[str, Any]) -> hours.RotaWeeklyHours[UUID]:
    return hours.RotaWeeklyHours(
        therapist=row["therapist_id"],
        location=row["location_id"],
        weekday=row["weekday"],
        opens=_at(row["from_minute"]),
        closes=_at(row["until_minute"]),
        valid_from=row["from_on"],
        valid_until=row["until_on"],
    )


def _special(
    rows: Iterable[Mapping[str, Any]], locations: list[UUID]
) -> Iterable[hours.RotaSpecialDay[UUID]]:
    """A special day replaces the therapist's whole day: elsewhere there are no hours on that date."""
    by_day: dict[tuple[UUID, date], dict[UUID, list[tuple[time, time]]]] = {}
    for row in rows:
        day = by_day.setdefault(
            (row["therapist_id"], row["from_on"]), {location: [] for location in locations}
        )
        day.setdefault(row["location_id"], []).append((_at(row["from_minute"]), _at(row["until_minute"])))
    for (therapist, on), places in by_day.items():
        for location, spans in places.items():
            yield hours.RotaSpecialDay(therapist=therapist, location=location, on=on, hours=tuple(spans))


def _time_off(rows: Iterable[Mapping[str, Any]]) -> Iterable[hours.RotaTimeOff[UUID]]:
    for row in rows:
        if row["from_minute"] is None:
            away_from, away_until = hours.days_off(Days(row["from_on"], row["until_on"]))
            yield hours.RotaTimeOff(therapist=row["therapist_id"], away_from=away_from, away_until=away_until)
            continue
        for number in range((row["until_on"] - row["from_on"]).days):
            midnight = datetime.combine(row["from_on"] + timedelta(days=number), time(0))
            yield hours.RotaTimeOff(
                therapist=row["therapist_id"],
                away_from=midnight + timedelta(minutes=row["from_minute"]),
                away_until=midnight + timedelta(minutes=row["until_minute"]),
            )


def _away_from(therapist: UUID, on: date) -> hours.RotaTimeOff[UUID]:
    return hours.RotaTimeOff(
        therapist=therapist, away_from=datetime.combine(on, time(0)), away_until=FAR_FUTURE
    )


def _closures(rows: Iterable[Mapping[str, Any]], locations: list[UUID]) -> Iterable[hours.RotaClosure[UUID]]:
    for row in rows:
        closed_from, closed_until = hours.days_off(Days(row["from_on"], row["until_on"]))
        for location in [row["location_id"]] if row["location_id"] else locations:
            yield hours.RotaClosure(location=location, closed_from=closed_from, closed_until=closed_until)


def _closed_from(location: UUID, on: date) -> hours.RotaClosure[UUID]:
    return hours.RotaClosure(
        location=location, closed_from=datetime.combine(on, time(0)), closed_until=FAR_FUTURE
    )
