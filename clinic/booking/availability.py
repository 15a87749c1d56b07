"""What is free: the starts that can be offered for a treatment. Read-only, at most three statements a question.

The same question is asked twice: without a lock to show times, and under the lock (`services.lock`) to take one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.booking.models import OCCUPYING
from clinic.db import db
from clinic.practice import queries as practice
from clinic.practice.queries import DEFAULT_TRAVEL, Supply
from clinic.scheduling import hours, slots
from clinic.scheduling.hours import Days

LONGEST_OCCUPATION = timedelta(hours=12)
"""A constraint of the table; lets the read of busy time start at a bounded place in the index."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants: a treatment, perhaps with one therapist or at one location.

    `own_therapist` is preferred among several, never required. `without` is an appointment that is about to move, and
    `besides` are others that move along: their present times do not stand in their own way.
    """

    treatment_id: UUID
    therapist_id: UUID | None = None
    location_id: UUID | None = None
    own_therapist: UUID | None = None
    without: UUID | None = None
    besides: tuple[UUID, ...] = ()

    @property
    def moving(self) -> tuple[UUID, ...]:
        """The appointments that are about to move."""
        return (*((self.without,) if self.without else ()), *self.besides)


@dataclass(frozen=True)
class Answer:
    """What a wish found: the offers, and the supply they were computed from."""

    supply: Supply
    offers: slots.Offers[UUID]
    therapists: tuple[UUID, ...]


def offers(wish: Wish, days: Days, now: datetime) -> Answer:
    """Starts that may be offered on local days of each location, notice and horizon measured from now.

    Raises Unbookable when the treatment is not sold. An unknown therapist or location finds nothing.
    """
    return look(practice.supply(wish.treatment_id), wish, days, now)


def look(supply: Supply, wish: Wish, days: Days, now: datetime) -> Answer:
    """The offers of a wish on a supply that was already read (under the lock it is read before)."""
    therapists = candidates(supply, wish)
    question = slots.Question(
        need=supply.need,
        days=days,
        now=now,
        therapists=therapists,
        places=tuple(_places(supply, wish)),
        preferred=wish.own_therapist if wish.own_therapist in therapists else None,
        smallest=supply.smallest,
    )
    rota = practice.rota(supply, days, therapists)
    taken = _taken(supply, question, wish, now)
    return Answer(supply, slots.offers(question, rota, taken), therapists)


def candidates(supply: Supply, wish: Wish) -> tuple[UUID, ...]:
    """The therapists who may serve the wish, in the practice's order."""
    if wish.therapist_id is None:
        return supply.therapists
    return tuple(id_ for id_ in supply.therapists if id_ == wish.therapist_id)


def _places(supply: Supply, wish: Wish) -> Iterable[slots.Place[UUID]]:
    for site in supply.sites:
        if wish.location_id in (None, site.location_id):
            yield slots.Place(
                location=site.location_id,
                zone=site.zone,
                rooms=site.rooms if supply.needs_room else None,
                step=supply.rules.step,
                notice=supply.rules.notice,
                horizon=supply.rules.horizon,
                pack=supply.rules.pack,
            )


_COLUMNS = "occupied_from, occupied_until, location_id, wall_start"
_BUSY = sa.text(
    f"""
    SELECT 'therapist' AS kind, therapist_id AS of, {_COLUMNS} FROM appointments
     WHERE therapist_id = ANY(:therapists) AND occupied_from >= :earliest AND occupied_from < :until
       AND occupied_until > :begins AND state = ANY(:occupying) AND (state <> 'held' OR held_until > :now)
       AND id <> ALL(:without) AND (undo_of_id IS NULL OR undo_of_id <> ALL(:without))
    UNION ALL
    SELECT 'room', room_id, {_COLUMNS} FROM appointments
     WHERE room_id = ANY(:rooms) AND occupied_from >= :earliest AND occupied_from < :until
       AND occupied_until > :begins AND state = ANY(:occupying) AND (state <> 'held' OR held_until > :now)
       AND id <> ALL(:without) AND (undo_of_id IS NULL OR undo_of_id <> ALL(:without))
    """  # noqa: S608 - the only interpolation is the constant list of columns above
)


def _taken(supply: Supply, question: slots.Question[UUID], wish: Wish, now: datetime) -> slots.Taken[UUID]:
    window = question.window()
    rows = db.session.execute(
        _BUSY,
        {
            "therapists": list(question.therapists),
            "rooms": list(supply.rooms),
            "earliest": window.begins_at - LONGEST_OCCUPATION,
            "begins": window.begins_at,
            "until": window.ends_at,
            "occupying": [state.value for state in OCCUPYING],
            "now": now,
            "without": list(wish.moving),
        },
    ).all()
    therapist_rows = [row for row in rows if row.kind == "therapist"]
    return slots.Taken(
        therapists=tuple((row.of, row.occupied_from, row.occupied_until) for row in therapist_rows),
        rooms=tuple((row.of, row.occupied_from, row.occupied_until) for row in rows if row.kind == "room"),
        travelling=tuple(_travelling(supply, therapist_rows)),
        booked=_counted(therapist_rows),
        daily_cap=supply.daily_cap,
    )


def _travelling(supply: Supply, rows: Iterable[Any]) -> Iterable[tuple[UUID, UUID, datetime, datetime]]:
    """Where a therapist cannot be around each visit: at every other location, for the way there and back."""
    others = [site.location_id for site in supply.sites]
    for row in rows:
        for other in others:
            if other == row.location_id:
                continue
            there = supply.travel.get((row.location_id, other), DEFAULT_TRAVEL)
            back = supply.travel.get((other, row.location_id), DEFAULT_TRAVEL)
            yield row.of, other, row.occupied_from - back, row.occupied_until + there


def _counted(rows: Iterable[Any]) -> Mapping[tuple[UUID, date], int]:
    return Counter((row.of, row.wall_start.date()) for row in rows)


def days_around(instant: datetime, supply: Supply) -> Days:
    """Local days that surely contain an instant, in every zone of the supply."""
    on = [hours.local_day(instant, site.zone) for site in supply.sites] or [instant.date()]
    return Days(min(on), max(on) + timedelta(days=1))
