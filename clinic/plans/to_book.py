"""Which sessions of a course are still to be booked, and which appointment each planned session has.

It opens no sealed content: the number of sessions, their dates and their rhythm are stored in clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from clinic.booking.models import Appointment
from clinic.db import db
from clinic.plans import courses
from clinic.plans.courses import COUNTED
from clinic.plans.models import Plan, PlannedSession


@dataclass(frozen=True, kw_only=True)
class ToBook:
    """The rest of a course: so many sessions, every so many weeks."""

    plan: Plan
    sessions: int
    every_weeks: int


def left_to_book(client_id: UUID) -> ToBook | None:
    """What is left to book of a client's current course; None without a course or if nothing is left."""
    plan = courses.plan_of(client_id)
    if plan is None:
        return None
    planned = _planned(plan.id)
    left = len(_open(plan, planned))
    return ToBook(plan=plan, sessions=left, every_weeks=_weeks_apart(planned)) if left else None


def give(client_id: UUID, visits: Sequence[Appointment]) -> int:
    """Assign the open sessions of the client's course to these visits, earliest first; returns how many got one.

    A session whose visit was cancelled, declined or missed is open again. Visits beyond the course get none.
    """
    plan = courses.plan_of(client_id)
    if plan is None:
        return 0
    # Both may be booking the rest of one course; the second sees what the first gave.
    db.session.execute(sa.select(Plan.id).where(Plan.id == plan.id).with_for_update())
    new = {visit.id for visit in visits}
    open_ = _open(plan, _planned(plan.id), excluding=new)
    taken = list(zip(open_, sorted(visits, key=lambda visit: visit.starts_at), strict=False))
    for session, visit in taken:
        session.appointment_id = visit.id
    db.session.flush()
    return len(taken)


def _planned(plan_id: UUID) -> list[PlannedSession]:
    rows = sa.select(PlannedSession).where(PlannedSession.plan_id == plan_id).order_by(PlannedSession.number)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def newest_visit(client_id: UUID) -> Appointment | None:
    """A client's last valid visit, past or future, after which the rest of a course continues."""
    theirs = sa.select(Appointment).where(Appointment.client_id == client_id, Appointment.state.in_(COUNTED))
    return db.session.scalar(theirs.order_by(Appointment.starts_at.desc()).limit(1))


def _open(
    plan: Plan, planned: Sequence[PlannedSession], excluding: frozenset[UUID] | set[UUID] = frozenset()
) -> list[PlannedSession]:
    """Planned sessions without a valid visit; visits booked one by one take the first of them."""
    counted = sa.select(Appointment.id).where(
        Appointment.client_id == plan.client_id,
        Appointment.state.in_(COUNTED),
        Appointment.starts_at >= _began_at(plan, planned),
    )
    visits = set(db.session.scalars(counted)) - excluding
    given = {session.appointment_id for session in planned}
    unheld = [session for session in planned if session.appointment_id not in visits]
    return unheld[len(visits - given) :]


def _began_at(plan: Plan, planned: Sequence[PlannedSession]) -> sa.ColumnElement[object]:
    """When the course began: with its first visit, or when it was made, whichever is earlier."""
    first = next((session.appointment_id for session in planned if session.number == 1), None)
    starts = sa.select(Appointment.starts_at).where(Appointment.id == first).scalar_subquery()
    return sa.func.least(sa.literal(plan.made_at), starts)


def _weeks_apart(planned: Sequence[PlannedSession]) -> int:
    """Between the last two sessions, because the rhythm may have changed on the way."""
    if len(planned) < 2:
        return 1
    return max(1, (planned[-1].about_on - planned[-2].about_on).days // 7)
