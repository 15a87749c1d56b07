"""The visits of some days as cards: time, client, treatment, room, state, and only those flags that are present."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import aliased

from clinic.accounts import audit, permissions
from clinic.accounts.models import Client, User
from clinic.accounts.permissions import Permission
from clinic.booking.models import LONGEST_OCCUPATION, OCCUPYING, Appointment, State
from clinic.db import db
from clinic.guidance.levels import Level
from clinic.intake.models import Outcome, Submission, SubmissionKind
from clinic.intake.queries import still_lasts
from clinic.plans import queries as plans
from clinic.plans.courses import COUNTED
from clinic.plans.models import Plan, PlannedSession
from clinic.practice.models import IntakeRule, Room, Treatment
from clinic.scheduling import hours
from clinic.scheduling.hours import Days
from clinic.staff.calendar.frame import CalendarPlace
from clinic.staff.day import LEVEL_FLAGS, Flag

GONE = (State.CANCELLED, State.MISSED)
"""Visits that take no time any more; shown on request."""
STATE_WORDS = {
    State.REQUESTED: ("Asked for", "brand", None),
    State.ARRIVED: ("Here", "ok", "check"),
    State.MISSED: ("Did not come", "caution", None),
    State.CANCELLED: ("Cancelled", None, None),
}
MOVABLE = (State.BOOKED, State.REQUESTED)


@dataclass(frozen=True, kw_only=True)
class Card:
    """Something that takes, or took, time in the calendar. Wall times are those of its own place."""

    id: UUID
    state: State
    revision: int
    therapist_id: UUID
    room_id: UUID | None
    room: str
    place_id: UUID
    begins: datetime
    ends: datetime
    """When the visit begins and ends, by the clock of its place."""
    taken_from: datetime
    taken_until: datetime
    """The same with its buffers."""
    minutes: int
    """Its length as agreed."""
    client: str
    treatment: str
    flags: tuple[Flag, ...] = ()
    is_movable: bool = False
    kept_until: datetime | None = None
    """On a kept time: how long it stays kept."""

    @property
    def is_kept(self) -> bool:
        """Whether it only keeps a time: for somebody who books online, or so that a change can be undone."""
        return self.state == State.HELD

    @property
    def is_gone(self) -> bool:
        """Whether it takes no time any more."""
        return self.state in GONE

    @property
    def what(self) -> str:
        """Treatment and room in a line."""
        return f"{self.treatment}, {self.room}" if self.room else self.treatment


_earlier, _counted, _first = aliased(Appointment), aliased(Appointment), aliased(Appointment)


def read_cards(
    days: Days, places: Sequence[CalendarPlace], *, reader: User, shows_gone: bool, now: datetime
) -> list[Card]:
    """Everything that takes time on these local days, earliest first, in one statement; `shows_gone` adds what was
    cancelled or missed.

    Safety flags stand only on visits of clients whose record the reader may open, and the access is recorded: the caller
    commits.
    """
    zones = {place.zone for place in places} or {ZoneInfo("UTC")}
    ranges = [hours.day_range(days, zone) for zone in zones]
    begins_at, ends_at = min(begins for begins, _ in ranges), max(ends for _, ends in ranges)
    sees_health = permissions.may(reader, Permission.HEALTH_READ)
    states = (*OCCUPYING, *GONE) if shows_gone else OCCUPYING
    rows = db.session.execute(
        sa.select(
            *_COLUMNS,
            _is_new().label("is_new"),
            _lacks_answers(now).label("lacks_answers"),
            _session().label("session"),
            (_levels(reader, now) if sees_health else sa.null()).label("levels"),
        )
        .join(Treatment, Treatment.id == Appointment.treatment_id)
        .outerjoin(Client, Client.id == Appointment.client_id)
        .outerjoin(Room, Room.id == Appointment.room_id)
        .where(
            Appointment.starts_at > begins_at - LONGEST_OCCUPATION,
            Appointment.starts_at < ends_at + LONGEST_OCCUPATION,
            Appointment.occupied_from < ends_at,
            Appointment.occupied_until > begins_at,
            Appointment.state.in_(states),
            sa.or_(Appointment.state != State.HELD, Appointment.held_until > now),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    ).all()
    _record(rows, reader, now)
    return [_card(row, now) for row in rows]


_COLUMNS = (
    Appointment.id,
    Appointment.client_id,
    Appointment.state,
    Appointment.revision,
    Appointment.therapist_id,
    Appointment.room_id,
    Appointment.location_id,
    Appointment.starts_at,
    Appointment.ends_at,
    Appointment.occupied_from,
    Appointment.occupied_until,
    Appointment.zone,
    Appointment.length_minutes,
    Appointment.held_until,
    Appointment.therapist_decides,
    Appointment.time_revision,
    Appointment.coming_revision,
    Client.given_name,
    Client.family_name,
    Treatment.name.label("treatment"),
    Room.name.label("room"),
)


def _is_new() -> sa.ColumnElement[bool]:
    before = sa.exists().where(
        _earlier.client_id == Appointment.client_id,
        _earlier.state.in_(COUNTED),
        _earlier.starts_at < Appointment.starts_at,
    )
    return sa.and_(Appointment.client_id.is_not(None), Appointment.state.in_(COUNTED), ~before)


def _lacks_answers(now: datetime) -> sa.ColumnElement[bool]:
    answered = sa.exists().where(
        Submission.client_id == Appointment.client_id,
        Submission.kind == SubmissionKind.FULL,
        still_lasts(now),
    )
    return sa.and_(Appointment.client_id.is_not(None), Treatment.intake != IntakeRule.NONE, ~answered)


def _session() -> sa.ScalarSelect[Any]:
    """Number and total of the visit in the client's running course, as `plans.courses.sessions` counts them."""
    opened = (
        sa.select(sa.func.min(_first.starts_at))
        .join(PlannedSession, PlannedSession.appointment_id == _first.id)
        .where(PlannedSession.plan_id == Plan.id, PlannedSession.number == 1)
        .correlate(Plan)
        .scalar_subquery()
    )
    number = (
        sa.select(sa.func.count())
        .select_from(_counted)
        .where(
            _counted.client_id == Appointment.client_id,
            _counted.state.in_(COUNTED),
            _counted.starts_at >= sa.func.least(Plan.made_at, opened),
            _counted.starts_at <= Appointment.starts_at,
        )
        .correlate(Plan, Appointment)
        .scalar_subquery()
    )
    return (
        sa.select(pg.array([number, Plan.sessions]))
        .where(
            Plan.client_id == Appointment.client_id,
            Plan.ended_at.is_(None),
            Appointment.state.in_(COUNTED),
        )
        .order_by(Plan.made_at.desc())
        .limit(1)
        .correlate(Appointment)
        .scalar_subquery()
    )


def _levels(reader: User, now: datetime) -> sa.ColumnElement[Any]:
    """The levels of the client's newest answers of each kind; null unless the reader may open the record."""
    newest = [
        sa.select(Outcome.level)
        .join(Submission, Submission.id == Outcome.submission_id)
        .where(Submission.client_id == Appointment.client_id, Submission.kind == kind)
        .order_by(Submission.submitted_at.desc())
        .limit(1)
        .correlate(Appointment)
        .scalar_subquery()
        for kind in SubmissionKind
    ]
    client_id = sa.type_coerce(Appointment.client_id, sa.Uuid())
    return sa.case((plans.is_treated(client_id, reader.id, now), pg.array(newest)))


def _record(rows: Sequence[Any], reader: User, now: datetime) -> None:
    for client_id in dict.fromkeys(row.client_id for row in rows if any(row.levels or ())):
        audit.record(
            audit.by_user(reader.id),
            "read",
            subject_type=Outcome.__tablename__,
            client_id=client_id,
            purpose="calendar",
            fields=("level",),
            now=now,
        )


def _card(row: Any, now: datetime) -> Card:
    zone = ZoneInfo(row.zone)
    state = State(row.state)
    kept = hours.wall(row.held_until, zone) if state == State.HELD and row.held_until else None
    return Card(
        id=row.id,
        state=state,
        revision=row.revision,
        therapist_id=row.therapist_id,
        room_id=row.room_id,
        room=row.room or "",
        place_id=row.location_id,
        begins=hours.wall(row.starts_at, zone),
        ends=hours.wall(row.ends_at, zone),
        taken_from=hours.wall(row.occupied_from, zone),
        taken_until=hours.wall(row.occupied_until, zone),
        minutes=row.length_minutes,
        client=" ".join(part for part in (row.given_name, row.family_name) if part) or "Erased client",
        treatment=row.treatment + (" (you decide the type)" if row.therapist_decides else ""),
        flags=tuple(_flags(row, state)),
        is_movable=state in MOVABLE and row.starts_at > now,
        kept_until=kept,
    )


def _flags(row: Any, state: State) -> list[Flag]:
    if state in (State.HELD, State.CANCELLED):
        return [STATE_WORDS[state]] if state in STATE_WORDS else []
    found: list[Flag] = [STATE_WORDS[state]] if state in STATE_WORDS else []
    if state == State.BOOKED and row.coming_revision == row.time_revision:
        found.append(("Comes", "ok", "check"))
    if row.is_new:
        found.append(("New", "brand", None))
    if row.lacks_answers:
        found.append(("Intake missing", "caution", None))
    level = max((Level(one) for one in row.levels or () if one is not None), default=Level.OK)
    if flag := LEVEL_FLAGS.get(level):
        found.append((flag[0], flag[1], None))
    if row.session and 1 <= row.session[0] <= row.session[1]:
        found.append((f"{row.session[0]} of {row.session[1]}", None, None))
    return found
