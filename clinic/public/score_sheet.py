"""Scores outside the forms of intake and visit, given by a client: on the practice's tablet, or behind the link in a letter.

The page takes answers once and never shows one, names nobody, and leads nowhere: on a tablet that goes from hand to hand, nothing
of the staff or of the client before can be reached from it. A tablet on which nobody of the staff is signed in opens it by a code.
The client's own words for their activities appear only to that client signed in, or if their therapist handed the device over.
"""

from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import InputRequired

from clinic import clock
from clinic.accounts import audit, limits, signed_links
from clinic.db import transaction
from clinic.guidance.questions import Question
from clinic.intake import drafts
from clinic.language import N_
from clinic.plans import score_sheets
from clinic.plans.models import ScoreSheet
from clinic.plans.score_sheets import Way
from clinic.refusal import NotFound
from clinic.web import access, question_fields, signed_in_staff
from clinic.web.access import anyone, audience
from clinic.web.forms import Form
from clinic.web.signed_in_client import signed_in_client_id

blueprint = Blueprint("score_sheet", __name__)

UNPROCESSABLE = 422


class TabletCodeForm(Form):
    """The code that staff read out."""

    code = StringField(
        N_("Code"),
        [InputRequired(N_("Enter the code."))],
        description=N_("Eight digits. The staff tell you."),
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )


@blueprint.get("/tablet")
@audience(anyone)
def ask_code() -> str:
    """Where a tablet of the practice opens a client's questions by a code."""
    return render_template(
        "public/score_sheet/code.html", form=TabletCodeForm(formdata=None), has_errors=False
    )


@blueprint.post("/tablet")
@audience(anyone)
def open_by_code() -> ResponseReturnValue:
    """Use up a code and open the page it stands for."""
    form, now = TabletCodeForm(), clock.now()
    if form.validate():
        limits.take(limits.TABLET_CODES, limits.network(request.remote_addr), now)
        try:
            with transaction():
                sheet_id = score_sheets.open_by_code(form.code.data or "", now).id
            return redirect(signed_links.scores_path(sheet_id), 303)
        except score_sheets.NoSuchCode as refusal:
            form.code.errors = [refusal.sentence]
    return render_template("public/score_sheet/code.html", form=form, has_errors=True), UNPROCESSABLE


@blueprint.get("/scores/<token>")
@audience(anyone)
def ask(token: str) -> str:
    """The questions, always empty."""
    now = clock.now()
    sheet = _sheet(token, now)
    if _is_known(sheet):
        with transaction():
            audit.record(
                access.actor(), "read", sheet, client_id=sheet.client_id,
                purpose=score_sheets.PURPOSE, fields=["psfs"], now=now,
            )  # fmt: skip
    return _page(sheet, _questions(sheet), {}, {})


@blueprint.post("/scores/<token>")
@audience(anyone)
def answer(token: str) -> ResponseReturnValue:
    """Store the answers, once. The page of thanks has no URL, so that nothing leads back to the answers."""
    now = clock.now()
    sheet = _sheet(token, now)
    limits.take(limits.CHANGES_LINK, str(sheet.id), now)
    asked = _questions(sheet)
    sent, unfit = question_fields.posted(asked)
    try:
        if unfit:
            raise drafts.DraftIncomplete(unfit)
        with transaction():
            score_sheets.answer(sheet.id, sent, now)
    except drafts.DraftIncomplete as incomplete:
        shown = question_fields.as_typed(asked, sent)
        return _page(sheet, asked, shown, incomplete.problems), UNPROCESSABLE
    return render_template(
        "public/score_sheet/thanks.html",
        is_on_tablet=sheet.way == Way.TABLET,
        back_to_staff=url_for("staff.visit", appointment_id=sheet.appointment_id)
        if signed_in_staff.is_handed_over() and sheet.appointment_id
        else None,
    )


def _sheet(token: str, now: datetime) -> ScoreSheet:
    claim = signed_links.check(token, signed_links.SCORES)
    if claim is None or not claim.holds(0):
        raise NotFound
    return score_sheets.find_open(claim.subject_id, now)


def _questions(sheet: ScoreSheet) -> tuple[Question, ...]:
    return score_sheets.questions(sheet.client_id, in_own_words=_is_known(sheet))


def _is_known(sheet: ScoreSheet) -> bool:
    """Whether the viewer proved to be this client, or got the device from the client's therapist."""
    return signed_in_client_id() == sheet.client_id or signed_in_staff.handed_over_for() == str(sheet.id)


def _page(
    sheet: ScoreSheet, asked: tuple[Question, ...], shown: dict[str, object], problems: dict[str, str]
) -> str:
    return render_template(
        "public/score_sheet/ask.html",
        action=request.path,
        questions=asked,
        values=shown,
        problems=problems,
        is_on_tablet=sheet.way == Way.TABLET,
        has_errors=bool(problems),
    )
