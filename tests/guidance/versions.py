"""An artificial older rule set, so that a change of version can be tested before there has been one."""

from dataclasses import replace
from typing import Final

from clinic.guidance.levels import Level
from clinic.guidance.rules import CURRENT
from clinic.guidance.rules.kinds import Points, RuleSet
from tests.guidance import rule_cases, rule_cases_2026_12
from tests.guidance.rule_cases import SafetyCase, ScoringCase

SAFETY_CASES: Final[dict[str, dict[str, SafetyCase]]] = {
    "2026.11": rule_cases.SAFETY,
    "2026.12": rule_cases_2026_12.SAFETY,
}
SCORING_CASES: Final[dict[str, dict[str, ScoringCase]]] = {
    "2026.11": rule_cases.SCORING,
    "2026.12": rule_cases_2026_12.SCORING,
}
"""The written cases of each rule set."""

OLDER: Final[RuleSet] = replace(
    CURRENT,
    version="2026.05",
    safety=tuple(replace(rule, level=Level.CAUTION) if rule.id == "T01" else rule for rule in CURRENT.safety),
    back=tuple(
        replace(rule, points=(Points("neuromuscular", 9, ("G10",)), *rule.points[:1]))
        if rule.id == "E04"
        else rule
        for rule in CURRENT.back
    ),
)
"""A blood thinner was only a caution (T01), and tender points that refer led to neuromuscular therapy (E04)."""
