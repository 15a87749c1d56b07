"""Tables of messages, and of the heartbeats of what delivers them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Identified, Model


class MessageKind(StrEnum):
    """What a message is about. Each has one declaration in `messaging.kinds` and one template."""

    CONFIRMATION = "confirmation"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    SERIES = "series"
    REQUEST_RECEIVED = "request_received"
    REQUEST_MOVED = "request_moved"
    REQUEST_WITHDRAWN = "request_withdrawn"
    REQUEST_CONFIRMED = "request_confirmed"
    REQUEST_DECLINED = "request_declined"
    CALL_FIRST = "call_first"
    REMINDER = "reminder"
    AFTERCARE = "aftercare"
    OWN_TIPS = "own_tips"
    CHECK_IN = "check_in"
    SCORES_ASKED = "scores_asked"
    SIGN_IN = "sign_in"
    RESUME_INTAKE = "resume_intake"
    GUARDIAN_CONSENT = "guardian_consent"
    DOCTOR_PAGE = "doctor_page"
    REVIEW_WAITING = "review_waiting"
    CHECK_IN_ANSWERED = "check_in_answered"
    INTAKE_INVITATION = "intake_invitation"
    PREPARATION = "preparation"
    PREPARATION_LINK = "preparation_link"
    REBOOKING = "rebooking"
    AGENDA = "agenda"
    LOOK_BACK_DUE = "look_back_due"
    DELIVERY_TROUBLE = "delivery_trouble"
    STAFF_INVITATION = "staff_invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of letter
    WAITING_JOINED = "waiting_joined"
    WAITING_OFFER = "waiting_offer"
    WAITING_OUTCOME = "waiting_outcome"
    WAITING_OVER = "waiting_over"
    ADDRESS_REPLACED = "address_replaced"
    ADDRESS_PROOF = "address_proof"
    DATA_EXPORT = "data_export"
    ERASURE_DECIDED = "erasure_decided"
    TEXT_SAMPLE = "text_sample"


class Message(Identified, Model):
    """A message to somebody on one occasion. There is exactly one row per occasion; its content is never stored."""

    __tablename__ = "messages"

    kind: Mapped[str]
    channel: Mapped[str] = mapped_column(default="mail")
    subject_id: Mapped[UUID]
    """The appointment, draft, contact, review, check-in or erasure it is about, by kind."""
    recipient_id: Mapped[UUID]
    """The contact or user it goes to; for a resume link the draft, for a new member of staff the invitation."""
    client_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    occasion: Mapped[str]
    """Set by each kind in `due`, for example `r2/2880`."""
    owed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    """After this instant the message is no longer useful and is given up."""
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """Raised with each claim; a sender that slept past its lease cannot settle."""
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    told: Mapped[bytes | None]
    """SHA-256 of the time and place in a sent letter: a change that was undone before anybody heard needs no letter."""
    visit_starts_at: Mapped[datetime | None]
    """When the visit begins that a sent message spoke of; a visit may have moved since."""
    why: Mapped[str | None]
    """A code for how it ended (`cancelled`, `moved`, `refused`, …); never an address, never a server's words."""

    __table_args__ = (
        sa.UniqueConstraint(
            "kind", "channel", "subject_id", "recipient_id", "occasion", name="uq_messages_one_per_occasion"
        ),
        sa.CheckConstraint("channel IN ('mail', 'sms')", name="channel_known"),
        sa.CheckConstraint("num_nonnulls(sent_at, given_up_at, dropped_at) <= 1", name="one_end"),
        sa.Index(
            "ix_messages_open",
            "due_at",
            postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL AND dropped_at IS NULL"),
        ),
        sa.Index("ix_messages_subject_id", "subject_id"),
        sa.Index("ix_messages_given_up", "id", postgresql_where=sa.text("given_up_at IS NOT NULL")),
    )


class Heartbeat(Model):
    """When a process last reported that it was alive; `/health` and the staff banner read nothing else."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    """`worker`, `beat`, `pass`, `mail`, or `sweep`: when a pass last looked at everything."""
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="")
    """A short code, for example that the mail server does not answer."""


class Sending(Model):
    """One row: whether messages may leave, and on which incarnation of the database the sender last ran."""

    __tablename__ = "sending"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    incarnation: Mapped[str]
    """Distinguishes this database from a restored copy: a dump contains none of it."""
    held_since: Mapped[datetime | None]
    held_why: Mapped[str | None]
    """`asked` (by the settings) or `restored`."""
    asked_release_at: Mapped[datetime | None]
    """When an owner resumed sending although the settings still ask for a pause."""

    __table_args__ = (
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("(held_since IS NULL) = (held_why IS NULL)", name="held_for_a_reason"),
        sa.CheckConstraint("held_why IN ('asked', 'restored')", name="reason_known"),
    )
