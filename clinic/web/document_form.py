"""Sending a letter or report: the form of clients, and what it shares with that of staff."""

from datetime import datetime
from uuid import UUID

from flask import current_app, request
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField
from wtforms.validators import InputRequired

from clinic.accounts import limits
from clinic.db import transaction
from clinic.intake import consent, documents
from clinic.intake.documents import SentFrom
from clinic.language import N_, gettext
from clinic.refusal import Refusal
from clinic.untrusted_files.isolation import CleanFile
from clinic.web.forms import Form

UPLOAD_BYTES = 20 * 1024 * 1024
"""The longest form: a file that is too large is still told so in a sentence of its own."""


class FileForm(Form):
    """One file that is checked before it is stored."""

    document = FileField(
        N_("File"),
        description=N_("PDF with at most 40 pages, or a photo (JPEG, PNG, HEIC). At most 10 MB."),
        validators=[FileRequired(N_("Choose a file first."))],
        render_kw={
            "accept": ".pdf,.jpg,.jpeg,.png,.heic,.heif,application/pdf,image/jpeg,image/png,image/heic"
        },
    )
    refusal: Refusal | None = None

    def checked(self) -> CleanFile:
        """The file as it may be stored; call it outside a transaction. Raises UnfitDocument and DocumentNotScanned."""
        return documents.cleaned(
            self.document.data.stream.read(documents.MOST_BYTES + 1), scanner=current_app.config["CLAMD_URL"]
        )

    @property
    def file_name(self) -> str:
        """As the device called the file."""
        return self.document.data.filename or ""

    @property
    def status(self) -> int:
        """The status of the page that shows this form."""
        if self.refusal is not None:
            return self.refusal.status
        return 422 if self.has_errors else 200


class DocumentForm(FileForm):
    """One file, and the consent to store it."""

    agree = BooleanField(
        consent.DOCUMENTS.paragraphs[0],
        validators=[InputRequired(N_("Tick the box if your therapist may read the file."))],
    )

    def send(
        self,
        client_id: UUID,
        *,
        sent_from: SentFrom,
        visit: tuple[UUID, datetime] | None = None,
        actor: str,
        now: datetime,
    ) -> bool:
        """Check the file and store it, for a form that is valid; False if it was refused, which then stands at the file."""
        try:
            limits.take(limits.DOCUMENTS_NETWORK, limits.network(request.remote_addr), now)
            limits.take(limits.DOCUMENTS_CLIENT, str(client_id), now)
            file = self.checked()
            with transaction():
                documents.add(
                    client_id,
                    file,
                    name=self.file_name,
                    sent_from=sent_from,
                    visit=visit,
                    actor=actor,
                    now=now,
                )
        except Refusal as refusal:
            self.document.errors = [gettext(refusal.sentence)]
            self.refusal = refusal
            return False
        return True
