"""Reads of the practice for other packages: the practice itself, its treatments, therapists and locations."""

from collections.abc import Iterable, Sequence
from datetime import date

import sqlalchemy as sa

from clinic.accounts.models import Role, User
from clinic.db import db
from clinic.language import N_
from clinic.practice.models import (
    Location,
    Practice,
    Therapist,
    Treatment,
    WeeklyHours,
)
from clinic.refusal import NotFound

NO_ZONE = "UTC"
"""While the practice has no place."""


class Unbookable(NotFound):
    """A treatment that the practice does not offer, or no longer offers."""

    sentence = N_("This treatment is not offered.")


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


def country() -> str:
    """The practice's country (ISO 3166), or an empty text before it was set up."""
    found = find_practice()
    return found.country if found is not None else ""


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


def treatments_of(modalities: Sequence[str]) -> list[Treatment]:
    """The treatments on offer with exactly these types, in the practice's order, each with its therapists."""
    alike = sa.select(Treatment).where(
        Treatment.retired_at.is_(None), Treatment.modalities == list(modalities)
    )
    in_order = alike.order_by(Treatment.position, Treatment.name)
    return list(db.session.scalars(in_order.options(sa.orm.selectinload(Treatment.therapists))))


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
    return ~sa.exists().where(
        _account.id == therapist.user_id,
        _account.active,
        _account.role_names.contains([Role.THERAPIST.value]),
    )


_account = sa.orm.aliased(User)
"""The account of a therapist; made once, because every staff page asks `never_signs_in`."""


def therapists(on: date) -> list[Therapist]:
    """Who works here on a day, in the practice's order."""
    return list(
        db.session.scalars(
            sa.select(Therapist)
            .where(sa.or_(Therapist.left_on.is_(None), Therapist.left_on > on))
            .order_by(Therapist.position, Therapist.family_name)
            .options(sa.orm.joinedload(Therapist.profile))
        )
    )


def locations(on: date) -> list[Location]:
    """Where the practice is on a day, in its order."""
    return list(db.session.scalars(sa.select(Location).where(_is_open(on)).order_by(*_IN_ORDER)))


def practice_zone(on: date) -> str:
    """The zone of the practice's first location on a day; UTC while it has none."""
    return db.session.scalar(sa.select(first_zone(on))) or NO_ZONE


def first_zone(on: date) -> sa.ScalarSelect[str]:
    """The same as a part of another statement; null while there is no location."""
    return sa.select(Location.zone).where(_is_open(on)).order_by(*_IN_ORDER).limit(1).scalar_subquery()


_IN_ORDER = (Location.position, Location.name)


def _is_open(on: date) -> sa.ColumnElement[bool]:
    return sa.or_(Location.closed_on.is_(None), Location.closed_on > on)


def usual_place(people: Iterable[Therapist], on: date) -> Location | None:
    """Where to look first for times with these therapists: the first location at which one of them has weekly hours."""
    places = locations(on)
    at = set(db.session.scalars(sa.select(WeeklyHours.location_id).where(_of_any(people, on))))
    return next((place for place in places if place.id in at), next(iter(places), None))


def weekdays_of(people: Iterable[Therapist], on: date) -> list[int]:
    """The weekdays on which these therapists have weekly hours from a day on; 0 is Monday."""
    return sorted(set(db.session.scalars(sa.select(WeeklyHours.weekday).where(_of_any(people, on)))))


def therapists_at(place: Location, on: date) -> list[Therapist]:
    """Who has weekly hours at a location from a day on, in the practice's order."""
    people = therapists(on)
    hours = sa.select(WeeklyHours.therapist_id).where(
        WeeklyHours.location_id == place.id, _of_any(people, on)
    )
    at = set(db.session.scalars(hours))
    return [person for person in people if person.id in at]


def _of_any(people: Iterable[Therapist], on: date) -> sa.ColumnElement[bool]:
    """A condition on weekly hours: of one of these therapists, and not over by this day."""
    return sa.and_(
        WeeklyHours.therapist_id.in_([person.id for person in people]),
        sa.or_(WeeklyHours.valid_until.is_(None), WeeklyHours.valid_until > on),
    )
