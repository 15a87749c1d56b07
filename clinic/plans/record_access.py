"""Who of the staff looked at a client's record or changed it, for the client: each entry with the person's role and the visit.

Built on `accounts.audit_reading`. Four statements more than a page of that, whatever stands on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit, audit_reading
from clinic.accounts.audit_reading import READS, AuditLine, AuditQuestion
from clinic.accounts.models import AuditEntry, User
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.intake.documents import Document
from clinic.plans.models import (
    CheckIn,
    Incident,
    LookBack,
    OutcomeEntry,
    Review,
    SessionNote,
    VisitPreparation,
)

OF_A_VISIT = (SessionNote, Incident, LookBack, CheckIn, Review, VisitPreparation, OutcomeEntry, Document)
"""What an entry can be about, each with the visit it belongs to."""
FETCHED = "export"


@dataclass(frozen=True, kw_only=True)
class RecordAccess:
    """One entry: who, in which roles, what was read or changed, when, and for which visit if it belongs to one."""

    at: datetime
    who: str
    roles: tuple[str, ...]
    is_read: bool
    was_taken_along: bool
    """Whether a copy of the record left the practice's pages."""
    thing: str
    """The table that the entry is about."""
    visit_at: datetime | None
    visit_zone: str


@dataclass(frozen=True, kw_only=True)
class AccessPage:
    """Entries, newest first, and the ids from which to continue if there are more."""

    entries: Sequence[RecordAccess]
    newer: UUID | None
    older: UUID | None


def page(
    client_id: UUID, *, before: UUID | None, after: UUID | None, actor: str, now: datetime
) -> AccessPage:
    """One page of what staff did with a client's record. That it was looked at is recorded; the caller commits."""
    found = audit_reading.page(AuditQuestion(client_id=client_id, by_staff=True), before=before, after=after)
    roles = {row.id: row.role_names for row in db.session.execute(sa.select(User.id, User.role_names))}
    visits = _visits([line.entry for line in found.lines])
    audit.record(
        actor, "read", subject_type=AuditEntry.__tablename__, client_id=client_id,
        purpose="own_access", fields=("client_id",), now=now,
    )  # fmt: skip
    return AccessPage(
        entries=[_entry(line, roles, visits) for line in found.lines], newer=found.newer, older=found.older
    )


def _entry(
    line: AuditLine, roles: dict[UUID, list[str]], visits: dict[UUID, tuple[datetime, str]]
) -> RecordAccess:
    entry = line.entry
    user_id = UUID(entry.actor.partition(":")[2])
    at, zone = visits.get(entry.subject_id, (None, "")) if entry.subject_id else (None, "")
    return RecordAccess(
        at=entry.at,
        who=line.who,
        roles=tuple(roles.get(user_id, ())),
        is_read=entry.action in READS,
        was_taken_along=entry.action == FETCHED,
        thing=entry.subject_type,
        visit_at=at,
        visit_zone=zone,
    )


def _visits(entries: Sequence[AuditEntry]) -> dict[UUID, tuple[datetime, str]]:
    """When the visit is that each subject belongs to, by the subject's id."""
    ids = {entry.subject_id for entry in entries if entry.subject_id}
    if not ids:
        return {}
    of_visits = sa.union_all(
        sa.select(Appointment.id.label("subject_id"), Appointment.id.label("visit_id")).where(
            Appointment.id.in_(ids)
        ),
        *(
            sa.select(model.id.label("subject_id"), model.appointment_id.label("visit_id")).where(
                model.id.in_(ids)
            )
            for model in OF_A_VISIT
        ),
    ).subquery()
    rows = db.session.execute(
        sa.select(of_visits.c.subject_id, Appointment.starts_at, Appointment.zone).join(
            Appointment, Appointment.id == of_visits.c.visit_id
        )
    )
    return {row.subject_id: (row.starts_at, row.zone) for row in rows}
