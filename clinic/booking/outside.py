"""Bookings outside hours: visits that stood before hours, time off or a closure changed, until somebody moves them.

Nothing is cancelled by a change of hours. What is listed is computed from the rules as they stand, so a visit leaves the list
when it is moved or cancelled, when the change is taken back, or when its time comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.booking.models import Appointment, State, Waiver
from clinic.booking.rules import Rule
from clinic.db import db
from clinic.practice import opening
from clinic.practice.models import Room
from clinic.practice.opening import House
from clinic.scheduling import grid, hours
from clinic.scheduling.grid import Window
from clinic.scheduling.hours import Days, Rota

STANDING = (State.BOOKED, State.REQUESTED)
OUTSIDE = "Outside the hours"


@dataclass(frozen=True)
class Outside:
    """A visit that stands although nobody could book it there now, and why in a few words."""

    appointment: Appointment
    why: str


def visits(now: datetime) -> list[Outside]:
    """Every visit to come that lies outside what is open now, earliest first.

    A visit that staff put outside the hours on purpose, for a reason, is none of them, unless something else is against it.
    """
    coming = _coming(now)
    meant = _on_purpose(coming)
    return [
        Outside(visit, why)
        for visit, why in _judged(coming)
        if why is not None and not (why == OUTSIDE and visit.id in meant)
    ]


def _on_purpose(coming: Sequence[Appointment]) -> set[UUID]:
    """Which of these visits have their present time by a waiver of the hours."""
    waived = (
        sa.select(Appointment.id)
        .join(Waiver, Waiver.appointment_id == Appointment.id)
        .where(
            Appointment.id.in_([visit.id for visit in coming]),
            Waiver.rules.contains([Rule.HOURS.value]),
            Waiver.made_at >= Appointment.time_agreed_at,
        )
    )
    return set(db.session.scalars(waived))


def ids(now: datetime) -> set[UUID]:
    """Which visits these are."""
    return {each.appointment.id for each in visits(now)}


def _coming(now: datetime) -> Sequence[Appointment]:
    return db.session.scalars(
        sa.select(Appointment)
        .where(
            Appointment.starts_at > now, Appointment.state.in_(STANDING), Appointment.client_id.is_not(None)
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .options(
            joinedload(Appointment.client),
            joinedload(Appointment.therapist),
            joinedload(Appointment.treatment),
            joinedload(Appointment.location),
            joinedload(Appointment.room).load_only(Room.name, Room.retired_at),
        )
    ).all()


def _judged(coming: Sequence[Appointment]) -> list[tuple[Appointment, str | None]]:
    if not coming:
        return []
    house = opening.house()
    first = coming[0].starts_at
    last = max(visit.ends_at for visit in coming)
    days = Days((first - timedelta(days=1)).date(), (last + timedelta(days=2)).date())
    rota = opening.rota(house, days)
    window = grid.covering(first - timedelta(days=1), last + timedelta(days=1))
    open_cells = hours.openings(window, house.zones, rota)
    return [(visit, _why(visit, house, rota, window, open_cells)) for visit in coming]


def _why(
    visit: Appointment,
    house: House,
    rota: Rota[UUID],
    window: Window,
    open_cells: dict[tuple[UUID, UUID], int],
) -> str | None:
    """What speaks against a visit where it stands; None when nothing does."""
    needed = grid.busy(window, [(visit.starts_at, visit.ends_at)])
    is_open = not needed & ~open_cells.get((visit.therapist_id, visit.location_id), 0)
    if is_open:
        return "The room is no longer used" if visit.room and visit.room.retired_at else None
    zone = ZoneInfo(visit.location.zone)
    begin, end = hours.wall(visit.starts_at, zone), hours.wall(visit.ends_at, zone)
    left_on, closed_on = house.left_on.get(visit.therapist_id), house.closed_on.get(visit.location_id)
    if left_on is not None and left_on <= begin.date():
        return f"{visit.therapist.given_name} no longer works here then"
    if closed_on is not None and closed_on <= begin.date():
        return f"{visit.location.name} is closed for good then"
    if any(
        each.location == visit.location_id and each.closed_from < end and begin < each.closed_until
        for each in rota.closures
    ):
        return "Closed"
    if any(
        each.therapist == visit.therapist_id and each.away_from < end and begin < each.away_until
        for each in rota.time_off
    ):
        return f"{visit.therapist.given_name} has time off"
    return OUTSIDE
