"""What the page of a note is told when it saves by itself, and how a draft is discarded."""

from datetime import UTC, datetime
from uuid import UUID

from flask import jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from clinic import clock
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.booking.models import Appointment
from clinic.db import db, transaction
from clinic.language.reading import local_time
from clinic.plans import kept_forms, notes
from clinic.plans.models import SessionNote
from clinic.refusal import Refusal, Stale
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clinical.note_form import NoteForm
from clinic.staff.clinical.note_reading import rows_of
from clinic.web.access import audience, staff
from clinic.web.forms import Form

NEVER = datetime.min.replace(tzinfo=UTC)


class DiscardForm(Form):
    """The draft that is discarded, as its page showed it."""

    seen = HiddenField()


def seen_in(form: NoteForm | DiscardForm) -> datetime | None:
    """When the form's draft was saved; invalid input counts as an outdated draft."""
    if not form.seen.data:
        return None
    try:
        seen = datetime.fromisoformat(form.seen.data)
    except ValueError:
        return NEVER
    return seen if seen.tzinfo else NEVER


def save_by_itself(appointment: Appointment, form: NoteForm) -> ResponseReturnValue:
    """Save what a page sent while somebody writes, and say when and as which version; or why not, beside what stands there."""
    if not form.validate():
        return jsonify(sentence=_first_of(form.errors)), 400
    try:
        with transaction():
            written = notes.write_note(
                appointment,
                form.content,
                by=desk.user(),
                now=clock.now(),
                seen=seen_in(form),
                save=form.save,
                is_by_itself=True,
            )
            if form.restored.data:
                kept_forms.forget(appointment, by=desk.user())
            elif form.save:
                kept_forms.forget_of_page(appointment, form.save.page, by=desk.user())
    except Refusal as refusal:
        return _too_late(appointment, refusal)
    return jsonify(
        saved=local_time(written.written_at, appointment.zone), seen=written.written_at.isoformat()
    )


def _first_of(errors: object) -> str:
    """The first sentence among a form's errors, those of its inner forms included."""
    while not isinstance(errors, str):
        inner = errors.values() if isinstance(errors, dict) else errors
        errors = next(each for each in inner if each)  # type: ignore[attr-defined]  # Lists and dicts, as WTForms nests them.
    return errors


def standing(written: SessionNote | None) -> list[tuple[str, str]]:
    """The note that was saved meanwhile, as terms and words; nothing if it was discarded."""
    if written is None:
        return []
    with transaction():
        return rows_of(notes.open_content(written, by=desk.user(), now=clock.now()))


def _too_late(appointment: Appointment, refusal: Refusal) -> ResponseReturnValue:
    if not isinstance(refusal, Stale | notes.Signed):
        return jsonify(sentence=refusal.sentence), refusal.status
    written = notes.note_of(appointment)
    part = render_template(
        "staff/clinical/_standing.html",
        appointment=appointment,
        note=written,
        author=db.session.get(User, written.author_id) if written else None,
        standing=standing(written),
    )
    seen = written.written_at.isoformat() if written else ""
    return jsonify(sentence=refusal.sentence, standing=part, seen=seen), refusal.status


@blueprint.route(
    "/appointments/<uuid:appointment_id>/note/discard", endpoint="discard_note", methods=["GET", "POST"]
)
@audience(staff, Permission.NOTE_WRITE)
def discard_note(appointment_id: UUID) -> ResponseReturnValue:
    """Ask, and then delete the draft of an own client's note."""
    appointment = desk.visit(appointment_id)
    desk.require_own(desk.client_id_of(appointment), clock.now())
    form, refusal = DiscardForm(), None
    if form.validate_on_submit():
        try:
            with transaction():
                notes.discard_note(appointment, by=desk.user(), now=clock.now(), seen=seen_in(form) or NEVER)
                kept_forms.forget(appointment, by=desk.user())
            desk.say("The draft is discarded.")
            return redirect(url_for("staff.visit", appointment_id=appointment_id), 303)
        except Stale as stale:
            refusal = stale
    written = notes.note_of(appointment)
    if written is None or written.signed_at is not None:
        return redirect(url_for("staff.note", appointment_id=appointment_id), 303)
    form.seen.data = written.written_at.isoformat()
    page = render_template(
        "staff/clinical/note_discard.html",
        here="today",
        appointment=appointment,
        note=written,
        author=db.session.get(User, written.author_id),
        form=form,
        refusal=refusal,
    )
    return page, refusal.status if refusal else 200
