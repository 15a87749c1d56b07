"""The practice's own words in letters, kept beside ours: one row for each kind and language that was edited."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from clinic import language
from clinic.db import Model, db
from clinic.messaging import wording
from clinic.messaging.models import Kind
from clinic.messaging.wording import PARTS, Words


class LetterText(Model):
    """What the practice says instead of us in one kind of letter; a part that is None is ours."""

    __tablename__ = "letter_texts"

    kind: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str | None]
    heading: Mapped[str | None]
    opening: Mapped[str | None]
    closing: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)
    """Rises with every change, so that of two owners the second is told."""
    changed_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("language IN ('en', 'de')", name="language_known"),
        sa.CheckConstraint("length(subject) <= 200 AND length(heading) <= 200", name="lines_short"),
        sa.CheckConstraint("length(opening) <= 2000 AND length(closing) <= 2000", name="words_short"),
    )


def ours(kind: Kind, spoken: str) -> Words:
    """What we say in this kind of letter."""
    with language.speaking(spoken):
        said = wording.OURS[kind]
        return Words(**{part: language.gettext(getattr(said, part)) for part in PARTS})


def words(kind: Kind, spoken: str) -> Words:
    """What this kind of letter says: the practice's words, and ours where it has none of its own."""
    said = ours(kind, spoken)
    own = db.session.get(LetterText, (kind.value, spoken))
    if own is None:
        return said
    chosen = {part: getattr(own, part) for part in PARTS}
    return Words(**{part: getattr(said, part) if text is None else text for part, text in chosen.items()})
