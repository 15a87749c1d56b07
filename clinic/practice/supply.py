"""The supply of a treatment: who can give it, where, and under which rules. Availability is computed from it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, get_origin, get_type_hints
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.db import db
from clinic.practice.models import NewClientRule
from clinic.practice.own_texts import Translations
from clinic.practice.queries import Unbookable
from clinic.scheduling import slots

DEFAULT_TRAVEL = timedelta(minutes=30)


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
    translations: Annotated[Translations, StoredIn("p.translations")]
    """Of the words above, beside others of the practice."""
    policy: Annotated[str, StoredIn("p.policy")] = ""
    currency: Annotated[str, StoredIn("p.currency")] = ""
    country: Annotated[str, StoredIn("p.country")] = ""
    language: Annotated[str, StoredIn("p.language")] = ""
    """The main one."""


@dataclass(frozen=True)
class Site:
    """A location that may give the treatment, with the rooms that suit it (in order)."""

    location_id: UUID
    zone: ZoneInfo
    rooms: tuple[UUID, ...]
    slug: str = ""
    name: str = ""
    street: str = ""
    town: str = ""


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Who can give one treatment, where, and under which rules; read in one statement.

    To add a rule: add its column by a migration, then one line with the column's name, here for a rule of the treatment
    (`treatments t`), in `PracticeRules` for one of the practice. `SUPPLY_SQL` and `read_supply` follow from the lines.
    Change the rule inside `calendars.changing`, which raises `stamp`, so that cached answers become outdated.

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
    intake: Annotated[str, StoredIn("t.intake")] = ""
    """When its health questions are asked (`IntakeRule`)."""
    therapist_names: Mapping[UUID, str] = field(default_factory=dict)
    elsewhere: tuple[tuple[datetime, datetime], ...] = ()
    """When the client is already somewhere else."""

    @property
    def rooms(self) -> tuple[UUID, ...]:
        """Every suitable room of every site."""
        return tuple(room for site in self.sites for room in site.rooms)

    def site_at(self, location_id: UUID) -> Site:
        """One of the sites."""
        return next(site for site in self.sites if site.location_id == location_id)

    def zone_of(self, location_id: UUID) -> ZoneInfo:
        """The zone of one of the sites."""
        return self.site_at(location_id).zone


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
        SELECT json_agg(json_build_object('id', th.id, 'slug', th.slug,
                                          'name', th.given_name || ' ' || th.family_name, 'left_on', th.left_on, 'daily_cap', th.daily_cap,
                                          'version', th.calendar_version) ORDER BY th.position, th.id)
          FROM therapists th JOIN treatment_therapists tt ON tt.therapist_id = th.id WHERE tt.treatment_id = t.id),
      'sites', (
        SELECT json_agg(json_build_object('id', l.id, 'slug', l.slug, 'name', l.name, 'street', l.street, 'town', l.town,
                                          'zone', l.zone, 'closed_on', l.closed_on, 'rooms', (
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


def supply_of(treatment_id: UUID, *, retired_too: bool = False) -> Supply:
    """The supply of this treatment; raises Unbookable if it is not offered.

    With `retired_too`, also if it is no longer offered, because an existing appointment can still be moved.
    """
    return _one_supply(_SUPPLY, treatment_id=treatment_id, retired_too=retired_too)


def supplies_of(treatment_ids: Iterable[UUID]) -> dict[UUID, Supply]:
    """The supplies of those treatments that are offered, read in one statement; the others are left out."""
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


_id = lru_cache(4096)(UUID)
"""An id from its text: those of a practice come again with every question."""


def read_supply(details: Mapping[str, Any]) -> Supply:
    """The supply that `SUPPLY_SQL` describes."""
    people = {_id(each["id"]): each for each in details["therapists"] or ()}
    places = {_id(each["id"]): each for each in details["sites"] or ()}
    rules = PracticeRules(**_values(_OF_PRACTICE, details["rules"]))
    versions = [room["version"] for place in places.values() for room in place["rooms"] or ()]
    versions += [person["version"] for person in people.values()]
    return Supply(
        **_values(_OF_TREATMENT, details["treatment"]),
        need=_need(details["need"]),
        therapists=tuple(people),
        therapist_slugs={id_: person["slug"] for id_, person in people.items()},
        therapist_names={id_: person["name"] for id_, person in people.items()},
        left_on=_dates(people, "left_on"),
        daily_cap={
            id_: person["daily_cap"] for id_, person in people.items() if person["daily_cap"] is not None
        },
        sites=tuple(_site(id_, place) for id_, place in places.items()),
        closed_on=_dates(places, "closed_on"),
        travel={
            (_id(way["from"]), _id(way["to"])): _minutes(way["minutes"]) for way in details["travel"] or ()
        },
        rules=rules,
        # Existing bookings can still be moved when no treatment is offered any more.
        smallest=_need(details["smallest"] or details["need"]),
        stamp=rules.version + sum(versions),
    )


def _need(row: Mapping[str, int]) -> slots.Need:
    return slots.Need(**{name: _minutes(value) for name, value in row.items()})


def _site(id_: UUID, row: Mapping[str, Any]) -> Site:
    rooms = tuple(_id(room["id"]) for room in row["rooms"] or ())
    words = {name: row[name] for name in ("slug", "name", "street", "town")}
    return Site(location_id=id_, zone=ZoneInfo(row["zone"]), rooms=rooms, **words)


def _dates(rows: Mapping[UUID, Mapping[str, Any]], name: str) -> dict[UUID, date]:
    return {id_: date.fromisoformat(row[name]) for id_, row in rows.items() if row[name]}
