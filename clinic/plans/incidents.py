"""Incidents: what went wrong at a visit, signed by a therapist at once and corrected only by additions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking.models import Appointment, State
from clinic.db import db, violates
from clinic.plans.models import Incident, IncidentAddendum
from clinic.plans.queries import treated
from clinic.refusal import NotFound, Refusal

LISTED = 50
"""How many the list shows, the newest first."""


class IncidentKind(StrEnum):
    """What went wrong."""

    FALL = "fall"
    FAINT = "faint"
    BURN = "burn"
    BRUISE = "bruise"
    COMPLAINT = "complaint"
    OTHER = "other"


class NobodyCameYet(Refusal):
    """The visit has not begun, or did not take place."""

    code = "nobody-came-yet"
    sentence = "An incident can be recorded once the client is here."


class RecordedAlready(Refusal):
    """The same form was sent before."""

    code = "recorded-already"
    sentence = "This incident is recorded already."


@dataclass(frozen=True, kw_only=True)
class IncidentContent:
    """What happened and what was done about it, in the therapist's words."""

    kind: IncidentKind
    happened: str
    done: str

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The content as it was stored."""
        return cls(kind=IncidentKind(stored["kind"]), happened=stored["happened"], done=stored["done"])


def can_record(visit: Appointment, now: datetime) -> bool:
    """Whether the client is or was here: incidents happen at the door too, before the visit begins."""
    if visit.state in (State.ARRIVED, State.DONE):
        return True
    return visit.state == State.BOOKED and visit.starts_at <= now


def record(
    visit: Appointment, content: IncidentContent, *, incident_id: UUID, by: User, now: datetime
) -> Incident:
    """Sign a record of an incident; from then on the database refuses every change.

    `incident_id` is the form's, so that a form sent twice records once. Raises NobodyCameYet, RecordedAlready, and
    NotFound for a time that nobody booked.
    """
    if visit.client_id is None:
        raise NotFound
    if not can_record(visit, now):
        raise NobodyCameYet
    if db.session.get(Incident, incident_id) is not None:
        raise RecordedAlready
    incident = Incident(
        id=incident_id,
        appointment_id=visit.id,
        client_id=visit.client_id,
        author_id=by.id,
        signed_at=now,
    )
    incident.content = asdict(content)
    with violates("pk_incidents", RecordedAlready()):
        db.session.add(incident)
    _audit("sign", incident, by, now, fields=tuple(asdict(content)))
    return incident


def add(incident: Incident, text: str, *, by: User, now: datetime) -> IncidentAddendum:
    """Add to a record; additions stay below it, oldest first. Raises NotFound without text."""
    if not text:
        raise NotFound("There is nothing to add.")
    addendum = IncidentAddendum(incident_id=incident.id, author_id=by.id, added_at=now)
    addendum.text = text
    db.session.add(addendum)
    _audit("add", incident, by, now, fields=("text",))
    db.session.flush()
    return addendum


def addenda(incident: Incident) -> list[IncidentAddendum]:
    """What was added, oldest first."""
    return list(
        db.session.scalars(
            sa.select(IncidentAddendum)
            .where(IncidentAddendum.incident_id == incident.id)
            .order_by(IncidentAddendum.added_at, IncidentAddendum.id)
        )
    )


def of_visit(visit_id: UUID) -> list[Incident]:
    """The incidents of a visit, oldest first, without opening them."""
    found = sa.select(Incident).where(Incident.appointment_id == visit_id)
    return list(db.session.scalars(found.order_by(Incident.signed_at, Incident.id)))


def of_own_clients(user: User, now: datetime) -> list[Incident]:
    """The newest incidents of clients whose record this person may open, with visit and client; opens none of them."""
    rows = db.session.scalars(
        sa.select(Incident)
        .where(_is_own(user, now))
        .order_by(Incident.signed_at.desc(), Incident.id.desc())
        .limit(LISTED)
        .options(joinedload(Incident.appointment).joinedload(Appointment.client))
    )
    return list(rows)


def _is_own(user: User, now: datetime) -> sa.ColumnElement[bool]:
    known = db.session.scalars(sa.select(Incident.client_id).distinct())
    return Incident.client_id.in_(treated(user.id, known, now))


def open_content(
    incidents: Sequence[Incident], *, by: User, now: datetime, purpose: str = "incident"
) -> list[IncidentContent]:
    """Open these incidents, and record that each was read. The caller commits."""
    for incident in incidents:
        _audit("read", incident, by, now, fields=("kind", "happened", "done"), purpose=purpose)
    return [IncidentContent.of(incident.content) for incident in incidents]


def _audit(
    action: str,
    incident: Incident,
    by: User,
    now: datetime,
    *,
    fields: tuple[str, ...] = (),
    purpose: str = "incident",
) -> None:
    audit.record(
        audit.by_user(by.id),
        action,
        incident,
        client_id=incident.client_id,
        purpose=purpose,
        fields=fields,
        now=now,
    )
