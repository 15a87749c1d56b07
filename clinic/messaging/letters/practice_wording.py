"""The practice's own wording of letters: one row for each kind and language that was edited."""

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
from clinic.practice.own_texts import LANGUAGE_IS_CODE


class LetterText(Model):
    """The practice's wording of one kind of letter; a part that is None uses the default."""

    __tablename__ = "letter_texts"

    kind: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str | None]
    heading: Mapped[str | None]
    opening: Mapped[str | None]
    closing: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)
    """Raised with every change, so that of two owners the second gets ChangedMeanwhile."""
    changed_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint(LANGUAGE_IS_CODE, name="language_is_code"),
        sa.CheckConstraint("length(subject) <= 200 AND length(heading) <= 200", name="lines_short"),
        sa.CheckConstraint("length(opening) <= 2000 AND length(closing) <= 2000", name="words_short"),
    )


def ours(kind: MessageKind, spoken: str) -> Words:
    """The default wording of this kind of letter."""
    with language.speaking(spoken):
        said = KINDS[kind].words
        return Words(**{part: language.gettext(getattr(said, part)) for part in PARTS})


def words(kind: MessageKind, spoken: str) -> Words:
    """The wording of this kind of letter: the practice's, and the default where it has none."""
    said = ours(kind, spoken)
    own = db.session.get(LetterText, (kind.value, spoken))
    if own is None:
        return said
    chosen = {part: getattr(own, part) for part in PARTS}
    return Words(**{part: getattr(said, part) if text is None else text for part, text in chosen.items()})


def mark(kind: MessageKind, spoken: str) -> str:
    """A mark of the practice's wording of one kind of letter; empty while it has none."""
    return _mark(db.session.get(LetterText, (kind.value, spoken)))


def _mark(own: LetterText | None) -> str:
    return f"{own.revision} {own.changed_at.isoformat()}" if own else ""


def edited() -> set[tuple[MessageKind, str]]:
    """Kinds and languages in which the practice has its own wording."""
    rows = db.session.execute(sa.select(LetterText.kind, LetterText.language))
    return {(MessageKind(kind), spoken) for kind, spoken in rows if kind in set(MessageKind)}


def save(kind: MessageKind, spoken: str, said: Words, *, seen: str, actor: str, now: datetime) -> None:
    """Use the practice's wording from the next letter on; a part equal to the default keeps following the default.

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
    """Return to the default wording. Safe to repeat. The caller commits."""
    own = db.session.get(LetterText, (kind.value, spoken))
    if own is not None:
        audit.record(actor, "reset", own, purpose=f"{kind.value}/{spoken}", fields=PARTS, now=now)
        db.session.delete(own)
        db.session.flush()
