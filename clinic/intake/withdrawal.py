"""Consents of a client outside the questions, and their withdrawal, which takes effect on what rests on the consent and on nothing else.

- Health answers: they no longer count as answered for a booking, and tips no longer use them. Warning signs in them go on
  counting for safety, visits that are booked stand, and the record stays as long as the law asks for it.
- Contact with the doctor: the therapist reads that it was withdrawn.
- News: invitations to come again stop, because `messaging.preferences` asks for a consent that stands.

A withdrawal is a moment on the consent's own row, so that what was agreed to, and until when, can still be shown. GDPR,
article 7(3): withdrawing is as easy as agreeing, and what was done before it stays lawful (read 2026-11-29).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.db import db
from clinic.intake.consent import ConsentText
from clinic.intake.models import Consent, Purpose


def consents_of(client_id: UUID) -> Sequence[Consent]:
    """All consents of a client, withdrawn ones too, newest first."""
    theirs = sa.select(Consent).where(Consent.client_id == client_id)
    return db.session.scalars(theirs.order_by(Consent.given_at.desc(), Consent.id.desc())).all()


def stands(client_id: UUID, purpose: Purpose) -> bool:
    """Whether a client has agreed to a purpose and not withdrawn it. One statement."""
    standing = sa.exists().where(
        Consent.client_id == client_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None)
    )
    return bool(db.session.scalar(sa.select(standing)))


def agree(client_id: UUID, text: ConsentText, *, actor: str, now: datetime) -> None:
    """Record a client's consent to a text; does nothing if one to its purpose stands. The caller commits.

    Raises ValueError for a text without a purpose of its own.
    """
    if text.purpose is None:
        raise ValueError("This consent stands with what it is about.")
    if stands(client_id, text.purpose):
        return
    given = Consent(
        client_id=client_id,
        purpose=text.purpose,
        text_version=text.version,
        text_sha256=text.sha256,
        given_at=now,
    )
    db.session.add(given)
    db.session.flush()
    audit.record(actor, "agree", given, client_id=client_id, purpose=text.purpose.value, now=now)


def withdraw(client_id: UUID, purpose: Purpose, *, actor: str, now: datetime) -> int:
    """Withdraw every standing consent to a purpose; returns how many. Does nothing without one. The caller commits."""
    standing = db.session.scalars(
        sa.select(Consent)
        .where(Consent.client_id == client_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
        .with_for_update()
    ).all()
    for given in standing:
        given.withdrawn_at = now
        audit.record(actor, "withdraw", given, client_id=client_id, purpose=purpose.value, now=now)
    db.session.flush()
    return len(standing)


def withdrawn_since(client_id: UUID) -> dict[Purpose, datetime]:
    """What a client withdrew and has not agreed to again, and when. One statement."""
    rows = db.session.execute(
        sa.select(Consent.purpose, sa.func.max(Consent.withdrawn_at))
        .where(Consent.client_id == client_id)
        .group_by(Consent.purpose)
        .having(sa.func.bool_and(Consent.withdrawn_at.is_not(None)))
    )
    return {Purpose(purpose): at for purpose, at in rows if at is not None}
