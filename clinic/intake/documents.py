"""Letters and reports that a client sends: checked and written anew, sealed, read by the therapist alone.

1. The file as sent goes past the virus scanner, if one is set. While it is away nothing is taken: a file is never stored unscanned.
2. A process of its own writes the file anew (`untrusted_files.isolation`): pages or pixels, and nothing that hides in them.
3. Only then is a transaction opened, and the result sealed. Neither the file as sent nor its type as claimed is stored.

The name a client gave the file may tell of their health, so it is sealed too. Nothing here is a page or a message.
"""

import base64
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from clinic.accounts import audit
from clinic.accounts.models import Client
from clinic.db import Identified, Model, RowsToDelete, db
from clinic.intake import consent
from clinic.language import N_
from clinic.refusal import NotFound, Refusal
from clinic.sealed import Sealed
from clinic.untrusted_files import isolation, virus_scan
from clinic.untrusted_files.isolation import CleanFile
from clinic.untrusted_files.kinds import Flaw, UnfitFile

MOST_BYTES: Final = 10 * 1024 * 1024
"""Of one file, as it is sent."""
MOST_FILES: Final = 10
"""Of one client, among those that are stored."""
MOST_BYTES_TOGETHER: Final = 40 * 1024 * 1024
NAME_LENGTH = 120


class SentFrom(StrEnum):
    """The page that a document came from."""

    PORTAL = "portal"
    LINK = "link"


class Document(Identified, Model):
    """One letter or report of a client: a PDF or one picture, as it was written anew."""

    __tablename__ = "documents"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("appointments.id", ondelete="SET NULL"), index=True
    )
    """The visit from whose page it was sent; NULL from the portal."""
    content_sealed: Mapped[bytes] = mapped_column(deferred=True)
    content = Sealed[str]("content_sealed")
    """In base64."""
    name_sealed: Mapped[bytes]
    name = Sealed[str]("name_sealed")
    """As the client's device called the file."""
    is_pdf: Mapped[bool]
    pages: Mapped[int]
    size_bytes: Mapped[int]
    """Of the file as it is stored, before sealing."""
    sent_from: Mapped[str]
    consent_version: Mapped[str]
    """The text that the client agreed to when sending it."""
    sent_at: Mapped[datetime]
    counts_from: Mapped[datetime]
    """When its visit begins, as booked when it was sent; without one, when it was sent."""
    read_at: Mapped[datetime | None]
    """When a therapist first opened it."""

    __table_args__ = (
        sa.CheckConstraint("sent_from IN ('portal', 'link')", name="sent_from_known"),
        sa.CheckConstraint("pages >= 1 AND size_bytes >= 1", name="holds_something"),
    )

    def can_be_removed(self, now: datetime) -> bool:
        """Whether the client may still take it back: nobody has read it, and its visit has not begun."""
        return self.read_at is None and not (self.appointment_id is not None and self.counts_from <= now)


class UnfitDocument(Refusal):
    """A file that is not taken; the sentence says why and what to do."""

    status = 422
    code = "unfit-document"


class DocumentNotScanned(Refusal):
    """The virus scanner is away, so nothing is taken."""

    status = 503
    code = "not-scanned"
    sentence = N_(
        "We cannot check files for viruses at the moment, so we did not take yours. Please try again later, or bring it with you."
    )


class TooManyDocuments(Refusal):
    """The client has sent as much as is stored of one client."""

    status = 422
    code = "too-many-documents"
    sentence = N_("You have sent as many files as we can store. Please bring the rest with you.")


class DocumentSettled(Refusal):
    """It was read, or its visit has begun, so it stays in the record."""

    code = "document-settled"
    sentence = N_(
        "Your therapist has opened this file, or the visit has begun. It is part of your record now. To have it deleted, please ask us."
    )


TOO_LARGE: Final = N_(
    "This file is larger than 10 MB. Please send a smaller one, for example a photo of each page."
)
INFECTED: Final = N_("We did not take this file: our virus scanner found something in it.")
SENTENCES: Final = {
    Flaw.EMPTY: N_("This file is empty. Please choose it again."),
    Flaw.UNKNOWN_KIND: N_(
        "We take PDF, JPEG, PNG and HEIC. This file is something else. Please send it as a PDF or as a photo."
    ),
    Flaw.ENCRYPTED: N_(
        "This PDF is protected by a password, so your therapist could not read it. Please send it without one, or as a photo."
    ),
    Flaw.TOO_MANY_PAGES: N_(
        "This PDF has more than 40 pages. Please send only the pages that matter, or bring it with you."
    ),
    Flaw.TOO_LARGE_INSIDE: N_(
        "We could not open this file safely. Please send it as a photo, or bring it with you."
    ),
    Flaw.UNREADABLE: N_(
        "We could not read this file. Please send it again, send it as a photo, or bring it with you."
    ),
}


def cleaned(sent: bytes, *, scanner: str | None) -> CleanFile:
    """A file as it may be stored. `scanner` is the address of clamd, if one is set. Takes seconds: call it outside a transaction.

    Raises UnfitDocument and DocumentNotScanned.
    """
    if len(sent) > MOST_BYTES:
        raise UnfitDocument(TOO_LARGE)
    if scanner is not None:
        try:
            if virus_scan.is_infected(sent, scanner):
                raise UnfitDocument(INFECTED)
        except virus_scan.ScannerAway:
            raise DocumentNotScanned from None
    try:
        return isolation.clean(sent)
    except UnfitFile as unfit:
        raise UnfitDocument(SENTENCES[unfit.flaw]) from None


def add(
    client_id: UUID,
    file: CleanFile,
    *,
    name: str,
    sent_from: SentFrom,
    visit: tuple[UUID, datetime] | None = None,
    actor: str,
    now: datetime,
) -> Document:
    """Store a cleaned file of a client. `visit` is the id and the start of the visit from whose page it comes.

    Raises TooManyDocuments. Flushed.
    """
    # Two files sent at once would each find room for one more.
    db.session.execute(sa.select(Client.id).where(Client.id == client_id).with_for_update())
    count, size = db.session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Document.size_bytes), 0)).where(
            Document.client_id == client_id
        )
    ).one()
    if count >= MOST_FILES or size + len(file.content) > MOST_BYTES_TOGETHER:
        raise TooManyDocuments
    document = Document(
        client_id=client_id,
        appointment_id=visit[0] if visit else None,
        is_pdf=file.is_pdf,
        pages=file.pages,
        size_bytes=len(file.content),
        sent_from=sent_from.value,
        consent_version=consent.DOCUMENTS.version,
        sent_at=now,
        counts_from=max(visit[1], now) if visit else now,
    )
    document.content = base64.b64encode(file.content).decode()
    document.name = _shown_name(name)
    db.session.add(document)
    audit.record(actor, "add", document, client_id=client_id, purpose=sent_from.value, now=now)
    db.session.flush()
    return document


def of_client(client_id: UUID) -> list[Document]:
    """A client's documents, newest first, without their content."""
    return list(
        db.session.scalars(
            sa.select(Document)
            .where(Document.client_id == client_id)
            .order_by(Document.sent_at.desc(), Document.id)
        )
    )


def of_visit(appointment_id: UUID) -> list[Document]:
    """What was sent from the page of one visit, newest first, without content."""
    return list(
        db.session.scalars(
            sa.select(Document)
            .where(Document.appointment_id == appointment_id, Document.sent_from == SentFrom.LINK)
            .order_by(Document.sent_at.desc(), Document.id)
        )
    )


def find(document_id: UUID) -> Document:
    """A document by its id; raises NotFound. The surface checks whose it is."""
    found = db.session.get(Document, document_id)
    if found is None:
        raise NotFound
    return found


def read(document: Document, *, actor: str, now: datetime) -> bytes:
    """The content, for a therapist; recorded. From the first reading on the client cannot take it back."""
    if document.read_at is None:
        document.read_at = now
    audit.record(actor, "read", document, client_id=document.client_id, fields=["content"], now=now)
    return base64.b64decode(document.content)


def remove(document_id: UUID, *, actor: str, now: datetime) -> None:
    """Delete a document that its client takes back. Raises NotFound and DocumentSettled."""
    document = db.session.get(Document, document_id, with_for_update=True, populate_existing=True)
    if document is None:
        raise NotFound
    if not document.can_be_removed(now):
        raise DocumentSettled
    audit.record(actor, "delete", document, client_id=document.client_id, now=now)
    db.session.delete(document)
    db.session.flush()


def old_unread(until: datetime) -> RowsToDelete:
    """What nobody has opened and what counts from this moment or an earlier one."""
    return RowsToDelete(Document, sa.and_(Document.read_at.is_(None), Document.counts_from <= until))


def _shown_name(name: str) -> str:
    """The last part of a path, without control characters; only ever shown as text."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable()).strip()[:NAME_LENGTH]
