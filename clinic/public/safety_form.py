"""The short form before a visit, at a URL derived from it: it takes answers and never shows stored ones.

The URL proves only that somebody has the email, so activities that a client once named are asked by number. Their own
words appear only if this client is signed in by a one-time link, or if their therapist handed over the device.
"""

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, limits, signed_links
from clinic.booking import queries as appointments
from clinic.booking.models import Appointment
from clinic.db import db, transaction
from clinic.guidance.levels import Level
from clinic.guidance.schedule import activity_field
from clinic.intake import drafts
from clinic.plans import before_visit
from clinic.plans.before_visit import BeforeVisitQuestions, NotOpen
from clinic.practice import queries as practice
from clinic.public import outcome
from clinic.refusal import NotFound
from clinic.web import access, question_fields, signed_in_staff
from clinic.web.access import anyone, audience
from clinic.web.signed_in_client import signed_in_client_id

blueprint = Blueprint("safety_form", __name__, url_prefix="/visit")

UNPROCESSABLE = 422


@blueprint.get("/<token>")
@audience(anyone)
def ask(token: str) -> str:
    """The form, always empty."""
    now = clock.now()
    visit = _visit(token, now)
    sheet = _sheet(visit, now)
    if _is_known(visit) and _asks_activities(sheet):
        with transaction():
            audit.record(
                access.actor(), "read", visit, client_id=visit.client_id,
                purpose="before_visit", fields=["psfs"], now=now,
            )  # fmt: skip
    return _page(visit, sheet, {}, {})


@blueprint.post("/<token>")
@audience(anyone)
def answer(token: str) -> ResponseReturnValue:
    """Store the answers, judge them with what is known, and apply the result to the visit in the same step.

    The card is shown at once instead of after a redirect, so that no URL leads to it afterwards.
    """
    now = clock.now()
    visit = _visit(token, now)
    limits.take(limits.CHANGES_LINK, str(visit.id), now)
    sheet = _sheet(visit, now)
    sent, unfit = question_fields.posted(sheet.questions)
    try:
        if unfit:
            raise drafts.DraftIncomplete(unfit)
        with transaction():
            answered = before_visit.answer(visit, sent, actor=audit.by_link(visit.id), now=now)
    except drafts.DraftIncomplete as incomplete:
        shown = question_fields.as_typed(sheet.questions, sent)
        return _page(visit, sheet, shown, incomplete.problems), UNPROCESSABLE
    if answered.level in (Level.REFER, Level.URGENT):
        told = None if _is_known(visit) else frozenset(answered.submission.answers)
        return outcome.card_of(answered.standing, answered.submission.outcome, told=told)
    back = url_for("staff.visit", appointment_id=visit.id) if signed_in_staff.is_handed_over() else None
    return render_template("public/safety_form_thanks.html", back_to_staff=back)


def _visit(token: str, now: datetime) -> Appointment:
    claim = signed_links.check(token, signed_links.VISIT_FORM)
    found = db.session.get(Appointment, claim.subject_id) if claim else None
    if claim is None or found is None or found.client_id is None or not claim.holds(found.link_epoch):
        raise NotFound
    if not before_visit.is_open(found, now):
        raise NotOpen
    return appointments.appointment(found.id)


def _sheet(visit: Appointment, now: datetime) -> BeforeVisitQuestions:
    sheet = before_visit.sheet(visit, now, in_own_words=_is_known(visit))
    here = practice.find_practice()
    country = here.country if here else ""
    return replace(sheet, signs=tuple(question_fields.in_words_of(country, sign) for sign in sheet.signs))


def _is_known(visit: Appointment) -> bool:
    """Whether the viewer proved to be this client, or got the device from the client's therapist."""
    is_signed_in = visit.client_id is not None and signed_in_client_id() == visit.client_id
    return is_signed_in or signed_in_staff.handed_over_for() == str(visit.id)


def _asks_activities(sheet: BeforeVisitQuestions) -> bool:
    return any(question.field == activity_field(1) for question in sheet.scores)


def _page(
    visit: Appointment, sheet: BeforeVisitQuestions, shown: dict[str, object], problems: dict[str, str]
) -> str:
    by_number = _asks_activities(sheet) and not _is_known(visit)
    return render_template(
        "public/safety_form.html",
        action=request.path,
        visit=visit,
        sheet=sheet,
        values=shown,
        problems=problems,
        has_errors=bool(problems),
        own_words=url_for("portal.sign_in", next=request.path) if by_number else None,
    )
