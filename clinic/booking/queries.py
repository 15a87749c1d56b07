"""Reads of appointments worth a name."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import joinedload

from clinic.accounts import signed_links
from clinic.booking.models import CAME, OCCUPYING, Appointment, State
from clinic.db import db
from clinic.practice.models import Practice
from clinic.practice.queries import remember_practice
from clinic.refusal import NotFound
from clinic.scheduling import hours
from clinic.scheduling.hours import Days

WITH_ALL = (
    joinedload(Appointment.client),
    joinedload(Appointment.therapist),
    joinedload(Appointment.treatment),
    joinedload(Appointment.location),
    joinedload(Appointment.room),
)
"""Everything an appointment points to, in the statement that reads it."""


def appointment(appointment_id: UUID) -> Appointment:
    """The appointment with everything its pages show, the practice too, in one statement; raises NotFound."""
    row = db.session.execute(
        sa.select(Appointment, Practice)
        .join(Practice, sa.true())
        .where(Appointment.id == appointment_id)
        .options(*WITH_ALL)
    ).one_or_none()
    if row is None:
        raise NotFound
    remember_practice(row.Practice)
    found: Appointment = row.Appointment
    return found


def by_manage_token(token: str) -> Appointment:
    """The appointment with this manage token; raises NotFound for any invalid token."""
    claim = signed_links.check(token)
    if claim is None:
        raise NotFound
    found = appointment(claim.subject_id)
    if not claim.holds(found.link_epoch):
        raise NotFound
    return found


def reservation_of(browser: bytes | None, now: datetime, *, lapsed_too: bool = False) -> Appointment | None:
    """The browser's hold, even if it expired but nobody took the time yet; None if there is none.

    `lapsed_too` also finds the last lapsed one, to say what became of it. The practice, whose terms every caller needs,
    is read in the same statement.
    """
    if browser is None:
        return None
    states = (State.HELD, State.LAPSED) if lapsed_too else (State.HELD,)
    mine = (
        sa.select(Appointment, Practice)
        .join(Practice, sa.true())
        .where(Appointment.held_by == browser, Appointment.state.in_(states), Appointment.starts_at > now)
        .order_by(Appointment.created_at.desc())
        .options(*WITH_ALL)
        .limit(1)
    )
    row = db.session.execute(mine).one_or_none()
    if row is None:
        return None
    remember_practice(row.Practice)
    hold: Appointment = row.Appointment
    return hold


@dataclass(frozen=True, kw_only=True)
class KeptTime:
    """A hold as it was seen before its calendars are locked, as far as somebody who completes it has to know."""

    id: UUID
    therapist_id: UUID
    room_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    treatment: str
    """Its slug."""
    country: str
    """Of the practice."""


_KEPT = """
    SELECT a.id, a.therapist_id, a.room_id, a.starts_at, a.ends_at, t.slug AS treatment, p.country
      FROM appointments a JOIN treatments t ON t.id = a.treatment_id CROSS JOIN practice p
     WHERE a.held_by = %(browser)s AND a.state IN ('held', 'lapsed') AND a.starts_at > %(now)s
     ORDER BY a.created_at DESC LIMIT 1
"""


def kept_time(browser: bytes, now: datetime) -> KeptTime | None:
    """What `reservation_of` finds, lapsed ones too, without the rows it refers to: for a caller who books at once."""
    asked = {"browser": browser, "now": now}
    row = db.session.connection().exec_driver_sql(_KEPT, asked).mappings().one_or_none()
    return None if row is None else KeptTime(**row)


def visits_on(
    on: date, zone: str, therapist_id: UUID | None = None, states: Sequence[State] | None = None
) -> list[Appointment]:
    """Visits that begin on a local day, earliest first, not counting holds.

    By default all that take time and those missed; `states` chooses others.
    """
    begins, ends = hours.day_range(Days(on, on + timedelta(days=1)), ZoneInfo(zone))
    wanted = states or (*(state for state in OCCUPYING if state is not State.HELD), State.MISSED)
    query = (
        sa.select(Appointment)
        .where(
            Appointment.starts_at >= begins,
            Appointment.starts_at < ends,
            Appointment.state.in_(wanted),
            Appointment.client_id.is_not(None),
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .options(*WITH_ALL)
    )
    if therapist_id is not None:
        query = query.where(Appointment.therapist_id == therapist_id)
    return list(db.session.scalars(query))


def upcoming(client_id: UUID, now: datetime) -> list[Appointment]:
    """A client's visits that are still to come or under way, earliest first."""
    return list(
        db.session.scalars(
            sa.select(Appointment)
            .where(
                Appointment.client_id == client_id,
                Appointment.ends_at > now,
                Appointment.state.in_([State.REQUESTED, State.BOOKED, State.ARRIVED]),
            )
            .order_by(Appointment.starts_at)
            .options(*WITH_ALL)
        )
    )


def visits_of(client_id: UUID, limit: int | None = None) -> list[Appointment]:
    """All visits of a client, the newest first, also those that did not take place. One statement."""
    return list(
        db.session.scalars(
            sa.select(Appointment)
            .where(Appointment.client_id == client_id)
            .order_by(Appointment.starts_at.desc(), Appointment.id)
            .limit(limit)
            .options(*WITH_ALL)
        )
    )


def first_came_at(client_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When the first visit began that each of these clients came to; who never came is not in it."""
    came = (
        sa.select(Appointment.client_id, sa.func.min(Appointment.starts_at))
        .where(
            Appointment.client_id == sa.any_(sa.cast(list(client_ids), pg.ARRAY(sa.Uuid))),
            Appointment.state.in_(CAME),
        )
        .group_by(Appointment.client_id)
    )
    return {client_id: at for client_id, at in db.session.execute(came) if client_id is not None}


def own_therapist(client_id: UUID) -> UUID | None:
    """The therapist of this client's last visit, past or future, whom they most likely want again; None before the
    first."""
    return db.session.scalar(
        sa.select(Appointment.therapist_id)
        .where(
            Appointment.client_id == client_id,
            Appointment.state.in_([State.BOOKED, State.ARRIVED, State.DONE]),
        )
        .order_by(Appointment.starts_at.desc())
        .limit(1)
    )


def visit_counts(client_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many visits each of these records has, including cancelled and past ones; records without any are left
    out."""
    counted = (
        sa.select(Appointment.client_id, sa.func.count())
        .where(Appointment.client_id.in_(client_ids))
        .group_by(Appointment.client_id)
    )
    return {id_: count for id_, count in db.session.execute(counted) if id_ is not None}


@dataclass(frozen=True, kw_only=True)
class PeriodNumbers:
    """A stretch of days in five numbers."""

    came: int
    missed: int
    cancelled_late: int
    new_clients: int
    """Of those who came, how many were here for the first time."""
    worth_cents: int
    """What the visits of those who came cost."""


_before = sa.orm.aliased(Appointment)


def numbers_of(*periods: tuple[datetime, datetime]) -> list[PeriodNumbers]:
    """Each of these periods, from one naive local time up to another, in five numbers; one statement."""
    came = Appointment.state.in_(CAME)
    is_first = ~sa.exists().where(
        _before.client_id == Appointment.client_id,
        _before.state.in_(CAME),
        _before.starts_at < Appointment.starts_at,
    )
    columns: list[sa.ColumnElement[int]] = []
    for begins, ends in periods:
        within = sa.and_(Appointment.wall_start >= begins, Appointment.wall_start < ends)
        columns += [
            sa.func.count().filter(within, came),
            sa.func.count().filter(within, Appointment.state == State.MISSED),
            sa.func.count().filter(within, Appointment.cancelled_late),
            sa.func.count().filter(within, came, is_first),
            sa.func.coalesce(sa.func.sum(Appointment.price_cents).filter(within, came), 0),
        ]
    # A local time lies within a day of the instant, so the index of instants bounds the read.
    first, last = min(one for one, _ in periods), max(one for _, one in periods)
    numbers = db.session.execute(
        sa.select(*columns).where(
            Appointment.starts_at >= first.replace(tzinfo=UTC) - timedelta(days=1),
            Appointment.starts_at < last.replace(tzinfo=UTC) + timedelta(days=1),
            Appointment.client_id.is_not(None),
        )
    ).one()
    return [
        PeriodNumbers(came=came, missed=missed, cancelled_late=late, new_clients=new, worth_cents=int(worth))
        for came, missed, late, new, worth in zip(*[iter(numbers)] * 5, strict=True)
    ]


def asked_for(now: datetime, limit: int) -> list[Appointment]:
    """Requests to come that nobody has confirmed, the next to be decided first."""
    wanted = sa.select(Appointment).where(Appointment.state == State.REQUESTED, Appointment.starts_at > now)
    shown = wanted.order_by(Appointment.decide_by, Appointment.id).limit(limit)
    return list(db.session.scalars(shown.options(*WITH_ALL)))


def visits_between(
    first_on: date, until_on: date, states: Sequence[State] = (State.REQUESTED, State.BOOKED, *CAME)
) -> list[Appointment]:
    """Visits in these states, by default those agreed, whose local day lies in this half-open range, earliest first; one statement."""
    begins, ends = datetime.combine(first_on, time()), datetime.combine(until_on, time())
    rows = db.session.scalars(
        sa.select(Appointment)
        .where(
            Appointment.starts_at >= begins.replace(tzinfo=UTC) - timedelta(days=1),
            Appointment.starts_at < ends.replace(tzinfo=UTC) + timedelta(days=1),
            Appointment.wall_start >= begins,
            Appointment.wall_start < ends,
            Appointment.state.in_(states),
            Appointment.client_id.is_not(None),
        )
        .order_by(Appointment.wall_start, Appointment.id)
        .options(*WITH_ALL)
    )
    return list(rows)
