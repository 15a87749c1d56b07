"""Texts a team prepares for its notes: templates (headings) of the practice, and phrases of the practice or of one person.

A note takes headings and words over when they are chosen: it changes with nothing that happens to a template or phrase later.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.db import db, violates
from clinic.plans.models import NoteTemplate, Phrase
from clinic.plans.note_content import MOST_SECTIONS
from clinic.refusal import NotFound, Refusal

KNOWN_TEMPLATES = {
    "SOAP": ("Subjective", "Objective", "Assessment", "Plan"),
    "DAP": ("Data", "Assessment", "Plan"),
}
"""What many practices use; each is added by one press."""
MOST_PHRASES = 100
"""Of the practice, and of each person: all of them stand on the page of a note."""
MOST_TEMPLATES = 20


class NameTaken(Refusal):
    """Another template or phrase of the same owner has this name."""

    code = "name-taken"
    sentence = "There is one with this name already. Choose another name."


class TooManyTexts(Refusal):
    """The list is as long as a page can show."""

    code = "too-many-texts"
    sentence = f"There is room for {MOST_PHRASES} phrases and {MOST_TEMPLATES} templates. Delete one first."


def templates() -> Sequence[NoteTemplate]:
    """The practice's templates, by name."""
    return db.session.scalars(sa.select(NoteTemplate).order_by(NoteTemplate.name)).all()


def template(template_id: UUID) -> NoteTemplate:
    """One template; raises NotFound."""
    found = db.session.get(NoteTemplate, template_id)
    if found is None:
        raise NotFound
    return found


def save_template(
    found: NoteTemplate | None, name: str, headings: Sequence[str], *, by: User, now: datetime
) -> NoteTemplate:
    """Add a template, or change one. Raises NameTaken and TooManyTexts."""
    assert 0 < len(headings) <= MOST_SECTIONS
    if found is None and len(templates()) >= MOST_TEMPLATES:
        raise TooManyTexts
    row = found or NoteTemplate()
    row.name, row.headings = name, list(headings)
    with violates("uq_note_templates_name", NameTaken()):
        db.session.add(row)
    audit.record(
        audit.by_user(by.id), "change" if found else "create", row, fields=("headings", "name"), now=now
    )
    return row


def phrases_for(user: User) -> Sequence[Phrase]:
    """What this person can put into a note, by name: the practice's phrases and their own."""
    mine = sa.or_(Phrase.user_id.is_(None), Phrase.user_id == user.id)
    return db.session.scalars(sa.select(Phrase).where(mine).order_by(Phrase.name, Phrase.user_id)).all()


def phrase(phrase_id: UUID, user: User) -> Phrase:
    """One phrase of the practice's or of this person's; raises NotFound."""
    found = db.session.get(Phrase, phrase_id)
    if found is None or found.user_id not in (None, user.id):
        raise NotFound
    return found


def save_phrase(
    found: Phrase | None, name: str, text: str, *, of_practice: bool, by: User, now: datetime
) -> Phrase:
    """Add a phrase, or change one; whose it is stays. Raises NameTaken and TooManyTexts."""
    owner = None if of_practice else by.id
    if found is None:
        count = (
            sa.select(sa.func.count()).select_from(Phrase).where(Phrase.user_id.is_not_distinct_from(owner))
        )
        if (db.session.scalar(count) or 0) >= MOST_PHRASES:
            raise TooManyTexts
    row = found or Phrase(user_id=owner)
    row.name, row.text = name, text
    with violates("uq_phrases_user_id_name", NameTaken()):
        db.session.add(row)
    audit.record(audit.by_user(by.id), "change" if found else "create", row, fields=("name", "text"), now=now)
    return row


def delete(row: NoteTemplate | Phrase, *, by: User, now: datetime) -> None:
    """Delete a template or phrase. Notes that were written with it stay as they are."""
    audit.record(audit.by_user(by.id), "delete", row, now=now)
    db.session.delete(row)
    db.session.flush()
