"""The practice's own words in letters, kept beside ours: one row for each kind and language that was edited."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from clinic import language
from clinic.accounts import audit
from clinic.db import Model, db, violates
from clinic.messaging.kinds import KINDS, wording
from clinic.messaging.kinds.wording import PARTS, Words
from clinic.messaging.models import MessageKind
from clinic.practice.editing import ChangedMeanwhile


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


def ours(kind: MessageKind, spoken: str) -> Words:
    """What we say in this kind of letter."""
    with language.speaking(spoken):
        said = KINDS[kind].words
        return Words(**{part: language.gettext(getattr(said, part)) for part in PARTS})


def words(kind: MessageKind, spoken: str) -> Words:
    """What this kind of letter says: the practice's words, and ours where it has none of its own."""
    said = ours(kind, spoken)
    own = db.session.get(LetterText, (kind.value, spoken))
    if own is None:
        return said
    chosen = {part: getattr(own, part) for part in PARTS}
    return Words(**{part: getattr(said, part) if text is None else text for part, text in chosen.items()})


def mark(kind: MessageKind, spoken: str) -> str:
    """What tells one state of the practice's words in one kind of letter from any other; empty while it has none."""
    return _mark(db.session.get(LetterText, (kind.value, spoken)))


def _mark(own: LetterText | None) -> str:
    return f"{own.revision} {own.changed_at.isoformat()}" if own else ""


def edited() -> set[tuple[MessageKind, str]]:
    """Kinds and languages in which the practice says something of its own."""
    rows = db.session.execute(sa.select(LetterText.kind, LetterText.language))
    return {(MessageKind(kind), spoken) for kind, spoken in rows}


def save(kind: MessageKind, spoken: str, said: Words, *, seen: str, actor: str, now: datetime) -> None:
    """Say it the practice's way from the next letter on; a part that equals ours stays ours, also when ours changes.

    `seen` is the mark of what the page showed. The caller commits. Raises BadWords and ChangedMeanwhile.
    """
    for part in PARTS:
        wording.check(KINDS[kind].placeholders, part, getattr(said, part))
    own = db.session.get(LetterText, (kind.value, spoken), with_for_update=True, populate_existing=True)
    if seen != _mark(own):
        raise ChangedMeanwhile
    standard = ours(kind, spoken)
    chosen = {
        part: None if getattr(said, part) == getattr(standard, part) else getattr(said, part)
        for part in PARTS
    }
    before = {part: getattr(own, part) if own else None for part in PARTS}
    changed = [part for part in PARTS if chosen[part] != before[part]]
    if not changed:
        return
    if own is None:
        own = LetterText(kind=kind.value, language=spoken, revision=0)
        db.session.add(own)
    for part in PARTS:
        setattr(own, part, chosen[part])
    own.revision += 1
    own.changed_at = now
    with violates("pk_letter_texts", ChangedMeanwhile()):
        db.session.flush()
    audit.record(actor, "change", own, purpose=f"{kind.value}/{spoken}", fields=changed, now=now)


def reset(kind: MessageKind, spoken: str, *, actor: str, now: datetime) -> None:
    """Say it our way again. Twice is harmless. The caller commits."""
    own = db.session.get(LetterText, (kind.value, spoken))
    if own is not None:
        audit.record(actor, "reset", own, purpose=f"{kind.value}/{spoken}", fields=PARTS, now=now)
        db.session.delete(own)
        db.session.flush()
