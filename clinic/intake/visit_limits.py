"""What a client's answers allow in a visit, as `booking.suitability` judges it; read from the stored explanation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from clinic.intake.explanation import most_minutes_of, safety_of
from clinic.intake.models import Outcome
from clinic.practice.trainings import PRENATAL

PRENATAL_NOTE: Final = "prenatal_therapist"
"""The guidance's note that asks for a therapist trained for pregnancy."""


@dataclass(frozen=True, kw_only=True)
class VisitLimits:
    """Types left out with the rules behind each, the longest session, and trainings."""

    left_out: Mapping[str, frozenset[str]]
    most_minutes: int | None = None
    """None if nothing limits it."""
    trainings: frozenset[str] = frozenset()
    """Codes of `practice.trainings` that the therapist needs."""


NO_LIMITS: Final = VisitLimits(left_out={})


def visit_limits(outcome: Outcome) -> VisitLimits:
    """What a stored outcome allows."""
    safety = safety_of(outcome)
    return VisitLimits(
        left_out={modality: frozenset(rules) for modality, rules in safety.exclusions.items()},
        most_minutes=most_minutes_of(outcome),
        trainings=frozenset({PRENATAL} if safety.has_note(PRENATAL_NOTE) else ()),
    )


def newest_limits(newest: Outcome, full: Outcome) -> VisitLimits:
    """The limits of the newest answers; a short form from before limits were stored takes the length of the full one."""
    limits = visit_limits(newest)
    if limits.most_minutes is None and newest is not full:
        return replace(limits, most_minutes=visit_limits(full).most_minutes)
    return limits
