"""What a therapist reads before a visit besides what to mind: the last signed note, and answers newer than the review."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.plans import notes
from clinic.plans import queries as plans
from clinic.plans.models import Review, SessionNote
from clinic.staff.clinical import answers
from clinic.staff.clinical.answers import AddedSince
from clinic.staff.clinical.note_reading import rows_of


@dataclass(frozen=True, kw_only=True)
class LastNote:
    """The newest signed note of an earlier visit, in rows."""

    visit: Appointment
    rows: list[tuple[str, str]]


def last_note(visit: Appointment, *, by: User, now: datetime) -> LastNote | None:
    """The newest signed note of the client before this visit; None if there is none. The access is recorded."""
    found = db.session.execute(
        sa.select(SessionNote, Appointment)
        .join(Appointment, Appointment.id == SessionNote.appointment_id)
        .where(
            SessionNote.client_id == visit.client_id,
            SessionNote.signed_at.is_not(None),
            Appointment.starts_at < visit.starts_at,
        )
        .order_by(Appointment.starts_at.desc())
        .limit(1)
        .options(joinedload(Appointment.location))
    ).first()
    if found is None:
        return None
    note, earlier = found
    return LastNote(visit=earlier, rows=list(rows_of(notes.open_content(note, by=by, now=now))))


def said_at_review(review: Review | None, *, by: User, now: datetime) -> str:
    """What a therapist wrote when they decided the review; empty if nothing. The access is recorded."""
    if review is None or review.decided_at is None or not review.reason:
        return ""
    audit.record(
        audit.by_user(by.id),
        "read",
        review,
        client_id=review.client_id,
        purpose="before_visit",
        fields=("reason",),
        now=now,
    )
    return review.reason


def answered_since(visit: Appointment, *, by: User, now: datetime) -> AddedSince | None:
    """What the client answered after the answers of their newest review; the access is recorded."""
    assert visit.client_id is not None
    review = plans.newest_review(visit.client_id)
    since = answers.added_since(review.submission, now) if review is not None else None
    if since is not None:
        audit.record(
            audit.by_user(by.id),
            "read",
            visit,
            client_id=visit.client_id,
            purpose="before_visit",
            fields=since.fields,
            now=now,
        )
    return since
