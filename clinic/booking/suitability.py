"""Suitability: whether what is booked fits what the client's answers allow. One judgement for every way to a visit.

`judge` looks at these together: treatment × safety outcome × therapist × length, and of a course also pressure and areas.

1. The type that the treatment leads with is left out by a safety rule: it would not be what its name says.
2. The visit is longer than the longest session that the plan allows.
3. The therapist lacks a training that the client's answers call for (pregnancy), or that the only types left require.
4. A course is planned with more pressure than a rule allows, or on an area that is to be left alone.

Each answer is an `Objection` with the keys a therapist may set aside for a reason (`SafetyWaiver`). A visit with an
objection is never confirmed: booking makes it a request (`admission`), a request is not confirmed
(`request_decisions`), a move that would bring a new objection is refused (`changes`, `series`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking.models import Appointment, SafetyWaiver, State
from clinic.db import db
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.plan import PRESSURES
from clinic.guidance.rules.kinds import REGIONS
from clinic.intake import queries as intake
from clinic.intake.queries import SafetyStanding
from clinic.intake.visit_limits import NO_LIMITS, VisitLimits
from clinic.language import N_
from clinic.practice import own_texts, trainings
from clinic.practice.models import Therapist, Treatment
from clinic.refusal import Refusal

LONGEST_REASON: Final = 500
_RULE, _LENGTH, _TRAINING, _PRESSURE, _AREA = "rule", "length", "training", "pressure", "area"


class Mismatch(StrEnum):
    """What does not fit."""

    LEFT_OUT = "left_out"
    TOO_LONG = "too_long"
    NOT_TRAINED = "not_trained"
    TOO_FIRM = "too_firm"
    LEFT_ALONE = "left_alone"


@dataclass(frozen=True, kw_only=True)
class Objection:
    """Something that does not fit. `keys` are what a therapist has to set aside, all of them."""

    mismatch: Mismatch
    keys: tuple[str, ...]
    sentence: str
    """For a therapist, without a full stop."""
    rules: tuple[str, ...] = ()
    """The safety rules behind it."""


class NotSuitable(Refusal):
    """The visit does not fit the client's answers; `objections` tell a therapist why, the sentence tells nobody else."""

    code = "not-suitable"
    sentence = (
        "The health answers speak against this treatment, its length or this therapist. "
        "A therapist has to change the visit, or set the rule aside for a reason."
    )

    def __init__(self, objections: Iterable[Objection]) -> None:
        super().__init__()
        self.objections = tuple(objections)


class OtherTherapist(NotSuitable):
    """A move to a therapist who lacks a training that the visit needs; says nothing about health."""

    code = "other-therapist"
    sentence = N_("This therapist cannot give this visit. Please choose another therapist, or call us.")


class SafetyReasonNeeded(Refusal):
    """Nothing is set aside without a reason in words."""

    status = 422
    code = "reason-needed"
    sentence = "Say in a few words why this need not apply here."


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """What is to be given: types in order, by whom, how long; of a course also how firmly and where."""

    name: str
    modalities: tuple[str, ...]
    minutes: int
    therapist: Therapist
    pressure: str = ""
    areas: tuple[str, ...] = ()

    @classmethod
    def of(cls, visit: Appointment) -> Self:
        """As a visit stands, also when it was changed a moment ago."""
        treatment = db.session.get_one(Treatment, visit.treatment_id)
        return cls.by(treatment, db.session.get_one(Therapist, visit.therapist_id), visit.length_minutes)

    @classmethod
    def by(cls, treatment: Treatment, therapist: Therapist, minutes: int | None = None) -> Self:
        """A treatment by a therapist, as long as the treatment is unless told otherwise."""
        return cls(
            name=own_texts.said(treatment, "name"),
            modalities=tuple(treatment.modalities),
            minutes=minutes or treatment.length_minutes,
            therapist=therapist,
        )


def judge(proposed: Proposed, limits: VisitLimits, aside: Collection[str] = ()) -> tuple[Objection, ...]:
    """What speaks against this, except what was set aside; empty if it fits."""
    against = _rules_against(limits.left_out, aside)
    left = [modality for modality in proposed.modalities if modality not in against]
    found = [
        _left_out(leading, against[leading]) for leading in proposed.modalities[:1] if leading in against
    ]
    if limits.most_minutes is not None and proposed.minutes > max(limits.most_minutes, _longest(aside)):
        found.append(_too_long(proposed, limits))
    found += [
        _not_trained(proposed, training)
        for training in _missing(proposed, left or proposed.modalities, limits.trainings)
        if _training_key(training, proposed.therapist) not in aside
    ]
    if _is_too_firm(proposed.pressure, limits.most_pressure, aside):
        found.append(_too_firm(proposed.pressure, limits))
    found += [
        _alone(area, limits.left_alone[area])
        for area in proposed.areas
        if area in limits.left_alone and _area_key(area) not in aside
    ]
    return tuple(found)


def objections(
    proposed: Proposed, standing: SafetyStanding, client_id: UUID, visit_id: UUID | None = None
) -> tuple[Objection, ...]:
    """What speaks against this for a client, by the answers they gave and without what a therapist set aside."""
    if not judge(proposed, standing.limits):
        return ()
    return judge(proposed, standing.limits, set_aside_for(standing, client_id, visit_id))


def unsuitable(
    treatments: Iterable[Treatment], standing: SafetyStanding, client_id: UUID
) -> dict[UUID, Mismatch]:
    """Treatments that none of their therapists could give this client, by id, each with the first thing that does not fit."""
    if standing.limits == NO_LIMITS:
        return {}
    aside = set_aside_for(standing, client_id, None)
    found = {}
    for treatment in treatments:
        against = [
            judge(Proposed.by(treatment, person), standing.limits, aside) for person in treatment.therapists
        ]
        if against and all(against):
            found[treatment.id] = min(against, key=len)[0].mismatch
    return found


def objections_to(visit: Appointment, now: datetime) -> tuple[Objection, ...]:
    """What speaks against a visit as it stands."""
    if visit.client_id is None:
        return ()
    standing = intake.safety_standing(browser=None, client_id=visit.client_id, now=now, zone=visit.zone)
    return objections(Proposed.of(visit), standing, visit.client_id, visit.id)


def refuse_unsuitable(visit: Appointment, now: datetime) -> None:
    """Raise NotSuitable unless the visit fits, or what does not was set aside."""
    if against := objections_to(visit, now):
        raise NotSuitable(against)


def refuse_untrained(visit: Appointment, now: datetime) -> None:
    """Raise OtherTherapist if a booked visit went to a therapist without a training that it needs.

    A move changes neither treatment nor length. A request may go anywhere, because it is judged when it is confirmed.
    """
    if visit.state == State.BOOKED:
        untrained = [one for one in objections_to(visit, now) if one.mismatch is Mismatch.NOT_TRAINED]
        if untrained:
            raise OtherTherapist(untrained)


def is_too_long(visit: Appointment, minutes: int, now: datetime) -> bool:
    """Whether the client's answers, or a plan made of them, speak against a booked visit of so many minutes."""
    if visit.client_id is None or visit.state != State.BOOKED:
        return False
    standing = intake.safety_standing(browser=None, client_id=visit.client_id, now=now, zone=visit.zone)
    proposed = replace(Proposed.of(visit), minutes=minutes)
    against = objections(proposed, standing, visit.client_id, visit.id)
    return any(one.mismatch is Mismatch.TOO_LONG for one in against)


def set_aside_for(standing: SafetyStanding, client_id: UUID, visit_id: UUID | None) -> frozenset[str]:
    """Keys that a therapist set aside: for this visit, or for all visits while these answers stand."""
    submission_id = standing.submission.id if standing.submission else None
    return set_aside_keys(client_id, submission_id, visit_id)


def set_aside_keys(client_id: UUID, submission_id: UUID | None, visit_id: UUID | None) -> frozenset[str]:
    """The same for answers named by their full form."""
    about = [sa.and_(SafetyWaiver.whole_course, SafetyWaiver.submission_id == submission_id)]
    if visit_id is not None:
        about.append(SafetyWaiver.appointment_id == visit_id)
    rows = db.session.scalars(
        sa.select(SafetyWaiver).where(SafetyWaiver.client_id == client_id, sa.or_(*about))
    )
    return frozenset(key for row in rows for key in row.content["keys"])


def waivers_of(visit_id: UUID) -> list[SafetyWaiver]:
    """What was set aside for this visit and why, newest first. A caller that opens the content records it."""
    about = sa.select(SafetyWaiver).where(SafetyWaiver.appointment_id == visit_id)
    return list(db.session.scalars(about.order_by(SafetyWaiver.made_at.desc(), SafetyWaiver.id)))


def set_aside(
    client_id: UUID,
    waived: Collection[Objection],
    *,
    visit: Appointment | None,
    submission_id: UUID | None,
    whole_course: bool,
    reason: str,
    by: User,
    now: datetime,
) -> SafetyWaiver:
    """Set objections aside by name and for a reason; only therapists reach this (`Permission.REVIEW_DECIDE`).

    It holds for this visit, or with `whole_course` for every visit while these answers stand. Raises
    SafetyReasonNeeded.
    """
    if not reason.strip():
        raise SafetyReasonNeeded
    made = SafetyWaiver(
        client_id=client_id,
        appointment_id=visit.id if visit else None,
        submission_id=submission_id,
        user_id=by.id,
        whole_course=whole_course,
        made_at=now,
    )
    made.content = {
        "keys": sorted({key for one in waived for key in one.keys}),
        "sentences": [one.sentence for one in waived],
        "reason": reason.strip(),
    }
    db.session.add(made)
    db.session.flush()
    audit.record(
        audit.by_user(by.id),
        "set_aside",
        made,
        client_id=client_id,
        fields=sorted({one.mismatch.value for one in waived}),
        purpose="safety",
        now=now,
    )
    return made


def rule_key(rule: str) -> str:
    """The key of a safety rule that leaves types out."""
    return f"{_RULE}:{rule}"


def _rules_against(
    left_out: Mapping[str, frozenset[str]], aside: Collection[str]
) -> dict[str, frozenset[str]]:
    """Types with the rules that still leave them out."""
    still = {
        modality: frozenset(rule for rule in rules if rule_key(rule) not in aside)
        for modality, rules in left_out.items()
    }
    return {modality: rules for modality, rules in still.items() if rules}


def _left_out(modality: str, rules: Iterable[str]) -> Objection:
    against = tuple(sorted(rules))
    return Objection(
        mismatch=Mismatch.LEFT_OUT,
        keys=tuple(rule_key(rule) for rule in against),
        sentence=f"{MODALITIES[modality].name} is left out for safety",
        rules=against,
    )


def _too_long(proposed: Proposed, limits: VisitLimits) -> Objection:
    return Objection(
        mismatch=Mismatch.TOO_LONG,
        keys=(f"{_LENGTH}:{proposed.minutes}",),
        sentence=f"{proposed.minutes} minutes are longer than the {limits.most_minutes} that the plan allows",
    )


def _longest(aside: Collection[str]) -> int:
    """The longest session that was allowed for a reason, in minutes."""
    prefix = f"{_LENGTH}:"
    return max((int(key.removeprefix(prefix)) for key in aside if key.startswith(prefix)), default=0)


def _is_too_firm(pressure: str, most: str | None, aside: Collection[str]) -> bool:
    if most is None or pressure not in PRESSURES:
        return False
    allowed = {most, *(one for one in PRESSURES if f"{_PRESSURE}:{one}" in aside)}
    return PRESSURES.index(pressure) > max(PRESSURES.index(one) for one in allowed)


def _too_firm(pressure: str, limits: VisitLimits) -> Objection:
    return Objection(
        mismatch=Mismatch.TOO_FIRM,
        keys=(f"{_PRESSURE}:{pressure}",),
        sentence=f"{pressure.capitalize()} pressure is more than {limits.most_pressure}, the most that safety allows",
        rules=tuple(sorted(limits.pressure_rules)),
    )


def _area_key(area: str) -> str:
    return f"{_AREA}:{area}"


def _alone(area: str, rules: Iterable[str]) -> Objection:
    why = "" if rules else ", because the client asked so or the skin is sore"
    return Objection(
        mismatch=Mismatch.LEFT_ALONE,
        keys=(_area_key(area),),
        sentence=f"{REGIONS.get(area, area).capitalize()} is to be left alone{why}",
        rules=tuple(sorted(rules)),
    )


def _missing(proposed: Proposed, types: Sequence[str], for_client: Collection[str]) -> list[str]:
    """Trainings that the therapist lacks: those of the client's answers, and one if no type is left without it."""
    skills = set(proposed.therapist.skills)
    missing = [training for training in sorted(for_client) if training not in skills]
    needed = [modality for modality in types if modality in trainings.NAMES and modality not in skills]
    return missing + (needed[:1] if types and len(needed) == len(types) else [])


def _training_key(training: str, therapist: Therapist) -> str:
    return f"{_TRAINING}:{training}:{therapist.id}"


def _not_trained(proposed: Proposed, training: str) -> Objection:
    return Objection(
        mismatch=Mismatch.NOT_TRAINED,
        keys=(_training_key(training, proposed.therapist),),
        sentence=f"{proposed.therapist.name} has no training in {trainings.NAMES[training]} on record",
    )
