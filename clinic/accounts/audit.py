"""The record of who did or read what: field names, never values.

An entry is added in the transaction of the action it records, and never changes. `audit_seals` makes tampering visible.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from clinic.accounts.models import AuditEntry
from clinic.db import Base, db

VISITOR = "visitor"
GUARDIAN = "guardian"
"""A parent or guardian, identified by the link that was sent to their address."""
SYSTEM = "system"


def by_user(user_id: UUID) -> str:
    """The actor for a member of staff."""
    return f"user:{user_id}"


def by_contact(contact_id: UUID) -> str:
    """The actor for a signed-in client, identified by the address they proved."""
    return f"contact:{contact_id}"


def by_link(appointment_id: UUID) -> str:
    """The actor for anyone who holds the manage link of an appointment."""
    return f"link:{appointment_id}"


def record(
    actor: str,
    action: str,
    subject: Base | None = None,
    *,
    subject_type: str | None = None,
    subject_id: UUID | None = None,
    client_id: UUID | None = None,
    purpose: str = "",
    fields: Sequence[str] = (),
    network: str | None = None,
    now: datetime,
) -> None:
    """Add one entry to the caller's transaction; nothing is flushed.

    Give the row itself or its type and id. `fields` names what changed or was read. `purpose` is a code or a
    short fixed phrase: like everything here it holds no health data and no names. `network` is a keyed hash
    (`security_events.network_hash`), for events at sign-in.
    """
    if subject is not None:
        subject_type = subject.__tablename__
        identity = getattr(subject, "id", None)
        subject_id = identity if isinstance(identity, UUID) else None
    db.session.add(
        AuditEntry(
            at=now,
            actor=actor,
            action=action,
            subject_type=subject_type or "",
            subject_id=subject_id,
            client_id=client_id,
            purpose=purpose,
            fields=list(fields),
            network=network,
        )
    )


def take_waiting() -> list[AuditEntry]:
    """The entries that were recorded and not yet written, taken out of the session: the caller writes them."""
    waiting = [row for row in db.session.new if isinstance(row, AuditEntry)]
    for row in waiting:
        db.session.expunge(row)
    return waiting
