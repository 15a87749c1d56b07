"""One day for staff: each visit with what to know about it, and what can be done with it now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from clinic.accounts import audit, permissions
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.booking import queries as booking
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.guidance.levels import Level
from clinic.intake.models import Outcome, Submission, SubmissionKind
from clinic.intake.queries import still_lasts
from clinic.messaging import queries as messages
from clinic.plans import courses
from clinic.plans import queries as plans
from clinic.plans.models import SessionNote
from clinic.practice import queries as practice
from clinic.practice.models import IntakeRule
from clinic.scheduling import hours
from clinic.web import context

OVER = (State.DONE, State.MISSED)

LEVEL_FLAGS = {
    Level.CAUTION: ("Caution", "caution", "shield"),
    Level.THERAPIST_REVIEW: ("Look first", "caution", "shield"),
    Level.REFER: ("Doctor first", "caution", "shield"),
    Level.URGENT: ("Urgent answers", "urgent", "warn"),
}
STATE_FLAGS = {
    State.REQUESTED: ("Asked for", "brand", None),
    State.ARRIVED: ("Here", "ok", "check"),
    State.MISSED: ("Did not come", "caution", None),
}

Flag = tuple[str, str | None, str | None]
"""Words, kind and sign, as the tag macro wants them."""


@dataclass(frozen=True, kw_only=True)
class DayVisit:
    """A visit of the day with the flags that are present."""

    appointment: Appointment
    marks: tuple[Flag, ...]
    """What else is worth knowing, most important first."""
    note: SessionNote | None
    is_own: bool
    """Whether the reader may open the client's health record."""
    is_next: bool = False

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Its state, if worth mentioning, and its flags."""
        state = STATE_FLAGS.get(State(self.appointment.state))
        return (state, *self.marks) if state else self.marks

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do but the note."""
        return self.appointment.state in OVER

    @property
    def is_signed(self) -> bool:
        """Whether the note is signed."""
        return self.note is not None and self.note.signed_at is not None

    @property
    def what(self) -> str:
        """Treatment and room in a line."""
        room = self.appointment.room
        open_type = " (you decide the type)" if self.appointment.therapist_decides else ""
        return self.appointment.treatment.name + open_type + (f", {room.name}" if room else "")


def practice_zone(now: datetime) -> str:
    """The zone of the practice's first location, for pages that belong to none."""
    return context.practice_zone(now)


def today(now: datetime) -> date:
    """The date at the practice's first location."""
    return hours.local_day(now, ZoneInfo(practice_zone(now)))


def visits(on: date, *, reader: User, therapist_id: UUID | None, now: datetime) -> list[DayVisit]:
    """The visits that begin on a local day of their location, earliest first, of one therapist or of all.

    Safety flags are shown only for clients whose record the reader may open, and the access is recorded: the caller
    commits.
    """
    return _seen(_appointments(on, therapist_id), reader, now)


def one(appointment: Appointment, *, reader: User, now: datetime) -> DayVisit:
    """A single visit, read and recorded like those of a day."""
    return _seen([appointment], reader, now)[0]


def next_day(after: date, therapist_id: UUID | None) -> date | None:
    """The next local day with a visit, for one therapist or any; None if there is none."""
    first: datetime | None = db.session.scalar(
        sa.select(sa.func.min(Appointment.wall_start)).where(
            Appointment.wall_start >= datetime.combine(after + timedelta(days=1), time()),
            Appointment.state.in_(courses.COUNTED),
            Appointment.client_id.is_not(None),
            *((Appointment.therapist_id == therapist_id,) if therapist_id else ()),
        )
    )
    return first.date() if first else None


def _seen(appointments: Sequence[Appointment], reader: User, now: datetime) -> list[DayVisit]:
    clients = {appointment.client_id for appointment in appointments if appointment.client_id}
    own = (
        plans.treated(reader.id, clients, now)
        if permissions.may(reader, Permission.HEALTH_READ)
        else frozenset()
    )
    levels = _levels(own)
    for client_id in levels:
        audit.record(
            audit.by_user(reader.id),
            "read",
            subject_type=Outcome.__tablename__,
            client_id=client_id,
            purpose="day",
            fields=("level",),
            now=now,
        )
    known = _Known(
        first_visits=_first_visits(clients),
        with_intake=_with_intake(clients, now),
        levels=levels,
        sessions=courses.sessions(appointments),
        untold=messages.not_delivered(one.id for one in appointments if one.starts_at > now),
        now=now,
    )
    notes = plans.notes(appointment.id for appointment in appointments)
    following = _next(appointments, now)
    return [
        DayVisit(
            appointment=appointment,
            marks=tuple(known.marks(appointment)),
            note=notes.get(appointment.id),
            is_own=appointment.client_id in own,
            is_next=appointment is following,
        )
        for appointment in appointments
    ]


def _appointments(on: date, therapist_id: UUID | None) -> list[Appointment]:
    """A day begins at each location's midnight, so locations in different zones are read separately."""
    zones = {location.zone for location in practice.locations(on)}
    found = [
        appointment
        for zone in sorted(zones)
        for appointment in booking.visits_on(on, zone, therapist_id)
        if appointment.location.zone == zone
    ]
    return sorted(found, key=lambda appointment: (appointment.starts_at, appointment.id))


def _next(appointments: Sequence[Appointment], now: datetime) -> Appointment | None:
    to_come = (
        appointment
        for appointment in appointments
        if appointment.state in (State.BOOKED, State.ARRIVED) and appointment.ends_at > now
    )
    return next(to_come, None)


@dataclass(frozen=True)
class _Known:
    """What was read about the clients of a day."""

    first_visits: dict[UUID, datetime]
    with_intake: frozenset[UUID]
    levels: dict[UUID, Level]
    sessions: dict[UUID, courses.Session]
    untold: frozenset[UUID]
    """Visits whose client did not get a message about them."""
    now: datetime

    def marks(self, appointment: Appointment) -> list[Flag]:
        client_id = appointment.client_id
        assert client_id is not None
        found: list[Flag] = []
        if appointment.id in self.untold:
            found.append(("Message not delivered", "caution", "warn"))
        if appointment.is_coming:
            found.append(("Says they are coming", "ok", "check"))
        if self.first_visits.get(client_id) == appointment.starts_at:
            found.append(("New client", "brand", "person"))
        if appointment.treatment.intake != IntakeRule.NONE and client_id not in self.with_intake:
            found.append(("Intake missing", "caution", "clip"))
        if flag := LEVEL_FLAGS.get(self.levels.get(client_id, Level.OK)):
            found.append(flag)
        if session := self.sessions.get(appointment.id):
            found.append((f"Session {session.number} of {session.of}", None, None))
            if session.look_back:
                found.append((self._look_back(appointment), "brand", "flag"))
        return found

    def _look_back(self, appointment: Appointment) -> str:
        zone = ZoneInfo(appointment.zone)
        is_today = hours.local_day(appointment.starts_at, zone) == hours.local_day(self.now, zone)
        return "Look back today" if is_today else "Look back"


def _first_visits(clients: set[UUID]) -> dict[UUID, datetime]:
    rows = db.session.execute(
        sa.select(Appointment.client_id, sa.func.min(Appointment.starts_at))
        .where(Appointment.client_id.in_(clients), Appointment.state.in_(courses.COUNTED))
        .group_by(Appointment.client_id)
    )
    return {client_id: starts_at for client_id, starts_at in rows if client_id is not None}


def _with_intake(clients: set[UUID], now: datetime) -> frozenset[UUID]:
    return frozenset(
        db.session.scalars(
            sa.select(Submission.client_id).where(
                Submission.client_id.in_(clients),
                Submission.kind == SubmissionKind.FULL,
                still_lasts(now),
            )
        )
    )


def _levels(clients: frozenset[UUID]) -> dict[UUID, Level]:
    """The higher of a client's newest full and newest short outcome."""
    rows = db.session.execute(
        sa.select(Submission.client_id, Outcome.level)
        .join(Outcome, Outcome.submission_id == Submission.id)
        .where(Submission.client_id.in_(clients))
        .ext(pg.distinct_on(Submission.client_id, Submission.kind))
        .order_by(Submission.client_id, Submission.kind, Submission.submitted_at.desc())
    )
    found: dict[UUID, Level] = {}
    for client_id, level in rows:
        assert client_id is not None
        found[client_id] = max(Level(level), found.get(client_id, Level.OK))
    return found
