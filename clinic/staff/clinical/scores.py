"""Scores at the desk: entered and corrected by a therapist, and asked for on the tablet or by letter.

The desk may ask; only a therapist of the client enters, corrects and sees them.
"""

from datetime import datetime
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import signed_links
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.booking.models import Appointment
from clinic.db import transaction
from clinic.guidance.fields import FIELDS
from clinic.guidance.measures import GlobalChange
from clinic.guidance.questions import Question
from clinic.guidance.schedule import Instrument
from clinic.intake import drafts
from clinic.plans import queries as plans
from clinic.plans import score_sheets
from clinic.plans.models import OutcomeEntry
from clinic.plans.score_sheets import KeptScores, Way
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import file
from clinic.staff.clients.clinical_tabs import of_own_client
from clinic.staff.clients.file import FileHead
from clinic.web import question_fields, signed_in_staff
from clinic.web.access import audience, may, staff

TITLES = {
    Instrument.NRS: "Pain",
    Instrument.PEG: "Pain in daily life (PEG)",
    Instrument.PSFS: "Own activities, 10 is as before",
    Instrument.GLOBAL_CHANGE: "Compared with before the course",
    Instrument.REACTION: "After the last session",
}
WAYS = {Way.STAFF: "at the desk", Way.TABLET: "on the tablet", Way.LETTER: "after a letter"}
PEG_ITEMS = {"pain": "pain", "enjoyment": "enjoyment of life", "activity": "general activity"}


@blueprint.get("/clients/<uuid:client_id>/scores", endpoint="client_scores")
@audience(staff, Permission.HEALTH_READ)
@of_own_client("scores")
def show(head: FileHead, now: datetime) -> ResponseReturnValue:
    """Every score of an own client, who entered it, and what it replaced; the access is recorded."""
    with transaction():
        kept = score_sheets.history(head.person.id, by=desk.user(), now=now)
        return file.page(
            "scores",
            head,
            kept=kept,
            said=said,
            origin=origin,
            titles=TITLES,
            may_enter=may(Permission.NOTE_WRITE),
        )


def said(entry: OutcomeEntry) -> str:
    """What an entry says, in words."""
    given = entry.scores
    match Instrument(entry.instrument):
        case Instrument.NRS:
            words = {"now": "now", "average": "on average over the last week"}
            return ", ".join(f"{given[name]} of 10 {text}" for name, text in words.items() if name in given)
        case Instrument.PEG:
            return ", ".join(f"{text} {given[name]}" for name, text in PEG_ITEMS.items() if name in given)
        case Instrument.PSFS:
            return ", ".join(f"“{row['activity']}” {row['score']}" for row in given["activities"])
        case Instrument.GLOBAL_CHANGE:
            return GlobalChange(given["global_change"]).label
        case Instrument.REACTION:
            return FIELDS["past_reaction"].label(given["reaction"])


def origin(kept: KeptScores) -> str:
    """Where scores come from, and who entered them."""
    if kept.entered_by is not None:
        return f"Entered by {kept.entered_by.name}"
    if kept.way is not None:
        return f"Given by the client {WAYS[kept.way]}"
    if kept.entry.source == "therapist":
        return "Asked aloud before the visit"
    return "Given by the client before the visit" if kept.visit else "Given with the health questions"


def rows_of_visit(visit: Appointment, *, reader: User, now: datetime) -> list[tuple[str, str]]:
    """The scores for one visit as terms and words, with who entered them; the access is recorded, and the caller commits."""
    kept = score_sheets.of_visit(visit, by=reader, now=now)
    return [(TITLES[Instrument(one.entry.instrument)], f"{said(one.entry)}. {origin(one)}.") for one in kept]


@blueprint.route("/clients/<uuid:client_id>/scores/new", endpoint="enter_scores", methods=["GET", "POST"])
@audience(staff, Permission.NOTE_WRITE)
def enter(client_id: UUID) -> ResponseReturnValue:
    """Enter scores of an own client, for the visit that `visit` names or for today."""
    now = clock.now()
    head = file.head_of(client_id, now)
    desk.require_own(client_id, now)
    visit = _visit_of(client_id)
    asked = score_sheets.questions(client_id, in_own_words=True)
    if request.method == "GET":
        return _form_page(head, visit, asked, {}, {})
    sent, unfit = question_fields.posted(asked)
    try:
        if unfit:
            raise drafts.DraftIncomplete(unfit)
        with transaction():
            score_sheets.enter(client_id, visit, sent, by=desk.user(), now=now)
    except drafts.DraftIncomplete as incomplete:
        shown = question_fields.as_typed(asked, sent)
        return _form_page(head, visit, asked, shown, incomplete.problems), 422
    desk.say("The scores are kept.")
    return desk.back_to(url_for("staff.client_scores", client_id=client_id))


@blueprint.route("/scores/<uuid:entry_id>/correct", endpoint="correct_scores", methods=["GET", "POST"])
@audience(staff, Permission.NOTE_WRITE)
def correct(entry_id: UUID) -> ResponseReturnValue:
    """Correct scores that came on a sheet; the old ones stay, and the page of all scores shows both."""
    now = clock.now()
    with transaction():
        entry = score_sheets.entry_to_correct(entry_id)
        desk.require_own(entry.client_id, now)
        asked = score_sheets.questions_of(entry)
        head = file.head_of(entry.client_id, now)
        if request.method == "GET":
            values = score_sheets.values_of(entry)
            score_sheets.record_look(entry, by=desk.user(), now=now)
            return _form_page(head, None, asked, values, {}, corrects=entry)
    sent, unfit = question_fields.posted(asked)
    try:
        if unfit:
            raise drafts.DraftIncomplete(unfit)
        with transaction():
            score_sheets.correct(entry, sent, by=desk.user(), now=now)
    except drafts.DraftIncomplete as incomplete:
        shown = question_fields.as_typed(asked, sent)
        return _form_page(head, None, asked, shown, incomplete.problems, corrects=entry), 422
    desk.say("Corrected. What stood there before is kept.")
    return redirect(url_for("staff.client_scores", client_id=head.person.id), 303)


def _form_page(
    head: FileHead,
    visit: Appointment | None,
    asked: tuple[Question, ...],
    shown: dict[str, object],
    problems: dict[str, str],
    *,
    corrects: OutcomeEntry | None = None,
) -> str:
    return render_template(
        "staff/clinical/enter_scores.html",
        here="clients",
        person=head.person,
        visit=visit,
        questions=asked,
        values=shown,
        problems=problems,
        corrects=corrects,
        has_errors=bool(problems),
        back=desk.staff_path(request.values.get("back")),
    )


def _visit_of(client_id: UUID) -> Appointment | None:
    """The visit that the address names; raises NotFound unless it is this client's."""
    named = request.args.get("visit")
    if not named:
        return None
    try:
        visit = desk.visit(UUID(named))
    except ValueError:
        raise NotFound from None
    if visit.client_id != client_id:
        raise NotFound
    return visit


@blueprint.post("/appointments/<uuid:appointment_id>/scores/tablet", endpoint="hand_over_scores")
@audience(staff, Permission.CALENDAR_WRITE)
def hand_over(appointment_id: UUID) -> ResponseReturnValue:
    """Open the questions for the client on this device, and close the staff pages on it.

    The client's own words for their activities are shown only if their therapist hands over.
    """
    visit, user, now = desk.visit(appointment_id), desk.user(), clock.now()
    is_own = may(Permission.HEALTH_READ) and plans.treats(user.id, desk.client_id_of(visit), now)
    with transaction():
        sheet = score_sheets.hand_over(visit, by=user, now=now)
        signed_in_staff.hand_over(str(sheet.id) if is_own else "")
        path = signed_links.scores_path(sheet.id)
    return redirect(path, 303)


@blueprint.post("/appointments/<uuid:appointment_id>/scores/code", endpoint="scores_code")
@audience(staff, Permission.CALENDAR_WRITE)
def code(appointment_id: UUID) -> ResponseReturnValue:
    """Show a code that opens the questions on a tablet where nobody of the staff is signed in; it is shown once."""
    visit, now = desk.visit(appointment_id), clock.now()
    with transaction():
        coded = score_sheets.hand_over_by_code(visit, by=desk.user(), now=now)
        return render_template(
            "staff/clinical/scores_code.html",
            here="calendar",
            appointment=visit,
            code=f"{coded.code[:4]} {coded.code[4:]}",
            address=url_for("score_sheet.ask_code", _external=True),
            minutes=int(score_sheets.CODE_LASTS.total_seconds() // 60),
        )


@blueprint.post("/appointments/<uuid:appointment_id>/scores/letter", endpoint="ask_scores_by_letter")
@audience(staff, Permission.CALENDAR_WRITE)
def ask_by_letter(appointment_id: UUID) -> ResponseReturnValue:
    """Ask the client by letter; at most once in seven days, and only whom such letters may reach."""
    visit, now = desk.visit(appointment_id), clock.now()
    with transaction():
        score_sheets.ask_by_letter(visit, by=desk.user(), now=now)
    desk.say("A letter asks for the numbers. It leaves within a minute, outside the quiet hours.")
    return desk.back_to(url_for("staff.visit", appointment_id=appointment_id))
