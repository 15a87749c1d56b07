"""Tables of the rule book: signed texts, and signatures under them."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
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
