"""Adding a document on paper to a client's record: a scan or a photo, with what it is. The desk adds and does not read.

Whoever may change the calendar may add, as they take in what is handed over. They see only what they added themselves, for as
long as no therapist has read it and it can be removed. Therapists of the client see all of it under *Documents*.
"""

from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField
from wtforms.validators import InputRequired

from clinic import clock
from clinic.accounts import audit, limits
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.intake import documents
from clinic.intake.documents import (
    KINDS,
    DocumentKind,
    DocumentNotScanned,
    DocumentSettled,
    SentFrom,
    TooManyAdded,
    UnfitDocument,
)
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import file
from clinic.staff.clients.file import FileHead
from clinic.web.access import actor, audience, staff
from clinic.web.document_form import UPLOAD_BYTES, FileForm

SETTLED = "A therapist has read this document, so it is part of the record and stays."


class AddDocumentForm(FileForm):
    """A scan or a photo, and what it is."""

    kind = RadioField(
        "What is it?",
        choices=[(kind.value, words) for kind, words in KINDS.items()],
        validators=[InputRequired("Choose what it is.")],
    )


@blueprint.route("/clients/<uuid:client_id>/documents/add", endpoint="add_document", methods=["GET", "POST"])
@audience(staff, Permission.CALENDAR_WRITE, upload_bytes=UPLOAD_BYTES)
def add(client_id: UUID) -> ResponseReturnValue:
    """The form for one document, and below it what the reader added and can still remove."""
    now = clock.now()
    head = file.head_of(client_id, now)
    form = AddDocumentForm()
    if form.validate_on_submit() and _stored(form, head):
        desk.say("The document is stored. Therapists of this client can read it.")
        return redirect(_after(head), 303)
    own = documents.added_unread(client_id, desk.user().id)
    if own:
        with transaction():
            audit.record(
                actor(), "read", subject_type="documents", client_id=client_id, purpose="file", now=now
            )
    page = file.page(
        "documents", head, template="add_document", form=form, has_errors=form.has_errors, own=own
    )
    return page, form.status


@blueprint.post("/clients/<uuid:client_id>/documents/<uuid:document_id>/remove", endpoint="remove_document")
@audience(staff, Permission.CALENDAR_WRITE)
def remove(client_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """Delete what staff added and nobody has read: one's own, or as a therapist of the client. Raises NotFound for any other."""
    now = clock.now()
    head = file.head_of(client_id, now)
    found = documents.find(document_id)
    if found.client_id != client_id or found.sent_from != SentFrom.STAFF:
        raise NotFound
    if not (head.is_own or (found.added_by_id == desk.user().id and found.read_at is None)):
        raise NotFound
    try:
        with transaction():
            documents.remove(document_id, actor=actor(), now=now)
    except DocumentSettled:
        desk.say(SETTLED)
    else:
        desk.say("The document is deleted.")
    return redirect(_after(head), 303)


def _stored(form: AddDocumentForm, head: FileHead) -> bool:
    """Check the file and store it; False if it was refused, which then stands at the file."""
    now = clock.now()
    limits.take(limits.DOCUMENTS_STAFF, str(desk.user().id), now)
    try:
        found = form.checked()
        with transaction():
            documents.add_from_paper(
                head.person.id,
                found,
                name=form.file_name,
                kind=DocumentKind(form.kind.data),
                by=desk.user(),
                now=now,
            )
    except (UnfitDocument, DocumentNotScanned, TooManyAdded) as refusal:
        form.document.errors = [refusal.for_staff]
        form.refusal = refusal
        return False
    return True


def _after(head: FileHead) -> str:
    """Where one goes on: to the tab for a therapist of the client, else to the form."""
    return url_for(
        "staff.client_documents" if head.is_own else "staff.add_document", client_id=head.person.id
    )
