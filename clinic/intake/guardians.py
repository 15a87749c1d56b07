"""Consent of parents and guardians, without which nobody under 18 can book online.

A parent or guardian agrees through a link sent to their own email address.

This is not a safety level: the young person's answers are assessed as usual, and rule T16 makes a therapist review
them first.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from clinic import language
from clinic.accounts import audit
from clinic.accounts import services as accounts
from clinic.accounts.models import Client, Contact, ContactKind, Relation
from clinic.db import db
from clinic.intake.consent import GUARDIAN
from clinic.intake.models import ConsentWay, GuardianConsent, Outcome, Submission
from clinic.language import N_
from clinic.refusal import Refusal

UNDER_AGE: Final = "T16"
"""The safety rule that fires for everybody under 18. A guardian has to agree whether or not a therapist cleared it."""
ASKED_AGAIN: Final = timedelta(minutes=1)
"""Asking again at the same address within this time sends no second letter."""
WORTH: Final = timedelta(days=14)
"""How long after the request a guardian can still agree."""


class NoGuardianNeeded(Refusal):
    """Nothing here needs a guardian's consent."""

    status = 404
    code = "no-guardian-needed"
    sentence = N_("There is nothing here that a parent or guardian has to agree to.")


def is_under_age(outcome: Outcome) -> bool:
    """Whether this outcome's answers are from somebody under 18; reads the stored rules, not the answers."""
    return UNDER_AGE in outcome.rules


def is_agreed(submission: Submission) -> bool:
    """Whether a guardian has agreed for these answers, or for others of the same client or visitor."""
    return _given(submission) is not None


def _given(submission: Submission) -> GuardianConsent | None:
    """The newest consent that covers these answers."""
    if submission.client_id is not None:
        same = Submission.client_id == submission.client_id
    else:
        # A visitor may have answered again because the first answers expired before the guardian agreed.
        same = sa.and_(Submission.browser == submission.browser, Submission.client_id.is_(None))
    return db.session.scalar(
        sa.select(GuardianConsent)
        .join(Submission, Submission.id == GuardianConsent.submission_id)
        .where(
            GuardianConsent.agreed_at.is_not(None),
            GuardianConsent.withdrawn_at.is_(None),
            sa.or_(Submission.id == submission.id, same),
        )
        .order_by(GuardianConsent.agreed_at.desc())
        .limit(1)
    )


def consent_asked(submission: Submission) -> GuardianConsent | None:
    """The consent request for these answers, agreed to or not; None if there is none, or the consent was withdrawn."""
    asked = sa.select(GuardianConsent).where(GuardianConsent.submission_id == submission.id)
    return db.session.scalar(asked.where(GuardianConsent.withdrawn_at.is_(None)))


def ask(submission: Submission, mail: str, now: datetime) -> GuardianConsent:
    """Request consent from a guardian at an email address; messaging writes the letter. A new address replaces the old.

    Raises UnreadableAddress if the address cannot be valid, and NoGuardianNeeded if the answers are an adult's.
    """
    if not is_under_age(submission.outcome):
        raise NoGuardianNeeded
    address = accounts.normalise_mail(mail)
    row = consent_asked(submission)
    if row is None:
        row = GuardianConsent(submission_id=submission.id, asked_at=now, text_version=GUARDIAN.version)
        row.mail = address
        db.session.add(row)
    elif row.agreed_at is None and (row.mail != address or row.asked_at <= now - ASKED_AGAIN):
        row.mail = address
        _owe_a_letter(row, now)
    db.session.flush()
    return row


def ask_again(consent_id: UUID, now: datetime) -> None:
    """Send a new link to the same address; does nothing if there is nothing left to agree to."""
    row = db.session.get(GuardianConsent, consent_id, with_for_update=True)
    if row is None or row.agreed_at is not None or row.asked_at <= now - WORTH:
        return
    if row.asked_at <= now - ASKED_AGAIN:
        _owe_a_letter(row, now)
        db.session.flush()


def _owe_a_letter(row: GuardianConsent, now: datetime) -> None:
    row.asked_at = now
    row.asked_revision += 1
    row.text_version = GUARDIAN.version


def agree(consent_id: UUID, now: datetime) -> GuardianConsent | None:
    """Record a guardian's consent once their link has been used; None if the request no longer exists."""
    row = db.session.get(GuardianConsent, consent_id, with_for_update=True)
    if row is None:
        return None
    if row.agreed_at is None:
        row.agreed_at, row.language = now, language.current()
        row.words = GUARDIAN.words(row.language)
        audit.record(audit.GUARDIAN, "agree", row, purpose="guardian", fields=("agreed_at",), now=now)
    submission = db.session.get_one(Submission, row.submission_id)
    if submission.client_id is not None:
        _give_address(db.session.get_one(Client, submission.client_id), row, now)
    db.session.flush()
    return row


def consents_of(client_id: UUID) -> Sequence[GuardianConsent]:
    """What guardians agreed to for a client, withdrawn ones too, newest first."""
    theirs = sa.select(GuardianConsent).join(Submission, Submission.id == GuardianConsent.submission_id)
    given = theirs.where(Submission.client_id == client_id, GuardianConsent.agreed_at.is_not(None))
    return db.session.scalars(
        given.order_by(GuardianConsent.agreed_at.desc(), GuardianConsent.id.desc())
    ).all()


def withdrawn_at(client_id: UUID) -> datetime | None:
    """When what guardians agreed to for a client was withdrawn; None if nobody agreed, or a consent stands."""
    given = consents_of(client_id)
    ends = [row.withdrawn_at for row in given if row.withdrawn_at is not None]
    return max(ends) if ends and len(ends) == len(given) else None


def withdraw(client_id: UUID, *, way: ConsentWay, actor: str, now: datetime) -> int:
    """Withdraw what guardians agreed to for a client: nothing more can be booked until one agrees again. Returns how many."""
    standing = [row for row in consents_of(client_id) if row.withdrawn_at is None]
    for row in standing:
        row.withdrawn_at, row.withdrawn_way, row.withdrawn_by = now, way, actor
        audit.record(actor, "withdraw", row, client_id=client_id, purpose="guardian", now=now)
    db.session.flush()
    return len(standing)


def copy(submission: Submission, to: Submission) -> None:
    """Extend a guardian's consent to a copy of the answers."""
    row = _given(submission)
    if row is not None:
        same = GuardianConsent(
            submission_id=to.id,
            asked_at=row.asked_at,
            asked_revision=row.asked_revision,
            agreed_at=row.agreed_at,
            text_version=row.text_version,
            language=row.language,
            words=row.words,
        )
        same.mail = row.mail
        db.session.add(same)
        db.session.flush()


def add_address(client_id: UUID, now: datetime) -> None:
    """Add the guardian's address to a newly created client."""
    given = (
        sa.select(GuardianConsent)
        .join(Submission, Submission.id == GuardianConsent.submission_id)
        .where(
            Submission.client_id == client_id,
            GuardianConsent.agreed_at.is_not(None),
            GuardianConsent.withdrawn_at.is_(None),
        )
    )
    for row in db.session.scalars(given).all():
        _give_address(db.session.get_one(Client, client_id), row, now)


def _give_address(client: Client, row: GuardianConsent, now: datetime) -> None:
    """Add the guardian's address to the client's record.

    If the record already has it as the client's own, it becomes the guardian's, because the guardian proved it.
    """
    same = db.session.scalar(
        sa.select(Contact).where(
            Contact.client_id == client.id, Contact.kind == ContactKind.MAIL, Contact.normalised == row.mail
        )
    )
    if same is None:
        accounts.add_contact(
            client,
            ContactKind.MAIL,
            row.mail,
            now=now,
            relation=Relation.GUARDIAN,
            verified_at=row.agreed_at,
        )
    else:
        same.relation = Relation.GUARDIAN
        same.verified_at = same.verified_at or row.agreed_at
    db.session.flush()
