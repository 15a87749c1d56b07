"""The short form at arrival: on a device handed to the client, or read aloud by a therapist."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, signed_links
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.booking.models import Appointment
from clinic.db import transaction
from clinic.guidance.levels import Level
from clinic.intake import drafts
from clinic.intake.explanation import Explanation
from clinic.plans import before_visit, preparation
from clinic.plans import queries as plans
from clinic.plans.before_visit import BeforeVisitQuestions
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.web import question_fields, signed_in_staff
from clinic.web.access import audience, may, staff

BY_THERAPIST = "therapist"
HEADINGS = {
    Level.OK: "Nothing that matters for safety.",
    Level.CAUTION: "Mind these.",
    Level.THERAPIST_REVIEW: "Look at this first.",
    Level.REFER: "A doctor first, or another day.",
    Level.URGENT: "Urgent help was asked for.",
}


@dataclass(frozen=True, kw_only=True)
class Today:
    """The outcome of the day's newest answers, in words; the access is recorded."""

    heading: str
    whys: tuple[str, ...]
    who: str
    submitted_at: datetime


def today(visit: Appointment, *, reader: User, now: datetime) -> Today | None:
    """What was answered for a visit today; None while nothing was. The caller commits."""
    found = before_visit.answers_given(visit)
    if found is None:
        return None
    audit.record(
        audit.by_user(reader.id),
        "read",
        found,
        client_id=visit.client_id,
        purpose="before_visit",
        fields=("level", "rules"),
        now=now,
    )
    explained = Explanation.of(found.outcome)
    return Today(
        heading=HEADINGS[explained.level],
        whys=tuple(fired.why for fired in explained.fired if fired.level > Level.OK),
        who="Asked aloud" if found.source == BY_THERAPIST else "Answered by the client",
        submitted_at=found.submitted_at,
    )


@blueprint.post("/appointments/<uuid:appointment_id>/safety", endpoint="hand_over")
@audience(staff, Permission.CALENDAR_WRITE)
def hand_over(appointment_id: UUID) -> ResponseReturnValue:
    """Open the short form for the client, and lock the staff pages on this device.

    The client's own words for their activities are shown only if their therapist hands over.
    """
    visit, user, now = desk.visit(appointment_id), desk.user(), clock.now()
    if not before_visit.is_open(visit, now):
        raise before_visit.NotOpen
    is_own = may(Permission.HEALTH_READ) and plans.treats(user.id, desk.client_id_of(visit), now)
    with transaction():
        signed_in_staff.hand_over(str(visit.id) if is_own else "")
        audit.record(
            audit.by_user(user.id),
            "hand_over",
            visit,
            client_id=visit.client_id,
            purpose="before_visit",
            now=now,
        )
    return redirect(signed_links.purpose_path("visit", "visit", visit.id, visit.link_epoch), 303)


@blueprint.post("/appointments/<uuid:appointment_id>/preparation", endpoint="hand_over_preparation")
@audience(staff, Permission.NOTE_WRITE)
def hand_over_preparation(appointment_id: UUID) -> ResponseReturnValue:
    """Open *Before your visit* for the client, and lock the staff pages on this device.

    The client sees what they have answered, so only their own therapist hands it over.
    """
    visit, user, now = desk.visit(appointment_id), desk.user(), clock.now()
    desk.require_own(desk.client_id_of(visit), now)
    if preparation.progress_of(visit, now) is None:
        raise preparation.PreparationClosed
    with transaction():
        signed_in_staff.hand_over(str(visit.id))
        audit.record(
            audit.by_user(user.id),
            "hand_over",
            visit,
            client_id=visit.client_id,
            purpose="preparation",
            now=now,
        )
    return redirect(signed_links.preparation_path(visit.id, visit.link_epoch), 303)


@blueprint.route("/appointments/<uuid:appointment_id>/answers", endpoint="ask_aloud", methods=["GET", "POST"])
@audience(staff, Permission.NOTE_WRITE)
def ask_aloud(appointment_id: UUID) -> ResponseReturnValue:
    """The same form for a therapist who reads it to their own client; the answers record who typed."""
    visit, user, now = desk.visit(appointment_id), desk.user(), clock.now()
    desk.require_own(desk.client_id_of(visit), now)
    if not before_visit.is_open(visit, now):
        raise before_visit.NotOpen
    sheet = before_visit.sheet(visit, now, in_own_words=True)
    if request.method == "GET":
        with transaction():
            audit.record(
                audit.by_user(user.id), "read", visit, client_id=visit.client_id,
                purpose="before_visit", fields=("psfs",), now=now,
            )  # fmt: skip
        return _page(visit, sheet, {}, {})
    sent, unfit = question_fields.posted(sheet.questions)
    try:
        if unfit:
            raise drafts.DraftIncomplete(unfit)
        with transaction():
            answered = before_visit.answer(
                visit, sent, actor=audit.by_user(user.id), now=now, source=BY_THERAPIST
            )
    except drafts.DraftIncomplete as incomplete:
        return _page(visit, sheet, question_fields.as_typed(sheet.questions, sent), incomplete.problems), 422
    desk.say(f"Answers kept. {HEADINGS[answered.level]}")
    return redirect(url_for("staff.visit", appointment_id=appointment_id), 303)


def _page(
    visit: Appointment, sheet: BeforeVisitQuestions, shown: dict[str, object], problems: dict[str, str]
) -> str:
    return render_template(
        "staff/ask_aloud.html",
        here="calendar",
        appointment=visit,
        sheet=sheet,
        values=shown,
        problems=problems,
        has_errors=bool(problems),
    )
