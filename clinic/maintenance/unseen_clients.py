"""Clients who have not been here for as long as an owner chose: who they are, and erasing them as if they had asked for it.

Somebody about whom notes must still be kept is not among them, so that nothing is left to seal. A record and those joined to it are one
person: what any of them did counts for all.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app

from clinic.accounts import audit
from clinic.accounts.erasures import Erasure, ErasureState
from clinic.accounts.models import AuditEntry, Client, ClientSession
from clinic.booking.models import Appointment
from clinic.booking.waiting.models import WaitingListEntry
from clinic.db import RowsToDelete, db, transaction
from clinic.intake.models import Submission
from clinic.maintenance import erasure, periods
from clinic.maintenance.periods import Period
from clinic.plans.models import Incident, SessionNote


def unseen(now: datetime, period: Period) -> RowsToDelete:
    """Clients who were not seen within a period, and about whom no note has to be kept.

    The record into which others were joined stands for all of them.
    """
    before = period.before(now)
    people = _people()
    noted = sa.select(people.c.root).where(people.c.id.in_(_noted(now)))
    seen = sa.select(people.c.root).where(
        sa.or_(
            people.c.created_at >= before,
            people.c.id.in_(sa.union_all(*_seen_at(before))),
        )
    )
    asked = sa.select(Erasure.client_id).where(Erasure.state.in_((ErasureState.ASKED, ErasureState.GRANTED)))
    return RowsToDelete(
        Client,
        sa.and_(
            Client.merged_into_id.is_(None),
            Client.erased_at.is_(None),
            Client.id.not_in(seen),
            Client.id.not_in(noted),
            Client.id.not_in(asked),
        ),
    )


def _people() -> sa.CTE:
    """Every record with the record into which it was joined in the end."""
    first = sa.select(Client.id, Client.id.label("root"), Client.created_at).where(
        Client.merged_into_id.is_(None)
    )
    people = first.cte("people", recursive=True)
    joined = sa.select(Client.id, people.c.root, Client.created_at).join(
        people, Client.merged_into_id == people.c.id
    )
    return people.union_all(joined)


def _seen_at(before: datetime) -> list[sa.Select[Any]]:
    """Whoever did something, or has something before them, at an instant or after it."""
    visits = sa.or_(Appointment.starts_at >= before, Appointment.created_at >= before)
    acted = sa.or_(AuditEntry.actor.startswith("contact:"), AuditEntry.actor.startswith("link:"))
    waits = sa.or_(WaitingListEntry.ended_at.is_(None), WaitingListEntry.ended_at >= before)
    return [
        sa.select(Appointment.client_id).where(Appointment.client_id.is_not(None), visits),
        sa.select(ClientSession.client_id).where(
            ClientSession.client_id.is_not(None), ClientSession.seen_at >= before
        ),
        sa.select(Submission.client_id).where(
            Submission.client_id.is_not(None), Submission.submitted_at >= before
        ),
        sa.select(WaitingListEntry.client_id).where(waits),
        sa.select(AuditEntry.client_id).where(
            AuditEntry.client_id.is_not(None), AuditEntry.at >= before, acted
        ),
    ]


def _noted(now: datetime) -> sa.Select[Any]:
    """Whose notes must still be kept, as `erasure.kept_until` reckons for one person."""
    years = sa.func.make_interval(periods.notes_years())
    of_age = sa.func.make_interval(erasure.OF_AGE)
    written = sa.union_all(
        *(
            sa.select(Appointment.client_id, Appointment.wall_start)
            .join(model, model.appointment_id == Appointment.id)
            .where(Appointment.client_id.is_not(None))
            for model in (SessionNote, Incident)
        )
    ).subquery()
    today = erasure.local_day(now)
    return (
        sa.select(written.c.client_id)
        .join(Client, Client.id == written.c.client_id)
        .where(
            sa.or_(
                sa.cast(written.c.wall_start, sa.Date) + years >= today,
                Client.birth_on + of_age + years >= today,
            )
        )
    )


def erase_unseen(now: datetime, period: Period) -> int:
    """Erase them, each in a transaction of its own; returns how many. Who came back meanwhile stays."""
    due = db.session.scalars(sa.select(Client.id).where(unseen(now, period).condition)).all()
    return sum(_erase(client_id, now, period) for client_id in due)


def _erase(client_id: UUID, now: datetime, period: Period) -> bool:
    with transaction():
        db.session.get(Client, client_id, with_for_update=True, populate_existing=True)
        still = sa.select(Client.id).where(Client.id == client_id, unseen(now, period).condition)
        if db.session.scalar(still) is None:
            return False
        erasure.erase(client_id, now, mails=current_app.config["MAILDIR"])
        done = Erasure(client_id=client_id, asked_at=now, state=ErasureState.DONE, done_at=now)
        db.session.add(done)
        audit.record(audit.SYSTEM, "erased", done, client_id=client_id, purpose="not_seen", now=now)
    return True
