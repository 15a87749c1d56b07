"""Visits that a change of hours, time off or a closure has left outside the hours, until somebody moves them.

A change of hours cancels nothing. The list is computed from the current rules, so a visit drops off it when it is moved
or cancelled, when the change is undone, or when the visit begins.
"""

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


@dataclass(frozen=True)
class Outside:
    """A visit at a time that nobody could book now, with the reason in a few words."""

    appointment: Appointment
    why: str


def visits(now: datetime) -> list[Outside]:
    """Every future visit outside the present hours, earliest first.

    A visit that staff deliberately booked outside the hours is left out, unless there is another objection to it.
    """
    against = _against(now)
    found = db.session.scalars(
        sa.select(Appointment)
        .where(Appointment.id.in_(against))
        .order_by(Appointment.starts_at, Appointment.id)
        .options(
            joinedload(Appointment.client),
            joinedload(Appointment.therapist),
            joinedload(Appointment.treatment),
            joinedload(Appointment.location),
        )
    )
    return [Outside(visit, in_words(against[visit.id], visit)) for visit in found]


def ids(now: datetime) -> set[UUID]:
    """The ids of the visits that `visits` finds."""
    return set(_against(now))


def _against(now: datetime) -> dict[UUID, Against]:
    """The objection to each future visit that has one. Of the others, which are nearly all, only what is judged is read."""
    waived_hours = sa.exists().where(
        Waiver.appointment_id == Appointment.id,
        Waiver.rules.contains([Rule.HOURS.value]),
        Waiver.made_at >= Appointment.time_agreed_at,
    )
    coming = db.session.execute(
        sa.select(
            Appointment.id,
            Appointment.starts_at,
            Appointment.ends_at,
            Appointment.therapist_id,
            Appointment.location_id,
            sa.func.coalesce(Room.retired_at.is_not(None), False).label("room_is_gone"),
            waived_hours.label("waived_hours"),
        )
        .outerjoin(Room, Room.id == Appointment.room_id)
        .where(
            Appointment.starts_at > now, Appointment.state.in_(STANDING), Appointment.client_id.is_not(None)
        )
        .order_by(Appointment.starts_at, Appointment.id)
    ).all()
    found = {}
    spots = [
        Spot(
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            therapist_id=each.therapist_id,
            location_id=each.location_id,
        )
        for each in coming
    ]
    for row, reason in zip(coming, revalidation.objections(spots), strict=True):
        if reason is None or (reason is Against.HOURS and row.waived_hours):
            reason = Against.ROOM if row.room_is_gone else None
        if reason is not None:
            found[row.id] = reason
    return found


def in_words(reason: Against, visit: Appointment) -> str:
    """An objection to a time, as worded in the lists that staff see."""
    who = visit.therapist.given_name
    return {
        Against.LEFT: f"{who} will have left by then",
        Against.GONE_PLACE: f"{visit.location.name} will have closed for good by then",
        Against.CLOSED: "Closed",
        Against.AWAY: f"{who} has time off",
        Against.HOURS: "Outside the hours",
        Against.ROOM: "The room is no longer used",
        Against.NOT_SOLD: f"{visit.treatment.name} is no longer offered",
        Against.NOT_GIVEN: f"{who} no longer gives {visit.treatment.name}",
    }[reason]
