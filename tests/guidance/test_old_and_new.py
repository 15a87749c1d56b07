"""The new rule set is never milder than the one before it, except where that is what it is for."""

from hypothesis import given
from hypothesis import settings as how

from clinic.guidance.engine import Level, screen
from clinic.guidance.facts import Facts
from clinic.guidance.rules import V2026_11, V2026_12
from tests.guidance import people
from tests.guidance.people import Answers

STABLE = {"R10", "X02"}
"""A weakness that is long-standing and known is not new: the old rules turned it away."""
NO_CONTRADICTION = {"X01", "X06", "X07"}
"""Answers that fit together, for example sore legs after a race, or an accident told of under its own sign."""


@how(people.unhurried, max_examples=500)
@given(people.people, people.flags)
def test_the_new_rules_are_at_least_as_strict(answers: Answers, given_flags: dict[str, str]) -> None:
    facts = Facts.of(people.with_flags(answers, given_flags))
    before, after = screen(facts, V2026_11), screen(facts, V2026_12)
    kept = [rule.level for rule in before.fired if rule.rule not in STABLE | NO_CONTRADICTION]
    assert after.level >= max(kept, default=Level.OK, key=lambda level: level.severity)
    if STABLE & set(before.rules) - set(after.rules):
        assert "long_standing_known" in facts.many("limb_symptoms")
    if after.cap != before.cap and before.cap is not None:
        assert after.cap is not None or "X07" in before.rules
    if not {"X07"} & set(before.rules):
        assert before.excluded <= after.excluded
        assert set(before.forbidden) <= set(after.forbidden)


def test_the_exceptions_are_needed() -> None:
    weak = Facts.of({"limb_symptoms": ["weakness", "long_standing_known"]})
    assert screen(weak, V2026_11).level > screen(weak, V2026_12).level
    triathlon = Facts.of({"pain_areas": ["leg_left"], "radiation": "none", "activity_level": "athlete"})
    assert screen(triathlon, V2026_11).level > screen(triathlon, V2026_12).level
