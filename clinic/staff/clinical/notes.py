"""The note of one visit: written, saved as a draft, signed, and added to."""

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.booking.models import Appointment
from clinic.db import db, transaction
from clinic.plans import care_summary, kept_forms, note_texts, notes
from clinic.plans import queries as plans
from clinic.plans.models import SessionNote
from clinic.plans.note_content import COPIED_PARTS, SECTION, NoteContent
from clinic.plans.notes import PreviousNote
from clinic.refusal import NotFound, Refusal, Stale
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clinical import scores, unsaved
from clinic.staff.clinical.body_chart import PLACES as CHART_PLACES
from clinic.staff.clinical.body_chart import markers
from clinic.staff.clinical.note_form import WORDS, NoteForm
from clinic.staff.clinical.note_reading import parts_of, rows_of
from clinic.staff.clinical.note_saving import save_by_itself, seen_in, standing
from clinic.staff.forms import AddendumForm
from clinic.web.access import audience, rescued_by, staff

FILLING = ("take", "copy", "template", "phrase", "finding", "remove")
"""Buttons that fill in the form."""


def keep_typed(writer: User, appointment_id: UUID) -> bool:
    """Store what was typed into the note of an own client's visit; anything else is dropped."""
    try:
        visit = desk.visit(appointment_id)
        client_id = desk.client_id_of(visit)
    except NotFound:
        return False
    return unsaved.keep_typed(NoteForm, visit, client_id, writer=writer, needed=Permission.NOTE_WRITE)


@blueprint.route("/appointments/<uuid:appointment_id>/note", endpoint="note", methods=["GET", "POST"])
@audience(staff, Permission.NOTE_WRITE)
@rescued_by(keep_typed)
def note(appointment_id: UUID) -> ResponseReturnValue:
    """Write the note of an own client's visit; once signed, read it."""
    appointment = _own_visit(appointment_id)
    if "auto" in request.form:
        return save_by_itself(appointment, NoteForm())
    written = notes.note_of(appointment)
    if written is not None and written.signed_at is not None:
        return _signed_meanwhile(appointment, written)
    if appointment.state not in notes.NOTED:
        raise notes.NoVisit
    form = NoteForm()
    is_given_back, refusal = False, None
    plan, previous = _planned(appointment), _previous(appointment)
    if _is_filling():
        _fill_in(form, plan, previous)
    elif form.validate_on_submit():
        refusal = _save(appointment, form)
        if refusal is None:
            return _saved(appointment)
        form.form_errors.append(refusal.sentence)
        written = notes.note_of(appointment)
        if written is not None and written.signed_at is not None:
            return _signed_meanwhile(appointment, written)
    elif request.method == "GET":
        is_given_back = _give_back(form, appointment)
        if not is_given_back and written is not None:
            _fill(form, written)
    if form.save and written is not None and written.page_key == form.save.page:
        form.seen.data = (
            written.written_at.isoformat()
        )  # Its answer may not have reached the page that was sent.
    page = render_template(
        "staff/clinical/note.html",
        here="today",
        appointment=appointment,
        note=written,
        form=form,
        planned=rows_of(plan),
        previous=previous,
        rows_of_previous=parts_of(previous.content) if previous else [],
        copied_parts=_copied_parts(previous),
        typed_parts=form.typed_parts,
        templates=note_texts.templates(),
        phrases=note_texts.phrases_for(desk.user()),
        markers=markers(form.findings_said),
        chart_places=CHART_PLACES,
        copied={copied.part: copied.on for copied in form.copied_parts},
        care=_care(appointment),
        score_rows=_score_rows(appointment),
        has_errors=form.has_errors,
        is_given_back=is_given_back,
        can_sign=appointment.starts_at <= clock.now(),
        author=db.session.get(User, written.author_id) if written else None,
        saving=_saving(is_given_back=is_given_back, refusal=refusal),
        standing=_standing(form, written) if isinstance(refusal, Stale) else None,
    )
    if refusal is not None:
        return page, refusal.status
    return page, 400 if form.has_errors else 200


@blueprint.post("/appointments/<uuid:appointment_id>/note/more", endpoint="add_to_note")
@audience(staff, Permission.NOTE_WRITE)
def add_to_note(appointment_id: UUID) -> ResponseReturnValue:
    """Add to a signed note."""
    appointment = _own_visit(appointment_id)
    written = notes.note_of(appointment)
    if written is None or written.signed_at is None:
        raise notes.NotSigned
    form = AddendumForm()
    if not form.validate_on_submit():
        return _signed_page(appointment, written, form), 400
    with transaction():
        notes.add_to_note(written, form.text.data or "", by=desk.user(), now=clock.now())
    desk.say("Added to the note.")
    return redirect(url_for("staff.note", appointment_id=appointment_id), 303)


@blueprint.post("/appointments/<uuid:appointment_id>/note/cosign", endpoint="cosign_note")
@audience(staff, Permission.NOTE_WRITE, fresh=True)
def cosign_note(appointment_id: UUID) -> ResponseReturnValue:
    """Co-sign the signed note of a student."""
    appointment = _own_visit(appointment_id)
    with transaction():
        notes.cosign_note(appointment, by=desk.user(), now=clock.now())
    desk.say("Co-signed.")
    return redirect(url_for("staff.note", appointment_id=appointment_id), 303)


def _own_visit(appointment_id: UUID) -> Appointment:
    """A visit of an own client, or one whose note the person may co-sign."""
    appointment = desk.visit(appointment_id)
    if not notes.may_cosign(notes.note_of(appointment), desk.user()):
        desk.require_own(desk.client_id_of(appointment), clock.now())
    return appointment


def _save(appointment: Appointment, form: NoteForm) -> Refusal | None:
    """Save or sign; returns a refusal, which the page shows with everything that was typed."""
    signs = "sign" in request.form
    verb = notes.sign_note if signs else notes.write_note
    try:
        with transaction():
            verb(
                appointment, form.content, by=desk.user(), now=clock.now(), seen=seen_in(form), save=form.save
            )
            kept_forms.forget(appointment, by=desk.user())
    except Refusal as refusal:
        return refusal
    return None


def _saving(*, is_given_back: bool, refusal: Refusal | None) -> str:
    """How the page begins to save by itself: `now` if something stands there that is not saved, `paused` until the writer has
    chosen between two texts."""
    if isinstance(refusal, Stale):
        return "paused"
    return "now" if is_given_back or _is_filling() else "on"


def _standing(form: NoteForm, written: SessionNote | None) -> list[tuple[str, str]]:
    """The draft that was saved meanwhile. Saving again now works, because it has been seen."""
    form.seen.data = written.written_at.isoformat() if written else ""
    return standing(written)


def _signed_meanwhile(appointment: Appointment, written: SessionNote) -> ResponseReturnValue:
    """The signed note; what was typed into its draft elsewhere is ready to be added."""
    more = AddendumForm(formdata=None)
    if request.method == "GET":
        return _signed_page(appointment, written, more)
    form = NoteForm()
    words = [entry.form.text.data for entry in form.sections] + [form[name].data for name in WORDS]
    more.text.data = "\n\n".join(filter(None, words))
    more.form_errors.append(notes.Signed.sentence)
    return _signed_page(appointment, written, more), notes.Signed.status


def _saved(appointment: Appointment) -> ResponseReturnValue:
    if "sign" in request.form:
        desk.say("Signed. The note is locked and the visit is done.")
        return redirect(url_for("staff.today"), 303)
    desk.say("Draft saved.")
    return redirect(url_for("staff.note", appointment_id=appointment.id), 303)


def _give_back(form: NoteForm, appointment: Appointment) -> bool:
    """Fill the form with what was stored when the session ended; returns whether there was anything."""
    with transaction():
        typed = unsaved.typed_before(appointment)
    if typed is None:
        return False
    form.process(typed)
    form.restored.data = "yes"
    return True


def _fill(form: NoteForm, written: SessionNote) -> None:
    """A saved draft. Without one the form is empty: what the therapist did not state was not done."""
    with transaction():
        content = notes.open_content(written, by=desk.user(), now=clock.now())
    form.show(content, written.written_at.isoformat())


def _planned(appointment: Appointment) -> NoteContent:
    with transaction():
        return notes.planned(appointment, by=desk.user(), now=clock.now())


def _previous(appointment: Appointment) -> PreviousNote | None:
    with transaction():
        return notes.previous_note(appointment, by=desk.user(), now=clock.now())


def _copied_parts(previous: PreviousNote | None) -> tuple[str, ...]:
    """What can be copied from the note before."""
    if previous is None:
        return ()
    return (*COPIED_PARTS, *(SECTION + each.heading for each in previous.content.sections))


def _is_filling() -> bool:
    """Whether a press fills in something: the plan, a part of the note before, a template or a phrase."""
    return any(name in request.form for name in FILLING)


def _fill_in(form: NoteForm, plan: NoteContent, previous: PreviousNote | None) -> None:
    """Fill in what was pressed. Nothing is stored before the page saves or the therapist signs."""
    sent = request.form
    if "take" in sent:
        form.take_over(plan)
    elif "copy" in sent and previous is not None:
        if (
            any(part == sent["copy"] for part, _, _ in parts_of(previous.content))
            and sent["copy"] != "consent"
        ):
            form.copy(sent["copy"], previous.content, previous.on)
    elif "template" in sent:
        form.use_template(note_texts.template(_id_in(sent["template"])).headings)
    elif "finding" in sent:
        form.add_finding(sent["finding"])
    elif "remove" in sent:
        form.remove_finding(sent["remove"])
    elif "phrase" in sent:
        form.put(sent.get("into", ""), note_texts.phrase(_id_in(sent["phrase"]), desk.user()).text)


def _id_in(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _care(appointment: Appointment) -> care_summary.CareSummary | None:
    with transaction():
        return care_summary.care_of(appointment, by=desk.user(), now=clock.now())


def _score_rows(appointment: Appointment) -> list[tuple[str, str]]:
    with transaction():
        return scores.rows_of_visit(appointment, reader=desk.user(), now=clock.now())


def _signed_page(appointment: Appointment, written: SessionNote, form: AddendumForm) -> str:
    now = clock.now()
    is_own = plans.treats(desk.user().id, written.client_id, now)
    with transaction():
        content = notes.open_content(written, by=desk.user(), now=now)
        author = db.session.get_one(User, written.author_id)
        return render_template(
            "staff/clinical/note_signed.html",
            here="today",
            appointment=appointment,
            note=written,
            now=now,
            rows=rows_of(content),
            markers=markers(content.findings) if content.findings else {},
            care=care_summary.care_of(appointment, by=desk.user(), now=now) if is_own else None,
            score_rows=scores.rows_of_visit(appointment, reader=desk.user(), now=now) if is_own else None,
            author=author,
            supervisor=db.session.get(User, author.supervisor_id) if author.supervisor_id else None,
            cosigner=db.session.get(User, written.cosigned_by_id) if written.cosigned_by_id else None,
            may_cosign=notes.may_cosign(written, desk.user()),
            addenda=[
                (addendum, db.session.get(User, addendum.author_id)) for addendum in notes.addenda(written)
            ],
            form=form,
            has_errors=form.has_errors,
        )
