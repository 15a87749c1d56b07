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

from clinic import language
from clinic.accounts import audit
from clinic.db import db
from clinic.intake.consent import ConsentText
from clinic.intake.models import Consent, ConsentWay, Purpose


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


def given(
    text: ConsentText,
    *,
    client_id: UUID | None,
    way: ConsentWay,
    actor: str | None,
    now: datetime,
    submission_id: UUID | None = None,
    contact_id: UUID | None = None,
) -> Consent:
    """A consent to a text in the language that is spoken now, not yet added.

    Raises ValueError for a text without a purpose of its own.
    """
    if text.purpose is None:
        raise ValueError("This consent stands with what it is about.")
    spoken = language.current()
    return Consent(
        client_id=client_id,
        submission_id=submission_id,
        contact_id=contact_id,
        purpose=text.purpose,
        text_version=text.version,
        text_sha256=text.sha256,
        language=spoken,
        words=text.words(spoken),
        channel=way,
        given_by=actor,
        given_at=now,
    )


def agree(
    client_id: UUID, text: ConsentText, *, actor: str, now: datetime, way: ConsentWay = ConsentWay.WEB
) -> None:
    """Record a client's consent to a text; does nothing if one to its purpose stands. The caller commits."""
    if text.purpose is not None and stands(client_id, text.purpose):
        return
    row = given(text, client_id=client_id, way=way, actor=actor, now=now)
    db.session.add(row)
    db.session.flush()
    audit.record(actor, "agree", row, client_id=client_id, purpose=row.purpose, now=now)


def withdraw(
    client_id: UUID,
    purpose: Purpose,
    *,
    actor: str,
    now: datetime,
    way: ConsentWay = ConsentWay.WEB,
    contact_id: UUID | None = None,
) -> int:
    """Withdraw every standing consent to a purpose, of one telephone if it is given; returns how many. The caller commits."""
    standing = (
        sa.select(Consent)
        .where(Consent.client_id == client_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
        .with_for_update()
    )
    if contact_id is not None:
        standing = standing.where(Consent.contact_id == contact_id)
    found = db.session.scalars(standing).all()
    for row in found:
        row.withdrawn_at, row.withdrawn_way, row.withdrawn_by = now, way, actor
        audit.record(actor, "withdraw", row, client_id=client_id, purpose=purpose.value, now=now)
    db.session.flush()
    return len(found)


def withdrawn_since(client_id: UUID) -> dict[Purpose, datetime]:
    """What a client withdrew and has not agreed to again, and when. One statement."""
    rows = db.session.execute(
        sa.select(Consent.purpose, sa.func.max(Consent.withdrawn_at))
        .where(Consent.client_id == client_id)
        .group_by(Consent.purpose)
        .having(sa.func.bool_and(Consent.withdrawn_at.is_not(None)))
    )
    return {Purpose(purpose): at for purpose, at in rows if at is not None}
