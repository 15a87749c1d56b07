"""Whose data somebody reached, which, and since when: what a practice has to answer after a breach (GDPR, article 33(3))."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.audit_reading import READS
from clinic.accounts.models import AuditEntry, Client
from clinic.db import db


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedClient:
    """One client whose data was reached."""

    client_id: UUID
    name: str
    """Empty for a client who was erased since."""
    first_at: datetime
    last_at: datetime
    reads: int
    changes: int
    kinds: tuple[str, ...]
    """The kinds of record, by table."""
    fields: tuple[str, ...]
    """What of them, by name."""


def affected(
    *, user_id: UUID | None, since: datetime | None, until: datetime | None, actor: str, now: datetime
) -> list[AffectedClient]:
    """Every client whose data a member of staff, or anybody of the staff, reached in a time, the first reached first.

    `since` is included, `until` is not. It knows what the product recorded: who took a disk or a backup and the keys has
    everything in it. The question itself is recorded; the caller commits.
    """
    chosen = [AuditEntry.client_id.is_not(None), AuditEntry.actor.startswith("user:")]
    if user_id is not None:
        chosen.append(AuditEntry.actor == audit.by_user(user_id))
    if since is not None:
        chosen.append(AuditEntry.at >= since)
    if until is not None:
        chosen.append(AuditEntry.at < until)
    is_read = AuditEntry.action.in_(READS)
    found = (
        sa.select(
            AuditEntry.client_id,
            sa.func.min(AuditEntry.at).label("first_at"),
            sa.func.max(AuditEntry.at).label("last_at"),
            sa.func.count().filter(is_read).label("reads"),
            sa.func.count().filter(sa.not_(is_read)).label("changes"),
            sa.func.array_agg(sa.distinct(AuditEntry.subject_type)).label("kinds"),
            sa.func.string_agg(sa.distinct(sa.func.array_to_string(AuditEntry.fields, ",")), ",").label(
                "fields"
            ),
        )
        .where(*chosen)
        .group_by(AuditEntry.client_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(found, Client.given_name, Client.family_name)
        .outerjoin(Client, Client.id == found.c.client_id)
        .order_by(found.c.first_at, found.c.client_id)
    ).all()
    audit.record(actor, "export", subject_type=AuditEntry.__tablename__, purpose="affected clients", now=now)
    return [
        AffectedClient(
            client_id=row.client_id,
            name=" ".join(filter(None, (row.given_name, row.family_name))),
            first_at=row.first_at,
            last_at=row.last_at,
            reads=row.reads,
            changes=row.changes,
            kinds=tuple(sorted(row.kinds)),
            fields=_names(row.fields),
        )
        for row in rows
    ]


def _names(joined: str | None) -> tuple[str, ...]:
    return tuple(sorted({name for name in (joined or "").split(",") if name}))


HEADINGS: Sequence[str] = ("client", "name", "first", "last", "reads", "changes", "records", "fields")


def as_row(one: AffectedClient) -> list[str]:
    """A client as a line of a CSV file, under `HEADINGS`; times in UTC."""
    return [
        str(one.client_id),
        one.name,
        one.first_at.isoformat(timespec="seconds"),
        one.last_at.isoformat(timespec="seconds"),
        str(one.reads),
        str(one.changes),
        " ".join(one.kinds),
        " ".join(one.fields),
    ]
