"""What a client's answers allow in a visit, as `booking.suitability` judges it; read from the stored explanation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from clinic.guidance.rules import UnknownRuleSet, rule_set
from clinic.guidance.rules.kinds import regions
from clinic.intake.explanation import ExplainedSafety, asked_to_avoid, most_minutes_of, safety_of
from clinic.intake.models import Outcome
from clinic.practice.trainings import PRENATAL

PRENATAL_NOTE: Final = "prenatal_therapist"
"""The guidance's note that asks for a therapist trained for pregnancy."""


@dataclass(frozen=True, kw_only=True)
class VisitLimits:
    """Types left out with the rules behind each, the longest session, trainings, the most pressure, and areas left alone."""

    left_out: Mapping[str, frozenset[str]]
    most_minutes: int | None = None
    """None if nothing limits it."""
    trainings: frozenset[str] = frozenset()
    """Codes of `practice.trainings` that the therapist needs."""
    most_pressure: str | None = None
    """None if nothing limits it."""
    pressure_rules: frozenset[str] = frozenset()
    left_alone: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Regions with the rules behind each; none if the client asked, or the skin is sore there."""


NO_LIMITS: Final = VisitLimits(left_out={})


def visit_limits(outcome: Outcome) -> VisitLimits:
    """What a stored outcome allows."""
    safety = safety_of(outcome)
    return VisitLimits(
        left_out={modality: frozenset(rules) for modality, rules in safety.exclusions.items()},
        most_minutes=most_minutes_of(outcome),
        trainings=frozenset({PRENATAL} if safety.has_note(PRENATAL_NOTE) else ()),
        most_pressure=safety.cap,
        pressure_rules=frozenset({safety.capped_by} if safety.capped_by else ()),
        left_alone=_left_alone(outcome, safety),
    )


def _left_alone(outcome: Outcome, safety: ExplainedSafety) -> dict[str, frozenset[str]]:
    """Regions that stay alone: those of rules, and those that the draft plan leaves out for the client's own reasons."""
    rules = _rules_by_region(outcome.rule_set, safety.rules)
    return {
        region: rules.get(region, frozenset())
        for region in dict.fromkeys((*safety.avoid, *asked_to_avoid(outcome)))
    }


def _rules_by_region(version: str, fired: frozenset[str]) -> dict[str, frozenset[str]]:
    try:
        known = rule_set(version).safety_by_id
    except UnknownRuleSet:
        return {}
    found: dict[str, frozenset[str]] = {}
    for rule in sorted(fired & set(known)):
        for name in known[rule].effect.avoid:
            for region in regions(name):
                found[region] = found.get(region, frozenset()) | {rule}
    return found


def newest_limits(newest: Outcome, full: Outcome) -> VisitLimits:
    """The limits of the newest answers. What a client wants left alone stands in the full ones; so does the length if the
    newest are a short form from before limits were stored."""
    limits = visit_limits(newest)
    if newest is full:
        return limits
    before = visit_limits(full)
    asked = {region: rules for region, rules in before.left_alone.items() if not rules}
    return replace(
        limits,
        most_minutes=before.most_minutes if limits.most_minutes is None else limits.most_minutes,
        left_alone={**asked, **limits.left_alone},
    )
