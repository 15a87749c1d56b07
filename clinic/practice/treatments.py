"""Treatments: adding, changing, retiring and restoring them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from clinic.accounts import audit
from clinic.db import db
from clinic.guidance.knowledge import MODALITIES
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
from clinic.practice.models import IntakeRule, NewClientRule, Room, Therapist, Treatment
from clinic.practice.own_texts import Translations
from clinic.refusal import NotFound, Refusal, Stale


class NotTrained(Refusal):
    """A type of massage requires training that a chosen therapist does not have."""

    code = "not-trained"


class NoneForNewClients(Refusal):
    """New clients could no longer book anything."""

    code = "none-for-new-clients"
    sentence = (
        "New clients need at least one treatment to begin with. Let another treatment be booked first, then "
        "change this one."
    )


@dataclass(frozen=True, kw_only=True)
class TreatmentDetails:
    """A treatment as an owner describes it; modalities are ids of the guidance, the leading one first."""

    name: str
    mail_name: str
    description: str
    modalities: list[str]
    length_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    price_cents: int
    intake: str
    new_clients: str
    approval: str | None
    """None follows the practice's rule."""
    needs_room: bool
    translations: Translations = field(default_factory=dict)


def treatment(treatment_id: UUID) -> Treatment:
    """The treatment, current or retired; raises NotFound."""
    found = db.session.get(Treatment, treatment_id)
    if found is None:
        raise NotFound
    return found


def every_treatment() -> list[Treatment]:
    """All treatments in the practice's order, including retired ones, each with its therapists and rooms."""
    every = sa.select(Treatment).order_by(Treatment.position, Treatment.name)
    return list(
        db.session.scalars(every.options(selectinload(Treatment.therapists), selectinload(Treatment.rooms)))
    )


def terms_of(sold: Treatment) -> TreatmentDetails:
    """A treatment's current details."""
    return TreatmentDetails(**{name: getattr(sold, name) for name in TreatmentDetails.__dataclass_fields__})


def page_mark(sold: Treatment) -> str:
    """The mark of a page that shows this treatment."""
    people = sorted(str(each.id) for each in sold.therapists)
    rooms = sorted(str(each.id) for each in sold.rooms)
    return print_of(*asdict(terms_of(sold)).items(), sold.retired_at, people, rooms)


def add(
    terms: TreatmentDetails, *, therapists: Sequence[UUID], rooms: Sequence[UUID], actor: str, now: datetime
) -> Treatment:
    """Add a treatment. Raises NotTrained."""
    with calendars.changing():
        sold = Treatment(slug=slug_of(terms.name, Treatment), **asdict(terms))
        put_last(sold, every_treatment())
        _give(sold, therapists, rooms)
        db.session.add(sold)
        audit.record(actor, "create", sold, fields=sorted([*asdict(terms), "therapists", "rooms"]), now=now)
    return sold


def add_every_type(
    *, length_minutes: int, price_cents: int, buffer_after_minutes: int, actor: str, now: datetime
) -> list[Treatment]:
    """Add a treatment of every type of the guidance, given by whoever works here and is trained for it, in every room in use.

    Raises Stale if the list is no longer empty.
    """
    with calendars.changing():
        if every_treatment():
            raise Stale
    people = db.session.scalars(sa.select(Therapist).where(Therapist.left_on.is_(None))).all()
    rooms = db.session.scalars(sa.select(Room.id).where(Room.retired_at.is_(None))).all()
    return [
        add(
            TreatmentDetails(
                name=kind.name,
                mail_name="Massage",
                description=kind.what_it_is,
                modalities=[kind.id],
                length_minutes=length_minutes,
                buffer_before_minutes=0,
                buffer_after_minutes=buffer_after_minutes,
                price_cents=price_cents,
                intake=IntakeRule.BEFORE_BOOKING,
                new_clients=NewClientRule.WELCOME,
                approval=None,
                needs_room=bool(rooms),
            ),
            therapists=[one.id for one in people if kind.special_training is None or kind.id in one.skills],
            rooms=rooms,
            actor=actor,
            now=now,
        )
        for kind in MODALITIES.values()
    ]


def change(
    treatment_id: UUID,
    terms: TreatmentDetails,
    *,
    therapists: Sequence[UUID],
    rooms: Sequence[UUID],
    seen_as: str,
    actor: str,
    now: datetime,
) -> Treatment:
    """Change a treatment; existing visits keep the length, buffers and price they were agreed with.

    Raises ChangedMeanwhile, NotTrained, NoneForNewClients.
    """
    with calendars.changing():
        sold = treatment(treatment_id)
        db.session.refresh(sold)
        require_unchanged(seen_as, page_mark(sold))
        amend(sold, asdict(terms), actor=actor, now=now)
        changed = _give(sold, therapists, rooms)
        if changed:
            audit.record(actor, "change", sold, fields=changed, now=now)
        _require_beginning()
    return sold


def retire(treatment_id: UUID, *, actor: str, now: datetime) -> Treatment:
    """Retire a treatment; existing visits stay. Safe to repeat. Raises NoneForNewClients."""
    return _set_retired(treatment_id, now, actor, now)


def restore(treatment_id: UUID, *, actor: str, now: datetime) -> Treatment:
    """Offer a retired treatment again. Safe to repeat."""
    return _set_retired(treatment_id, None, actor, now)


def _set_retired(treatment_id: UUID, at: datetime | None, actor: str, now: datetime) -> Treatment:
    with calendars.changing():
        sold = treatment(treatment_id)
        if (sold.retired_at is None) != (at is None):
            amend(sold, {"retired_at": at}, actor=actor, now=now)
        _require_beginning()
    return sold


def shift_treatment(treatment_id: UUID, way: Direction, *, actor: str, now: datetime) -> None:
    """Move a treatment one place up or down in the list."""
    with calendars.changing():
        sold = treatment(treatment_id)
        if shift(sold, every_treatment(), way):
            audit.record(actor, "change", sold, fields=["position"], now=now)


def _give(sold: Treatment, therapists: Sequence[UUID], rooms: Sequence[UUID]) -> list[str]:
    """Set a treatment's therapists and rooms; returns the names of what changed. Unknown ids are skipped."""
    people = list(db.session.scalars(sa.select(Therapist).where(Therapist.id.in_(therapists))))
    require_trained(sold.modalities, people)
    places = list(db.session.scalars(sa.select(Room).where(Room.id.in_(rooms))))
    changed = []
    if set(people) != set(sold.therapists):
        sold.therapists = people
        changed.append("therapists")
    if set(places) != set(sold.rooms):
        sold.rooms = places
        changed.append("rooms")
    return changed


def require_trained(modalities: Sequence[str], people: Sequence[Therapist]) -> None:
    """Raise NotTrained if one of these types requires training that one of these people lacks."""
    for modality in (MODALITIES[id_] for id_ in modalities if id_ in MODALITIES):
        if modality.special_training is None:
            continue
        for person in people:
            if modality.id not in person.skills:
                raise NotTrained(
                    f"{modality.name} needs training in {modality.special_training}. Tick that skill on the page "
                    f"of {person.name} first, or leave {person.given_name} out."
                )


def _require_beginning() -> None:
    """Raise NoneForNewClients if no treatment is left that a new client may book."""
    db.session.flush()
    sold = [each for each in every_treatment() if each.retired_at is None]
    if sold and all(each.new_clients == "not_first" for each in sold):
        raise NoneForNewClients
