"""The short safety form before a visit, at an address derived from it: it takes answers and never shows stored ones."""

from dataclasses import replace
from datetime import datetime, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, limits, links
from clinic.booking import queries as appointments
from clinic.booking import services as booking
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.guidance.levels import Level
from clinic.guidance.questions import Question
from clinic.intake import drafts, queries
from clinic.intake import services as intake
from clinic.intake.models import Submission
from clinic.plans import services as plans
from clinic.public import outcome, sheets
from clinic.refusal import NotFound, Refusal
from clinic.web.access import anyone, audience

blueprint = Blueprint("safety_form", __name__, url_prefix="/visit")

PURPOSE = "visit"
OPENS = timedelta(hours=24)
"""Before the start; answered earlier, it would not speak of the day."""
ANSWERABLE = (State.BOOKED, State.REQUESTED, State.ARRIVED)
UNPROCESSABLE = 422


class NotOpen(Refusal):
    """Too early, or the visit is over or called off."""

    status = 410
    code = "safety-form-closed"
    sentence = "This form is open from a day before your visit until it begins."


def address(visit: Appointment, now: datetime) -> str | None:
    """Where the form of a visit is answered; None while it is not open."""
    if not _is_open(visit, now):
        return None
    return links.purpose_path(PURPOSE, PURPOSE, visit.id, visit.link_epoch)


@blueprint.get("/<token>")
@audience(anyone)
def ask(token: str) -> str:
    """The form, always empty."""
    return _page(_visit(token, clock.now()), {}, {})


@blueprint.post("/<token>")
@audience(anyone)
def answer(token: str) -> ResponseReturnValue:
    """Keep the answers and judge them with what is known; what that does to the visit happens in the same step.

    The card is shown at once instead of after a redirect, so that no address leads to it afterwards.
    """
    now = clock.now()
    visit = _visit(token, now)
    limits.take(limits.CHANGES_LINK, str(visit.id), now)
    questions = _questions()
    sent, unfit = sheets.posted(questions)
    try:
        if unfit:
            raise drafts.Incomplete(unfit)
        with transaction():
            submission, standing = _keep(visit, sent, now)
    except drafts.Incomplete as incomplete:
        return _page(visit, sheets.as_typed(questions, sent), incomplete.problems), UNPROCESSABLE
    if standing.level_at(visit.starts_at) in (Level.REFER, Level.URGENT):
        return outcome.card_of(standing, submission.outcome)
    return render_template("public/intake/visit_thanks.html")


def _keep(visit: Appointment, sent: drafts.Posted, now: datetime) -> tuple[Submission, queries.Standing]:
    if visit.client_id is None:
        raise NotFound
    submission = intake.answer_before_visit(client_id=visit.client_id, posted=sent, now=now)
    standing = queries.standing(browser=None, client_id=visit.client_id, now=now, zone=visit.zone)
    level = standing.level_at(visit.starts_at) or Level.OK
    booking.raise_level(visit.id, level, now=now)
    if level >= Level.THERAPIST_REVIEW:
        plans.open_review(submission.outcome, visit.client_id, visit, now)
    audit.record(
        audit.by_link(visit.id),
        "answer",
        submission,
        client_id=visit.client_id,
        purpose="before_visit",
        fields=sorted(submission.answers),
        now=now,
    )
    return submission, standing


def _visit(token: str, now: datetime) -> Appointment:
    claim = links.check(token, PURPOSE)
    found = db.session.get(Appointment, claim.subject_id) if claim else None
    if claim is None or found is None or found.client_id is None or not claim.holds(found.link_epoch):
        raise NotFound
    if not _is_open(found, now):
        raise NotOpen
    return appointments.appointment(found.id)


def _is_open(visit: Appointment, now: datetime) -> bool:
    return visit.state in ANSWERABLE and visit.starts_at - OPENS <= now < visit.ends_at


def _questions() -> tuple[Question, ...]:
    """The same questions for everybody: which ones a person needs would tell what is stored."""
    asked = intake.questions_before_visit({"back_pain_now": "yes"})
    return tuple(replace(question, optional=question.shown is not None) for question in asked)


def _page(visit: Appointment, shown: dict[str, object], problems: dict[str, str]) -> str:
    questions = _questions()
    flags = [question for question in questions if question.kind == "red_flag"]
    return render_template(
        "public/intake/visit.html",
        action=request.path,
        visit=visit,
        flags=flags,
        others=[question for question in questions if question not in flags],
        values=shown,
        problems=problems,
        has_errors=bool(problems),
    )
