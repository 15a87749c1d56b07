"""Tables of the clinical side: review, preparation, plan with its versions, planned sessions, notes, scores and their sheets, look backs, check-ins, incidents."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.booking.models import Appointment
from clinic.db import Identified, Model
from clinic.intake.models import Outcome, Submission
from clinic.sealed import Sealed


class Decision(StrEnum):
    """What a therapist did with a suggestion."""

    ACCEPT = "accept"
    CHANGE = "change"
    REPLACE = "replace"
    DECLINE = "decline"


class ReasonKind(StrEnum):
    """Why a therapist departed from the suggestion (guidance 5a, step 11)."""

    FINDING_ON_TOUCH = "finding_on_touch"
    CLIENT_WISH = "client_wish"
    SKILL_OR_EQUIPMENT = "skill_or_equipment"
    SAFETY = "safety"
    OTHER = "other"


class DeclineReason(StrEnum):
    """Why a therapist declined a request, or closed a review without a plan."""

    DOCTOR_FIRST = "doctor_first"
    CALL_FIRST = "call_first"
    NOBODY_TRAINED = "nobody_trained"
    SAFETY = "safety"
    OTHER = "other"


class Review(Identified, Model):
    """A suggestion for a therapist: open until `decided_at`, then the permanent record of the decision."""

    __tablename__ = "reviews"

    outcome_id: Mapped[UUID] = mapped_column(sa.ForeignKey("outcomes.id"), unique=True)
    submission_id: Mapped[UUID] = mapped_column(sa.ForeignKey("submissions.id"))
    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointments.id"), index=True)
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    decision: Mapped[str | None]
    reason_kind: Mapped[str | None]
    reason_sealed: Mapped[bytes | None]
    reason = Sealed[str | None]("reason_sealed")
    chosen_sealed: Mapped[bytes | None]
    chosen = Sealed[dict[str, Any] | None]("chosen_sealed")
    """Modalities in order, and the safety rules that were deliberately set aside for an excluded one."""
    call_first_at: Mapped[datetime | None]
    """Since when a therapist wants to call the client before deciding; the review stays open meanwhile."""
    call_first_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    call_tried_at: Mapped[datetime | None]
    """When somebody last called and reached nobody."""
    call_tries: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    call_words_sealed: Mapped[bytes | None]
    call_words = Sealed[str | None]("call_words_sealed")
    """What the client said when they were called, as a therapist noted it."""
    tells_client: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """Whether the client is told that a call comes first, or a doctor's word: by the page of the visit, never by mail."""
    revision: Mapped[int] = mapped_column(default=1)

    outcome: Mapped[Outcome] = relationship()
    submission: Mapped[Submission] = relationship()
    appointment: Mapped[Appointment | None] = relationship()

    __table_args__ = (
        sa.Index("ix_reviews_waiting", "opened_at", postgresql_where=sa.text("decided_at IS NULL")),
        sa.CheckConstraint("decision IN ('accept', 'change', 'replace', 'decline')", name="decision_known"),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decision IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name="decided_whole",
        ),
        sa.CheckConstraint("(call_first_at IS NULL) = (call_first_by_id IS NULL)", name="call_first_whole"),
        sa.CheckConstraint(
            "(call_tried_at IS NULL) = (call_tries = 0) AND call_tries >= 0", name="call_tries_whole"
        ),
    )


class VisitPreparation(Identified, Model):
    """What a client answers between booking and visit, page by page (*Before your visit*).

    What was given becomes a new version of their answers when they finish, or when they come; `answers` keeps it, so that
    the list of parts still shows what was done. Deleted 14 days after the last change.
    """

    __tablename__ = "visit_preparations"

    appointment_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("appointments.id", ondelete="CASCADE"), unique=True
    )
    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    browser: Mapped[bytes | None]
    """SHA-256 of the id of the browser in which a one-time link was used; it may open the pages from then on."""
    answers_sealed: Mapped[bytes]
    answers = Sealed[dict[str, Any]]("answers_sealed")
    answered_at_sealed: Mapped[bytes]
    answered_at = Sealed[dict[str, str]]("answered_at_sealed")
    """When each answer was given that is in no version yet, as field to ISO instant."""
    parts_done: Mapped[int] = mapped_column(default=0)
    parts_open: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    """When everything given so far became a version; NULL as long as something is in none."""
    submission_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("submissions.id", ondelete="CASCADE"))
    """The newest version that came of it."""

    __table_args__ = (
        sa.CheckConstraint("parts_done >= 0 AND parts_open >= 0", name="counts_parts"),
        sa.CheckConstraint("finished_at IS NULL OR submission_id IS NOT NULL", name="finished_is_a_version"),
    )


class Plan(Identified, Model):
    """The course of treatment a therapist agreed with a client."""

    __tablename__ = "plans"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    review_id: Mapped[UUID] = mapped_column(sa.ForeignKey("reviews.id"), unique=True)
    therapist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("therapists.id"), index=True)
    content_sealed: Mapped[bytes]
    content = Sealed[dict[str, Any]]("content_sealed")
    """Modalities, areas, pressure, techniques, minutes, course, reassessment and goals, as the newest version decided."""
    sessions: Mapped[int]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("sessions > 0", name="has_sessions"),)


class PlanVersion(Identified, Model):
    """What a plan said from one moment on, who decided it and why. Never changed or deleted; a trigger refuses it."""

    __tablename__ = "plan_versions"

    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plans.id"))
    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    number: Mapped[int]
    """From 1, without gaps."""
    author_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    made_at: Mapped[datetime]
    content_sealed: Mapped[bytes]
    content = Sealed[dict[str, Any]]("content_sealed")
    """`plan` as `PlanContent` stores it, `cause`, `why`, and the sentences that were `set_aside`."""

    __table_args__ = (
        sa.UniqueConstraint("plan_id", "number"),
        sa.CheckConstraint("number > 0", name="counts_from_one"),
    )


class PlannedSession(Identified, Model):
    """One session of a course, with the appointment it was given."""

    __tablename__ = "planned_sessions"

    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plans.id"))
    number: Mapped[int]
    """From 1."""
    about_on: Mapped[date]
    reassess: Mapped[bool] = mapped_column(default=False)
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointments.id"), unique=True)

    __table_args__ = (sa.UniqueConstraint("plan_id", "number"),)


class SessionNote(Identified, Model):
    """What was done and found in one visit. Signing locks it; a database trigger refuses later changes."""

    __tablename__ = "session_notes"

    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), unique=True)
    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    author_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    content_sealed: Mapped[bytes]
    content = Sealed[dict[str, Any]]("content_sealed")
    """`modalities` actually given, in order, `areas`, `pressure`, `text`, `reaction`, `next`."""
    written_at: Mapped[datetime]
    """Names the version: a save says which one it began from."""
    signed_at: Mapped[datetime | None] = mapped_column(index=True)
    page_key: Mapped[UUID | None]
    """The open page that saved last by itself, and which of its saves that was; NULL after a save by hand without scripts."""
    page_save: Mapped[int | None]
    needs_cosigning: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Signed by a student: it waits until their supervisor co-signs."""
    cosigned_at: Mapped[datetime | None]
    cosigned_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))

    __table_args__ = (
        sa.CheckConstraint("(page_key IS NULL) = (page_save IS NULL)", name="page_whole"),
        sa.CheckConstraint(
            "(cosigned_at IS NULL) = (cosigned_by_id IS NULL) AND (cosigned_at IS NULL OR (needs_cosigning AND signed_at IS NOT NULL)) "
            "AND (cosigned_by_id IS NULL OR cosigned_by_id <> author_id)",
            name="cosigned_whole",
        ),
        sa.Index(
            "ix_session_notes_to_cosign",
            "author_id",
            postgresql_where=sa.text("needs_cosigning AND cosigned_at IS NULL"),
        ),
    )


class NoteAddendum(Identified, Model):
    """A later addition to a signed note."""

    __tablename__ = "note_addenda"

    note_id: Mapped[UUID] = mapped_column(sa.ForeignKey("session_notes.id"), index=True)
    author_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    text_sealed: Mapped[bytes]
    text = Sealed[str]("text_sealed")
    added_at: Mapped[datetime]


class NoteTemplate(Identified, Model):
    """Headings that the practice writes its notes under."""

    __tablename__ = "note_templates"

    name: Mapped[str] = mapped_column(unique=True)
    headings: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text))

    __table_args__ = (sa.CheckConstraint("cardinality(headings) BETWEEN 1 AND 12", name="has_headings"),)


class Phrase(Identified, Model):
    """A short text that is put into notes, of one member of staff or, without one, of the practice."""

    __tablename__ = "phrases"

    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    name: Mapped[str]
    text_sealed: Mapped[bytes]
    text = Sealed[str]("text_sealed")

    __table_args__ = (sa.UniqueConstraint("user_id", "name", postgresql_nulls_not_distinct=True),)


class KeptForm(Identified, Model):
    """What somebody had typed into a note or a plan when their session ended; restored once they sign in again.

    What is sealed is bound to the name of its table, so the table is still called after notes.
    """

    __tablename__ = "kept_notes"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointments.id"), index=True)
    """The visit whose note it is; NULL for a plan."""
    plan_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("plans.id"), index=True)
    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    fields_sealed: Mapped[bytes]
    fields = Sealed[dict[str, list[str]]]("fields_sealed")
    """As the form sent them."""
    kept_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("user_id", "appointment_id"),
        sa.UniqueConstraint("user_id", "plan_id"),
        sa.CheckConstraint("num_nonnulls(appointment_id, plan_id) = 1", name="about_one"),
    )


class OutcomeEntry(Identified, Model):
    """Scores a client gave at one moment: NRS, PEG, PSFS, global change, or the reaction to the session before."""

    __tablename__ = "outcome_entries"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    plan_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("plans.id"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointments.id"), index=True)
    """The visit they were asked for; NULL for those a client began with."""
    submission_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("submissions.id"))
    """The answers they came with; each gives an instrument once."""
    instrument: Mapped[str]
    scores_sealed: Mapped[bytes]
    scores = Sealed[dict[str, Any]]("scores_sealed")
    source: Mapped[str] = mapped_column(default="client")
    """Who typed: the client, or a therapist who asked aloud."""
    sheet_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("score_sheets.id"), index=True)
    """The sheet they were given on, outside the forms of intake and visit."""
    entered_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    """Who of the staff entered them on a sheet; NULL if the client typed."""
    entered_at: Mapped[datetime | None]
    """When staff entered them; `recorded_at` is when they were given, which a correction does not change."""
    corrects_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("outcome_entries.id"), unique=True)
    """The entry that this one replaces; it stays."""
    recorded_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint(
            "instrument IN ('nrs', 'peg', 'psfs', 'global_change', 'reaction')", name="instrument_known"
        ),
        sa.CheckConstraint("source IN ('client', 'therapist')", name="source_known"),
        sa.UniqueConstraint("submission_id", "instrument"),
        sa.CheckConstraint("(entered_by_id IS NULL) = (entered_at IS NULL)", name="entered_whole"),
    )


class ScoreSheet(Identified, Model):
    """Scores that staff entered, or asked a client for on the practice's tablet or by letter; open until it is answered."""

    __tablename__ = "score_sheets"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointments.id"), index=True)
    """The visit they are given at; for a letter, the visit it is written after."""
    way: Mapped[str]
    """`staff`, `tablet` or `letter`."""
    asked_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    """From this instant on it takes no answers."""
    answered_at: Mapped[datetime | None]
    code_digest: Mapped[bytes | None]
    """A keyed digest of the code that opens it on a tablet; gone once it was used."""

    __table_args__ = (
        sa.CheckConstraint("way IN ('staff', 'tablet', 'letter')", name="way_known"),
        sa.CheckConstraint("way <> 'letter' OR appointment_id IS NOT NULL", name="letter_names_a_visit"),
        sa.Index("ix_score_sheets_open", "closes_at", postgresql_where=sa.text("answered_at IS NULL")),
    )


class LookBack(Identified, Model):
    """What a therapist decided at a look back, with the proposal; never changed afterwards."""

    __tablename__ = "look_backs"

    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("plans.id"), index=True)
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), unique=True)
    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    content_sealed: Mapped[bytes]
    content = Sealed[dict[str, Any]]("content_sealed")
    """`reading`, `proposed`, `why`, `chosen`, `reason_kind`, `reason`, and the changed course."""
    decided_at: Mapped[datetime]
    decided_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))


class CheckIn(Identified, Model):
    """An answer to the two questions some days after a visit; a worrying one waits until a therapist has dealt with
    it."""

    __tablename__ = "check_ins"

    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), index=True)
    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    answers_sealed: Mapped[bytes]
    answers = Sealed[dict[str, Any]]("answers_sealed")
    """`feels` better, same or worse; `worrying` yes or no."""
    asks_for_therapist: Mapped[bool]
    answered_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    seen_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    done_sealed: Mapped[bytes | None]
    done = Sealed[str | None]("done_sealed")
    """What the therapist did about it, in their words."""

    appointment: Mapped[Appointment] = relationship()

    __table_args__ = (
        sa.CheckConstraint("(seen_at IS NULL) = (seen_by_id IS NULL)", name="seen_whole"),
        sa.Index(
            "ix_check_ins_waiting",
            "answered_at",
            postgresql_where=sa.text("asks_for_therapist AND seen_at IS NULL"),
        ),
    )


class Incident(Identified, Model):
    """What went wrong at one visit, as a therapist signed it; never changed afterwards, only added to."""

    __tablename__ = "incidents"

    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), index=True)
    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    author_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    content_sealed: Mapped[bytes]
    content = Sealed[dict[str, str]]("content_sealed")
    """`kind` of incident, what `happened` and what was `done`."""
    signed_at: Mapped[datetime]

    appointment: Mapped[Appointment] = relationship()


class IncidentAddendum(Identified, Model):
    """A later addition to a signed incident: the only way to correct it."""

    __tablename__ = "incident_addenda"

    incident_id: Mapped[UUID] = mapped_column(sa.ForeignKey("incidents.id"), index=True)
    author_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    content_sealed: Mapped[bytes]
    text = Sealed[str]("content_sealed")
    added_at: Mapped[datetime]


class OverrideCount(Model):
    """For how many clients therapists followed or left a rule's suggestion in one month: numbers only, so that no sealed value
    is needed. A client counts once in the year that is counted.

    `rule` is a scoring rule that favoured the suggested type, or a safety rule that excluded types. `shown` is
    `followed` + `changed` + `replaced`; the reasons are those of changed and replaced together.
    """

    __tablename__ = "override_counts"

    month: Mapped[date] = mapped_column(primary_key=True)
    """First day of a calendar month in UTC."""
    rule: Mapped[str] = mapped_column(primary_key=True)
    shown: Mapped[int] = mapped_column(default=0)
    followed: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    replaced: Mapped[int] = mapped_column(default=0)
    finding_on_touch: Mapped[int] = mapped_column(default=0)
    client_wish: Mapped[int] = mapped_column(default=0)
    skill_or_equipment: Mapped[int] = mapped_column(default=0)
    safety: Mapped[int] = mapped_column(default=0)
    other: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        sa.CheckConstraint("shown = followed + changed + replaced", name="parts_make_the_whole"),
    )


class Recount(Model):
    """When numbers were last counted by the worker, and when somebody asked for it anew."""

    __tablename__ = "recounts"

    name: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]
