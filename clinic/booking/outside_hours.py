"""Bookings outside hours: visits that stood before hours, time off or a closure changed, until somebody moves them.

Nothing is cancelled by a change of hours. What is listed is computed from the rules as they stand, so a visit leaves the list
when it is moved or cancelled, when the change is taken back, or when its time comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.booking import revalidation
from clinic.booking.models import Appointment, State, Waiver
from clinic.booking.revalidation import Against, Spot
from clinic.booking.waivers import Rule
from clinic.db import db
from clinic.practice.models import Room

STANDING = (State.BOOKED, State.REQUESTED)
OUTSIDE = "Outside the hours"
ROOM_GONE = "The room is no longer used"


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
    judged = revalidation.objections([Spot.of(visit) for visit in coming])
    return [(visit, _why(visit, reason)) for visit, reason in zip(coming, judged, strict=True)]


def _why(visit: Appointment, reason: Against | None) -> str | None:
    """What speaks against a visit where it stands, in words; None when nothing does."""
    if reason is None:
        return ROOM_GONE if visit.room and visit.room.retired_at else None
    return in_words(reason, visit)


def in_words(reason: Against, visit: Appointment) -> str:
    """What speaks against a time, as staff read it in a list."""
    who = visit.therapist.given_name
    return {
        Against.LEFT: f"{who} no longer works here then",
        Against.GONE_PLACE: f"{visit.location.name} is closed for good then",
        Against.CLOSED: "Closed",
        Against.AWAY: f"{who} has time off",
        Against.HOURS: OUTSIDE,
        Against.ROOM: ROOM_GONE,
        Against.NOT_SOLD: f"{visit.treatment.name} is no longer offered",
        Against.NOT_GIVEN: f"{who} no longer gives {visit.treatment.name}",
    }[reason]
