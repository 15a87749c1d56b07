"""Which tables hold something about a client, and by which column their rows belong to one.

A test compares this with the database: a new table that leads to a client is in one of the two lists, or the test fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, Client, ClientBar, Contact, HealthGrant
from clinic.booking.models import Appointment, SafetyWaiver, Series, Waiver
from clinic.booking.waiting.models import Offer, WaitingListEntry
from clinic.db import Base
from clinic.intake.documents import Document
from clinic.intake.models import (
    Clearance,
    Consent,
    Draft,
    GuardianConsent,
    Outcome,
    OwnPage,
    RaisedLevel,
    Submission,
)
from clinic.messaging.models import Message
from clinic.plans.models import (
    CheckIn,
    Incident,
    IncidentAddendum,
    LookBack,
    NoteAddendum,
    OutcomeEntry,
    Plan,
    PlannedSession,
    PlanVersion,
    Review,
    ScoreSheet,
    SessionNote,
    VisitPreparation,
)

Column = sa.orm.InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """Rows of `model` belong to a client by `column`: to the client themself, or through rows of the table it refers to."""

    model: type[Base]
    column: Column
    through: type[Base] | None = None
    """The model that the column refers to, where that is not the client. It stands earlier in the list."""


def _own(*models: Any) -> Iterator[Belonging]:
    for model in models:
        yield Belonging(model=model, column=model.client_id)


BELONGING: Final = (
    Belonging(model=Client, column=Client.id),
    *_own(Contact, ClientBar, HealthGrant, Series, Appointment, SafetyWaiver),
    Belonging(model=Waiver, column=Waiver.appointment_id, through=Appointment),
    *_own(WaitingListEntry),
    Belonging(model=Offer, column=Offer.entry_id, through=WaitingListEntry),
    *_own(Submission, Draft, RaisedLevel, Consent, Document),
    Belonging(model=Outcome, column=Outcome.submission_id, through=Submission),
    Belonging(model=Clearance, column=Clearance.submission_id, through=Submission),
    Belonging(model=GuardianConsent, column=GuardianConsent.submission_id, through=Submission),
    Belonging(model=OwnPage, column=OwnPage.submission_id, through=Submission),
    *_own(Review, VisitPreparation, Plan, PlanVersion),
    Belonging(model=PlannedSession, column=PlannedSession.plan_id, through=Plan),
    *_own(SessionNote),
    Belonging(model=NoteAddendum, column=NoteAddendum.note_id, through=SessionNote),
    *_own(OutcomeEntry, ScoreSheet, LookBack, CheckIn, Incident),
    Belonging(model=IncidentAddendum, column=IncidentAddendum.incident_id, through=Incident),
    *_own(Message, AuditEntry),
)
"""In the order in which they are read and written."""

LEFT_OUT: Final = {
    "address_changes": "a new address that nobody has confirmed; it is gone after a day",
    "client_merges": "which rows two records of one person were joined from; the rows themselves are in the copy",
    "client_sessions": "secrets of a signed-in browser, as digests only",
    "data_exports": "the copy itself",
    "erasures": "that erasure was asked for, and what was decided: the client's pages say it",
    "kept_notes": "words of a note whose writer was signed out; they are the note's once it is saved, or gone after a day",
    "login_links": "secrets of one-time links, as digests only",
    "replaced_addresses": "an address that is no longer the client's; it is gone after a month",
    "restricted_records": "of clients who are erased, and so have no copy",
    "same_person_answers": "says of two visits that they are not one person's, and so also tells of somebody else",
    "task_marks": "to whom colleagues handed a task, and that it is done",
    "waiting_offerings": "a time that was offered to several people; what this client was offered is in the copy",
}
"""Tables that lead to a client and are not in the copy, and why."""
