"""Waivers: the booking rules that staff can set aside for a reason, and which of them a start would break.

Some things cannot be waived: two visits at one time, absences and closures, a therapist who left, a retired treatment,
and safety.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from clinic.booking import availability
from clinic.booking.placing import NotOffered, local_time
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db
from clinic.practice.models import Room
from clinic.practice.rota import rota_of
from clinic.practice.supply import Supply
from clinic.scheduling.grid import CELL

ANY_TIME_AHEAD = timedelta(days=3660)


class Rule(StrEnum):
    """A rule that can be waived. Hours come before the step, because they decide where free time begins and ends."""

    HOURS = "hours"
    NOTICE = "notice"
    HORIZON = "horizon"
    DAILY_CAP = "daily_cap"
    TRAVEL = "travel"
    ROOM = "room"
    STEP = "step"
    PERSON = "person"
    """A person is in one place at a time; waived for couples who book under two names, and for people who share a
    name."""


class Impossible(NotOffered):
    """The start is impossible whatever is waived; the sentence tells staff why."""

    code = "impossible"
    sentence = "The therapist or every room is taken then, buffers included."


PASSED = "That time has passed."
UNEVEN = "Visits begin at a whole five minutes."
GIVES_NOT = "This therapist does not give this treatment."
AWAY = "The therapist is away then, or the place is closed. Change the time off or the closure first."


def broken(supply: Supply, criteria: SearchCriteria, starts_at: datetime, now: datetime) -> tuple[Rule, ...]:
    """The fewest rules to waive so that a start can be taken, in the order of `Rule`; empty if it is offered.

    `criteria` names the therapist and the location. Raises Impossible.
    """
    if _is_offered(supply, criteria, starts_at, now):
        return ()
    needed = frozenset(Rule)
    if not _is_offered(waive(supply, needed), criteria, starts_at, now):
        raise Impossible(_why_not(supply, criteria, starts_at, now))
    for rule in Rule:
        if _is_offered(waive(supply, needed - {rule}), criteria, starts_at, now):
            needed -= {rule}
    return tuple(rule for rule in Rule if rule in needed)


def waive(supply: Supply, rules: Iterable[Rule]) -> Supply:
    """The same supply without these rules."""
    changed = supply
    for rule in rules:
        changed = _WITHOUT[rule](changed)
    return changed


def _is_offered(supply: Supply, criteria: SearchCriteria, starts_at: datetime, now: datetime) -> bool:
    days = availability.days_around(starts_at, supply)
    return availability.find_offers(supply, criteria, days, now).offers.at(starts_at) is not None


def _without_hours(supply: Supply) -> Supply:
    return replace(supply, always_open=True)


def _without_notice(supply: Supply) -> Supply:
    return replace(supply, rules=replace(supply.rules, notice=timedelta(0)))


def _without_horizon(supply: Supply) -> Supply:
    return replace(supply, rules=replace(supply.rules, horizon=ANY_TIME_AHEAD))


def _without_cap(supply: Supply) -> Supply:
    return replace(supply, daily_cap={})


def _without_travel(supply: Supply) -> Supply:
    ids = [site.location_id for site in supply.sites]
    return replace(supply, travel={(here, there): timedelta(0) for here in ids for there in ids})


def _without_step(supply: Supply) -> Supply:
    return replace(supply, rules=replace(supply.rules, step=CELL))


def _without_person(supply: Supply) -> Supply:
    return replace(supply, elsewhere=())


def _any_room(supply: Supply) -> Supply:
    """Suitable rooms first, then the location's other current rooms."""
    others: dict[UUID, list[UUID]] = defaultdict(list)
    in_use = sa.select(Room.location_id, Room.id).where(Room.retired_at.is_(None))
    for location_id, room_id in db.session.execute(in_use.order_by(Room.position, Room.id)):
        others[location_id].append(room_id)
    return replace(
        supply,
        sites=tuple(
            replace(site, rooms=tuple(dict.fromkeys((*site.rooms, *others[site.location_id]))))
            for site in supply.sites
        ),
    )


_WITHOUT = {
    Rule.HOURS: _without_hours,
    Rule.NOTICE: _without_notice,
    Rule.HORIZON: _without_horizon,
    Rule.DAILY_CAP: _without_cap,
    Rule.TRAVEL: _without_travel,
    Rule.ROOM: _any_room,
    Rule.STEP: _without_step,
    Rule.PERSON: _without_person,
}


def _why_not(supply: Supply, criteria: SearchCriteria, starts_at: datetime, now: datetime) -> str:
    if starts_at < now:
        return PASSED
    if starts_at.timestamp() % CELL.total_seconds():
        return UNEVEN
    therapists = availability.candidates(supply, criteria)
    if not therapists:
        return GIVES_NOT
    return AWAY if _is_away(supply, criteria, therapists, starts_at) else Impossible.sentence


def _is_away(
    supply: Supply, criteria: SearchCriteria, therapists: Iterable[UUID], starts_at: datetime
) -> bool:
    """Whether time off or a closure overlaps the visit, in the location's local time."""
    rota = rota_of(supply, availability.days_around(starts_at, supply), therapists)
    for site in supply.sites:
        if criteria.location_id in (None, site.location_id):
            begins = local_time(starts_at, site.zone.key)
            ends = local_time(starts_at + supply.need.length, site.zone.key)
            absent = [(off.away_from, off.away_until) for off in rota.time_off]
            shut = [
                (one.closed_from, one.closed_until)
                for one in rota.closures
                if one.location == site.location_id
            ]
            if any(since < ends and until > begins for since, until in (*absent, *shut)):
                return True
    return False
