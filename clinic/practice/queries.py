"""Reads of the practice for other packages: what can be booked, who can give it and where, and the rota."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Annotated, Any, Protocol, get_origin, get_type_hints
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts.models import Role, User
from clinic.db import db
from clinic.language import N_
from clinic.practice.models import (
    Location,
    NewClientRule,
    Practice,
    Therapist,
    Treatment,
    WeeklyHours,
)
from clinic.refusal import NotFound
from clinic.scheduling import hours, slots
from clinic.scheduling.hours import Days

FAR_FUTURE = datetime.combine(date(9000, 1, 1), time(0))
DEFAULT_TRAVEL = timedelta(minutes=30)


class Unbookable(NotFound):
    """A treatment that the practice does not offer, or no longer offers."""

    sentence = N_("This treatment is not offered.")


def _same(value: Any) -> Any:
    return value


def _minutes(value: int) -> timedelta:
    return timedelta(minutes=value)


def _days(value: int) -> timedelta:
    return timedelta(days=value)


@dataclass(frozen=True)
class StoredIn:
    """The column a field is read from, and how the JSON value of the column becomes that of the field."""

    column: str
    read: Callable[[Any], Any] = _same


@dataclass(frozen=True)
class PracticeRules:
    """The practice's booking rules, with their version. A new rule is one line here, naming its column of `practice p`."""

    version: Annotated[int, StoredIn("p.rules_version")]
    step: Annotated[timedelta, StoredIn("p.step_minutes", _minutes)]
    notice: Annotated[timedelta, StoredIn("p.notice_minutes", _minutes)]
    horizon: Annotated[timedelta, StoredIn("p.horizon_days", _days)]
    pack: Annotated[bool, StoredIn("p.pack")]
    hold: Annotated[timedelta, StoredIn("p.hold_minutes", _minutes)]
    """How long a chosen time stays reserved."""
    online_booking: Annotated[str, StoredIn("p.online_booking")]
    closed_words: Annotated[str, StoredIn("p.closed_words")]


@dataclass(frozen=True)
class Site:
    """A location that may give the treatment, with the rooms that suit it (in order)."""

    location_id: UUID
    zone: ZoneInfo
    rooms: tuple[UUID, ...]
    slug: str = ""


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Who can give one treatment, where, and under which rules; read in one statement.

    To add a rule: add its column by a migration, then one line with the column's name, here for a rule of the treatment
    (`treatments t`), in `PracticeRules` for one of the practice. `SUPPLY_SQL` and `read_supply` follow from the lines.
    Change the rule inside `calendars.changing`, which raises `stamp`, so that no kept answer outlives it.

    Therapists come in the practice's order. `smallest` is the shortest treatment sold, for ranking.
    """

    treatment_id: Annotated[UUID, StoredIn("t.id", UUID)]
    needs_room: Annotated[bool, StoredIn("t.needs_room")]
    price_cents: Annotated[int, StoredIn("t.price_cents")]
    new_clients: Annotated[NewClientRule, StoredIn("t.new_clients", NewClientRule)]
    need: slots.Need
    therapists: tuple[UUID, ...]
    therapist_slugs: Mapping[UUID, str]
    left_on: Mapping[UUID, date]
    daily_cap: Mapping[UUID, int]
    sites: tuple[Site, ...]
    closed_on: Mapping[UUID, date]
    travel: Mapping[tuple[UUID, UUID], timedelta]
    rules: PracticeRules
    smallest: slots.Need
    stamp: int
    """Sum of the calendar versions of all therapists and rooms concerned, plus the rules version: rises with every
    change of what is free."""
    always_open: bool = False
    """Read the rota as if everybody worked everywhere at all hours, because staff waived opening hours. Time off and
    closures still apply."""
    elsewhere: tuple[tuple[datetime, datetime], ...] = ()
    """When the client is already somewhere else."""

    @property
    def rooms(self) -> tuple[UUID, ...]:
        """Every suitable room of every site."""
        return tuple(room for site in self.sites for room in site.rooms)

    def zone_of(self, location_id: UUID) -> ZoneInfo:
        """The zone of one of the sites."""
        return next(site.zone for site in self.sites if site.location_id == location_id)


def _columns_of(kind: type) -> dict[str, StoredIn]:
    """The columns that the fields of a class are read from, by the fields' names."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if get_origin(hint) is Annotated}


_OF_PRACTICE, _OF_TREATMENT = _columns_of(PracticeRules), _columns_of(Supply)


def _object(columns: Mapping[str, StoredIn]) -> str:
    pairs = (f"'{name}', {stored.column}" for name, stored in columns.items())
    return f"json_build_object({', '.join(pairs)})"


def _values(columns: Mapping[str, StoredIn], row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: stored.read(row[name]) for name, stored in columns.items()}


def _need_of(table: str) -> str:
    return (
        f"json_build_object('length', {table}.length_minutes, 'buffer_before', {table}.buffer_before_minutes,"
        f" 'buffer_after', {table}.buffer_after_minutes)"
    )


SUPPLY_SQL = f"""
    json_build_object(
      'treatment', {_object(_OF_TREATMENT)}, 'rules', {_object(_OF_PRACTICE)}, 'need', {_need_of("t")},
      'therapists', (
        SELECT json_agg(json_build_object('id', th.id, 'slug', th.slug, 'left_on', th.left_on, 'daily_cap', th.daily_cap,
                                          'version', th.calendar_version) ORDER BY th.position, th.id)
          FROM therapists th JOIN treatment_therapists tt ON tt.therapist_id = th.id WHERE tt.treatment_id = t.id),
      'sites', (
        SELECT json_agg(json_build_object('id', l.id, 'slug', l.slug, 'zone', l.zone, 'closed_on', l.closed_on, 'rooms', (
                 SELECT json_agg(json_build_object('id', r.id, 'version', r.calendar_version) ORDER BY r.position, r.id)
                   FROM rooms r JOIN treatment_rooms tr ON tr.room_id = r.id
                  WHERE tr.treatment_id = t.id AND r.location_id = l.id AND r.retired_at IS NULL)) ORDER BY l.position, l.id)
          FROM locations l),
      'travel', (SELECT json_agg(json_build_object('from', from_id, 'to', to_id, 'minutes', travel_minutes))
                   FROM location_pairs),
      'smallest', (
        SELECT {_need_of("s")}
          FROM treatments s WHERE s.retired_at IS NULL
         ORDER BY s.length_minutes, s.buffer_before_minutes + s.buffer_after_minutes LIMIT 1))
"""  # noqa: S608 - made of constants
"""Everything `read_supply` needs, over `treatments t CROSS JOIN practice p`; others add columns to the same
statement."""

_SUPPLIES = f"SELECT {SUPPLY_SQL} FROM treatments t CROSS JOIN practice p WHERE "  # noqa: S608 - made of constants
_SUPPLY = _SUPPLIES + "t.id = %(treatment_id)s AND (t.retired_at IS NULL OR %(retired_too)s)"
_SUPPLY_OF_EACH = _SUPPLIES + "t.id = ANY(%(treatment_ids)s) AND t.retired_at IS NULL"
_SUPPLY_NAMED = _SUPPLIES + "t.slug = %(slug)s AND t.retired_at IS NULL"


def supply(treatment_id: UUID, *, retired_too: bool = False) -> Supply:
    """The supply of this treatment; raises Unbookable if it is not offered.

    With `retired_too`, also if it is no longer offered, because an existing appointment can still be moved.
    """
    return _one_supply(_SUPPLY, treatment_id=treatment_id, retired_too=retired_too)


def supplies(treatment_ids: Iterable[UUID]) -> dict[UUID, Supply]:
    """The supply of each of these that is offered, in one statement; others are left out."""
    asked = {"treatment_ids": list(treatment_ids)}
    rows = db.session.connection().exec_driver_sql(_SUPPLY_OF_EACH, asked).scalars()
    found = [read_supply(details) for details in rows]
    return {each.treatment_id: each for each in found}


def supply_named(slug: str) -> Supply:
    """The same by the treatment's slug; raises Unbookable if no treatment with it is offered."""
    return _one_supply(_SUPPLY_NAMED, slug=slug)


def _one_supply(sql: str, **asked: object) -> Supply:
    details = db.session.connection().exec_driver_sql(sql, asked).scalar_one_or_none()
    if details is None:
        raise Unbookable
    return read_supply(details)


def read_supply(details: Mapping[str, Any]) -> Supply:
    """The supply that `SUPPLY_SQL` describes."""
    people = {UUID(each["id"]): each for each in details["therapists"] or ()}
    places = {UUID(each["id"]): each for each in details["sites"] or ()}
    rules = PracticeRules(**_values(_OF_PRACTICE, details["rules"]))
    versions = [room["version"] for place in places.values() for room in place["rooms"] or ()]
    versions += [person["version"] for person in people.values()]
    return Supply(
        **_values(_OF_TREATMENT, details["treatment"]),
        need=_need(details["need"]),
        therapists=tuple(people),
        therapist_slugs={id_: person["slug"] for id_, person in people.items()},
        left_on=_dates(people, "left_on"),
        daily_cap={
            id_: person["daily_cap"] for id_, person in people.items() if person["daily_cap"] is not None
        },
        sites=tuple(_site(id_, place) for id_, place in places.items()),
        closed_on=_dates(places, "closed_on"),
        travel={
            (UUID(way["from"]), UUID(way["to"])): _minutes(way["minutes"]) for way in details["travel"] or ()
        },
        rules=rules,
        # Existing bookings can still be moved when no treatment is offered any more.
        smallest=_need(details["smallest"] or details["need"]),
        stamp=rules.version + sum(versions),
    )


def _need(row: Mapping[str, int]) -> slots.Need:
    return slots.Need(**{name: _minutes(value) for name, value in row.items()})


def _site(id_: UUID, row: Mapping[str, Any]) -> Site:
    rooms = tuple(UUID(room["id"]) for room in row["rooms"] or ())
    return Site(location_id=id_, zone=ZoneInfo(row["zone"]), rooms=rooms, slug=row["slug"])


def _dates(rows: Mapping[UUID, Mapping[str, Any]], name: str) -> dict[UUID, date]:
    return {id_: date.fromisoformat(row[name]) for id_, row in rows.items() if row[name]}


_ROTA = """
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


def rota(supply: Roster, days: Days, therapists: Iterable[UUID]) -> hours.Rota[UUID]:
    """These therapists' hours on local days, with everything that overrides them; one statement."""
    asked = {"therapists": list(therapists), "from_on": days.first_on, "until_on": days.until_on}
    rows = db.session.connection().exec_driver_sql(_ROTA, asked).mappings()
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


def the_practice() -> Practice:
    """The practice; raises NotFound before it is set up."""
    found = find_practice()
    if found is None:
        raise NotFound("This practice has not been set up yet.")
    return found


def find_practice() -> Practice | None:
    """The practice; None before it was set up."""
    found = db.session.get(Practice, 1)
    if found is not None:
        remember_practice(found)
    return found


def remember_practice(practice: Practice) -> None:
    """Keep a reference for the life of the session; its weak references would otherwise let the practice be read
    again."""
    db.session().info["practice"] = practice


def treatments() -> list[Treatment]:
    """The treatments on offer, in the practice's order, each with its therapists."""
    return list(
        db.session.scalars(
            sa.select(Treatment)
            .where(Treatment.retired_at.is_(None))
            .order_by(Treatment.position, Treatment.name)
            .options(sa.orm.selectinload(Treatment.therapists))
        )
    )


def treatment(slug: str) -> Treatment:
    """The treatment with this slug; raises Unbookable if there is none or it is no longer offered."""
    found = db.session.scalar(
        sa.select(Treatment).where(Treatment.slug == slug, Treatment.retired_at.is_(None))
    )
    if found is None:
        raise Unbookable
    return found


def never_signs_in(therapist: type[Therapist] = Therapist) -> sa.ColumnElement[bool]:
    """A condition: nobody who could read or decide signs in as this row's therapist (perhaps under an alias), because
    there is no account, it is closed, or it no longer has the role. A colleague has to do it then.
    """
    person = sa.orm.aliased(User)
    return ~sa.exists().where(
        person.id == therapist.user_id, person.active, person.role_names.contains([Role.THERAPIST.value])
    )


def therapists(on: date) -> list[Therapist]:
    """Who works here on a day, in the practice's order."""
    return list(
        db.session.scalars(
            sa.select(Therapist)
            .where(sa.or_(Therapist.left_on.is_(None), Therapist.left_on > on))
            .order_by(Therapist.position, Therapist.family_name)
        )
    )


def locations(on: date) -> list[Location]:
    """Where the practice is on a day, in its order."""
    return list(
        db.session.scalars(
            sa.select(Location)
            .where(sa.or_(Location.closed_on.is_(None), Location.closed_on > on))
            .order_by(Location.position, Location.name)
        )
    )


def usual_place(sold: Treatment, on: date) -> Location | None:
    """Where to look first for times of a treatment: the first location at which one of its therapists has weekly
    hours."""
    places = locations(on)
    at = set(
        db.session.scalars(
            sa.select(WeeklyHours.location_id).where(
                WeeklyHours.therapist_id.in_([person.id for person in sold.therapists]),
                sa.or_(WeeklyHours.valid_until.is_(None), WeeklyHours.valid_until > on),
            )
        )
    )
    return next((place for place in places if place.id in at), next(iter(places), None))


def weekdays_of(sold: Treatment, on: date) -> list[int]:
    """The weekdays on which a treatment's therapists have weekly hours from a day on; 0 is Monday."""
    days = sa.select(WeeklyHours.weekday).where(
        WeeklyHours.therapist_id.in_([person.id for person in sold.therapists]),
        sa.or_(WeeklyHours.valid_until.is_(None), WeeklyHours.valid_until > on),
    )
    return sorted(set(db.session.scalars(days)))
