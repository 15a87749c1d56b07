"""Checks holds, offers and agreed times again by the current rules: one check for every way of taking a time.

1. A live hold was offered once, and notice, horizon, daily caps and steps were checked then. What the practice changed
   since is checked again: time off, closures, hours, treatments, therapists and rooms.
2. An expired hold is checked like any new start, not counting itself.
3. What staff waived for it (`Waiver`) stays waived, and what staff spared (`spared_at`) stays valid while it is held.
4. Undo restores what was agreed: only time off, closures and other visits prevent it.

A hold remembers the rules version it was made under. Every change of what the practice offers raises that version
(`practice.calendars`), so a hold of the current version needs no second check. Callers hold the lock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.booking import availability
from clinic.booking.models import Appointment, State, Waiver
from clinic.booking.placing import supply_as_agreed
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.waivers import Rule, waive
from clinic.db import db
from clinic.practice import opening_hours
from clinic.practice import queries as practice
from clinic.practice.opening_hours import PracticeRoster
from clinic.practice.queries import Unbookable
from clinic.practice.supply import Supply, supplies_of, supply_of
from clinic.scheduling import grid, hours
from clinic.scheduling.grid import Window
from clinic.scheduling.hours import Days, Rota

A_DAY = timedelta(days=1)


class Against(StrEnum):
    """An objection to a time at its place."""

    LEFT = "left"
    GONE_PLACE = "gone_place"
    CLOSED = "closed"
    AWAY = "away"
    HOURS = "hours"
    ROOM = "room"
    NOT_SOLD = "not_sold"
    NOT_GIVEN = "not_given"


ABSENT = frozenset({Against.LEFT, Against.GONE_PLACE, Against.CLOSED, Against.AWAY})
"""Nobody is there then, which no reason can waive."""


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A visit's time, therapist and location, without buffers: what hours, time off and closures apply to."""

    starts_at: datetime
    ends_at: datetime
    therapist_id: UUID
    location_id: UUID

    @classmethod
    def of(cls, row: Appointment) -> "Spot":
        """Where an appointment stands now."""
        return cls(
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            therapist_id=row.therapist_id,
            location_id=row.location_id,
        )


def is_possible(kept: Appointment, now: datetime) -> bool:
    """Whether a hold can still become a visit. Its calendars are locked, and the practice was read under the lock."""
    if not is_live(kept, now):
        return _could_begin(kept, now)
    if kept.spared_at is not None or kept.kept_under == practice.the_practice().rules_version:
        return True
    return against_kept([kept])[0] is None


def is_live(kept: Appointment, now: datetime) -> bool:
    """Whether the hold is live."""
    return kept.state == State.HELD and kept.held_until is not None and kept.held_until > now


def _could_begin(kept: Appointment, now: datetime) -> bool:
    """Whether it would be offered as a new start with the same therapist and room, not counting itself."""
    try:
        supply = supply_as_agreed(supply_of(kept.treatment_id), kept)
    except Unbookable:
        return False
    supply = waive(supply, _waived([kept]).get(kept.id, ()))
    sites = (
        replace(site, rooms=tuple(room for room in site.rooms if room == kept.room_id))
        for site in supply.sites
    )
    supply = replace(supply, sites=tuple(sites))
    criteria = SearchCriteria(
        kept.treatment_id, therapist_id=kept.therapist_id, location_id=kept.location_id, moving=(kept.id,)
    )
    days = availability.days_around(kept.starts_at, supply)
    return availability.find_offers(supply, criteria, days, now).offers.at(kept.starts_at) is not None


def against_kept(kept: Sequence[Appointment]) -> list[Against | None]:
    """The objections to these holds from what the practice changed, except what staff waived."""
    waived, supplies = _waived(kept), supplies_of({hold.treatment_id for hold in kept})
    found: list[Against | None] = []
    for hold, why in zip(kept, objections([Spot.of(hold) for hold in kept]), strict=True):
        aside = waived.get(hold.id, frozenset())
        reason = None if why is Against.HOURS and Rule.HOURS in aside else why
        found.append(reason or _against_sale(hold, supplies.get(hold.treatment_id), aside))
    return found


def _against_sale(hold: Appointment, supply: Supply | None, aside: Iterable[Rule]) -> Against | None:
    if supply is None:
        return Against.NOT_SOLD
    if hold.therapist_id not in supply.therapists:
        return Against.NOT_GIVEN
    if supply.needs_room and hold.room_id not in waive(supply, set(aside) & {Rule.ROOM}).rooms:
        return Against.ROOM
    return None


def _waived(kept: Sequence[Appointment]) -> dict[UUID, frozenset[Rule]]:
    """The rules that staff waived for each of these."""
    rows = db.session.execute(
        sa.select(Waiver.appointment_id, Waiver.rules).where(
            Waiver.appointment_id.in_([hold.id for hold in kept])
        )
    )
    found: dict[UUID, frozenset[Rule]] = {}
    for id_, rules in rows:
        found[id_] = found.get(id_, frozenset()) | {Rule(rule) for rule in rules}
    return found


def is_absent(spot: Spot) -> bool:
    """Whether nobody is there then: time off, a closure, somebody or a place that is gone."""
    return objections([spot])[0] in ABSENT


def objections(spots: Sequence[Spot]) -> list[Against | None]:
    """The objection of the current rota to each of these times: absence before hours."""
    if not spots:
        return []
    practice = opening_hours.roster()
    first, last = min(spot.starts_at for spot in spots), max(spot.ends_at for spot in spots)
    days = Days((first - A_DAY).date(), (last + 2 * A_DAY).date())
    rota = opening_hours.rota(practice, days, {spot.therapist_id for spot in spots})
    window = grid.covering(first - A_DAY, last + A_DAY)
    open_cells = hours.openings(window, practice.zones, rota)
    return [_against(spot, practice, rota, window, open_cells) for spot in spots]


def _against(
    spot: Spot,
    practice: PracticeRoster,
    rota: Rota[UUID],
    window: Window,
    open_cells: dict[tuple[UUID, UUID], int],
) -> Against | None:
    needed = grid.busy(window, [(spot.starts_at, spot.ends_at)])
    if not needed & ~open_cells.get((spot.therapist_id, spot.location_id), 0):
        return None
    zone: ZoneInfo = practice.zones[spot.location_id]
    begin, end = hours.wall(spot.starts_at, zone), hours.wall(spot.ends_at, zone)
    left_on, closed_on = practice.left_on.get(spot.therapist_id), practice.closed_on.get(spot.location_id)
    if left_on is not None and left_on <= begin.date():
        return Against.LEFT
    if closed_on is not None and closed_on <= begin.date():
        return Against.GONE_PLACE
    if any(
        each.location == spot.location_id and each.closed_from < end and begin < each.closed_until
        for each in rota.closures
    ):
        return Against.CLOSED
    if any(
        each.therapist == spot.therapist_id and each.away_from < end and begin < each.away_until
        for each in rota.time_off
    ):
        return Against.AWAY
    return Against.HOURS
