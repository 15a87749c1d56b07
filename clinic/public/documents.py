"""Letters and reports for one visit, by its manage link: sending them, and taking one back.

The link takes files and shows none: neither what is in them nor what they are called, and nothing that was sent elsewhere.
"""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, limits
from clinic.booking import queries as appointments
from clinic.booking.models import Appointment, State
from clinic.db import transaction
from clinic.intake import documents
from clinic.intake.documents import Document, DocumentSettled, SentFrom
from clinic.language import N_
from clinic.maintenance import periods
from clinic.refusal import NotFound
from clinic.web import languages
from clinic.web.access import anyone, audience
from clinic.web.document_form import UPLOAD_BYTES, DocumentForm

blueprint = Blueprint("documents", __name__, url_prefix="/a")

OPEN = (State.BOOKED, State.REQUESTED, State.ARRIVED)
"""The states of a visit in which something can still be sent for it."""


@blueprint.route("/<token>/documents", methods=["GET", "POST"])
@audience(anyone, upload_bytes=UPLOAD_BYTES)
def of_visit(token: str) -> ResponseReturnValue:
    """What was sent for this visit, and the form for another file, until the visit is over."""
    visit, client_id, now = *_visit(token), clock.now()
    if visit.state not in OPEN or visit.ends_at <= now:
        return redirect(url_for("appointment.manage", token=token), 303)
    form = DocumentForm()
    if form.validate_on_submit() and form.send(
        client_id,
        sent_from=SentFrom.LINK,
        visit=(visit.id, visit.starts_at),
        actor=audit.by_link(visit.id),
        now=now,
    ):
        flash(N_("Your file has arrived. Your therapist can read it."), "ok")
        return redirect(url_for(".of_visit", token=token), 303)
    page = render_template(
        "public/documents.html",
        form=form,
        has_errors=form.has_errors,
        unread_days=periods.unread_days(),
        sent=documents.of_visit(visit.id),
        visit=visit,
        token=token,
    )
    return page, form.status


@blueprint.get("/<token>/documents/<uuid:document_id>/remove")
@audience(anyone)
def ask_removal(token: str, document_id: UUID) -> ResponseReturnValue:
    """Ask whether this file is to be deleted, because then it is gone."""
    visit, _ = _visit(token)
    document = _sent_for(visit, document_id)
    if not document.can_be_removed(clock.now()):
        flash(DocumentSettled.sentence, "caution")
        return redirect(url_for(".of_visit", token=token), 303)
    return render_template("public/delete_document.html", document=document, visit=visit, token=token)


@blueprint.post("/<token>/documents/<uuid:document_id>/remove")
@audience(anyone)
def remove(token: str, document_id: UUID) -> ResponseReturnValue:
    """Take a file back that nobody has opened. A file of another visit answers as if there were none."""
    (visit, _), now = _visit(token), clock.now()
    limits.take(limits.CHANGES_LINK, str(visit.id), now)
    _sent_for(visit, document_id)
    try:
        with transaction():
            documents.remove(document_id, actor=audit.by_link(visit.id), now=now)
        flash(N_("The file is deleted."), "ok")
    except DocumentSettled as refusal:
        flash(refusal.sentence, "caution")
    return redirect(url_for(".of_visit", token=token), 303)


def _visit(token: str) -> tuple[Appointment, UUID]:
    """The visit of a manage link and its client, in the client's language. Raises NotFound."""
    visit = appointments.by_manage_token(token)
    if visit.client_id is None:
        raise NotFound
    languages.speak_to(visit.client)
    return visit, visit.client_id


def _sent_for(visit: Appointment, document_id: UUID) -> Document:
    """A file that was sent by the link of this visit; raises NotFound for any other."""
    found = documents.find(document_id)
    if found.appointment_id != visit.id or found.sent_from != SentFrom.LINK:
        raise NotFound
    return found
