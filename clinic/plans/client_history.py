"""What happened to a client clinically, for the file: one line each, and the notes of all visits.

Everything read here is recorded; the caller commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, aliased, joinedload

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking.models import Appointment
from clinic.db import Base, db
from clinic.intake.models import Submission
from clinic.plans import courses, notes
from clinic.plans.courses import Course
from clinic.plans.models import CheckIn, Incident, LookBack, NoteAddendum, Plan, Review, SessionNote
from clinic.plans.note_content import NoteContent

LATEST = 20
"""How many lines the overview shows."""
NOTES = 200
"""How many notes are shown at most, the newest first."""
PURPOSE = "file"
Row = TypeVar("Row", bound=Base)


class EventKind(StrEnum):
    """What happened."""

    ANSWERS = "answers"
    DECISION = "decision"
    LOOK_BACK = "look_back"
    CHECK_IN = "check_in"
    INCIDENT = "incident"


@dataclass(frozen=True, kw_only=True)
class ClinicalEvent:
    """One line: what happened when; `detail` is a code of the kind, and `subject_id` leads to its page."""

    kind: EventKind
    at: datetime
    detail: str
    subject_id: UUID


def events(client_id: UUID, *, by: User, now: datetime) -> list[ClinicalEvent]:
    """The latest answers, decisions, look backs, check-ins and incidents, the newest first; five statements."""
    found = [
        *(
            ClinicalEvent(kind=EventKind.ANSWERS, at=row.submitted_at, detail=row.kind, subject_id=row.id)
            for row in _latest(Submission, Submission.client_id, client_id, Submission.submitted_at)
        ),
        *(
            ClinicalEvent(
                kind=EventKind.DECISION, at=row.decided_at, detail=row.decision or "", subject_id=row.id
            )
            for row in _latest(Review, Review.client_id, client_id, Review.decided_at)
            if row.decided_at is not None
        ),
        *(
            ClinicalEvent(
                kind=EventKind.LOOK_BACK,
                at=row.decided_at,
                detail=row.content["chosen"],
                subject_id=row.appointment_id,
            )
            for row in _latest(LookBack, LookBack.client_id, client_id, LookBack.decided_at)
        ),
        *(
            ClinicalEvent(
                kind=EventKind.CHECK_IN,
                at=row.answered_at,
                detail=row.answers["feels"],
                subject_id=row.appointment_id,
            )
            for row in _latest(CheckIn, CheckIn.client_id, client_id, CheckIn.answered_at)
        ),
        *(
            ClinicalEvent(kind=EventKind.INCIDENT, at=row.signed_at, detail="", subject_id=row.id)
            for row in _latest(Incident, Incident.client_id, client_id, Incident.signed_at)
        ),
    ]
    audit.record(
        audit.by_user(by.id),
        "read",
        subject_type=Review.__tablename__,
        client_id=client_id,
        purpose=PURPOSE,
        fields=tuple(EventKind),
        now=now,
    )
    return sorted(found, key=lambda event: event.at, reverse=True)[:LATEST]


def _latest(
    model: type[Row], of: InstrumentedAttribute[Any], client_id: UUID, at: InstrumentedAttribute[Any]
) -> Sequence[Row]:
    wanted = sa.select(model).where(of == client_id, at.is_not(None)).order_by(at.desc())
    return db.session.scalars(wanted.limit(LATEST)).all()


@dataclass(frozen=True, kw_only=True)
class FiledNote:
    """A note with its visit, its author and what was added to it; a draft shows no content."""

    note: SessionNote
    visit: Appointment
    author: User
    cosigner: User | None
    content: NoteContent | None
    addenda: Sequence[tuple[NoteAddendum, User]]


def notes_of(client_id: UUID, *, by: User, now: datetime) -> list[FiledNote]:
    """A client's notes, the newest visit first; each that is read is recorded."""
    cosigning = aliased(User)
    rows = db.session.execute(
        sa.select(SessionNote, Appointment, User, cosigning)
        .join(Appointment, Appointment.id == SessionNote.appointment_id)
        .join(User, User.id == SessionNote.author_id)
        .outerjoin(cosigning, cosigning.id == SessionNote.cosigned_by_id)
        .where(SessionNote.client_id == client_id)
        .order_by(Appointment.starts_at.desc())
        .limit(NOTES)
        .options(joinedload(Appointment.therapist), joinedload(Appointment.treatment))
    ).all()
    added = _addenda([row[0].id for row in rows])
    return [
        FiledNote(
            note=note,
            visit=visit,
            author=author,
            cosigner=cosigner,
            content=notes.open_content(note, by=by, now=now) if note.signed_at is not None else None,
            addenda=added.get(note.id, ()),
        )
        for note, visit, author, cosigner in rows
    ]


def _addenda(note_ids: Sequence[UUID]) -> Mapping[UUID, list[tuple[NoteAddendum, User]]]:
    found: dict[UUID, list[tuple[NoteAddendum, User]]] = {}
    rows = db.session.execute(
        sa.select(NoteAddendum, User)
        .join(User, User.id == NoteAddendum.author_id)
        .where(NoteAddendum.note_id.in_(note_ids))
        .order_by(NoteAddendum.added_at)
    )
    for addendum, author in rows:
        found.setdefault(addendum.note_id, []).append((addendum, author))
    return found


@dataclass(frozen=True, kw_only=True)
class FiledPlan:
    """A course with the decision it came from, who made it, and what was decided at its look backs."""

    plan: Plan
    course: Course
    review: Review
    decided_by: User | None
    look_backs: Sequence[tuple[LookBack, User]]


def plans_of(client_id: UUID, *, by: User, now: datetime) -> list[FiledPlan]:
    """A client's courses, the present one first; each is recorded as read."""
    rows = db.session.execute(
        sa.select(Plan, Review, User)
        .join(Review, Review.id == Plan.review_id)
        .outerjoin(User, User.id == Review.decided_by_id)
        .where(Plan.client_id == client_id)
        .order_by(Plan.made_at.desc())
    ).all()
    if not rows:
        return []
    by_plan = {course.plan.id: course for course in courses.courses_of([plan.id for plan, _, _ in rows])}
    decided: dict[UUID, list[tuple[LookBack, User]]] = {}
    looks = db.session.execute(
        sa.select(LookBack, User)
        .join(User, User.id == LookBack.decided_by_id)
        .where(LookBack.client_id == client_id)
        .order_by(LookBack.decided_at)
    )
    for look, who in looks:
        decided.setdefault(look.plan_id, []).append((look, who))
    for plan, _, _ in rows:
        audit.record(
            audit.by_user(by.id),
            "read",
            plan,
            client_id=client_id,
            purpose=PURPOSE,
            fields=("content", "look_backs"),
            now=now,
        )
    return [
        FiledPlan(
            plan=plan,
            course=by_plan[plan.id],
            review=review,
            decided_by=who,
            look_backs=decided.get(plan.id, ()),
        )
        for plan, review, who in rows
    ]
