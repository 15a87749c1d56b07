"""When time zone rules or a location's zone change, future visits keep the local time that was promised.

What was promised is the local time at the location; the instant follows from it. Nothing changes silently: what would
move is listed first, and moving raises the revision, so that letters and calendar files follow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.accounts import audit
from clinic.booking.models import Appointment, State
from clinic.booking.placing import set_time
from clinic.booking.states import forget_undo, raise_revision
from clinic.db import db, violates
from clinic.practice import calendars, premises
from clinic.practice.editing import amend
from clinic.refusal import Refusal
from clinic.scheduling import hours

CONSTRAINTS = "ex_appointments_therapist, ex_appointments_room"
STANDING = (State.REQUESTED, State.BOOKED)


class WouldOverlap(Refusal):
    """Two visits that were apart would overlap."""

    code = "would-overlap"
    sentence = "With their times on the clock kept, two visits would overlap. Nothing was changed; move one of them first."


@dataclass(frozen=True)
class ZoneShift:
    """A visit, and the instant that now corresponds to the promised time.

    `shows` is that local time; it differs from `promised` only if the clock skips it.
    """

    appointment: Appointment
    promised: datetime
    starts_at: datetime
    shows: datetime


def drifted(now: datetime) -> list[ZoneShift]:
    """Visits to come whose instant no longer shows the promised time under the present zone rules, earliest first."""
    return [each for each in _shifts(_standing(now), lambda visit: visit.zone) if _moves(each)]


def repair(*, actor: str, now: datetime) -> list[ZoneShift]:
    """Move every drifted visit to its promised time, all in one step; safe to repeat. Raises WouldOverlap."""
    with calendars.changing():
        _lapse_drifted_holds(now)
        found = drifted(now)
        _apply(found, actor=actor, now=now)
    return found


def shifts(location_id: UUID, zone: str, now: datetime) -> list[ZoneShift]:
    """What another zone would do to the location's future visits, earliest first."""
    at = _standing(now).where(Appointment.location_id == location_id)
    return _shifts(at, lambda visit: zone)


def change_zone(location_id: UUID, zone: str, *, actor: str, now: datetime) -> list[ZoneShift]:
    """Change a location's time zone; its future visits keep their local time.

    Its holds are released. Does nothing if the zone is unchanged. Raises UnknownZone and WouldOverlap.
    """
    where = premises.location(location_id)
    if where.zone == zone:
        return []
    premises.require_zone(zone)
    with calendars.changing():
        found = shifts(location_id, zone, now)
        amend(where, {"zone": zone}, actor=actor, now=now)
        db.session.execute(
            sa.update(Appointment)
            .where(Appointment.location_id == location_id, Appointment.state == State.HELD)
            .values(state=State.LAPSED, changed_at=now)
        )
        for each in found:
            each.appointment.zone = zone
        _apply(found, actor=actor, now=now)
    return found


def describe_shift(shift: ZoneShift) -> str:
    """A shift in one line, without anybody's name: reference, promised time, zone, and the instant it means now."""
    visit = shift.appointment
    text = f"{visit.reference}  {shift.promised:%Y-%m-%d %H:%M}  {visit.zone}  is {shift.starts_at:%Y-%m-%d %H:%M} UTC"
    return (
        text if shift.shows == shift.promised else f"{text}; the clock skips it and shows {shift.shows:%H:%M}"
    )


def _standing(now: datetime) -> sa.Select[Appointment]:
    return (
        sa.select(Appointment)
        .where(Appointment.starts_at > now, Appointment.state.in_(STANDING))
        .order_by(Appointment.starts_at, Appointment.id)
        .options(
            joinedload(Appointment.client),
            joinedload(Appointment.therapist),
            joinedload(Appointment.location),
            joinedload(Appointment.treatment),
        )
        .execution_options(populate_existing=True)
    )


def _shifts(standing: sa.Select[Appointment], zone_of: Callable[[Appointment], str]) -> list[ZoneShift]:
    found = []
    for visit in db.session.scalars(standing):
        zone = ZoneInfo(zone_of(visit))
        starts_at = hours.earliest_instant(visit.wall_start, zone)
        found.append(ZoneShift(visit, visit.wall_start, starts_at, hours.wall(starts_at, zone)))
    return found


def _moves(shift: ZoneShift) -> bool:
    """Whether the clock now shows something else; in autumn's repeated hour, both instants keep the promise."""
    visit = shift.appointment
    shown = hours.wall(visit.starts_at, ZoneInfo(visit.zone))
    return shown != visit.wall_start and shift.starts_at != visit.starts_at


def _lapse_drifted_holds(now: datetime) -> None:
    held = db.session.scalars(
        sa.select(Appointment).where(Appointment.state == State.HELD, Appointment.starts_at > now)
    )
    for each in held:
        if hours.wall(each.starts_at, ZoneInfo(each.zone)) != each.wall_start:
            each.state = State.LAPSED
            each.changed_at = now
    db.session.flush()


def _apply(found: Sequence[ZoneShift], *, actor: str, now: datetime) -> None:
    db.session.execute(sa.text(f"SET CONSTRAINTS {CONSTRAINTS} DEFERRED"))
    for shift in found:
        visit = shift.appointment
        set_time(visit, shift.starts_at)
        raise_revision(visit, now, time_too=True)
        forget_undo(visit)
        if visit.decide_by is not None:
            visit.decide_by = min(visit.decide_by, visit.starts_at)
        audit.record(
            actor, "keep_wall_time", visit, client_id=visit.client_id, fields=["starts_at", "zone"], now=now
        )
    with (
        violates("ex_appointments_therapist", WouldOverlap()),
        violates("ex_appointments_room", WouldOverlap()),
    ):
        db.session.flush()
        db.session.execute(sa.text(f"SET CONSTRAINTS {CONSTRAINTS} IMMEDIATE"))
