"""Therapists: adding one, changing their details, and their last day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from clinic.accounts import audit
from clinic.accounts.models import Role, User
from clinic.db import db, violates
from clinic.practice import calendars
from clinic.practice.editing import (
    Direction,
    amend,
    print_of,
    put_last,
    require_unchanged,
    shift,
    slug_of,
)
from clinic.practice.models import Therapist, Treatment
from clinic.practice.own_texts import Translations
from clinic.practice.treatments import require_trained
from clinic.refusal import NotFound, Refusal

COLOURS = 6
"""The number of colours in the calendar."""


class SignInTaken(Refusal):
    """An account belongs to one therapist only."""

    code = "sign-in-taken"
    sentence = "This sign-in belongs to another therapist already."


@dataclass(frozen=True, kw_only=True)
class TherapistDetails:
    """A therapist as an owner describes them; `skills` are types of massage they are trained for."""

    given_name: str
    family_name: str
    licence: str
    about: str
    skills: list[str]
    colour: int
    daily_cap: int | None
    left_on: date | None
    user_id: UUID | None
    translations: Translations = field(default_factory=dict)
    """`about` in other languages."""


def therapist(therapist_id: UUID) -> Therapist:
    """The therapist, current or former; raises NotFound."""
    found = db.session.get(Therapist, therapist_id)
    if found is None:
        raise NotFound
    return found


def every_therapist() -> list[Therapist]:
    """All therapists in the practice's order, including former ones, each with their treatments."""
    every = sa.select(Therapist).order_by(Therapist.position, Therapist.family_name)
    return list(db.session.scalars(every.options(selectinload(Therapist.treatments))))


def person_of(known: Therapist) -> TherapistDetails:
    """A therapist's current details."""
    return TherapistDetails(**{name: getattr(known, name) for name in TherapistDetails.__dataclass_fields__})


def page_mark(known: Therapist) -> str:
    """The mark of a page that shows this therapist."""
    return print_of(*asdict(person_of(known)).items(), sorted(str(each.id) for each in known.treatments))


def sign_ins(known: Therapist | None) -> list[User]:
    """Staff whose account a therapist can have: active, with the role, and not another therapist's."""
    theirs = sa.select(Therapist.user_id).where(Therapist.user_id.is_not(None))
    if known is not None:
        theirs = theirs.where(Therapist.id != known.id)
    free = sa.select(User).where(
        User.active, User.role_names.contains([Role.THERAPIST.value]), User.id.not_in(theirs)
    )
    return list(db.session.scalars(free.order_by(User.family_name, User.given_name)))


def details_for_user(user: User) -> TherapistDetails:
    """A therapist with this member of staff's name and account; an owner fills in the rest."""
    return TherapistDetails(
        given_name=user.given_name,
        family_name=user.family_name,
        licence="",
        about="",
        skills=[],
        colour=len(every_therapist()) % COLOURS + 1,
        daily_cap=None,
        left_on=None,
        user_id=user.id,
    )


def take_on(person: TherapistDetails, *, treatments: Sequence[UUID], actor: str, now: datetime) -> Therapist:
    """Add a therapist. Raises SignInTaken and NotTrained."""
    with calendars.changing():
        added = Therapist(
            slug=slug_of(f"{person.given_name} {person.family_name}", Therapist), **asdict(person)
        )
        put_last(added, every_therapist())
        with violates("uq_therapists_user_id", SignInTaken()):
            db.session.add(added)
        _offer(added, treatments)
        audit.record(actor, "create", added, fields=sorted([*asdict(person), "treatments"]), now=now)
    return added


def change(
    therapist_id: UUID,
    person: TherapistDetails,
    *,
    treatments: Sequence[UUID],
    seen_as: str,
    actor: str,
    now: datetime,
) -> Therapist:
    """Change a therapist's details and treatments. Raises ChangedMeanwhile, SignInTaken, NotTrained."""
    with calendars.changing():
        known = therapist(therapist_id)
        db.session.refresh(known)
        require_unchanged(seen_as, page_mark(known))
        with violates("uq_therapists_user_id", SignInTaken()):
            amend(known, asdict(person), actor=actor, now=now)
        if _offer(known, treatments):
            audit.record(actor, "change", known, fields=["treatments"], now=now)
    return known


def join(therapist_id: UUID, user: User, *, actor: str, now: datetime) -> bool:
    """Give a therapist this account; False if the therapist has another or has left, or the person is already a
    therapist.

    Flushed; the caller commits.
    """
    known = db.session.get(
        Therapist, therapist_id, with_for_update={"key_share": True}, populate_existing=True
    )
    has_left = known is not None and known.left_on is not None and known.left_on <= now.date()
    if known is None or known.user_id is not None or has_left:
        return False
    if of_user(user.id) is not None:
        return False
    amend(known, {"user_id": user.id}, actor=actor, now=now)
    db.session.flush()
    return True


def unlink_user(user: User, *, actor: str, now: datetime) -> None:
    """Take this account from its therapist, who stays in the rota. Flushed."""
    known = of_user(user.id)
    if known is not None:
        amend(known, {"user_id": None}, actor=actor, now=now)
        db.session.flush()


def leave(user: User, *, left_on: date, actor: str, now: datetime) -> None:
    """End a therapist's time in the rota: nobody can book them from this local day on. They keep their account.
    Flushed."""
    if (known := of_user(user.id)) is not None and (known.left_on is None or known.left_on > left_on):
        with calendars.changing():
            amend(known, {"left_on": left_on}, actor=actor, now=now)


def come_back(user: User, *, actor: str, now: datetime) -> None:
    """Return a former therapist to the rota, with the hours they had. Flushed."""
    if (known := of_user(user.id)) is not None and known.left_on is not None:
        with calendars.changing():
            amend(known, {"left_on": None}, actor=actor, now=now)


def of_user(user_id: UUID) -> Therapist | None:
    """The therapist with this account, current or former."""
    return db.session.scalar(sa.select(Therapist).where(Therapist.user_id == user_id))


def without_sign_in(today: date) -> list[Therapist]:
    """Therapists who work here from this day on and have no account, in the practice's order."""
    return [
        each
        for each in every_therapist()
        if each.user_id is None and (each.left_on is None or each.left_on > today)
    ]


def shift_therapist(therapist_id: UUID, way: Direction, *, actor: str, now: datetime) -> None:
    """Move a therapist one place up or down in the list."""
    with calendars.changing():
        known = therapist(therapist_id)
        if shift(known, every_therapist(), way):
            audit.record(actor, "change", known, fields=["position"], now=now)


def _offer(known: Therapist, treatments: Sequence[UUID]) -> bool:
    """Set a therapist's treatments; False if unchanged. Unknown ids are skipped."""
    wanted = list(db.session.scalars(sa.select(Treatment).where(Treatment.id.in_(treatments))))
    for sold in wanted:
        require_trained(sold.modalities, [known])
    if set(wanted) == set(known.treatments):
        return False
    known.treatments = wanted
    return True
