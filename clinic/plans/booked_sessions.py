"""What was booked of a course against what was planned: each session with its visit, and the visits nobody came to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans.courses import Course
from clinic.plans.models import PlannedSession


@dataclass(frozen=True, kw_only=True)
class BookedSession:
    """One planned session with its visit, or about when it should be; without a number a visit that was missed."""

    number: int | None
    visit: Appointment | None
    about_on: date | None
    is_look_back: bool = False


def booked_sessions(courses: Iterable[Course]) -> dict[UUID, list[BookedSession]]:
    """The sessions of these courses of one client, by plan; two statements, however many there are.

    A visit that was missed is no session: it stands between them at its time. One that was cancelled stands nowhere.
    """
    found = list(courses)
    if not found:
        return {}
    visits = _visits(found)
    missed = [visit for visit in visits.values() if visit.state == State.MISSED]
    planned = db.session.execute(
        sa.select(PlannedSession.plan_id, PlannedSession.number, PlannedSession.about_on).where(
            PlannedSession.plan_id.in_([course.plan.id for course in found])
        )
    )
    about = {(plan_id, number): on for plan_id, number, on in planned}
    return {course.plan.id: _of_course(course, visits, missed, about) for course in found}


def _visits(courses: Sequence[Course]) -> dict[UUID, Appointment]:
    ids = [visit_id for course in courses for visit_id, _ in course.visits]
    is_missed = sa.and_(Appointment.client_id == courses[0].plan.client_id, Appointment.state == State.MISSED)
    rows = sa.select(Appointment).where(sa.or_(Appointment.id.in_(ids), is_missed))
    return {
        visit.id: visit
        for visit in db.session.scalars(
            rows.order_by(Appointment.starts_at).options(
                joinedload(Appointment.therapist), joinedload(Appointment.treatment)
            )
        )
    }


def _of_course(
    course: Course,
    visits: dict[UUID, Appointment],
    missed: Sequence[Appointment],
    about: dict[tuple[UUID, int], date],
) -> list[BookedSession]:
    plan = course.plan
    held = [
        BookedSession(
            number=number,
            visit=visits[visit_id],
            about_on=None,
            is_look_back=number in course.look_backs,
        )
        for number, (visit_id, _) in enumerate(course.visits, start=1)
    ]
    held += [
        BookedSession(number=None, visit=visit, about_on=None)
        for visit in missed
        if _begun_at(course) <= visit.starts_at
        and (plan.ended_at is None or visit.starts_at <= plan.ended_at)
    ]
    to_come = [
        BookedSession(
            number=number,
            visit=None,
            about_on=about.get((plan.id, number)),
            is_look_back=number in course.look_backs,
        )
        for number in range(len(course.visits) + 1, plan.sessions + 1)
    ]
    return [*sorted(held, key=_starts_at), *to_come]


def _begun_at(course: Course) -> datetime:
    return min([course.plan.made_at, *(starts_at for _, starts_at in course.visits[:1])])


def _starts_at(session: BookedSession) -> datetime:
    assert session.visit is not None
    return session.visit.starts_at
