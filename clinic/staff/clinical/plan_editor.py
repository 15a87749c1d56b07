"""The editor of a plan, and the page of its versions: who changed what and why, and the way back to an earlier one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from clinic import clock
from clinic.accounts.models import Client, User
from clinic.accounts.permissions import Permission
from clinic.booking.suitability import NotSuitable, SafetyReasonNeeded
from clinic.db import db, transaction
from clinic.plans import courses, kept_forms, plan_changes, plan_versions, scores
from clinic.plans.courses import NotThisCourse
from clinic.plans.models import Plan
from clinic.plans.plan_content import PlanContent
from clinic.plans.plan_versions import KeptVersion
from clinic.plans.services import DecisionReasonNeeded
from clinic.refusal import NotFound, Refusal, Stale
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clinical import plan_wording, unsaved
from clinic.staff.clinical.plan_form import PlanForm
from clinic.staff.day import practice_zone
from clinic.web.access import audience, may, rescued_by, staff


@dataclass(frozen=True, kw_only=True)
class OpenedPlan:
    """A plan with its client, its versions, the newest first, and what it says now. Reading it is recorded."""

    plan: Plan
    client: Client
    versions: list[KeptVersion]
    present: PlanContent

    @property
    def number(self) -> int:
        """The number of the newest version."""
        return self.versions[0].number


def open_plan(plan_id: UUID, user: User, now: datetime, *, purpose: str) -> OpenedPlan:
    """A plan that this person may read; raises NotFound for any other. The caller commits."""
    plan = db.session.get(Plan, plan_id)
    if plan is None:
        raise NotFound
    desk.require_own(plan.client_id, now)
    client = db.session.get(Client, plan.client_id)
    if client is None or client.erased_at is not None:
        raise NotFound
    return OpenedPlan(
        plan=plan,
        client=client,
        versions=plan_versions.versions_of(plan, by=user, purpose=purpose, now=now),
        present=plan_versions.present(plan),
    )


def keep_typed(writer: User, plan_id: UUID) -> bool:
    """Store what was typed into the plan of an own client; anything else is dropped."""
    plan = db.session.get(Plan, plan_id)
    if plan is None:
        return False
    return unsaved.keep_typed(PlanForm, plan, plan.client_id, writer=writer, needed=Permission.REVIEW_DECIDE)


@blueprint.route("/plans/<uuid:plan_id>/edit", endpoint="edit_plan", methods=["GET", "POST"])
@audience(staff, Permission.REVIEW_DECIDE)
@rescued_by(keep_typed)
def edit(plan_id: UUID) -> ResponseReturnValue:
    """Change the plan of an own client's running course; what is saved is its next version."""
    user, now = desk.user(), clock.now()
    with transaction():
        opened = open_plan(plan_id, user, now, purpose="plan")
        is_read = request.method == "GET" and "from" not in request.args
        typed = unsaved.typed_before(opened.plan) if is_read else None
    if opened.plan.ended_at is not None:
        raise plan_changes.CourseOver
    form, refusal = _form(opened, now, typed), None
    if form.validate_on_submit():
        refusal = _save(opened.plan, form, user, now)
        if refusal is None:
            desk.say(f"The plan is changed. It stands as version {opened.number + 1}.")
            return desk.back_to(url_for("staff.client_plan", client_id=opened.client.id))
    elif request.method == "GET" and typed is None:
        _fill(form, opened)
    return _page(plan_id, form, refusal, now, is_given_back=typed is not None)


def _form(opened: OpenedPlan, now: datetime, typed: MultiDict[str, str] | None) -> PlanForm:
    """The form as it was sent, or as it was typed before the session ended."""
    form = PlanForm() if typed is None else PlanForm(formdata=typed)
    limits, _ = plan_changes.limits_of(opened.plan, now)
    form.offer(limits.left_out, scores.activities_of(opened.client.id), opened.present)
    return form


def _fill(form: PlanForm, opened: OpenedPlan) -> None:
    """Show the present version, or the earlier one that is taken back."""
    asked = request.args.get("from", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else opened.number
    chosen = plan_versions.numbered(opened.versions, number)
    if chosen is None:
        raise NotFound
    form.show(opened.present if chosen is opened.versions[0] else chosen.content, opened.number)
    form.back.data = desk.staff_path(request.args.get("back")) or ""
    if number != opened.number:
        form.why.data = f"Taken back to version {number}."


def _save(plan: Plan, form: PlanForm, user: User, now: datetime) -> Refusal | None:
    """Save; returns the refusal that the form can show."""
    try:
        with transaction():
            plan_changes.change(
                plan.id,
                form.content,
                seen=form.version_seen,
                why=form.why.data or "",
                waived=form.keys,
                by=user,
                now=now,
            )
            kept_forms.forget(plan, by=user)
    except (
        Stale,
        NotSuitable,
        NotThisCourse,
        plan_changes.NothingChanged,
        DecisionReasonNeeded,
        SafetyReasonNeeded,
    ) as refusal:
        return refusal
    return None


def _page(
    plan_id: UUID, form: PlanForm, refusal: Refusal | None, now: datetime, *, is_given_back: bool
) -> ResponseReturnValue:
    """The editor, beside what stands if somebody else saved meanwhile, and with what speaks against it."""
    with transaction():
        opened = open_plan(plan_id, desk.user(), now, purpose="plan")
        (course,) = courses.courses_of([plan_id])
        if form.is_submitted() and not form.errors:
            form.object_to(plan_changes.objections(opened.plan, form.content, now))
        limits, _ = plan_changes.limits_of(opened.plan, now)
    if refusal is not None:
        form.form_errors.append(_sentence(refusal))
    is_stale = isinstance(refusal, Stale)
    if is_stale:
        form.seen.data = str(opened.number)  # Sending the form again puts it in place of what stands now.
    page = render_template(
        "staff/clinical/plan_edit.html",
        here="clients",
        plan=opened.plan,
        client=opened.client,
        form=form,
        limits=limits,
        number=opened.number,
        present_rows=plan_wording.rows_of(opened.present),
        newest=opened.versions[0],
        typed_otherwise=plan_wording.differences(opened.present, form.content) if is_stale else [],
        is_stale=is_stale,
        is_given_back=is_given_back,
        back=_back(form.back.data, opened),
        booked=len(course.visits),
        over=plan_changes.sessions_over(course, now),
        has_errors=form.has_errors,
        zone=practice_zone(now),
    )
    if refusal is not None:
        return page, refusal.status
    return page, 400 if form.has_errors else 200


def _back(asked: str | None, opened: OpenedPlan) -> str:
    """The staff page that led here, else the client's file."""
    return desk.staff_path(asked) or url_for("staff.client_plan", client_id=opened.client.id)


def _sentence(refusal: Refusal) -> str:
    if isinstance(refusal, NotSuitable):
        return "The answers speak against this. Change it, or tick what you set aside and say why."
    if isinstance(refusal, Stale):
        return "Somebody else saved this plan meanwhile. Both stand below; nothing of yours is lost."
    return refusal.sentence


@blueprint.get("/plans/<uuid:plan_id>/versions", endpoint="plan_versions")
@audience(staff, Permission.HEALTH_READ)
def versions(plan_id: UUID) -> ResponseReturnValue:
    """Every version of a plan, the newest first: what changed since the one before, who, when and why."""
    user, now = desk.user(), clock.now()
    with transaction():
        opened = open_plan(plan_id, user, now, purpose="plan")
    return render_template(
        "staff/clinical/plan_versions.html",
        here="clients",
        plan=opened.plan,
        client=opened.client,
        versions=[
            (version, plan_wording.CAUSES[version.cause], _changes(opened, index))
            for index, version in enumerate(opened.versions)
        ],
        first_rows=plan_wording.rows_of(opened.versions[-1].content),
        may_edit=opened.plan.ended_at is None and may(Permission.REVIEW_DECIDE),
        zone=practice_zone(now),
    )


def _changes(opened: OpenedPlan, index: int) -> list[tuple[str, str, str]]:
    """What a version changed, as (part, before, after); nothing for the first."""
    if index + 1 == len(opened.versions):
        return []
    return plan_wording.differences(opened.versions[index + 1].content, opened.versions[index].content)
