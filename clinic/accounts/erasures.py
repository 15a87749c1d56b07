"""Erasure asked for: a client's wish to have their data erased, what an owner decided, and what the law keeps back meanwhile.

Asking changes nothing else. `maintenance.erasure` carries out what was granted, an hour later, so that a decision can be taken back.

Source: GDPR, articles 12(3), 17 and 18 (read 2026-11-30).
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, defer, mapped_column

from clinic.accounts import audit
from clinic.accounts.client_records import locked_client
from clinic.db import Identified, Model, db, violates
from clinic.language import N_
from clinic.refusal import NotFound, Refusal
from clinic.sealed import Sealed

TAKE_BACK: Final = timedelta(hours=1)
"""How long a granted erasure waits, so that it can be taken back."""
ANSWER_WITHIN: Final = timedelta(days=30)
"""A month to decide; GDPR, article 12(3)."""


class ErasureState(StrEnum):
    """Where an erasure stands."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"
    DONE = "done"


class AlreadyAsked(Refusal):
    """The erasure of this client is asked for already."""

    code = "erasure-asked"
    sentence = N_("It was asked for already. Nothing was changed.")


class AlreadyDecided(Refusal):
    """Somebody decided it, or took it back, meanwhile."""

    code = "erasure-decided"
    sentence = N_("This was decided or taken back meanwhile. Nothing was changed.")


class Erasure(Identified, Model):
    """One request to erase a client. It stays afterwards, as proof of what was asked and done; it names nobody."""

    __tablename__ = "erasures"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    """Who noted it at the desk; None if the client asked in their own pages."""
    state: Mapped[str] = mapped_column(default=ErasureState.ASKED)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    reason_sealed: Mapped[bytes | None]
    reason = Sealed[str | None]("reason_sealed")
    """Why it was refused, as the client reads it."""
    kept_until: Mapped[date | None]
    """Until when the law keeps the record of treatment, as it was when an owner granted it; None if nothing is kept."""
    done_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_erasures_one_open",
            "client_id",
            unique=True,
            postgresql_where=sa.text("state IN ('asked', 'granted')"),
        ),
        sa.CheckConstraint(
            "state IN ({})".format(", ".join(f"'{one}'" for one in ErasureState)), name="state_known"
        ),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_whole"),
        sa.CheckConstraint(
            "state NOT IN ('granted', 'refused') OR decided_at IS NOT NULL", name="decided_by_somebody"
        ),
        sa.CheckConstraint("(state = 'refused') = (reason_sealed IS NOT NULL)", name="refused_with_reason"),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_whole"),
    )

    @property
    def carried_out_from(self) -> datetime | None:
        """When the worker may carry it out; None unless it is granted."""
        return self.decided_at + TAKE_BACK if self.state == ErasureState.GRANTED and self.decided_at else None


class RestrictedRecord(Identified, Model):
    """What the law keeps of an erased client until its time is over: in no list, search, letter or report."""

    __tablename__ = "restricted_records"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), unique=True)
    content_sealed: Mapped[bytes]
    content = Sealed[dict[str, list[dict[str, Any]]]]("content_sealed")
    """The rows by table, with sealed values open."""
    made_at: Mapped[datetime]
    kept_until: Mapped[date] = mapped_column(index=True)
    """The last local day on which it is kept."""


def open_erasure(client_id: UUID) -> Erasure | None:
    """The erasure of this client that is asked for or granted; None if there is none."""
    wanted = sa.select(Erasure).where(
        Erasure.client_id == client_id, Erasure.state.in_((ErasureState.ASKED, ErasureState.GRANTED))
    )
    return db.session.scalars(wanted).one_or_none()


def newest_erasure(client_id: UUID) -> Erasure | None:
    """The last request about this client, however it ended."""
    wanted = (
        sa.select(Erasure).where(Erasure.client_id == client_id).order_by(Erasure.asked_at.desc()).limit(1)
    )
    return db.session.scalars(wanted).one_or_none()


def open_erasures() -> list[Erasure]:
    """Every erasure that waits for a decision or for its hour, oldest first."""
    wanted = sa.select(Erasure).where(Erasure.state.in_((ErasureState.ASKED, ErasureState.GRANTED)))
    return list(db.session.scalars(wanted.order_by(Erasure.asked_at)))


def restricted_records() -> list[RestrictedRecord]:
    """Every record that the law keeps, without its content, the one to go first at the top."""
    wanted = sa.select(RestrictedRecord).options(defer(RestrictedRecord.content_sealed))
    return list(db.session.scalars(wanted.order_by(RestrictedRecord.kept_until, RestrictedRecord.id)))


def ask(client_id: UUID, *, actor: str, by_id: UUID | None, now: datetime) -> Erasure:
    """Note that this client wants to be erased. Raises NotFound for nobody, AlreadyAsked."""
    locked_client(client_id)
    asked = Erasure(client_id=client_id, asked_at=now, asked_by_id=by_id)
    db.session.add(asked)
    with violates("uq_erasures_one_open", AlreadyAsked()):
        db.session.flush()
    audit.record(actor, "erasure_asked", asked, client_id=client_id, now=now)
    return asked


def take_back(erasure_id: UUID, *, actor: str, now: datetime) -> None:
    """The client keeps their data after all, or an owner takes the decision back.

    Raises NotFound, and AlreadyDecided once its hour is over: then a letter may have said so already.
    """
    asked = _locked(erasure_id)
    if asked.state not in (ErasureState.ASKED, ErasureState.GRANTED):
        raise AlreadyDecided
    if asked.carried_out_from is not None and now >= asked.carried_out_from:
        raise AlreadyDecided
    asked.state = ErasureState.TAKEN_BACK
    audit.record(actor, "erasure_taken_back", asked, client_id=asked.client_id, now=now)


def grant(erasure_id: UUID, *, kept_until: date | None, by_id: UUID, now: datetime) -> None:
    """Decide that it is carried out in an hour; `kept_until` is what the client is told about the record of treatment.

    Raises NotFound, AlreadyDecided.
    """
    _decide(erasure_id, ErasureState.GRANTED, by_id, now).kept_until = kept_until


def refuse(erasure_id: UUID, reason: str, *, by_id: UUID, now: datetime) -> None:
    """Decide that it is not carried out, with the reason that the client reads. Raises NotFound, AlreadyDecided."""
    _decide(erasure_id, ErasureState.REFUSED, by_id, now, reason)


def _decide(
    erasure_id: UUID, state: ErasureState, by_id: UUID, now: datetime, reason: str | None = None
) -> Erasure:
    asked = _locked(erasure_id)
    if asked.state != ErasureState.ASKED:
        raise AlreadyDecided
    asked.decided_at, asked.decided_by_id = now, by_id
    asked.reason = reason
    asked.state = state
    audit.record(audit.by_user(by_id), f"erasure_{state}", asked, client_id=asked.client_id, now=now)
    return asked


def _locked(erasure_id: UUID) -> Erasure:
    found = db.session.get(Erasure, erasure_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found
