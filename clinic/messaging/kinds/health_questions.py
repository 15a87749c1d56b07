"""Letters about the health questions: links that were just requested, and invitations to answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import services as accounts
from clinic.accounts.models import Client, LinkPurpose
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.intake import own_pages
from clinic.intake import queries as intake
from clinic.intake.guardians import WORTH as GUARDIAN_WORTH
from clinic.intake.models import Draft, GuardianConsent, OwnPage, Submission, SubmissionKind
from clinic.language import N_
from clinic.messaging.due.shape import DueQuery, DueRules, due_query, never_owed
from clinic.messaging.due.visits import ADDRESS, visits
from clinic.messaging.kinds.content import Drop, LetterContent, public_url
from clinic.messaging.kinds.declaration import DeclaredKind
from clinic.messaging.kinds.sample import sample_visit
from clinic.messaging.kinds.visit_letter import booked, visit_letter
from clinic.messaging.kinds.wording import OF_PRACTICE, Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import SIGN_IN_WORTH, Claim
from clinic.practice.models import IntakeRule, Practice, Treatment

SIGN_IN_FIRST = "/my/sign-in?next="
"""Answers become part of a record only if the address is proven."""

NUDGED_BEFORE = timedelta(hours=48)
NUDGED_AFTER = timedelta(hours=24)
"""No second letter so soon after the first."""

_sooner = sa.orm.aliased(Appointment)  # Made once: every pass asks.


def resumed_intakes(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Somebody asked for a link to go on with the health questions."""
    asked = sa.select(
        Draft.id,
        Draft.id.label("recipient_id"),
        Draft.client_id,
        Draft.resume_revision.label("revision"),
        Draft.resume_asked_at.label("asked_at"),
    ).where(
        Draft.resume_asked_at > now - SIGN_IN_WORTH,
        Draft.mail_sealed.is_not(None),
        never_owed(
            MessageKind.RESUME_INTAKE,
            Draft.id,
            Message.occasion == sa.func.concat("r", Draft.resume_revision),
        ),
    )
    return [
        due_query(
            MessageKind.RESUME_INTAKE,
            asked,
            rules.until(now),
            occasion=lambda row: f"r{row.revision}",
            due_at=lambda row: row.asked_at,
            expires_at=lambda row: row.asked_at + SIGN_IN_WORTH,
        )
    ]


def guardians_asked(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Somebody under 18 asked their parent or guardian to agree, or the guardian asked for a fresh link."""
    asked = (
        sa.select(
            GuardianConsent.id,
            GuardianConsent.id.label("recipient_id"),
            Submission.client_id,
            GuardianConsent.asked_revision.label("revision"),
            GuardianConsent.asked_at,
        )
        .join(Submission, Submission.id == GuardianConsent.submission_id)
        .where(
            GuardianConsent.agreed_at.is_(None),
            GuardianConsent.asked_at > now - GUARDIAN_WORTH,
            never_owed(
                MessageKind.GUARDIAN_CONSENT,
                GuardianConsent.id,
                Message.occasion == sa.func.concat("r", GuardianConsent.asked_revision),
            ),
        )
    )
    return [
        due_query(
            MessageKind.GUARDIAN_CONSENT,
            asked,
            rules.until(now),
            occasion=lambda row: f"r{row.revision}",
            due_at=lambda row: row.asked_at,
            expires_at=lambda row: row.asked_at + GUARDIAN_WORTH,
        )
    ]


def own_pages_asked(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Somebody asked for a link to the outcome of their answers, or to the page with them for the doctor."""
    asked = (
        sa.select(
            OwnPage.id,
            OwnPage.id.label("recipient_id"),
            sa.func.coalesce(Draft.client_id, Submission.client_id).label("client_id"),
            OwnPage.asked_revision.label("revision"),
            OwnPage.asked_at,
        )
        .outerjoin(Draft, Draft.id == OwnPage.draft_id)
        .outerjoin(Submission, Submission.id == OwnPage.submission_id)
        .where(
            OwnPage.asked_at > now - SIGN_IN_WORTH,
            never_owed(
                MessageKind.DOCTOR_PAGE,
                OwnPage.id,
                Message.occasion == sa.func.concat("r", OwnPage.asked_revision),
            ),
        )
    )
    return [
        due_query(
            MessageKind.DOCTOR_PAGE,
            asked,
            rules.until(now),
            occasion=lambda row: f"r{row.revision}",
            due_at=lambda row: row.asked_at,
            expires_at=lambda row: row.asked_at + SIGN_IN_WORTH,
        )
    ]


def invitations(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """The client's next visit without answered health questions, if staff booked it or its questions come before the
    visit."""
    missing = _unanswered(rules, now).where(never_owed(MessageKind.INTAKE_INVITATION, Appointment.id))
    return [
        due_query(
            MessageKind.INTAKE_INVITATION,
            missing,
            rules.until(now),
            occasion=lambda row: "first",
            due_at=lambda row: rules.quiet(row.zone).after(row.booked_at),
            expires_at=lambda row: row.starts_at,
        )
    ]


def nudges(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Invited, and two days before the visit the health questions are still not answered."""
    invited = sa.exists().where(
        Message.kind == MessageKind.INTAKE_INVITATION,
        Message.subject_id == Appointment.id,
        Message.occasion == "first",
        Message.sent_at <= rules.until(now) - NUDGED_AFTER,
    )
    missing = _unanswered(rules, now).where(
        Appointment.starts_at <= rules.until(now) + NUDGED_BEFORE,
        ADDRESS.c.wants_reminders,
        invited,
        never_owed(MessageKind.INTAKE_INVITATION, Appointment.id, Message.occasion == "nudge"),
    )
    return [
        due_query(
            MessageKind.INTAKE_INVITATION,
            missing,
            rules.until(now),
            occasion=lambda row: "nudge",
            due_at=lambda row: rules.quiet(row.zone).after(row.starts_at - NUDGED_BEFORE),
            expires_at=lambda row: row.starts_at,
        )
    ]


def _unanswered(rules: DueRules, now: datetime) -> sa.Select[Any]:
    """Each client's next booked visit for which answers are still missing, within the time that answers are valid."""
    answered = sa.exists().where(
        Submission.client_id == Appointment.client_id,
        Submission.kind == SubmissionKind.FULL,
        intake.still_lasts(sa.func.least(rules.until(now), Appointment.starts_at)),
    )
    comes_sooner = sa.exists().where(
        _sooner.client_id == Appointment.client_id,
        _sooner.state == State.BOOKED,
        _sooner.starts_at > rules.until(now),
        _sooner.starts_at < Appointment.starts_at,
    )
    asked = sa.or_(
        Treatment.intake == IntakeRule.BEFORE_VISIT,
        sa.and_(Treatment.intake == IntakeRule.BEFORE_BOOKING, Appointment.booked_by == "staff"),
    )
    return (
        visits(
            Appointment.state == State.BOOKED, Appointment.starts_at > now, asked, ~answered, ~comes_sooner
        )
        .join(Treatment, Treatment.id == Appointment.treatment_id)
        .add_columns(Appointment.booked_at)
    )


def _resume_intake(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    draft = db.session.get(Draft, claim.subject_id)
    if draft is None or not draft.mail:
        return Drop("gone")
    raw = accounts.mint_link(purpose=LinkPurpose.RESUME_INTAKE, subject_id=draft.id, now=now)
    return LetterContent(
        recipient=draft.mail,
        language=_language(draft.client_id, practice),
        facts={
            "link": public_url(f"/intake/resume/{raw}"),
            # Opens nothing by itself: its button mails a fresh link to the same address.
            "again": public_url(f"/intake/go-on/{draft.id}"),
        },
    )


def _guardian_consent(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    asked = db.session.get(GuardianConsent, claim.subject_id)
    if asked is None:
        return Drop("gone")
    if asked.agreed_at is not None:
        return Drop("decided")
    raw = accounts.mint_link(purpose=LinkPurpose.GUARDIAN_CONSENT, subject_id=asked.id, now=now)
    return LetterContent(
        recipient=asked.mail,
        language=_language(db.session.get_one(Submission, asked.submission_id).client_id, practice),
        facts={
            "link": public_url(f"/guardian/{raw}"),
            # Opens nothing by itself: its button mails a fresh link to the same address.
            "again": public_url(f"/guardian/again/{asked.id}"),
        },
    )


def _own_page(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    page = db.session.get(OwnPage, claim.subject_id)
    if page is None:
        return Drop("gone")
    raw = accounts.mint_link(purpose=LinkPurpose.DOCTOR_PAGE, subject_id=page.id, now=now)
    return LetterContent(
        recipient=page.mail,
        language=page.language or _language(own_pages.client_of(page), practice),
        facts={
            "link": public_url(f"/own-page/{raw}"),
            # Opens nothing by itself: its button mails a fresh link to the same address.
            "again": public_url(f"/own-page/again/{page.id}"),
        },
    )


def _language(client_id: UUID | None, practice: Practice) -> str:
    """The language of a client who may not be known yet: then the practice's."""
    client = db.session.get(Client, client_id) if client_id else None
    return client.language if client else practice.language


def _still_unanswered(claim: Claim, appointment: Appointment, now: datetime) -> str | None:
    if intake.newest_full(browser=None, client_id=appointment.client_id, now=now) is not None:
        return "answered"
    return booked(claim, appointment, now)


def _questions(appointment: Appointment, practice: Practice, now: datetime) -> Mapping[str, Any]:
    return {"link": public_url(f"{SIGN_IN_FIRST}/intake")}


KINDS = (
    DeclaredKind(
        kind=MessageKind.RESUME_INTAKE,
        label=N_("Link to go on with the questions"),
        due=(resumed_intakes,),
        words=Words(
            subject=N_("Go on with your questions at {practice}"),
            heading=N_("Go on where you stopped"),
        ),
        placeholders=OF_PRACTICE,
        compose=_resume_intake,
        sample=lambda scene: {"link": scene.link, "again": scene.link},
        is_one_time=True,
    ),
    DeclaredKind(
        kind=MessageKind.GUARDIAN_CONSENT,
        label=N_("Link for a parent or guardian"),
        due=(guardians_asked,),
        words=Words(
            subject=N_("A young person asks for your yes at {practice}"),
            heading=N_("Do you agree to a visit?"),
        ),
        placeholders=OF_PRACTICE,
        compose=_guardian_consent,
        sample=lambda scene: {"link": scene.link, "again": scene.link},
        is_one_time=True,
    ),
    DeclaredKind(
        kind=MessageKind.DOCTOR_PAGE,
        label=N_("Link to a page asked for"),
        due=(own_pages_asked,),
        words=Words(
            subject=N_("Your link from {practice}"),
            heading=N_("The page you asked for"),
        ),
        placeholders=OF_PRACTICE,
        compose=_own_page,
        sample=lambda scene: {"link": scene.link, "again": scene.link},
        is_one_time=True,
    ),
    DeclaredKind(
        kind=MessageKind.INTAKE_INVITATION,
        label=N_("Invitation to answer the questions"),
        due=(invitations, nudges),
        words=Words(
            subject=N_("Before your visit on {day}: a few questions"),
            heading=N_("A few questions before you come, {client}"),
        ),
        compose=visit_letter(_still_unanswered, more=_questions),
        sample=lambda scene: {**sample_visit(scene), "link": scene.link},
    ),
)
