"""Letters and reports of a signed-in client: sending them, what was sent, and taking one back."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.db import transaction
from clinic.intake import documents
from clinic.intake.documents import Document, DocumentSettled, SentFrom
from clinic.language import N_
from clinic.maintenance import periods
from clinic.refusal import NotFound
from clinic.web import context
from clinic.web.access import audience, client
from clinic.web.document_form import UPLOAD_BYTES, DocumentForm
from clinic.web.signed_in_client import SignedInClient, client_of_page

blueprint = Blueprint("own_documents", __name__)


@blueprint.route("/my/documents", methods=["GET", "POST"])
@audience(client, upload_bytes=UPLOAD_BYTES)
def show() -> ResponseReturnValue:
    """What this client sent, and the form for another file."""
    found, now = client_of_page(), clock.now()
    form = DocumentForm()
    if form.validate_on_submit() and form.send(
        found.client_id, sent_from=SentFrom.PORTAL, actor=found.actor, now=now
    ):
        flash(N_("Your file has arrived. Your therapist can read it."), "ok")
        return redirect(url_for("own_documents.show"), 303)
    page = render_template(
        "portal/documents.html",
        form=form,
        has_errors=form.has_errors,
        unread_days=periods.unread_days(),
        sent=documents.sent_by(found.client_id),
        zone=context.practice_zone(now),
    )
    return page, form.status


@blueprint.get("/my/documents/<uuid:document_id>/remove")
@audience(client)
def ask_removal(document_id: UUID) -> ResponseReturnValue:
    """Ask whether this file is to be deleted, because then it is gone."""
    document, now = _own(document_id, client_of_page()), clock.now()
    if not document.can_be_removed(now):
        flash(DocumentSettled.sentence, "caution")
        return redirect(url_for(".show"), 303)
    return render_template("portal/delete_document.html", document=document, zone=context.practice_zone(now))


@blueprint.post("/my/documents/<uuid:document_id>/remove")
@audience(client)
def remove(document_id: UUID) -> ResponseReturnValue:
    """Take a file back that nobody has opened. Another client's file answers as if there were none."""
    found, now = client_of_page(), clock.now()
    _own(document_id, found)
    try:
        with transaction():
            documents.remove(document_id, actor=found.actor, now=now)
        flash(N_("The file is deleted."), "ok")
    except DocumentSettled as refusal:
        flash(refusal.sentence, "caution")
    return redirect(url_for("own_documents.show"), 303)


def _own(document_id: UUID, found: SignedInClient) -> Document:
    """A file that this client sent; raises NotFound for any other."""
    document = documents.find(document_id)
    if document.client_id != found.client_id or document.sent_from == SentFrom.STAFF:
        raise NotFound
    return document
