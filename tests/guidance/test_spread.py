"""Two clients who differ get plans that differ, and nothing that safety or the client left out ever appears."""

from collections.abc import Iterator

import pytest

from clinic.guidance.engine import screen, suggest
from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import SECTIONS, TECHNIQUES
from clinic.guidance.plain import Json
from clinic.guidance.plan import DraftPlan, draft
from clinic.guidance.rules import CURRENT, V2026_11, V2026_12
from clinic.guidance.rules.kinds import RuleSet
from tests.guidance import spread
from tests.guidance.people import Answers

CLIENTS = list(spread.clients(500))
TIED = {
    "muscle_findings": (
        "general_tightness",
        "knots",
        "tender_points_refer",
        "deep_chronic_tension",
        "spasm",
        "stiffness",
        "restricted_fascia",
        "uneven_tension",
    ),
    "visit_goals": ("pain_relief", "mobility", "posture", "sport_recovery", "sleep", "prevention"),
}
"""What the document ties to a type, a technique or an area."""
CHOICES = {
    "pressure_preference": ("light", "medium", "firm"),
    "clothing_preference": ("stay_clothed", "undress_ok"),
    "past_reaction": ("none", "sore_1_2_days", "felt_worse"),
}


def planned(answers: Answers, rules: RuleSet = CURRENT) -> DraftPlan | None:
    facts = Facts.of(answers)
    outcome = screen(facts, rules)
    suggestion = suggest(facts, outcome, rules)
    return draft(facts, outcome, suggestion, rules) if suggestion else None


def content(plan: DraftPlan | None) -> Json | None:
    return plan.as_dict() | {"rule_set": ""} if plan else None


def pairs(field: str, code: str) -> Iterator[tuple[Answers, Answers]]:
    """Clients beside the same client who differs in this one thing."""
    for answers in CLIENTS[:100]:
        chosen = answers[field]
        assert isinstance(chosen, list)
        other = [one for one in chosen if one != code] if code in chosen else [*chosen, code]
        yield answers, {**answers, field: other}


@pytest.mark.parametrize(
    ("field", "code"), [(field, code) for field, codes in TIED.items() for code in codes]
)
def test_a_finding_or_a_goal_changes_the_plan_of_most_clients(field: str, code: str) -> None:
    differs = [content(planned(one)) != content(planned(other)) for one, other in pairs(field, code)]
    assert sum(differs) >= 65, f"{field} {code}: {sum(differs)} of {len(differs)}"


def test_a_wish_to_relax_changes_the_plan_of_most_who_had_none() -> None:
    without = [a for a in CLIENTS if not {"relaxation", "stress_relief"} & set(map(str, a["visit_goals"]))]  # type: ignore[call-overload]
    with_it = [{**one, "visit_goals": [*one["visit_goals"], "relaxation"]} for one in without[:100]]  # type: ignore[misc]
    differs = [
        content(planned(one)) != content(planned(other))
        for one, other in zip(without[:100], with_it, strict=True)
    ]
    assert sum(differs) >= 80


@pytest.mark.parametrize("field", CHOICES)
def test_a_preference_or_a_past_reaction_changes_the_plan(field: str) -> None:
    for answers in CLIENTS[:60]:
        if field == "past_reaction" and answers["massage_experience"] == "never":
            continue
        plans = [str(content(planned({**answers, field: choice}))) for choice in CHOICES[field]]
        assert len(set(plans)) >= 2, answers


def test_no_type_or_technique_that_was_left_out_ever_appears() -> None:
    for answers in CLIENTS:
        facts = Facts.of(answers)
        outcome = screen(facts)
        suggestion = suggest(facts, outcome)
        if suggestion is None:
            continue
        plan = draft(facts, outcome, suggestion)
        gone = outcome.excluded | facts.many("modalities_disliked")
        named = {match.modality for match in suggestion.ranked} | {part.modality for part in plan.mix}
        assert not gone & (named | {part.modality for part in plan.area_parts}), answers
        assert not set(outcome.forbidden) & {one.technique for one in plan.techniques}, answers


def test_no_type_comes_first_for_more_than_three_in_ten() -> None:
    found = spread.first_places(CURRENT)
    assert max(found.values()) <= 0.3 * sum(found.values())
    assert len(found) >= 10


def test_the_older_rule_set_gives_nothing_more_time() -> None:
    assert V2026_11.focus == ()
    for answers in CLIENTS[:60]:
        plan = planned(answers, V2026_11)
        assert plan is None or "more of it" not in str(plan.as_dict())


def test_a_focus_rests_on_a_section_that_describes_its_technique() -> None:
    for rule in V2026_12.focus:
        assert rule.sections
        assert set(rule.sections) <= set(SECTIONS)
        assert bool(rule.techniques) != bool(rule.note)
        for technique in rule.techniques:
            assert set(TECHNIQUES[technique].sections) & set(rule.sections), (rule.id, technique)
