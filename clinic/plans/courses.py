"""Courses of treatment: the plan that follows a decision, and which of its sessions a visit is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.guidance import engine, plan, questionnaire, schedule
from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.outcome import SafetyOutcome
from clinic.guidance.rules import rule_set
from clinic.guidance.rules.kinds import REGIONS
from clinic.guidance.schedule import SessionPosition
from clinic.guidance.suggestion import Match, Suggestion
from clinic.plans import plan_versions
from clinic.plans.models import LookBack, Plan, PlannedSession, Review
from clinic.plans.plan_content import PlanContent, goals_named, put_into
from clinic.plans.plan_versions import PlanCause
from clinic.practice.models import Therapist
from clinic.refusal import Refusal
from clinic.scheduling import hours

DAYS_APART = {"once": 7, "weekly": 7, "fortnightly": 14, "monthly": 28}
OPEN_SESSIONS = 4
"""Sessions planned at first where the guidance leaves the number open and names no look back."""

COUNTED = (State.REQUESTED, State.BOOKED, State.ARRIVED, State.DONE)
"""States that take a place in a course."""


MOST_SESSIONS = 20


@dataclass(frozen=True, kw_only=True)
class DraftChanges:
    """What a therapist alters of a draft course; None leaves it as the rules drafted it."""

    areas: tuple[str, ...] | None = None
    pressure: str | None = None
    sessions: int | None = None


class NotThisCourse(Refusal):
    """The draft cannot be altered so: an area that is left alone, a pressure firmer than safety allows, too many sessions."""

    status = 400
    code = "not-this-course"
    sentence = "The course cannot be changed so."


def begin(
    review: Review, chosen: Sequence[str], *, by: User, now: datetime, changes: DraftChanges | None = None
) -> Plan | None:
    """Create the course that a therapist decided on, and end the previous one. Raises NotThisCourse.

    Areas, pressure, techniques and sessions are drafted again by the rules of the answers' own rule set, for the types
    in the order chosen; the activities the client named are its goals. Session 1 is the visit under review. This is the
    first version of the plan. None if there is neither a visit nor a therapist.
    """
    therapist_id = _therapist(review, by)
    if therapist_id is None:
        return None
    facts = questionnaire.facts_of(review.submission.answers)
    draft = _draft(facts, review.outcome.rule_set, chosen)
    if changes is not None:
        draft = _changed(draft, changes, engine.screen(facts, rule_set(review.outcome.rule_set)))
    db.session.execute(
        sa.update(Plan)
        .where(Plan.client_id == review.client_id, Plan.ended_at.is_(None))
        .values(ended_at=now)
    )
    made = Plan(
        client_id=review.client_id,
        review_id=review.id,
        therapist_id=therapist_id,
        sessions=_count(draft),
        made_at=now,
    )
    goals = goals_named(schedule.at_the_start(review.submission.answers))
    made.content = {
        **draft.as_dict(),
        "modalities": list(chosen),
        "altered": _altered(changes),
        "goals": [vars(goal) for goal in goals],
    }
    db.session.add(made)
    db.session.flush()
    db.session.add_all(_planned(made, draft, review.appointment, now))
    plan_versions.keep(made, cause=PlanCause.DECISION, why=review.reason or "", by_id=by.id, now=now)
    audit.record(
        audit.by_user(by.id),
        "begin",
        made,
        client_id=made.client_id,
        purpose="plan",
        fields=("content",),
        now=now,
    )
    return made


def _altered(changes: DraftChanges | None) -> dict[str, Any]:
    """What a therapist altered, as it is stored with the course, so that a later draft keeps it."""
    if changes is None:
        return {}
    return {
        "areas": list(changes.areas) if changes.areas else None,
        "pressure": changes.pressure,
        "sessions": changes.sessions,
    }


def _changed(draft: plan.DraftPlan, changes: DraftChanges, safety: SafetyOutcome) -> plan.DraftPlan:
    if changes.areas is not None and changes.areas != draft.areas:
        if not set(changes.areas) <= set(REGIONS):
            raise NotThisCourse
        alone = set(changes.areas) & set(draft.avoid)
        if alone:
            raise NotThisCourse(f"Leave alone: {', '.join(REGIONS[area] for area in sorted(alone))}.")
        draft = replace(draft, areas=changes.areas, area_mix="", area_parts=())
    if changes.pressure is not None and changes.pressure != draft.pressure:
        firmest = safety.cap.value if safety.cap else plan.PRESSURES[-1]
        if plan.PRESSURES.index(changes.pressure) > plan.PRESSURES.index(firmest):
            raise NotThisCourse(
                f"Safety keeps the pressure to {firmest}. To set that aside, decide first and then change the plan."
            )
        draft = replace(draft, pressure=changes.pressure, pressure_why="Chosen by the therapist.")
    if changes.sessions is not None and changes.sessions != _count(draft):
        if not 1 <= changes.sessions <= MOST_SESSIONS:
            raise NotThisCourse(f"Plan between 1 and {MOST_SESSIONS} sessions.")
        draft = _with_sessions(draft, changes.sessions)
    return draft


def _with_sessions(draft: plan.DraftPlan, sessions: int) -> plan.DraftPlan:
    """As many sessions; looked back on where it was planned, else at the last one."""
    gates = tuple(number for number in draft.reassess.after if number <= sessions) or (sessions,)
    every = "weekly" if draft.course.every == "once" else draft.course.every
    course = replace(
        draft.course,
        sessions=sessions,
        most=None,
        every=every if sessions > 1 else "once",
        text=f"{sessions} sessions, {every}." if sessions > 1 else "One session.",
    )
    return replace(
        draft, course=course, reassess=replace(draft.reassess, after=gates, text=_gate_words(gates))
    )


def _gate_words(gates: Sequence[int]) -> str:
    after = " and ".join(str(number) for number in gates)
    return f"Look back together after session {after}."


def draft_again(plan: Plan, chosen: Sequence[str]) -> None:
    """Draft the sessions of a course again for other types, from the answers and rules it was decided on.

    How many there are and how often, where it is looked back on, and the goals stay. So do areas and pressure if a
    therapist wrote them.
    """
    stored = plan.content
    if stored.get("edited"):
        content = PlanContent.of(stored, plan.sessions)
        areas = (
            area if area.modality in ("", *chosen) else replace(area, modality="") for area in content.areas
        )
        content = replace(content, modalities=tuple(chosen), areas=tuple(areas))
        plan.content = put_into(stored, content, draft_for(plan, chosen))
        return
    altered = stored.get("altered") or {}
    kept = DraftChanges()
    if altered:
        kept = DraftChanges(
            areas=tuple(altered["areas"]) if altered["areas"] else None, pressure=altered["pressure"]
        )
    stays: dict[str, Any] = {name: stored[name] for name in ("course", "reassess", "goals") if name in stored}
    plan.content = {
        **draft_for(plan, chosen, kept),
        **stays,
        "modalities": list(chosen),
        "altered": altered,
    }


def draft_for(plan: Plan, chosen: Sequence[str], kept: DraftChanges | None = None) -> dict[str, Any]:
    """What the rules draft for these types, from the answers and rules the course was decided on. Raises NotThisCourse."""
    review = db.session.get_one(Review, plan.review_id)
    facts = questionnaire.facts_of(review.submission.answers)
    draft = _draft(facts, review.outcome.rule_set, chosen)
    if kept is not None:
        draft = _changed(draft, kept, engine.screen(facts, rule_set(review.outcome.rule_set)))
    return draft.as_dict()


def _therapist(review: Review, by: User) -> UUID | None:
    if review.appointment is not None:
        return review.appointment.therapist_id
    return db.session.scalar(sa.select(Therapist.id).where(Therapist.user_id == by.id))


def _draft(facts: Facts, version: str, chosen: Sequence[str]) -> plan.DraftPlan:
    rules = rule_set(version)
    safety = engine.screen(facts, rules)
    suggested = engine.suggest(facts, safety, rules)
    return plan.draft(facts, safety, _as_chosen(suggested, safety, chosen), rules)


def _as_chosen(suggested: Suggestion | None, safety: SafetyOutcome, chosen: Sequence[str]) -> Suggestion:
    """The suggestion with the therapist's chosen types, in that order; the engine's others are left out."""
    known = {match.modality: match for match in suggested.ranked} if suggested else {}
    ranked = tuple(known.get(modality) or _match(modality) for modality in chosen)
    if suggested is not None:
        return replace(suggested, ranked=ranked)
    return Suggestion(
        ranked=ranked,
        scores=dict.fromkeys(MODALITIES, 0),
        left_out=(),
        unwanted=(),
        confidence=None,
        summary="",
        evidence="",
        provisional=True,
        rule_set=safety.rule_set,
    )


def _match(modality: str) -> Match:
    known = MODALITIES[modality]
    return Match(
        modality=modality, name=known.name, what_it_is=known.what_it_is, score=0, reasons=(), against=()
    )


def _count(draft: plan.DraftPlan) -> int:
    """How many sessions to plan; an open course is planned up to its first look back."""
    return draft.course.sessions or min(draft.reassess.after, default=OPEN_SESSIONS)


def _planned(
    made: Plan, draft: plan.DraftPlan, first: Appointment | None, now: datetime
) -> Iterable[PlannedSession]:
    begins_on = _first_day(first, now)
    for number in range(1, made.sessions + 1):
        yield PlannedSession(
            plan_id=made.id,
            number=number,
            about_on=begins_on + timedelta(days=DAYS_APART[draft.course.every] * (number - 1)),
            reassess=number in draft.reassess.after,
            appointment_id=first.id if first is not None and number == 1 and _is_free(first) else None,
        )


def _first_day(first: Appointment | None, now: datetime) -> date:
    if first is None:
        return now.date()
    return hours.local_day(first.starts_at, ZoneInfo(first.zone))


def _is_free(first: Appointment) -> bool:
    """Whether no other course has this visit as one of its sessions."""
    taken = sa.exists().where(PlannedSession.appointment_id == first.id)
    return not db.session.scalar(sa.select(taken))


def plan_of(client_id: UUID) -> Plan | None:
    """The course a client follows now."""
    return db.session.scalars(
        sa.select(Plan)
        .where(Plan.client_id == client_id, Plan.ended_at.is_(None))
        .order_by(Plan.made_at.desc())
        .limit(1)
    ).first()


@dataclass(frozen=True, kw_only=True)
class Session:
    """Which session of a course a visit is: number `number` of `of`, with or without a look back."""

    number: int
    of: int
    look_back: bool


@dataclass(frozen=True)
class Course:
    """A course with its visits in the order of time, at most as many as are planned, and where it is looked back on."""

    plan: Plan
    visits: tuple[tuple[UUID, datetime], ...]
    """(appointment id, start)"""
    look_backs: frozenset[int]

    def session(self, visit_id: UUID) -> Session | None:
        """Which session of this course a visit is; None if it is not one."""
        for number, (found, _) in enumerate(self.visits, start=1):
            if found == visit_id:
                return Session(number=number, of=self.plan.sessions, look_back=number in self.look_backs)
        return None

    def place(self, visit_id: UUID) -> SessionPosition | None:
        """The same as the schedule of scores wants it, in whole days since the first session."""
        session = self.session(visit_id)
        if session is None:
            return None
        days = [(start - self.visits[0][1]).days for _, start in self.visits]
        return SessionPosition(
            number=session.number,
            of=session.of,
            look_back=session.look_back,
            day=days[session.number - 1],
            day_before=days[session.number - 2] if session.number > 1 else None,
        )


def sessions(appointments: Iterable[Appointment]) -> dict[UUID, Session]:
    """For each of these visits that belongs to a running course: which session it is, by appointment id.

    The sessions of a course are the client's visits since it began, in the order of time; a cancelled or missed one
    does not count. A visit beyond the planned number is not a session of it.
    """
    clients = {appointment.client_id for appointment in appointments if appointment.client_id is not None}
    if not clients:
        return {}
    return {
        visit_id: session
        for course in _courses(Plan.client_id.in_(clients), Plan.ended_at.is_(None))
        for visit_id, _ in course.visits
        if (session := course.session(visit_id)) is not None
    }


def course_of(visit: Appointment) -> Course | None:
    """The course of a visit: the one in which it was looked back on, or else the current one."""
    if visit.client_id is None:
        return None
    decided_in = sa.select(LookBack.plan_id).where(LookBack.appointment_id == visit.id)
    plan_id = db.session.scalar(decided_in)
    which = (Plan.id == plan_id) if plan_id else Plan.ended_at.is_(None)
    found = [
        course for course in _courses(Plan.client_id == visit.client_id, which) if course.session(visit.id)
    ]
    return found[-1] if found else None


def courses_of(plan_ids: Iterable[UUID]) -> list[Course]:
    """The courses of these plans, also those that ended, the oldest first."""
    return _courses(Plan.id.in_(set(plan_ids)))


def _courses(*conditions: sa.ColumnElement[bool]) -> list[Course]:
    """The courses of these plans, the oldest first; three statements, however many there are."""
    first = sa.orm.aliased(Appointment)
    plans = db.session.execute(
        sa.select(Plan, sa.func.least(Plan.made_at, sa.func.min(first.starts_at)))
        .outerjoin(PlannedSession, sa.and_(PlannedSession.plan_id == Plan.id, PlannedSession.number == 1))
        .outerjoin(first, first.id == PlannedSession.appointment_id)
        .where(*conditions)
        .group_by(Plan.id)
        .order_by(Plan.made_at)
    ).all()
    if not plans:
        return []
    visits = db.session.execute(
        sa.select(Appointment.id, Appointment.client_id, Appointment.starts_at)
        .where(
            Appointment.client_id.in_({followed.client_id for followed, _ in plans}),
            Appointment.state.in_(COUNTED),
        )
        .order_by(Appointment.starts_at)
    ).all()
    gates = db.session.execute(
        sa.select(PlannedSession.plan_id, PlannedSession.number).where(
            PlannedSession.plan_id.in_({followed.id for followed, _ in plans}), PlannedSession.reassess
        )
    ).all()
    return [
        Course(
            plan=followed,
            visits=tuple(
                (visit.id, visit.starts_at)
                for visit in visits
                if visit.client_id == followed.client_id and visit.starts_at >= began_at
            )[: followed.sessions],
            look_backs=frozenset(number for plan_id, number in gates if plan_id == followed.id),
        )
        for followed, began_at in plans
    ]
