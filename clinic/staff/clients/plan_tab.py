"""The plan in a client's file: what is planned now, what was booked of it, who decided what, and the courses before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask.typing import ResponseReturnValue

from clinic.accounts.permissions import Permission
from clinic.booking.models import Appointment
from clinic.db import transaction
from clinic.intake.explanation import ExplainedSafety
from clinic.plans import booked_sessions, care_summary, client_history, plan_versions, to_book
from clinic.plans.booked_sessions import BookedSession
from clinic.plans.care_summary import CareSummary
from clinic.plans.client_history import FiledPlan
from clinic.plans.goal_scores import GoalScore, goal_scores
from clinic.plans.look_backs import LookBackChoice
from clinic.plans.plan_content import PlanContent
from clinic.plans.to_book import ToBook
from clinic.practice import queries as practice
from clinic.practice.models import Treatment
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import file
from clinic.staff.clients.clinical_tabs import of_own_client, record_empty
from clinic.staff.clients.file import FileHead
from clinic.staff.clinical import plan_wording
from clinic.staff.clinical.look_backs import CHOICES
from clinic.staff.clinical.reviews import WHY
from clinic.web.access import audience, may, staff


@dataclass(frozen=True, kw_only=True)
class ShownPlan:
    """A course as the tab shows it; goals and what is left to book only of the present one."""

    filed: FiledPlan
    rows: Sequence[tuple[str, str]]
    care: CareSummary
    sessions: Sequence[BookedSession]
    decided: Sequence[tuple[datetime, str, str, str]]
    goals: Sequence[GoalScore]


@blueprint.get("/clients/<uuid:client_id>/plan", endpoint="client_plan")
@audience(staff, Permission.HEALTH_READ)
@of_own_client("plan")
def plan(head: FileHead, now: datetime) -> ResponseReturnValue:
    """The course now, and the courses before it: what was planned and booked, who decided what, and why."""
    with transaction():
        found = client_history.plans_of(head.person.id, by=desk.user(), now=now)
        if not found:
            record_empty("plans", head, now)
        around = head.known.next or head.known.last
        minutes = around.length_minutes if around is not None else 60
        sessions = booked_sessions.booked_sessions([one.course for one in found])
        left = to_book.left_to_book(head.person.id)
        running = next((one for one in found if one.plan.ended_at is None), None)
        return file.page(
            "plan",
            head,
            plans=[_shown(one, minutes, sessions[one.plan.id], is_present=one is running) for one in found],
            left=left,
            book_rest=_book_rest(left, head),
            may_edit=may(Permission.REVIEW_DECIDE),
            score_of_goal=plan_wording.score_of_goal,
        )


def _shown(
    filed: FiledPlan, minutes: int, sessions: Sequence[BookedSession], *, is_present: bool
) -> ShownPlan:
    content = (
        plan_versions.present(filed.plan)
        if is_present
        else PlanContent.of(filed.plan.content, filed.plan.sessions)
    )
    return ShownPlan(
        filed=filed,
        rows=plan_wording.rows_of(content),
        care=care_summary.summary(ExplainedSafety.read({}), filed.plan, minutes),
        sessions=sessions,
        decided=history_of(filed),
        goals=goal_scores(filed.plan, content) if is_present else (),
    )


def _book_rest(left: ToBook | None, head: FileHead) -> str | None:
    """The page that books all that is left, after the client's newest visit; None if there is nothing to book, or nothing to go on from."""
    after = to_book.newest_visit(head.person.id) if left is not None else None
    if left is None or after is None or after.treatment.retired_at is not None:
        return None
    if not may(Permission.CALENDAR_WRITE):
        return None
    content = PlanContent.of(left.plan.content, left.plan.sessions)
    return url_for(
        "staff.plan_series",
        appointment_id=after.id,
        treatment=_as_planned(after, content).slug,
        count=left.sessions,
        every=left.every_weeks,
    )


def _as_planned(after: Appointment, content: PlanContent) -> Treatment:
    """What is sold that is as long as planned and leads with a planned type, best type first; else the treatment of the last visit."""
    fitting = [
        one
        for one in (after.treatment, *practice.treatments())
        if one.length_minutes == content.minutes
        and after.therapist in one.therapists
        and one.modalities
        and one.modalities[0] in content.modalities
    ]
    return min(fitting, key=lambda one: content.modalities.index(one.modalities[0]), default=after.treatment)


def history_of(filed: FiledPlan) -> list[tuple[datetime, str, str, str]]:
    """What was decided about a course, as (when, what, who, why), the oldest first."""
    review = filed.review
    reason = ". ".join(text for text in (WHY.get(review.reason_kind or "", ""), review.reason or "") if text)
    begun = (filed.plan.made_at, "Decided", filed.decided_by.name if filed.decided_by else "", reason)
    looked = [
        (
            look.decided_at,
            CHOICES[LookBackChoice(look.content["chosen"])],
            who.name,
            look.content.get("reason") or "",
        )
        for look, who in filed.look_backs
    ]
    return [begun, *looked]
