"""What the calendar is drawn on: who works where, and what keeps somebody or some place from being booked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.db import db
from clinic.practice.models import Practice
from clinic.practice.queries import remember_practice
from clinic.practice.rota import rota_of
from clinic.practice.supply import DEFAULT_TRAVEL, Site
from clinic.refusal import NotFound
from clinic.scheduling.hours import Days, Rota, RotaWeeklyHours

MINUTES_A_DAY = 24 * 60
ONE_DAY = timedelta(days=1)

STAMP = """(SELECT concat_ws('-', p.rules_version, (SELECT sum(calendar_version) FROM therapists),
  (SELECT sum(calendar_version) FROM rooms),
  (SELECT extract(epoch FROM max(changed_at))::text FROM appointments
    WHERE starts_at > CAST(:first_on AS date) - 2 AND starts_at < CAST(:until_on AS date) + 2)) FROM practice p)"""
"""What changes with everything that a calendar of these days shows."""

# Names and notes as JSON, so that everything which is small comes in one statement.
_FRAME = f"""(SELECT json_build_object(
  'therapists', (SELECT json_agg(json_build_object(
      'id', id, 'slug', slug, 'given', given_name, 'family', family_name, 'colour', colour, 'left_on', left_on,
      'user', user_id) ORDER BY position, family_name, id) FROM therapists WHERE left_on IS NULL OR left_on > :first_on),
  'rooms', (SELECT json_agg(json_build_object('id', id, 'name', name, 'place', location_id) ORDER BY position, name, id)
              FROM rooms WHERE retired_at IS NULL),
  'places', (SELECT json_agg(json_build_object('id', id, 'slug', slug, 'name', name, 'zone', zone, 'closed_on', closed_on)
               ORDER BY position, name) FROM locations WHERE closed_on IS NULL OR closed_on > :first_on),
  'stamp', {STAMP},
  'travel', (SELECT json_agg(json_build_array(from_id, to_id, travel_minutes)) FROM location_pairs),
  'off', (SELECT json_agg(json_build_object('therapist', therapist_id, 'from_on', from_on, 'until_on', until_on,
      'from', from_minute, 'until', until_minute, 'words', note) ORDER BY from_on, from_minute)
            FROM time_off WHERE from_on < :until_on AND until_on > :first_on),
  'closed', (SELECT json_agg(json_build_object('place', location_id, 'from_on', from_on, 'until_on', until_on,
      'words', name)) FROM closures WHERE from_on < :until_on AND until_on > :first_on))) AS frame"""  # noqa: S608 - made of constants


@dataclass(frozen=True, kw_only=True)
class CalendarPerson:
    """A therapist as the calendar shows them."""

    id: UUID
    slug: str
    given_name: str
    family_name: str
    colour: int
    user_id: UUID | None

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def initials(self) -> str:
        """Two letters for the face beside the name."""
        return self.given_name[:1] + self.family_name[:1]


@dataclass(frozen=True, kw_only=True)
class CalendarPlace:
    """A location as the calendar shows it."""

    id: UUID
    slug: str
    name: str
    zone: ZoneInfo


@dataclass(frozen=True, kw_only=True)
class CalendarRoom:
    """A room in use."""

    id: UUID
    name: str
    place_id: UUID


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Hours of somebody at a place on one local day, in minutes after midnight."""

    begins: int
    ends: int
    place_id: UUID


@dataclass(frozen=True, kw_only=True)
class Absence:
    """A part of one local day that cannot be booked, and why."""

    begins: int
    ends: int
    words: str
    place_id: UUID | None = None
    """The place that is closed; None for somebody's time off and for the whole practice."""

    @property
    def is_whole_day(self) -> bool:
        """Whether nothing of the day is left."""
        return self.begins == 0 and self.ends == MINUTES_A_DAY


@dataclass(frozen=True, kw_only=True)
class Frame:
    """People, rooms, places, hours and absences of some local days."""

    people: tuple[CalendarPerson, ...]
    rooms: tuple[CalendarRoom, ...]
    places: tuple[CalendarPlace, ...]
    travel: Mapping[tuple[UUID, UUID], int]
    rota: Rota[UUID]
    off: tuple[Mapping[str, Any], ...]
    closed: tuple[Mapping[str, Any], ...]
    stamp: str
    """Changes with whatever is shown (`STAMP`)."""

    def person(self, slug: str) -> CalendarPerson:
        """The therapist with this slug; raises NotFound."""
        found = next((one for one in self.people if one.slug == slug), None)
        if found is None:
            raise NotFound
        return found

    def place(self, slug: str) -> CalendarPlace:
        """The location with this slug; raises NotFound."""
        found = next((one for one in self.places if one.slug == slug), None)
        if found is None:
            raise NotFound
        return found

    def place_name(self, place_id: UUID) -> str:
        """What the place is called; one that closed has no name here."""
        return next((one.name for one in self.places if one.id == place_id), "another place")

    def minutes_between(self, one: UUID, other: UUID) -> int:
        """How long a therapist needs on the way."""
        if one == other:
            return 0
        return self.travel.get((one, other), int(DEFAULT_TRAVEL.total_seconds()) // 60)

    def shifts(self, person_id: UUID, on: date) -> list[Shift]:
        """The hours of a day before anything overrides them, earliest first."""
        replaced = [day for day in self.rota.special if day.therapist == person_id and day.on == on]
        spans = [(day.location, opens, closes) for day in replaced for opens, closes in day.hours]
        if not replaced:
            spans = [
                (rule.location, rule.opens, rule.closes)
                for rule in self._weekly.get(person_id, ())
                if rule.holds_on(on)
            ]
        shifts = (
            Shift(
                begins=opens.hour * 60 + opens.minute,
                ends=closes.hour * 60 + closes.minute or MINUTES_A_DAY,
                place_id=place,
            )
            for place, opens, closes in spans
        )
        return sorted(shifts, key=lambda shift: shift.begins)

    @cached_property
    def _weekly(self) -> dict[UUID, list[RotaWeeklyHours[UUID]]]:
        found: dict[UUID, list[RotaWeeklyHours[UUID]]] = {}
        for rule in self.rota.weekly:
            found.setdefault(rule.therapist, []).append(rule)
        return found

    def absences(self, person_id: UUID, on: date) -> list[Absence]:
        """Somebody's time off on a day, and the closures of every place."""
        own = [
            Absence(
                begins=row["from"] or 0,
                ends=MINUTES_A_DAY if row["until"] is None else row["until"],
                words=row["words"] or "Away",
            )
            for row in self.off
            if row["therapist"] == str(person_id) and _covers(row, on)
        ]
        return [*own, *self.closures(on)]

    def closures(self, on: date) -> list[Absence]:
        """What is closed on a day."""
        return [
            Absence(
                begins=0,
                ends=MINUTES_A_DAY,
                words=f"Closed: {row['words']}",
                place_id=UUID(row["place"]) if row["place"] else None,
            )
            for row in self.closed
            if _covers(row, on)
        ]


def _covers(row: Mapping[str, Any], on: date) -> bool:
    return str(row["from_on"]) <= on.isoformat() < str(row["until_on"])


@dataclass(frozen=True)
class _Roster:
    """What `rota_of` asks for."""

    sites: tuple[Site, ...]
    left_on: Mapping[UUID, date]
    closed_on: Mapping[UUID, date]
    always_open: bool = False


def read_frame(days: Days) -> Frame:
    """The frame of some local days, with the practice, in two statements. Raises NotFound before the practice is set up."""
    wanted = sa.text(_FRAME).bindparams(first_on=days.first_on, until_on=days.until_on)
    row = db.session.execute(sa.select(Practice, wanted).where(Practice.id == 1)).one_or_none()
    if row is None:
        raise NotFound("This practice has not been set up yet.")
    remember_practice(row[0])
    told: dict[str, Any] = {name: found or [] for name, found in row[1].items()}
    places = tuple(
        CalendarPlace(id=UUID(one["id"]), slug=one["slug"], name=one["name"], zone=ZoneInfo(one["zone"]))
        for one in told["places"]
    )
    roster = _Roster(
        sites=tuple(Site(place.id, place.zone, ()) for place in places), left_on={}, closed_on={}
    )
    people = tuple(
        CalendarPerson(
            id=UUID(one["id"]),
            slug=one["slug"],
            given_name=one["given"],
            family_name=one["family"],
            colour=one["colour"],
            user_id=UUID(one["user"]) if one["user"] else None,
        )
        for one in told["therapists"]
    )
    return Frame(
        people=people,
        rooms=tuple(
            CalendarRoom(id=UUID(one["id"]), name=one["name"], place_id=UUID(one["place"]))
            for one in told["rooms"]
        ),
        places=places,
        travel={(UUID(one), UUID(other)): minutes for one, other, minutes in told["travel"]},
        rota=rota_of(roster, days, [person.id for person in people]),
        off=tuple(told["off"]),
        closed=tuple(told["closed"]),
        stamp=str(row[1]["stamp"]),
    )
