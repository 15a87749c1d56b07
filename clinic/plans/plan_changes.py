"""Changing a running course: what a therapist edits becomes the next version, and the sessions to come follow it.

1. The plan's row is locked, so that of two who save at once the second is told.
2. What was typed is refused if it cannot be a plan, or if somebody saved another version meanwhile.
3. `booking.suitability` judges it as it judges a visit, by the newest answers. What speaks against it is set aside by name
   and with the reason of the change, for this course, or the change is refused.
4. The plan, its planned sessions and a new version are stored. Visits that are booked stay as they are.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking import suitability
from clinic.booking.models import Appointment
from clinic.booking.suitability import Mismatch, NotSuitable, Objection, Proposed
from clinic.db import db
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.plan import PRESSURES
from clinic.guidance.rules.kinds import REGIONS
from clinic.intake import queries as intake
from clinic.intake.visit_limits import VisitLimits, visit_limits
from clinic.plans import courses, plan_versions
from clinic.plans.courses import DAYS_APART, MOST_SESSIONS, Course, NotThisCourse
from clinic.plans.models import Plan, PlannedSession, PlanVersion, Review
from clinic.plans.plan_content import PlanContent, put_into
from clinic.plans.plan_versions import PlanCause
from clinic.plans.services import DecisionReasonNeeded
from clinic.practice.models import Therapist
from clinic.refusal import NotFound, Refusal, Stale
from clinic.scheduling import hours

LEAST_MINUTES: Final = 15
MOST_MINUTES: Final = 180
MOST_GOALS: Final = 4
LONGEST_WORDS: Final = 200


class CourseOver(Refusal):
    """The course has ended, so nothing of it is changed any more."""

    code = "course-over"
    sentence = "This course has ended. A new one begins with a review."


class NothingChanged(Refusal):
    """What was sent says what the plan says already."""

    status = 400
    code = "nothing-changed"
    sentence = "Nothing is changed yet."


def change(
    plan_id: UUID,
    content: PlanContent,
    *,
    seen: int,
    why: str,
    waived: Collection[str] = (),
    by: User,
    now: datetime,
) -> PlanVersion:
    """Make this the next version of a running course; `seen` is the version it was typed over.

    `waived` are keys of objections that are set aside, with `why` as the reason. Look backs of sessions that are over stay
    as they were. Raises NotFound, CourseOver, Stale if another version was saved meanwhile, NotThisCourse, NothingChanged,
    DecisionReasonNeeded, and NotSuitable with what speaks against it.
    """
    plan = db.session.get(Plan, plan_id, with_for_update=True, populate_existing=True)
    if plan is None:
        raise NotFound
    if plan.ended_at is not None:
        raise CourseOver
    plan_versions.begin_history(plan)
    if plan_versions.newest_number(plan.id) != seen:
        raise Stale
    before = plan_versions.present(plan)
    (course,) = courses.courses_of([plan.id])
    content = _with_past_look_backs(content, before, sessions_over(course, now))
    changed = content.differs_in(before)
    if not changed:
        raise NothingChanged
    refuse_impossible(content, course, now)
    if not why.strip():
        raise DecisionReasonNeeded("Say why the plan changes.")
    aside = _set_aside(plan, content, waived, why=why, by=by, now=now)
    other_types = "modalities" in changed
    plan.content = put_into(
        plan.content, content, courses.draft_for(plan, content.modalities) if other_types else None
    )
    plan.sessions = content.sessions
    _replan(plan, content, course, now)
    made = plan_versions.keep(
        plan, cause=PlanCause.EDIT, why=why.strip(), by_id=by.id, now=now, set_aside=aside
    )
    audit.record(
        audit.by_user(by.id),
        "change",
        made,
        client_id=plan.client_id,
        purpose="plan",
        fields=changed,
        now=now,
    )
    db.session.flush()
    return made


def sessions_over(course: Course, now: datetime) -> int:
    """How many sessions of a course have begun."""
    return sum(starts_at <= now for _, starts_at in course.visits)


def _with_past_look_backs(content: PlanContent, before: PlanContent, over: int) -> PlanContent:
    past = {number for number in before.look_backs if number <= over}
    to_come = {number for number in content.look_backs if number > over}
    return replace(content, look_backs=tuple(sorted(past | to_come)))


def refuse_impossible(content: PlanContent, course: Course, now: datetime) -> None:
    """Raise NotThisCourse with a sentence for what cannot be a plan, whatever the answers say."""
    for is_wrong, sentence in _faults(content, course):
        if is_wrong:
            raise NotThisCourse(sentence)


def _faults(content: PlanContent, course: Course) -> list[tuple[bool, str]]:
    types, booked = content.modalities, len(course.visits)
    by_area = sum(area.minutes for area in content.areas)
    return [
        (
            not 1 <= len(types) <= 3 or len(set(types)) < len(types) or not set(types) <= set(MODALITIES),
            "Choose one to three different types.",
        ),
        (
            not 1 <= content.sessions <= MOST_SESSIONS,
            f"Plan between 1 and {MOST_SESSIONS} sessions.",
        ),
        (
            content.sessions < booked,
            f"Booked or over already: {booked}. Plan at least as many sessions, or cancel visits first.",
        ),
        (content.every not in DAYS_APART, "Choose how often."),
        (
            not LEAST_MINUTES <= content.minutes <= MOST_MINUTES or content.minutes % 5 != 0,
            f"Give the length in steps of five minutes, from {LEAST_MINUTES} to {MOST_MINUTES}.",
        ),
        (content.pressure not in ("", *PRESSURES), "Choose the pressure."),
        (
            not set(content.regions) <= set(REGIONS) or len(set(content.regions)) < len(content.areas),
            "Choose areas from the list.",
        ),
        (
            not {area.modality for area in content.areas} <= {"", *types},
            "An area can only have a type of this plan. Choose it above first.",
        ),
        (
            any(area.minutes < 0 for area in content.areas) or by_area > content.minutes,
            f"The minutes of the areas add up to {by_area}, and the session has {content.minutes}.",
        ),
        (
            any(not 1 <= number <= content.sessions for number in content.look_backs),
            f"Look back at sessions between 1 and {content.sessions}.",
        ),
        (
            len(content.goals) > MOST_GOALS
            or any(not 0 < len(goal.words) <= LONGEST_WORDS for goal in content.goals),
            f"Write at most {MOST_GOALS} goals, each in a sentence.",
        ),
    ]


def objections(plan: Plan, content: PlanContent, now: datetime) -> tuple[Objection, ...]:
    """What speaks against a plan by the client's answers, without what was set aside for this course.

    The newest answers count; those the course was decided on, if they have become too old.
    """
    limits, submission_id = limits_of(plan, now)
    aside = suitability.set_aside_keys(plan.client_id, submission_id, None)
    therapist = db.session.get_one(Therapist, plan.therapist_id)
    whole = Proposed(
        name="The course",
        modalities=content.modalities,
        minutes=content.minutes,
        therapist=therapist,
        pressure=content.pressure,
        areas=content.regions,
    )
    found = list(suitability.judge(whole, limits, aside))
    for modality in content.modalities[1:]:
        alone = replace(whole, modalities=(modality,), areas=())
        found += [one for one in suitability.judge(alone, limits, aside) if one.mismatch is Mismatch.LEFT_OUT]
    return tuple(found)


def limits_of(plan: Plan, now: datetime) -> tuple[VisitLimits, UUID]:
    """What the answers allow, and the submission that says so."""
    standing = intake.safety_standing(browser=None, client_id=plan.client_id, now=now, zone="UTC")
    if standing.submission is not None:
        return standing.limits, standing.submission.id
    review = db.session.get_one(Review, plan.review_id)
    return visit_limits(review.outcome), review.submission_id


def _set_aside(
    plan: Plan, content: PlanContent, waived: Collection[str], *, why: str, by: User, now: datetime
) -> list[str]:
    """Set aside what was named; the sentences of it. Raises NotSuitable if anything else speaks against the plan."""
    against = objections(plan, content, now)
    named = [one for one in against if set(one.keys) <= set(waived)]
    if len(named) < len(against):
        raise NotSuitable(against)
    if named:
        suitability.set_aside(
            plan.client_id,
            named,
            visit=None,
            submission_id=limits_of(plan, now)[1],
            whole_course=True,
            reason=why,
            by=by,
            now=now,
        )
    return [one.sentence for one in named]


def _replan(plan: Plan, content: PlanContent, course: Course, now: datetime) -> None:
    """Give the sessions to come their number, day and look backs; those that are over stay as they were."""
    planned = sa.select(PlannedSession).where(PlannedSession.plan_id == plan.id)
    rows = {row.number: row for row in db.session.scalars(planned)}
    over, booked = sessions_over(course, now), len(course.visits)
    begins_on = rows[1].about_on if 1 in rows else now.date()
    last_on = _day_of_last(course)
    apart = DAYS_APART[content.every]
    for number in range(1, content.sessions + 1):
        row = rows.pop(number, None)
        if row is None:
            row = PlannedSession(plan_id=plan.id, number=number)
            db.session.add(row)
        if number > booked or row.about_on is None:
            since = (last_on, number - booked) if last_on else (begins_on, number - 1)
            row.about_on = since[0] + timedelta(days=apart * since[1])
        if number > over:
            row.reassess = number in content.look_backs
    for row in rows.values():
        db.session.delete(row)
    db.session.flush()


def _day_of_last(course: Course) -> date | None:
    if not course.visits:
        return None
    visit = db.session.get_one(Appointment, course.visits[-1][0])
    return hours.local_day(visit.starts_at, ZoneInfo(visit.zone))
