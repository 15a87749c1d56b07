"""Therapists' public pages: what they say about themselves there, and who may change it.

The page is the therapist's own: they choose whether they have one, and an owner may edit it for them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from clinic.accounts import audit, permissions
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.db import db
from clinic.practice import own_texts
from clinic.practice.editing import print_of, require_unchanged
from clinic.practice.models import Therapist, TherapistProfile
from clinic.practice.own_texts import Translations
from clinic.refusal import NotFound


@dataclass(frozen=True, kw_only=True)
class ProfileDetails:
    """A therapist's page as they describe it; `gender` only if they agreed to show it."""

    is_shown: bool = False
    languages: str = ""
    training: str = ""
    likes: str = ""
    gender: str | None = None
    translations: Translations = field(default_factory=dict)
    """Their languages, what they like to treat and their training, in other languages."""


def profile_of(person: Therapist) -> ProfileDetails:
    """What stands on a therapist's page; empty before they wrote anything."""
    row = person.profile
    if row is None:
        return ProfileDetails()
    return ProfileDetails(**{name: getattr(row, name) for name in ProfileDetails.__dataclass_fields__})


def in_language(person: Therapist, text: str, spoken: str) -> tuple[list[str], bool]:
    """The lines of a text of their page (`likes` or `training`), and whether they stand in this language.

    A text that nobody has translated is in the practice's main language.
    """
    row = person.profile
    if row is None:
        return [], True
    return list(lines(own_texts.said(row, text, spoken))), own_texts.is_said_in(row, text, spoken)


def page_mark(person: Therapist) -> str:
    """The mark of a page made from this profile."""
    return print_of(*asdict(profile_of(person)).items())


def may_edit(user: User, person: Therapist) -> bool:
    """Whether this member of staff may change the page: an owner, or the therapist themself."""
    return person.user_id == user.id or permissions.may(user, Permission.SETTINGS_WRITE)


def describe(
    person: Therapist, details: ProfileDetails, *, seen_as: str, actor: str, now: datetime
) -> TherapistProfile:
    """Change a therapist's page. Raises ChangedMeanwhile. Flushed."""
    db.session.refresh(person, with_for_update={"key_share": True})
    db.session.expire(person, ["profile"])
    require_unchanged(seen_as, page_mark(person))
    row = person.profile
    if row is None:
        row = person.profile = TherapistProfile(**asdict(ProfileDetails()))
    changed = sorted(name for name, value in asdict(details).items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, getattr(details, name))
    db.session.flush()
    if changed:
        audit.record(actor, "change", row, fields=changed, now=now)
    return row


def therapist_with_page(slug: str, on: date) -> Therapist:
    """The therapist whose public page this is; raises NotFound if they have none or have left by this day."""
    found = db.session.scalar(
        sa.select(Therapist).where(
            Therapist.slug == slug, sa.or_(Therapist.left_on.is_(None), Therapist.left_on > on)
        )
    )
    if found is None or not has_page(found):
        raise NotFound
    return found


def read_pages(people: Iterable[Therapist]) -> None:
    """Read the pages of these therapists in one statement, so that asking each for theirs costs none."""
    by_id = {person.id: person for person in people}
    found = {
        row.therapist_id: row
        for row in db.session.scalars(
            sa.select(TherapistProfile).where(TherapistProfile.therapist_id.in_(by_id))
        )
    }
    for id_, person in by_id.items():
        set_committed_value(person, "profile", found.get(id_))


def has_page(person: Therapist) -> bool:
    """Whether a therapist has a public page."""
    return person.profile is not None and person.profile.is_shown


def gender_shown(person: Therapist) -> str | None:
    """Whether a therapist is a woman or a man, if their page shows it."""
    return person.profile.gender if person.profile is not None and has_page(person) else None


def therapists_by_gender() -> dict[str | None, frozenset[UUID]]:
    """The ids of the therapists whose pages show that they are a woman, or a man."""
    rows = db.session.execute(
        sa.select(TherapistProfile.gender, TherapistProfile.therapist_id).where(
            TherapistProfile.is_shown, TherapistProfile.gender.is_not(None)
        )
    )
    found: dict[str | None, frozenset[UUID]] = {}
    for gender, therapist_id in rows:
        found[gender] = found.get(gender, frozenset()) | {therapist_id}
    return found


def lines(text: str) -> Sequence[str]:
    """A text's lines, without empty ones."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def words(text: str) -> Sequence[str]:
    """The parts of a text between commas, without empty ones."""
    return [part.strip() for part in text.split(",") if part.strip()]
