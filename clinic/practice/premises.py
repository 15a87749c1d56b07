"""Locations, the travel times between them, and their rooms."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.db import db, violates
from clinic.practice import calendars, geography
from clinic.practice.editing import (
    Direction,
    amend,
    print_of,
    put_last,
    require_unchanged,
    shift,
    slug_of,
)
from clinic.practice.models import Location, LocationPair, Room, Treatment
from clinic.practice.own_texts import Translations
from clinic.practice.supply import DEFAULT_TRAVEL
from clinic.refusal import NotFound, Refusal

Pair = tuple[UUID, UUID]


class UnknownZone(Refusal):
    """No such time zone."""

    code = "unknown-zone"
    sentence = "Choose a time zone from the list, for example Europe/Berlin."


class SameName(Refusal):
    """Another room of this location already has this name."""

    code = "same-name"
    sentence = "Another room of this location has this name already."


@dataclass(frozen=True, kw_only=True)
class LocationDetails:
    """A location as an owner describes it; once it has visits, only `booking.zone_changes` changes its zone."""

    name: str
    street: str
    town: str
    getting_here: str
    step_free: str = ""
    parking: str = ""
    closed_on: date | None
    translations: Translations = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RoomDetails:
    """A room as an owner describes it: its columns by their names, and the treatments it suits."""

    name: str
    treatments: tuple[UUID, ...]

    @property
    def columns(self) -> dict[str, object]:
        """The room's own values."""
        return {name: getattr(self, name) for name in ROOM_COLUMNS}


ROOM_COLUMNS = tuple(field.name for field in fields(RoomDetails) if field.name != "treatments")
"""What stands in the room's own row."""


def location(location_id: UUID) -> Location:
    """The location; raises NotFound."""
    found = db.session.get(Location, location_id)
    if found is None:
        raise NotFound
    return found


def room(room_id: UUID) -> Room:
    """The room, in use or not; raises NotFound."""
    found = db.session.get(Room, room_id)
    if found is None:
        raise NotFound
    return found


def every_location() -> list[Location]:
    """All locations in the practice's order, including closed ones."""
    return list(db.session.scalars(sa.select(Location).order_by(Location.position, Location.name)))


def every_room() -> list[Room]:
    """All rooms by location and in order, including retired ones."""
    rooms = sa.select(Room).join(Location).order_by(Location.position, Location.name)
    return list(db.session.scalars(rooms.order_by(Room.position, Room.name)))


def place_of(where: Location) -> LocationDetails:
    """A location's current details."""
    return LocationDetails(**{name: getattr(where, name) for name in LocationDetails.__dataclass_fields__})


def page_mark(where: Location) -> str:
    """The mark of a page that shows this location."""
    return print_of(where.zone, *asdict(place_of(where)).items())


def open_location(place: LocationDetails, zone: str, *, actor: str, now: datetime) -> Location:
    """Add a location. Raises UnknownZone."""
    require_zone(zone)
    with calendars.changing():
        opened = Location(slug=slug_of(place.name, Location), zone=zone, **asdict(place))
        put_last(opened, every_location())
        db.session.add(opened)
        audit.record(actor, "create", opened, fields=["zone", *asdict(place)], now=now)
    return opened


def change_location(
    location_id: UUID, place: LocationDetails, *, seen_as: str, actor: str, now: datetime
) -> Location:
    """Change a location's name and address. Raises ChangedMeanwhile."""
    with calendars.changing():
        where = location(location_id)
        db.session.refresh(where)
        require_unchanged(seen_as, page_mark(where))
        amend(where, asdict(place), actor=actor, now=now)
    return where


def require_zone(zone: str) -> None:
    """Raise UnknownZone unless this names a place's time zone."""
    if zone not in geography.zones():
        raise UnknownZone


def shift_location(location_id: UUID, way: Direction, *, actor: str, now: datetime) -> None:
    """Move a location one place up or down in the list."""
    with calendars.changing():
        where = location(location_id)
        if shift(where, every_location(), way):
            audit.record(actor, "change", where, fields=["position"], now=now)


def travel_minutes() -> dict[Pair, int]:
    """Minutes of travel from each location to each other one, as entered or by default."""
    known = {
        (pair.from_id, pair.to_id): pair.travel_minutes
        for pair in db.session.scalars(sa.select(LocationPair))
    }
    default = int(DEFAULT_TRAVEL.total_seconds()) // 60
    places = every_location()
    return {(a.id, b.id): known.get((a.id, b.id), default) for a in places for b in places if a.id != b.id}


def seen_ways() -> str:
    """The mark of a page that shows the travel times."""
    return print_of(*sorted((str(a), str(b), minutes) for (a, b), minutes in travel_minutes().items()))


def set_ways(minutes: Mapping[Pair, int], *, seen_as: str, actor: str, now: datetime) -> None:
    """Set how long a therapist needs between locations, in multiples of five minutes. Raises ChangedMeanwhile."""
    with calendars.changing():
        present = travel_minutes()
        require_unchanged(seen_as, seen_ways())
        for pair, wanted in minutes.items():
            if pair in present and present[pair] != wanted:
                db.session.merge(LocationPair(from_id=pair[0], to_id=pair[1], travel_minutes=wanted))
                audit.record(
                    actor,
                    "change",
                    subject_type="location_pairs",
                    subject_id=pair[0],
                    fields=["travel_minutes"],
                    now=now,
                )


def room_details(of: Room) -> RoomDetails:
    """A room's current details."""
    suited = sa.select(Treatment.id).where(Treatment.rooms.any(Room.id == of.id))
    own = {name: getattr(of, name) for name in ROOM_COLUMNS}
    return RoomDetails(**own, treatments=tuple(sorted(db.session.scalars(suited))))


def seen_room(of: Room) -> str:
    """The mark of a page that shows this room."""
    details = room_details(of)
    return print_of(*details.columns.items(), of.retired_at, details.treatments)


def add_room(location_id: UUID, details: RoomDetails, *, actor: str, now: datetime) -> Room:
    """Add a room to a location. Raises SameName."""
    with calendars.changing():
        added = Room(location_id=location(location_id).id, **details.columns)
        put_last(added, _rooms_of(location_id))
        with violates("uq_rooms_location_id_name", SameName()):
            db.session.add(added)
        _suit(added, details.treatments)
        audit.record(actor, "create", added, fields=[*details.columns, "treatments"], now=now)
    return added


def change_room(room_id: UUID, details: RoomDetails, *, seen_as: str, actor: str, now: datetime) -> Room:
    """Change a room and what it suits. Raises ChangedMeanwhile and SameName."""
    with calendars.changing():
        changed = room(room_id)
        db.session.refresh(changed)
        require_unchanged(seen_as, seen_room(changed))
        with violates("uq_rooms_location_id_name", SameName()):
            amend(changed, details.columns, actor=actor, now=now)
        if _suit(changed, details.treatments):
            audit.record(actor, "change", changed, fields=["treatments"], now=now)
    return changed


def retire_room(room_id: UUID, *, actor: str, now: datetime) -> Room:
    """Retire a room; existing visits in it stay. Safe to repeat."""
    return _set_retired(room_id, now, actor, now)


def restore_room(room_id: UUID, *, actor: str, now: datetime) -> Room:
    """Offer a retired room again. Safe to repeat."""
    return _set_retired(room_id, None, actor, now)


def _set_retired(room_id: UUID, at: datetime | None, actor: str, now: datetime) -> Room:
    with calendars.changing():
        changed = room(room_id)
        if (changed.retired_at is None) != (at is None):
            amend(changed, {"retired_at": at}, actor=actor, now=now)
    return changed


def shift_room(room_id: UUID, way: Direction, *, actor: str, now: datetime) -> None:
    """Move a room one place up or down among those of its location."""
    with calendars.changing():
        moved = room(room_id)
        if shift(moved, _rooms_of(moved.location_id), way):
            audit.record(actor, "change", moved, fields=["position"], now=now)


def _rooms_of(location_id: UUID) -> list[Room]:
    return [each for each in every_room() if each.location_id == location_id]


def _suit(suiting: Room, treatments: Sequence[UUID]) -> bool:
    """Make a room suit exactly these treatments; False if it already did."""
    changed = False
    for treatment in db.session.scalars(sa.select(Treatment)):
        is_wanted, suits = treatment.id in treatments, suiting in treatment.rooms
        if is_wanted and not suits:
            treatment.rooms.append(suiting)
        elif suits and not is_wanted:
            treatment.rooms.remove(suiting)
        changed = changed or is_wanted != suits
    return changed
