"""Looking back on a course: the scores give a proposal, the therapist decides, and the course follows the decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking.models import Appointment, State
from clinic.db import db, violates
from clinic.guidance.course import CourseStep
from clinic.guidance.knowledge import MODALITIES
from clinic.intake import queries as intake
from clinic.intake.explanation import Explanation
from clinic.plans import courses, plan_versions, progress
from clinic.plans.models import LookBack, Plan, PlannedSession, ReasonKind, Review
from clinic.plans.plan_content import rhythm_of
from clinic.plans.plan_versions import PlanCause
from clinic.plans.services import DecisionReasonNeeded
from clinic.refusal import Refusal, Stale
from clinic.scheduling import hours

LOOKED_BACK_AT = (State.BOOKED, State.ARRIVED, State.DONE)
MOST_FURTHER = 8


class LookBackChoice(StrEnum):
    """What a therapist can decide when looking back."""

    CONTINUE = "continue"
    ACTIVE_CARE = "active_care"
    CHANGE = "change"
    SPACE_OUT = "space_out"
    FINISH = "finish"
    REFER = "refer"


ENDING = (LookBackChoice.FINISH, LookBackChoice.REFER)
CHANGING = (LookBackChoice.CHANGE, LookBackChoice.SPACE_OUT)
"""Decisions that make a new version of the plan."""
FOLLOWS = {
    CourseStep.CONTINUE: frozenset({LookBackChoice.CONTINUE}),
    CourseStep.CHANGE: frozenset({LookBackChoice.CHANGE, LookBackChoice.ACTIVE_CARE}),
    CourseStep.SPACE_OUT: frozenset({LookBackChoice.SPACE_OUT, LookBackChoice.FINISH}),
    CourseStep.REFER: frozenset({LookBackChoice.REFER}),
    CourseStep.SAFETY: frozenset({LookBackChoice.REFER}),
    CourseStep.MEASURE: frozenset(LookBackChoice),
}
"""Which decisions agree with a proposal; any other needs a reason. Without scores nothing is proposed."""


class NoLookBack(Refusal):
    """The visit is not a session of a current course, so there is nothing to look back on."""

    code = "no-look-back"
    sentence = "This visit is no session of a running course."


class NotThisNext(Refusal):
    """The next type is the current first one, is excluded for safety, or does not exist."""

    status = 400
    code = "not-this-next"
    sentence = "Choose another type for the sessions to come."


class NotSoMany(Refusal):
    """The number of further sessions is zero or too high."""

    status = 400
    code = "not-so-many"
    sentence = f"Plan between 1 and {MOST_FURTHER} further sessions, every two weeks or every month."


@dataclass(frozen=True, kw_only=True)
class LookBackDecision:
    """What the therapist chose, and what it needs: the next type, or how many sessions how far apart."""

    choice: LookBackChoice
    reason_kind: ReasonKind | None = None
    reason: str = ""
    next_type: str = ""
    further: int = 0
    every: str = "fortnightly"


def decide(visit: Appointment, verdict: LookBackDecision, *, by: User, now: datetime) -> LookBack:
    """Store the decision with the proposal, and change the course accordingly.

    A decision that departs from the proposal needs a reason. Finishing and referring end the course; visits that are
    booked stand until somebody cancels them. Raises NoLookBack, DecisionReasonNeeded, NotThisNext, NotSoMany, and Stale if
    somebody has decided about this visit meanwhile.
    """
    found = progress.progress_at(visit)
    if found is None or visit.state not in LOOKED_BACK_AT:
        raise NoLookBack
    if found.decided is not None:
        raise Stale
    plan = db.session.get_one(Plan, found.course.plan.id, with_for_update=True)
    if plan.ended_at is not None:
        raise Stale
    _need_reason(verdict, found.proposal.step)
    before = list(plan.content["modalities"])
    if verdict.choice in CHANGING:
        plan_versions.begin_history(plan)
    _change(plan, verdict, visit, found.session.number, now)
    if verdict.choice in CHANGING:
        plan_versions.keep(plan, cause=PlanCause.LOOK_BACK, why=verdict.reason, by_id=by.id, now=now)
    kept = LookBack(
        plan_id=plan.id,
        appointment_id=visit.id,
        client_id=plan.client_id,
        decided_at=now,
        decided_by_id=by.id,
    )
    kept.content = {
        "session": found.session.number,
        "of": found.session.of,
        "reading": found.reading.value if found.reading else None,
        "proposed": found.proposal.step.value,
        "why": found.proposal.text,
        "chosen": verdict.choice.value,
        "reason_kind": verdict.reason_kind.value if verdict.reason_kind else None,
        "reason": verdict.reason,
        "modalities_before": before,
        "modalities": list(plan.content["modalities"]),
        "sessions": plan.sessions,
    }
    with violates("uq_look_backs_appointment_id", Stale()):
        db.session.add(kept)
    audit.record(
        audit.by_user(by.id),
        "look_back",
        kept,
        client_id=plan.client_id,
        purpose="plan",
        fields=("reading", "proposed", "chosen", "reason"),
        now=now,
    )
    db.session.flush()
    return kept


def _need_reason(verdict: LookBackDecision, proposed: CourseStep) -> None:
    if verdict.choice not in FOLLOWS[proposed] and verdict.reason_kind is None:
        raise DecisionReasonNeeded("Say why you decide otherwise than proposed.")
    if verdict.reason_kind is ReasonKind.OTHER and not verdict.reason:
        raise DecisionReasonNeeded("Say in a few words what the other reason is.")


def _change(plan: Plan, verdict: LookBackDecision, visit: Appointment, number: int, now: datetime) -> None:
    if verdict.choice in ENDING:
        plan.ended_at = now
    elif verdict.choice is LookBackChoice.CHANGE:
        if verdict.next_type not in next_types(plan, visit, now):
            raise NotThisNext
        first, *others = plan.content["modalities"]
        kept = [modality for modality in (*others, first) if modality != verdict.next_type]
        courses.draft_again(plan, [verdict.next_type, *kept][:3])
    elif verdict.choice is LookBackChoice.SPACE_OUT:
        _space_out(plan, verdict, visit, number)


def next_types(plan: Plan, visit: Appointment, now: datetime) -> tuple[str, ...]:
    """The types that could come next, those of the course and the suggestion first; without those excluded for
    safety."""
    review = db.session.get_one(Review, plan.review_id)
    explained = Explanation.of(review.outcome)
    standing = intake.safety_standing(browser=None, client_id=plan.client_id, now=now, zone=visit.zone)
    first, *others = plan.content["modalities"]
    left_out = {first, *explained.exclusions, *standing.excluded}
    ordered: Sequence[str] = (*others, *explained.suggested, *MODALITIES)
    return tuple(dict.fromkeys(modality for modality in ordered if modality not in left_out))


def _space_out(plan: Plan, verdict: LookBackDecision, visit: Appointment, number: int) -> None:
    """Replan the sessions after this one: fewer or more, further apart, the last one with a look back."""
    if not 1 <= verdict.further <= MOST_FURTHER or verdict.every not in ("fortnightly", "monthly"):
        raise NotSoMany
    db.session.execute(
        sa.delete(PlannedSession).where(PlannedSession.plan_id == plan.id, PlannedSession.number > number)
    )
    this_day = hours.local_day(visit.starts_at, ZoneInfo(visit.zone))
    apart = courses.DAYS_APART[verdict.every]
    plan.sessions = number + verdict.further
    gates = sa.select(PlannedSession.number).where(PlannedSession.plan_id == plan.id, PlannedSession.reassess)
    look_backs = (*sorted(db.session.scalars(gates)), plan.sessions)
    plan.content = {**plan.content, **rhythm_of(plan.content, plan.sessions, verdict.every, look_backs)}
    db.session.add_all(
        PlannedSession(
            plan_id=plan.id,
            number=number + step,
            about_on=this_day + timedelta(days=apart * step),
            reassess=step == verdict.further,
        )
        for step in range(1, verdict.further + 1)
    )
    db.session.flush()


def booked_after(visit: Appointment) -> list[Appointment]:
    """The client's later visits that are not cancelled, earliest first; ending a course cancels none of them."""
    return list(
        db.session.scalars(
            sa.select(Appointment)
            .where(
                Appointment.client_id == visit.client_id,
                Appointment.starts_at > visit.starts_at,
                Appointment.state.in_((State.REQUESTED, State.BOOKED)),
            )
            .order_by(Appointment.starts_at)
        )
    )
