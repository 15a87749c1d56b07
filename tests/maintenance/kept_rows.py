"""One row of each kind in the retention table, whose period begins at a moment."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from clinic.accounts.address_changes import AddressChange
from clinic.accounts.data_exports import DataExport
from clinic.accounts.erasures import RestrictedRecord
from clinic.accounts.models import (
    Client,
    ClientSession,
    LimitWindow,
    LoginLink,
    ReplacedAddress,
    StaffSession,
    TypedDetails,
    User,
)
from clinic.accounts.unusual_reading import UnusualReading
from clinic.backup.models import BackupRun, DowntimeSheet
from clinic.booking.models import Appointment, IdempotencyKey, State
from clinic.booking.waiting.models import WaitingListEntry
from clinic.db import ASIDE, Base, db, new_id
from clinic.intake.documents import Document
from clinic.intake.models import Draft, OwnPage
from clinic.maintenance import erasure, periods
from clinic.plans.models import KeptForm, VisitPreparation
from clinic.practice.invitations import StaffInvitation
from clinic.practice.models import Treatment
from clinic.tasks.models import TaskKind, TaskMark, TaskWords, ToDo
from tests import make

_numbers = itertools.count(1)


def number() -> int:
    return next(_numbers)


def digest() -> bytes:
    return number().to_bytes(32, "big")


class KeptRows:
    """Makes such rows for people and a treatment that all share."""

    def __init__(self) -> None:
        self.massage: Treatment = make.offering()
        self.user: User = make.user()
        self.ada: Client = make.client()

    def visit(self, **columns: Any) -> Appointment:
        return make.appointment(
            of=self.massage, starts_at=make.NOW + timedelta(days=10, hours=2 * number()), **columns
        )

    def add(self, row: Base) -> None:
        db.session.add(row)
        db.session.commit()

    def tries(self, at: datetime) -> None:
        row = {"name": "test", "key": str(number()), "window_start": at, "count": 1}
        with db.engines[ASIDE].connect() as connection:
            connection.execute(sa.insert(LimitWindow).values(row))

    def links(self, at: datetime) -> None:
        self.add(LoginLink(digest=digest(), purpose="sign_in", contact_id=self.ada.contacts[0].id, created_at=at, expires_at=at))  # fmt: skip

    def replaced_addresses(self, at: datetime) -> None:
        contact = self.ada.contacts[0]
        self.add(ReplacedAddress(client_id=self.ada.id, contact_id=contact.id, normalised="old@client.example", replaced_at=at))  # fmt: skip

    def address_changes(self, at: datetime) -> None:
        contact = make.contact(self.ada, value=f"mail{number()}@client.example")
        self.add(AddressChange(contact_id=contact.id, mail="new@client.example", asked_at=at))

    def sessions(self, at: datetime) -> None:
        self.add(StaffSession(digest=digest(), user_id=self.user.id, device="", created_at=at, seen_at=at))

    def client_sessions(self, at: datetime) -> None:
        contact = self.ada.contacts[0]
        self.add(ClientSession(digest=digest(), contact_id=contact.id, created_at=at, seen_at=at, expires_at=at))  # fmt: skip

    def typed_details(self, at: datetime) -> None:
        self.add(TypedDetails(browser=digest(), typed_at=at, details={"given_name": "Ada"}))

    def invitations(self, at: datetime) -> None:
        self.add(
            StaffInvitation(
                email=f"new{number()}@alderlane.example", role_names=["front_desk"], invited_by_id=self.user.id, created_at=at,
                asked_at=at, expires_at=at,
            )
        )  # fmt: skip

    def lapsed_reservations(self, at: datetime) -> None:
        self.visit(state=State.LAPSED, changed_at=at)

    def waiting_list(self, at: datetime) -> None:
        self.add(
            WaitingListEntry(
                client_id=make.client(mail=None).id, treatment_id=self.massage.id, times=[0] * 7, last_on=at.date(),
                created_at=at, ended_at=at, end="withdrawn",
            )
        )  # fmt: skip

    def repeated_forms(self, at: datetime) -> None:
        self.add(IdempotencyKey(scope=digest(), key=str(number()), content_sha256=digest(), status=303, created_at=at))  # fmt: skip

    def task_words(self, at: datetime) -> None:
        self.add(TaskWords(kind=TaskKind.LETTER, subject_id=new_id(), author_id=self.user.id, text="Later", written_at=at))  # fmt: skip

    def done_to_dos(self, at: datetime) -> None:
        to_do = ToDo(text="Towels", due_at=at, made_by_id=self.user.id, made_at=at)
        self.add(to_do)
        self.add(TaskMark(kind=TaskKind.TO_DO, subject_id=to_do.id, done_at=at, done_by_id=self.user.id))

    def downtime_sheets(self, at: datetime) -> None:
        day = make.NOW.date() + timedelta(days=number())
        self.add(DowntimeSheet(day=day, made_at=at, visits=0, encrypted=b"age"))

    def data_exports(self, at: datetime) -> None:
        self.add(DataExport(client_id=self.ada.id, asked_at=at, ready_at=at, encrypted=b"zip", size_bytes=3))

    def unusual_readings(self, at: datetime) -> None:
        day = make.NOW.date() + timedelta(days=number())
        self.add(UnusualReading(user_id=self.user.id, kind="many", day=day, files=25, first_at=at, last_at=at))  # fmt: skip

    def notes(self, at: datetime) -> None:
        """Begins at the start of the day, so that its last day is over at the same hour as elsewhere."""
        day = erasure.local_day(at) - timedelta(days=1)
        self.add(
            RestrictedRecord(
                client_id=make.client(mail=None, erased_at=at).id, content={}, made_at=at,
                kept_until=erasure.years_after(day, periods.notes_years()),
            )
        )  # fmt: skip

    def backup_runs(self, at: datetime) -> None:
        self.add(BackupRun(deed="drill", began_at=at))

    def drafts(self, at: datetime) -> None:
        self.add(self._draft(at))

    def _draft(self, at: datetime) -> Draft:
        return Draft(
            browser=digest(), answers={}, consented_at=at, consent_version="2026-11", created_at=at, changed_at=at
        )  # fmt: skip

    def visit_preparations(self, at: datetime) -> None:
        visit = self.visit(who=self.ada)
        self.add(
            VisitPreparation(
                appointment_id=visit.id, client_id=self.ada.id, answers={}, answered_at={}, parts_open=1, changed_at=at
            )
        )  # fmt: skip

    def unread_documents(self, at: datetime) -> None:
        self.add(
            Document(
                client_id=self.ada.id, content="", name="x.pdf", is_pdf=True, pages=1, size_bytes=1, sent_from="portal",
                consent_version="2026-11", sent_at=at, counts_from=at,
            )
        )  # fmt: skip

    def own_pages(self, at: datetime) -> None:
        draft = self._draft(at)
        self.add(draft)
        self.add(OwnPage(draft_id=draft.id, mail="ada@client.example", asked_at=at))

    def kept_forms(self, at: datetime) -> None:
        visit = self.visit(who=self.ada)
        self.add(KeptForm(user_id=self.user.id, appointment_id=visit.id, client_id=self.ada.id, fields={}, kept_at=at))  # fmt: skip

    def unseen_clients(self, at: datetime) -> None:
        make.client(mail=f"gone{number()}@client.example", created_at=at)

    @property
    def makers(self) -> dict[str, Callable[[datetime], None]]:
        """By the kind of its row in the table."""
        return {kind: getattr(self, kind) for kind in KINDS}


KINDS: Final = (
    "tries", "links", "replaced_addresses", "address_changes", "sessions", "typed_details", "invitations", "lapsed_reservations",
    "waiting_list", "repeated_forms", "task_words", "downtime_sheets", "data_exports", "unusual_readings", "notes", "backup_runs",
    "own_pages", "drafts", "visit_preparations", "unread_documents", "kept_forms", "unseen_clients",
)  # fmt: skip
