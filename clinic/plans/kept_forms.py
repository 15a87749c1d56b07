"""What a therapist had typed into a note or a plan when their session ended: stored sealed, and restored only to them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking.models import Appointment
from clinic.db import RowsToDelete, db
from clinic.plans.models import KeptForm, Plan

KEPT = timedelta(hours=24)


def keep(about: Appointment | Plan, fields: Mapping[str, Sequence[str]], *, by: User, now: datetime) -> None:
    """Store what was submitted for the note of a visit, or for a plan, in place of anything stored before."""
    assert about.client_id is not None
    forget(about, by=by)
    row = KeptForm(user_id=by.id, client_id=about.client_id, kept_at=now)
    if isinstance(about, Plan):
        row.plan_id = about.id
    else:
        row.appointment_id = about.id
    row.fields = {name: list(values) for name, values in fields.items()}
    db.session.add(row)
    _record("keep", row, by, now)
    db.session.flush()


def open_kept(about: Appointment | Plan, *, by: User, now: datetime) -> dict[str, list[str]] | None:
    """What is stored for this person; the access is recorded. None if there is nothing from the last day."""
    row = db.session.scalars(_of(about, by).where(KeptForm.kept_at > now - KEPT)).one_or_none()
    if row is None:
        return None
    _record("read", row, by, now)
    return row.fields


def forget(about: Appointment | Plan, *, by: User) -> None:
    """Delete it: it was saved, or something newer replaces it."""
    for row in db.session.scalars(_of(about, by)).all():
        db.session.delete(row)
    db.session.flush()


def forget_of_page(visit: Appointment, page: UUID | None, *, by: User) -> None:
    """Delete what this open page had sent when the session ended: it has been saved since. What another page sent stays."""
    for row in db.session.scalars(_of(visit, by)).all():
        if page is not None and row.fields.get("page") == [page.hex]:
            db.session.delete(row)
    db.session.flush()


def old_forms(until: datetime) -> RowsToDelete:
    """What was stored at or before an instant."""
    return RowsToDelete(KeptForm, KeptForm.kept_at <= until)


def _of(about: Appointment | Plan, by: User) -> sa.Select[KeptForm]:
    column = KeptForm.plan_id if isinstance(about, Plan) else KeptForm.appointment_id
    return sa.select(KeptForm).where(column == about.id, KeptForm.user_id == by.id)


def _record(action: str, row: KeptForm, by: User, now: datetime) -> None:
    audit.record(
        audit.by_user(by.id),
        action,
        row,
        client_id=row.client_id,
        purpose="kept note" if row.plan_id is None else "kept plan",
        fields=sorted(row.fields),
        now=now,
    )
