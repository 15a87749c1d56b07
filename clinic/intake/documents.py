"""Letters and reports of a client, sent by them or added by staff from paper: checked and written anew, sealed, read by the therapist alone.

1. The file as sent goes past the virus scanner, if one is set. While it is away nothing is taken: a file is never stored unscanned.
2. A process of its own writes the file anew (`untrusted_files.isolation`): pages or pixels, and nothing that hides in them.
3. Only then is a transaction opened, and the result sealed. Neither the file as sent nor its type as claimed is stored.

The name of the file may tell of the client's health, so it is sealed too. Nothing here is a page or a message.
"""

import base64
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from clinic.accounts import audit
from clinic.accounts.models import Client, User
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
"""That one client has sent, among those that are stored."""
MOST_BYTES_TOGETHER: Final = 40 * 1024 * 1024
MOST_FILES_ADDED: Final = 40
"""That staff have added for one client."""
MOST_BYTES_ADDED: Final = 40 * 1024 * 1024
CHECKED_WITHIN: Final = timedelta(hours=1)
"""Who added a document looks in this time whether the right one was added; that is not yet a reading."""
NAME_LENGTH = 120


class SentFrom(StrEnum):
    """Where a document came from: a page of the client's, or staff who added it."""

    PORTAL = "portal"
    LINK = "link"
    STAFF = "staff"


class DocumentKind(StrEnum):
    """What staff say a document is; nothing of what is in it."""

    LETTER = "letter"
    REPORT = "report"
    REFERRAL = "referral"
    FORM = "form"
    PICTURE = "picture"
    OTHER = "other"


KINDS: Final = {
    DocumentKind.LETTER: N_("Letter"),
    DocumentKind.REPORT: N_("Report"),
    DocumentKind.REFERRAL: N_("Referral or prescription"),
    DocumentKind.FORM: N_("Form filled in on paper"),
    DocumentKind.PICTURE: N_("Picture"),
    DocumentKind.OTHER: N_("Other document"),
}
"""Each kind in words."""


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
    """As the device it came from called the file."""
    is_pdf: Mapped[bool]
    pages: Mapped[int]
    size_bytes: Mapped[int]
    """Of the file as it is stored, before sealing."""
    sent_from: Mapped[str]
    consent_version: Mapped[str | None]
    """The text that the client agreed to when sending it; NULL if staff added it."""
    kind: Mapped[str | None]
    """What staff said it is when they added it (`DocumentKind`); NULL if the client sent it."""
    added_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    added_by: Mapped[User | None] = relationship()
    sent_at: Mapped[datetime]
    """When it was sent or added."""
    counts_from: Mapped[datetime]
    """When its visit begins, as booked when it was sent; without one, when it was sent."""
    read_at: Mapped[datetime | None]
    """When a therapist first opened it."""

    __table_args__ = (
        sa.CheckConstraint("sent_from IN ('portal', 'link', 'staff')", name="sent_from_known"),
        sa.CheckConstraint(
            "kind IN ('letter', 'report', 'referral', 'form', 'picture', 'other')", name="kind_known"
        ),
        sa.CheckConstraint(
            "(sent_from = 'staff') = (kind IS NOT NULL) AND (sent_from = 'staff') = (added_by_id IS NOT NULL)"
            " AND (sent_from = 'staff') = (consent_version IS NULL)",
            name="added_by_somebody",
        ),
        sa.CheckConstraint("pages >= 1 AND size_bytes >= 1", name="holds_something"),
    )

    @property
    def kind_words(self) -> str | None:
        """What staff said it is, in words; None if the client sent it."""
        return KINDS[DocumentKind(self.kind)] if self.kind else None

    def can_be_removed(self, now: datetime) -> bool:
        """Whether whoever sent or added it may still take it back: nobody has read it, and its visit has not begun."""
        return self.read_at is None and not (self.appointment_id is not None and self.counts_from <= now)


class UnfitDocument(Refusal):
    """A file that is not taken; the sentence says why and what to do, to the client or to staff."""

    status = 422
    code = "unfit-document"

    def __init__(self, sentence: str, for_staff: str) -> None:
        super().__init__(sentence)
        self.for_staff = for_staff


class DocumentNotScanned(Refusal):
    """The virus scanner is away, so nothing is taken."""

    status = 503
    code = "not-scanned"
    sentence = N_(
        "We cannot check files for viruses at the moment, so we did not take yours. Please try again later, or bring it with you."
    )
    for_staff = "The virus scanner is away, so the file was not stored. Try again later."


class TooManyDocuments(Refusal):
    """The client has sent as much as is stored of one client."""

    status = 422
    code = "too-many-documents"
    sentence = N_("You have sent as many files as we can store. Please bring the rest with you.")


class TooManyAdded(TooManyDocuments):
    """Staff have added as much as is stored of one client."""

    for_staff = "This client already has 40 added files or 40 MB, the most that can be stored. Keep the rest on paper."


class DocumentSettled(Refusal):
    """It was read, or its visit has begun, so it stays in the record."""

    code = "document-settled"
    sentence = N_(
        "Your therapist has opened this file, or the visit has begun. It is part of your record now. To have it deleted, please ask us."
    )


TOO_LARGE: Final = (
    N_("This file is larger than 10 MB. Please send a smaller one, for example a photo of each page."),
    "This file is larger than 10 MB. Scan it with fewer dots per inch, or page by page.",
)
INFECTED: Final = (
    N_("We did not take this file: our virus scanner found something in it."),
    "This file was not stored: the virus scanner found something in it.",
)
SENTENCES: Final = {
    Flaw.EMPTY: (N_("This file is empty. Please choose it again."), "This file is empty. Choose it again."),
    Flaw.UNKNOWN_KIND: (
        N_(
            "We take PDF, JPEG, PNG and HEIC. This file is something else. Please send it as a PDF or as a photo."
        ),
        "This is not a PDF, JPEG, PNG or HEIC. Save it as one of these, or take a photo of it.",
    ),
    Flaw.ENCRYPTED: (
        N_(
            "This PDF is protected by a password, so your therapist could not read it. Please send it without one, or as a photo."
        ),
        "This PDF is protected by a password. Save it without one, or scan the paper.",
    ),
    Flaw.TOO_MANY_PAGES: (
        N_("This PDF has more than 40 pages. Please send only the pages that matter, or bring it with you."),
        "This PDF has more than 40 pages. Add only the pages that matter.",
    ),
    Flaw.TOO_LARGE_INSIDE: (
        N_("We could not open this file safely. Please send it as a photo, or bring it with you."),
        "This file could not be opened safely. Scan the paper, or take a photo of it.",
    ),
    Flaw.UNREADABLE: (
        N_("We could not read this file. Please send it again, send it as a photo, or bring it with you."),
        "This file could not be read. Choose it again, scan the paper, or take a photo of it.",
    ),
}
"""Why a file is not taken: to the client, and to staff."""


def cleaned(sent: bytes, *, scanner: str | None) -> CleanFile:
    """A file as it may be stored. `scanner` is the address of clamd, if one is set. Takes seconds: call it outside a transaction.

    Raises UnfitDocument and DocumentNotScanned.
    """
    if len(sent) > MOST_BYTES:
        raise UnfitDocument(*TOO_LARGE)
    if scanner is not None:
        try:
            if virus_scan.is_infected(sent, scanner):
                raise UnfitDocument(*INFECTED)
        except virus_scan.ScannerAway:
            raise DocumentNotScanned from None
    try:
        return isolation.clean(sent)
    except UnfitFile as unfit:
        raise UnfitDocument(*SENTENCES[unfit.flaw]) from None


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
    """Store a cleaned file that a client sent. `visit` is the id and the start of the visit from whose page it comes.

    Raises TooManyDocuments, and NotFound if the client is gone. Flushed.
    """
    count, size = _stored(client_id, Document.sent_from != SentFrom.STAFF)
    if count >= MOST_FILES or size + len(file.content) > MOST_BYTES_TOGETHER:
        raise TooManyDocuments
    document = _kept(client_id, file, name, sent_from, now)
    document.appointment_id = visit[0] if visit else None
    document.counts_from = max(visit[1], now) if visit else now
    document.consent_version = consent.DOCUMENTS.version
    return _added(document, actor, now)


def add_from_paper(
    client_id: UUID, file: CleanFile, *, name: str, kind: DocumentKind, by: User, now: datetime
) -> Document:
    """Store a cleaned file that staff add to a client's record, with who added it and what it is.

    Raises TooManyAdded, and NotFound if the client is gone. Flushed.
    """
    count, size = _stored(client_id, Document.sent_from == SentFrom.STAFF)
    if count >= MOST_FILES_ADDED or size + len(file.content) > MOST_BYTES_ADDED:
        raise TooManyAdded
    document = _kept(client_id, file, name, SentFrom.STAFF, now)
    document.kind, document.added_by_id = kind.value, by.id
    return _added(document, audit.by_user(by.id), now)


def _stored(client_id: UUID, which: sa.ColumnElement[bool]) -> tuple[int, int]:
    """How many of these documents are stored, and their bytes; with the client's row locked.

    Raises NotFound if the client was erased or merged while the file was cleaned.
    """
    # Two files sent at once would each find room for one more.
    here = sa.and_(Client.id == client_id, Client.erased_at.is_(None), Client.merged_into_id.is_(None))
    if db.session.scalar(sa.select(Client.id).where(here).with_for_update()) is None:
        raise NotFound
    count, size = db.session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Document.size_bytes), 0)).where(
            Document.client_id == client_id, which
        )
    ).one()
    return count, size


def _kept(client_id: UUID, file: CleanFile, name: str, sent_from: SentFrom, now: datetime) -> Document:
    document = Document(
        client_id=client_id,
        is_pdf=file.is_pdf,
        pages=file.pages,
        size_bytes=len(file.content),
        sent_from=sent_from.value,
        sent_at=now,
        counts_from=now,
    )
    document.content = base64.b64encode(file.content).decode()
    document.name = _shown_name(name)
    return document


def _added(document: Document, actor: str, now: datetime) -> Document:
    db.session.add(document)
    audit.record(actor, "add", document, client_id=document.client_id, purpose=document.sent_from, now=now)
    db.session.flush()
    return document


def of_client(client_id: UUID) -> list[Document]:
    """A client's documents, newest first, without their content, with the member of staff who added each."""
    return _listed(Document.client_id == client_id)


def sent_by(client_id: UUID) -> list[Document]:
    """What a client sent themselves, newest first, without content."""
    return _listed(Document.client_id == client_id, Document.sent_from != SentFrom.STAFF)


def added_unread(client_id: UUID, by_id: UUID) -> list[Document]:
    """What one member of staff added for a client and no therapist has read yet, newest first, without content."""
    return _listed(Document.client_id == client_id, Document.added_by_id == by_id, Document.read_at.is_(None))


def of_visit(appointment_id: UUID) -> list[Document]:
    """What was sent from the page of one visit, newest first, without content."""
    return _listed(Document.appointment_id == appointment_id, Document.sent_from == SentFrom.LINK)


def _listed(*which: sa.ColumnElement[bool]) -> list[Document]:
    return list(
        db.session.scalars(
            sa.select(Document)
            .where(*which)
            .options(joinedload(Document.added_by))
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
    """The content, for a therapist; recorded. From the first reading on it cannot be taken back, except that who added it
    may look in the first hour whether it is the right one."""
    if document.read_at is None and not _is_check(document, actor, now):
        document.read_at = now
    audit.record(actor, "read", document, client_id=document.client_id, fields=["content"], now=now)
    return base64.b64decode(document.content)


def _is_check(document: Document, actor: str, now: datetime) -> bool:
    return (
        document.added_by_id is not None
        and actor == audit.by_user(document.added_by_id)
        and now < document.sent_at + CHECKED_WITHIN
    )


def remove(document_id: UUID, *, actor: str, now: datetime) -> None:
    """Delete a document that its client or staff take back. Raises NotFound and DocumentSettled."""
    document = db.session.get(Document, document_id, with_for_update=True, populate_existing=True)
    if document is None:
        raise NotFound
    if not document.can_be_removed(now):
        raise DocumentSettled
    audit.record(actor, "delete", document, client_id=document.client_id, now=now)
    db.session.delete(document)
    db.session.flush()


def old_unread(until: datetime) -> RowsToDelete:
    """What a client sent, nobody has opened, and counts from this moment or an earlier one. What staff added is part of the
    record from the start."""
    return RowsToDelete(
        Document,
        sa.and_(
            Document.sent_from != SentFrom.STAFF, Document.read_at.is_(None), Document.counts_from <= until
        ),
    )


def _shown_name(name: str) -> str:
    """The last part of a path, without control characters; only ever shown as text."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable()).strip()[:NAME_LENGTH]
