"""Tables of the rule book: signed texts, signatures under them, and what happened here with each rule and type."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.accounts.models import User
from clinic.db import Identified, Model

NAME_LENGTH = 120
LICENCE_LENGTH = 60


class SignedText(Model):
    """A rule book's text that somebody signed, whole; never changed or deleted."""

    __tablename__ = "signed_texts"

    text_hash: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the text in UTF-8, as hexadecimal digits; the database computes it again."""
    rule_set: Mapped[str]
    """The version of the rule set it was written from."""
    text: Mapped[str]

    __table_args__ = (
        sa.CheckConstraint(
            "text_hash = encode(sha256(convert_to(text, 'UTF8')), 'hex')", name="hash_is_of_text"
        ),
    )


class RuleBookSignature(Identified, Model):
    """One person's statement to have read a text. It never changes; it can be withdrawn once."""

    __tablename__ = "rule_book_signatures"

    text_hash: Mapped[str] = mapped_column(sa.ForeignKey("signed_texts.text_hash"))
    signed_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    name: Mapped[str]
    """As they wrote it, with the licence, because people change both."""
    licence: Mapped[str]
    signed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    signed_text: Mapped[SignedText] = relationship()
    signed_by: Mapped[User] = relationship()

    __table_args__ = (
        sa.CheckConstraint(f"length(name) BETWEEN 1 AND {NAME_LENGTH}", name="has_name"),
        sa.CheckConstraint(f"length(licence) BETWEEN 1 AND {LICENCE_LENGTH}", name="has_licence"),
        sa.CheckConstraint("withdrawn_at >= signed_at", name="withdrawn_after"),
        sa.Index(
            "uq_rule_book_signatures_standing",
            "text_hash",
            "signed_by_id",
            unique=True,
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
    )


class ExperienceKind(StrEnum):
    """What an experience is with."""

    RULE = "rule"
    TYPE = "type"


_NUMBERS = ("clients", "followed", "departed", "pain_clients", "function_clients", "incident_clients")


class Experience(Model):
    """What happened here with one rule or one type of massage, in numbers that tell about no fewer than five clients.

    The worker writes it anew every night. NULL is too few to tell; see `steps.py`. Scores run from 0 to 10, means of the
    clients counted, at the start of a course and at its first look back.
    """

    __tablename__ = "experiences"

    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    """Id of the rule or of the type."""
    clients: Mapped[int | None]
    followed: Mapped[int | None]
    departed: Mapped[int | None]
    reasons: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text))
    """Kinds of reasons that therapists gave for at least five of these clients, in the order of their list."""
    pain_clients: Mapped[int | None]
    pain_start: Mapped[Decimal | None] = mapped_column(sa.Numeric(3, 1))
    pain_later: Mapped[Decimal | None] = mapped_column(sa.Numeric(3, 1))
    function_clients: Mapped[int | None]
    function_start: Mapped[Decimal | None] = mapped_column(sa.Numeric(3, 1))
    function_later: Mapped[Decimal | None] = mapped_column(sa.Numeric(3, 1))
    incident_clients: Mapped[int | None]

    __table_args__ = (
        sa.CheckConstraint("kind IN ('rule', 'type')", name="kind_known"),
        *(
            sa.CheckConstraint(f"{name} >= 5 AND {name} % 5 = 0", name=f"{name}_in_steps")
            for name in _NUMBERS
        ),
        sa.CheckConstraint(
            "COALESCE(followed, 0) + COALESCE(departed, 0) <= COALESCE(clients, 0)"
            " AND COALESCE(incident_clients, 0) <= COALESCE(clients, 0)",
            name="parts_fit",
        ),
        sa.CheckConstraint(
            "followed IS NULL OR departed IS NOT NULL OR followed < clients", name="no_part_gives_away"
        ),
        sa.CheckConstraint(
            "departed IS NULL OR followed IS NOT NULL OR departed < clients", name="no_rest_gives_away"
        ),
        sa.CheckConstraint("departed IS NOT NULL OR reasons = '{}'", name="reasons_of_departures"),
        sa.CheckConstraint(
            "num_nulls(pain_clients, pain_start, pain_later) IN (0, 3)"
            " AND num_nulls(function_clients, function_start, function_later) IN (0, 3)",
            name="scores_whole",
        ),
    )
