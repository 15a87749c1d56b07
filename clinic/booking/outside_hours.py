"""Visits that a change of hours, time off or a closure has left outside the hours, until somebody moves them.

A change of hours cancels nothing. The list is computed from the current rules, so a visit drops off it when it is moved
or cancelled, when the change is undone, or when the visit begins.
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
    """A visit at a time that nobody could book now, with the reason in a few words."""

    appointment: Appointment
    why: str


def visits(now: datetime) -> list[Outside]:
    """Every future visit outside the present hours, earliest first.

    A visit that staff deliberately booked outside the hours is left out, unless there is another objection to it.
    """
    coming = _coming(now)
    meant = _on_purpose(coming)
    return [
        Outside(visit, why)
        for visit, why in _judged(coming)
        if why is not None and not (why == OUTSIDE and visit.id in meant)
    ]


def _on_purpose(coming: Sequence[Appointment]) -> set[UUID]:
    """The ids of these visits whose present time staff agreed by waiving the hours."""
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
    """The ids of the visits that `visits` finds."""
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
    """The objection to a visit's present time, in words; None if there is none."""
    if reason is None:
        return ROOM_GONE if visit.room and visit.room.retired_at else None
    return in_words(reason, visit)


def in_words(reason: Against, visit: Appointment) -> str:
    """An objection to a time, as worded in the lists that staff see."""
    who = visit.therapist.given_name
    return {
        Against.LEFT: f"{who} will have left by then",
        Against.GONE_PLACE: f"{visit.location.name} will have closed for good by then",
        Against.CLOSED: "Closed",
        Against.AWAY: f"{who} has time off",
        Against.HOURS: OUTSIDE,
        Against.ROOM: ROOM_GONE,
        Against.NOT_SOLD: f"{visit.treatment.name} is no longer offered",
        Against.NOT_GIVEN: f"{who} no longer gives {visit.treatment.name}",
    }[reason]
