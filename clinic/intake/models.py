"""Tables of the intake: drafts, submissions, what safety made of them, consent and clearance."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.db import Identified, Model
from clinic.sealed import Sealed


class Door(StrEnum):
    """What a client came for, which decides what a draft asks before a booking."""

    CHOSEN = "chosen"
    """A chosen treatment: only what can change its booking."""
    SUGGESTION = "suggestion"
    """A suggestion: what can change any booking, and what the suggestion is made of."""
    WHOLE = "whole"
    """Everything at once, as drafts from before the two ways were begun."""


class Draft(Identified, Model):
    """Answers still being given. Belongs to one browser; deleted 14 days after the last change."""

    __tablename__ = "drafts"

    browser: Mapped[bytes]
    """SHA-256 of the browser session's id; consuming a resume link binds the draft to another browser."""
    client_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    """The signed-in client, if any."""
    answers_sealed: Mapped[bytes]
    answers = Sealed[dict[str, Any]]("answers_sealed")
    answered_at_sealed: Mapped[bytes | None]
    answered_at = Sealed[dict[str, str] | None]("answered_at_sealed")
    """When each answer was given, as field to ISO instant; what was taken over from before keeps its date."""
    as_group_sealed: Mapped[bytes | None]
    as_group = Sealed[list[str] | None]("as_group_sealed")
    """The signs that were answered with no together, by one press of “None of these”."""
    door: Mapped[str] = mapped_column(default=Door.WHOLE, server_default=Door.WHOLE)
    types: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=list, server_default="{}")
    """The types of the chosen treatment; empty for the other doors."""
    completes_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("submissions.id", ondelete="CASCADE"))
    """The answers this draft took over whole to ask what they lack; NULL if it asks anew."""
    follows_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("submissions.id", ondelete="CASCADE"))
    """The client's earlier answers that this draft is filled in from; NULL for somebody who answers for the first time."""
    looked_over_at: Mapped[datetime | None]
    """When the client said that what is filled in from their earlier answers is still true."""
    mail_sealed: Mapped[bytes | None]
    mail = Sealed[str | None]("mail_sealed")
    """Where a resume link may be sent; given on page 0, optional."""
    resume_asked_at: Mapped[datetime | None]
    resume_revision: Mapped[int] = mapped_column(default=0)
    """How many resume letters were asked for; names the message's occasion."""
    consented_at: Mapped[datetime]
    consent_version: Mapped[str]
    stopped_at: Mapped[datetime | None]
    """When an urgent answer ended the form."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (
        sa.Index("uq_drafts_browser", "browser", unique=True),
        sa.CheckConstraint("door IN ('chosen', 'suggestion', 'whole')", name="door_known"),
    )


class SubmissionKind(StrEnum):
    """How much was asked."""

    FULL = "full"
    DAY_OF_VISIT = "day_of_visit"


class Submission(Identified, Model):
    """Submitted answers; never changed afterwards."""

    __tablename__ = "submissions"

    kind: Mapped[str] = mapped_column(default=SubmissionKind.FULL)
    browser: Mapped[bytes | None] = mapped_column(index=True)
    client_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    """NULL until the visitor books and becomes a client."""
    answers_sealed: Mapped[bytes]
    answers = Sealed[dict[str, Any]]("answers_sealed")
    source: Mapped[str] = mapped_column(default="client")
    """Who typed: the client, or a therapist on the phone or in person."""
    submitted_at: Mapped[datetime]
    safety_answered_at: Mapped[datetime | None]
    """When the oldest answer of the safety part was given; NULL counts as `submitted_at`."""
    history_from: Mapped[datetime | None]
    """Of a version that adds to earlier answers: when those were sent. The six months count from then; NULL counts as
    `submitted_at`."""
    safety_sent_at: Mapped[datetime | None]
    """Of a version that adds no safety answer: when the safety part it carries on was sent; NULL counts as
    `submitted_at`."""
    parts_open: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many parts of *Before your visit* these answers leave to ask."""
    as_group_sealed: Mapped[bytes | None]
    as_group = Sealed[list[str] | None]("as_group_sealed")
    """The signs that were answered with no together, by one press of “None of these”."""
    answered_at_sealed: Mapped[bytes | None]
    answered_at = Sealed[dict[str, str] | None]("answered_at_sealed")
    """When each answer was given, as field to ISO instant; an answer without one was given when these were sent."""

    outcome: Mapped["Outcome"] = relationship(back_populates="submission", uselist=False)

    @property
    def safety_from(self) -> datetime:
        """From when on the safety part counts as fresh: the time of its oldest answer."""
        return self.safety_answered_at or self.submitted_at

    @property
    def oldest_sent_at(self) -> datetime:
        """When the oldest part of these answers was sent."""
        return self.history_from or self.submitted_at

    @property
    def safety_part_sent_at(self) -> datetime:
        """When the safety part of these answers was sent."""
        return self.safety_sent_at or self.submitted_at

    __table_args__ = (
        sa.CheckConstraint("kind IN ('full', 'day_of_visit')", name="kind_known"),
        sa.CheckConstraint(
            "history_from <= submitted_at AND safety_sent_at <= submitted_at",
            name="carries_on_what_was_sent",
        ),
        sa.CheckConstraint("browser IS NOT NULL OR client_id IS NOT NULL", name="has_an_owner"),
    )


class Outcome(Identified, Model):
    """The safety outcome and suggestion of a submission; can be replayed with its rule set."""

    __tablename__ = "outcomes"

    submission_id: Mapped[UUID] = mapped_column(sa.ForeignKey("submissions.id"), unique=True)
    level: Mapped[str]
    disposition: Mapped[str | None]
    rule_set: Mapped[str]
    rules_sealed: Mapped[bytes]
    rules = Sealed[list[str]]("rules_sealed")
    explanation_sealed: Mapped[bytes]
    explanation = Sealed[dict[str, Any]]("explanation_sealed")
    """Safety outcome, suggestion and draft plan as the engine gave them; complete without the rule set's code."""
    assessed_at: Mapped[datetime]

    submission: Mapped[Submission] = relationship(back_populates="outcome")

    __table_args__ = (
        sa.CheckConstraint(
            "level IN ('ok', 'caution', 'therapist_review', 'refer', 'urgent')", name="level_known"
        ),
        sa.CheckConstraint(
            "(disposition IS NULL) = (level NOT IN ('refer', 'urgent')) "
            "AND disposition IN ('emergency', 'doctor', 'postpone')",
            name="disposition_fits_level",
        ),
    )


class RaisedLevel(Identified, Model):
    """The level a browser or client reached by an answer, kept even when the form was never sent.

    The highest of the last seven days is a minimum for whatever is answered later.
    """

    __tablename__ = "raised_levels"

    browser: Mapped[bytes | None] = mapped_column(index=True)
    client_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    level: Mapped[str]
    disposition: Mapped[str | None]
    raised_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("level IN ('therapist_review', 'refer', 'urgent')", name="level_known"),
        sa.CheckConstraint("browser IS NOT NULL OR client_id IS NOT NULL", name="has_an_owner"),
    )


class Clearance(Identified, Model):
    """A therapist's decision that rules of one submission do not stop a booking, until a date."""

    __tablename__ = "clearances"

    submission_id: Mapped[UUID] = mapped_column(sa.ForeignKey("submissions.id"), index=True)
    rules_sealed: Mapped[bytes]
    rules = Sealed[list[str]]("rules_sealed")
    reason_sealed: Mapped[bytes]
    reason = Sealed[str]("reason_sealed")
    cleared_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    cleared_at: Mapped[datetime]
    until: Mapped[datetime]


class ConsentWay(StrEnum):
    """By which way a consent was given or withdrawn."""

    WEB = "web"
    """On our pages."""
    TABLET = "tablet"
    """On a screen that was handed over at the practice."""
    DESK = "desk"
    """Said to somebody of the practice, who recorded it."""
    LINK = "link"
    """By a link in a letter."""


_WAYS = "({})".format(", ".join(f"'{way}'" for way in ConsentWay))
_WITHDRAWN_WHOLE = "withdrawn_at IS NOT NULL OR withdrawn_way IS NULL AND withdrawn_by IS NULL"


class GuardianConsent(Identified, Model):
    """A parent's or guardian's consent to visits of somebody under 18: requested at an address, given by the link sent
    there."""

    __tablename__ = "guardian_consents"

    submission_id: Mapped[UUID] = mapped_column(sa.ForeignKey("submissions.id"))
    """The answers with the young person's age; through them a client's later answers are covered too."""
    mail_sealed: Mapped[bytes]
    mail = Sealed[str]("mail_sealed")
    asked_at: Mapped[datetime]
    asked_revision: Mapped[int] = mapped_column(default=1)
    """How many letters were asked for; names the message's occasion."""
    agreed_at: Mapped[datetime | None]
    text_version: Mapped[str]
    """Version of the text the guardian agreed to, or of the newest request until then."""
    language: Mapped[str | None]
    words: Mapped[str | None]
    """The text as the guardian read it; NULL before it was stored."""
    withdrawn_at: Mapped[datetime | None]
    withdrawn_way: Mapped[str | None]
    withdrawn_by: Mapped[str | None]

    __table_args__ = (
        sa.CheckConstraint("agreed_at >= asked_at", name="asked_before_agreed"),
        sa.CheckConstraint(f"withdrawn_way IN {_WAYS} AND ({_WITHDRAWN_WHOLE})", name="withdrawn_whole"),
        sa.CheckConstraint(
            "withdrawn_at IS NULL OR agreed_at IS NOT NULL AND withdrawn_at >= agreed_at",
            name="agreed_before_withdrawn",
        ),
        sa.Index(
            "uq_guardian_consents_standing",
            "submission_id",
            unique=True,
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
    )


class PageShown(StrEnum):
    """Which page about their own answers a client asked for."""

    DOCTOR = "doctor"
    OUTCOME = "outcome"


class OwnPage(Identified, Model):
    """Where a client asked to have a page about their own answers sent: the letter with its one-time link follows from it.

    The table is called as when there was only the page for the doctor.
    """

    __tablename__ = "doctor_pages"

    shows: Mapped[str] = mapped_column(default=PageShown.DOCTOR, server_default=PageShown.DOCTOR)
    draft_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("drafts.id", ondelete="CASCADE"))
    """Answers still being given; once they are sent, the page is about the submission."""
    submission_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("submissions.id", ondelete="CASCADE"))
    mail_sealed: Mapped[bytes]
    mail = Sealed[str]("mail_sealed")
    asked_at: Mapped[datetime] = mapped_column(index=True)
    asked_revision: Mapped[int] = mapped_column(default=1)
    """How many letters were asked for; names the message's occasion."""
    language: Mapped[str | None]
    """The language it was asked for in, in which the letter is written; None before it was recorded."""

    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(draft_id, submission_id) = 1", name="one_set_of_answers"),
        sa.CheckConstraint("shows IN ('doctor', 'outcome')", name="shows_known"),
        sa.UniqueConstraint("draft_id", "shows"),
        sa.UniqueConstraint("submission_id", "shows"),
    )


class Purpose(StrEnum):
    """What a consent is for."""

    HEALTH_DATA = "health_data"
    SHARE_WITH_CLINICIAN = "share_with_clinician"
    NEWS = "news"
    TEXT_MESSAGES = "text_messages"
    """About one telephone: `Contact.sms_agreed_at` says the same to whoever sends."""


class Consent(Identified, Model):
    """Given or withdrawn consent: what for, which words, when, by which way, by whom. A row only ever gets its withdrawal; the
    database refuses any other change, and lets it go only with its client."""

    __tablename__ = "consents"

    client_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    submission_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("submissions.id"), index=True)
    purpose: Mapped[str]
    text_version: Mapped[str]
    text_sha256: Mapped[bytes]
    """Digest of the English text."""
    contact_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("contacts.id", ondelete="SET NULL"), index=True
    )
    """The telephone it is about."""
    language: Mapped[str | None]
    words: Mapped[str | None]
    """The text as it was read, in that language; NULL before it was stored."""
    channel: Mapped[str] = mapped_column(default=ConsentWay.WEB)
    given_by: Mapped[str | None]
    """An actor of the audit; NULL for whoever filled in the form."""
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_way: Mapped[str | None]
    withdrawn_by: Mapped[str | None]

    __table_args__ = (
        sa.CheckConstraint(
            "purpose IN ('health_data', 'share_with_clinician', 'news', 'text_messages')",
            name="purpose_known",
        ),
        sa.CheckConstraint(f"channel IN {_WAYS} AND withdrawn_way IN {_WAYS}", name="ways_known"),
        sa.CheckConstraint(_WITHDRAWN_WHOLE, name="withdrawn_whole"),
        sa.CheckConstraint("client_id IS NOT NULL OR submission_id IS NOT NULL", name="has_an_owner"),
    )
