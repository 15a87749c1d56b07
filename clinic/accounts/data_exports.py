"""Copies of everything about one client: asked for, built by the worker, kept for a day, then deleted.

1. `ask` stores that somebody wants a copy, with a sealed password that is told once, on the page that asked.
2. The worker claims it (`claim`), counts its steps up, and stores the file together with the moment it was ready, in one
   statement that only counts while the claim is its own. The password is forgotten in the same statement.
3. A day later, or when somebody deletes it, the row goes.

What a copy holds, and how it is written, stands in `clinic.exports`.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from clinic.accounts import audit
from clinic.accounts.models import Client
from clinic.db import Identified, Model, RowsToDelete, db
from clinic.language import N_
from clinic.refusal import NotFound, Refusal
from clinic.sealed import Sealed

KEPT: Final = timedelta(days=1)
"""How long after it was ready a copy can be fetched."""
LEASE: Final = timedelta(minutes=12)
"""How long a worker has for one copy before another may try; longer than its time limit."""
MOST_ATTEMPTS: Final = 3
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters that look like digits."""
GROUPS, GROUP_LENGTH = 5, 4


class DataExport(Identified, Model):
    """One copy of everything about one client: asked for, being built, ready or failed."""

    __tablename__ = "data_exports"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    asked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    """Who of the staff asked; NULL for the client."""
    contact_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("contacts.id", ondelete="SET NULL"), index=True
    )
    """Where we write to once it is ready; NULL if no letter can be written."""
    asked_at: Mapped[datetime]
    password_sealed: Mapped[bytes | None]
    password = Sealed[str | None]("password_sealed")
    """Until the file is built; afterwards only whoever asked knows it."""
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]
    """While this is ahead, one worker builds it."""
    steps_done: Mapped[int] = mapped_column(default=0)
    ready_at: Mapped[datetime | None] = mapped_column(index=True)
    failed_at: Mapped[datetime | None]
    encrypted: Mapped[bytes | None] = mapped_column(deferred=True)
    """The ZIP, whose every file is encrypted with the password."""
    size_bytes: Mapped[int | None]

    __table_args__ = (
        sa.CheckConstraint(
            "(ready_at IS NOT NULL) = (encrypted IS NOT NULL) AND (encrypted IS NULL) = (size_bytes IS NULL)",
            name="ready_means_whole",
        ),
        sa.CheckConstraint(
            "num_nonnulls(password_sealed, ready_at, failed_at) = 1", name="password_until_it_ended"
        ),
        sa.CheckConstraint("attempts >= 0 AND steps_done >= 0", name="counts"),
    )

    @property
    def is_under_way(self) -> bool:
        """Whether it still has to be built."""
        return self.ready_at is None and self.failed_at is None

    @property
    def until(self) -> datetime | None:
        """The end of the time in which it can be fetched; None before it is ready."""
        return self.ready_at + KEPT if self.ready_at is not None else None

    def can_be_fetched(self, now: datetime) -> bool:
        """Whether its file is there and not too old."""
        return self.until is not None and now < self.until


class AskedAlready(Refusal):
    """There is a copy of this client already, ready or under way."""

    code = "asked-already"
    sentence = N_("There is a copy already, or it is being made. Delete it first if you want another one.")


def ask(
    client_id: UUID, *, by_staff: UUID | None, contact_id: UUID | None, actor: str, now: datetime
) -> tuple[DataExport, str]:
    """Ask for a copy; returns it with the password, which is told nowhere else. The caller commits. Raises AskedAlready."""
    # Two forms sent at once would each find none.
    db.session.execute(sa.select(Client.id).where(Client.id == client_id).with_for_update())
    before = newest(client_id, now)
    if before is not None and before.failed_at is None:
        raise AskedAlready
    db.session.execute(sa.delete(DataExport).where(DataExport.client_id == client_id))
    password = new_password()
    made = DataExport(client_id=client_id, asked_by_id=by_staff, contact_id=contact_id, asked_at=now)
    made.password = password
    db.session.add(made)
    audit.record(actor, "ask", made, client_id=client_id, now=now)
    db.session.flush()
    return made, password


def new_password() -> str:
    """Twenty letters and digits in groups, to be typed or read out: about 99 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))


def newest(client_id: UUID, now: datetime) -> DataExport | None:
    """A client's copy that is under way, ready or failed; None if there is none or its day is over."""
    return db.session.scalar(
        sa.select(DataExport)
        .where(
            DataExport.client_id == client_id,
            sa.or_(DataExport.ready_at.is_(None), DataExport.ready_at > now - KEPT),
        )
        .order_by(DataExport.asked_at.desc(), DataExport.id.desc())
        .limit(1)
    )


def fetch(export: DataExport | None, *, actor: str, now: datetime) -> bytes:
    """The file, recorded as fetched. The caller commits. Raises NotFound if there is none or its day is over."""
    if export is None or not export.can_be_fetched(now) or export.encrypted is None:
        raise NotFound
    audit.record(actor, "export", export, client_id=export.client_id, fields=["encrypted"], now=now)
    return export.encrypted


def delete(client_id: UUID, *, actor: str, now: datetime) -> None:
    """Delete a client's copies, also one that is being built. Twice is harmless. The caller commits."""
    for export_id in db.session.scalars(
        sa.delete(DataExport).where(DataExport.client_id == client_id).returning(DataExport.id)
    ):
        _record_end(actor, "delete", export_id, client_id, now)


def old_copies(before: datetime) -> RowsToDelete:
    """Copies that were ready, or failed, before an instant."""
    return RowsToDelete(DataExport, sa.func.coalesce(DataExport.ready_at, DataExport.failed_at) < before)


def delete_old(before: datetime) -> int:
    """Delete these copies; each is recorded, and they are counted. The caller commits."""
    gone = db.session.execute(
        sa.delete(DataExport)
        .where(old_copies(before).condition)
        .returning(DataExport.id, DataExport.client_id)
    ).all()
    for export_id, client_id in gone:
        _record_end(audit.SYSTEM, "expire", export_id, client_id, before + KEPT)
    return len(gone)


def _record_end(actor: str, action: str, export_id: UUID, client_id: UUID, now: datetime) -> None:
    audit.record(
        actor,
        action,
        subject_type=DataExport.__tablename__,
        subject_id=export_id,
        client_id=client_id,
        now=now,
    )


def claim(now: datetime) -> DataExport | None:
    """The copy that waits longest, claimed for this worker; None if none waits. One that failed too often is given up.

    The caller commits.
    """
    free = sa.or_(DataExport.claimed_until.is_(None), DataExport.claimed_until <= now)
    waits = (DataExport.ready_at.is_(None), DataExport.failed_at.is_(None), free)
    db.session.execute(
        sa.update(DataExport)
        .where(*waits, DataExport.attempts >= MOST_ATTEMPTS)
        .values(failed_at=now, password_sealed=None, claimed_until=None)
    )
    wanted = (
        sa.select(DataExport.id)
        .where(*waits)
        .order_by(DataExport.asked_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return db.session.scalar(
        sa.update(DataExport)
        .where(DataExport.id == wanted.scalar_subquery())
        .values(claimed_until=now + LEASE, attempts=DataExport.attempts + 1, steps_done=0)
        .returning(DataExport),
        execution_options={"synchronize_session": False, "populate_existing": True},
    )


def step_done(export_id: UUID, attempt: int, steps: int) -> None:
    """Say that so many steps are done, as long as the claim is this attempt's. The caller commits."""
    db.session.execute(_of(export_id, attempt).values(steps_done=steps))


def settle(export_id: UUID, attempt: int, encrypted: bytes, now: datetime) -> bool:
    """Store the file and forget the password, as long as the claim is this attempt's and nobody deleted it; whether it was.

    The caller commits.
    """
    done = db.session.execute(
        _of(export_id, attempt)
        .values(
            encrypted=encrypted,
            size_bytes=len(encrypted),
            ready_at=now,
            password_sealed=None,
            claimed_until=None,
        )
        .returning(DataExport.client_id)
    ).one_or_none()
    if done is None:
        return False
    _record_end(audit.SYSTEM, "build", export_id, done.client_id, now)
    return True


def _of(export_id: UUID, attempt: int) -> sa.Update:
    return sa.update(DataExport).where(
        DataExport.id == export_id, DataExport.attempts == attempt, DataExport.ready_at.is_(None)
    )
