"""What is asked before a booking follows from the rules: what may wait changes nothing about the booking."""

from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.guidance import plan
from clinic.guidance.conditions import is_
from clinic.guidance.engine import Level, screen, suggest
from clinic.guidance.facts import Facts
from clinic.guidance.gate import ALL_TYPES, gate_fields, suggestion_fields
from clinic.guidance.levels import Pressure
from clinic.guidance.questions import PAGES
from clinic.guidance.rules import CURRENT
from clinic.guidance.rules.kinds import Effect, RuleSet, SafetyRule
from tests.guidance import people
from tests.guidance.clients import CLIENTS, Client
from tests.guidance.people import Answers


def later_fields(types: Collection[str]) -> set[str]:
    """What may wait until the visit is booked."""
    return {question.field for page in PAGES for question in page.questions} - gate_fields(types)


def with_a_rule(**what: object) -> RuleSet:
    """The current rules and one more, which reads `mood`."""
    rule = SafetyRule(
        id="T99",
        when=is_("mood", "marked"),
        why="Low",
        sources=("default",),
        **what,  # type: ignore[arg-type]  # as each test writes them
    )
    return replace(CURRENT, safety=(*CURRENT.safety, rule))


def test_warning_signs_today_and_health_come_before_and_wishes_after() -> None:
    before, after = gate_fields(["swedish"]), later_fields(["swedish"])
    assert {"red_flags.weight_loss", "today", "conditions", "limb_symptoms", "past_reaction"} <= before
    assert {"sex_at_birth", "massage_experience", "guardian_consent", "fall_checked"} <= before
    assert {"mood", "occupation_type", "peg_pain", "pain_areas", "allergies", "muscle_findings"} <= after


def test_scents_are_asked_before_aromatherapy_and_spasm_before_deep_tissue() -> None:
    assert gate_fields(["aromatherapy"]) - gate_fields([]) == {"allergies", "own_words.allergies"}
    assert gate_fields(["deep_tissue"]) - gate_fields([]) == {"muscle_findings"}
    assert gate_fields(["swedish"]) == gate_fields([])
    assert gate_fields() == gate_fields(ALL_TYPES) == gate_fields(["aromatherapy", "deep_tissue"])


def test_the_longest_session_is_known_before_a_booking_whatever_the_rules_read() -> None:
    assert gate_fields([], replace(CURRENT, safety=())) >= set(plan.LENGTH_FIELDS)


def test_before_a_suggestion_comes_what_it_is_made_of() -> None:
    more = suggestion_fields() - gate_fields()
    assert {"pain_areas", "pain_quality", "stress_level", "visit_goals", "pressure_preference"} <= more
    assert {"modalities_disliked", "approach_interest", "clothing_preference"} <= more
    assert not {"occupation_type", "mobility_limit", "touch_concern", "peg_pain", "other_care"} & more


def test_a_new_rule_for_which_a_therapist_looks_moves_its_question_before_the_booking() -> None:
    level = Level.THERAPIST_REVIEW
    assert "mood" in gate_fields([], with_a_rule(level=level))
    assert "mood" not in gate_fields([], with_a_rule(level=Level.CAUTION))
    asks_again = with_a_rule(level=level, look_again=("mood", "stress_level"), ask_again="Please look again.")
    assert "mood" not in gate_fields([], asks_again)


def test_a_new_rule_that_leaves_out_a_type_moves_its_question_before_that_type_only() -> None:
    without_devices = with_a_rule(level=Level.CAUTION, effect=Effect(exclude=("mechanical_impulse",)))
    assert "mood" in gate_fields(["mechanical_impulse"], without_devices)
    assert "mood" not in gate_fields(["swedish"], without_devices)
    gentle = with_a_rule(level=Level.CAUTION, effect=Effect(cap=Pressure.MEDIUM))
    assert "mood" in gate_fields(["deep_tissue"], gentle)
    assert "mood" not in gate_fields(["sports"], gentle)


def decided(answers: Answers, modality: str) -> tuple[object, ...]:
    """What answers decide about booking this type: rules that stop or look first, the type, the longest session."""
    facts = Facts.of(answers)
    outcome = screen(facts)
    asking_again = {rule.id for rule in CURRENT.contradictions}
    weighty = [
        fired.rule
        for fired in outcome.fired
        if fired.level >= Level.THERAPIST_REVIEW and fired.rule not in asking_again
    ]
    found = suggest(facts, replace(outcome, level=Level.OK))
    assert found is not None
    longest = plan.draft(facts, outcome, found).length.most
    left_out = {
        exclusion.rule
        for exclusion in outcome.exclusions
        if exclusion.modality == modality and exclusion.rule not in asking_again
    }
    return weighty, left_out, longest


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_written_client_reaches_the_same_level_by_what_is_asked_before_a_booking(client: Client) -> None:
    later = later_fields([])
    gate = {name: value for name, value in client.facts.items() if name not in later}
    assert without_asking_again(gate) == without_asking_again(client.facts)


def without_asking_again(answers: Answers) -> list[str]:
    """The rules from therapist_review up that fire, without contradictions."""
    again = {rule.id for rule in CURRENT.contradictions}
    fired = screen(Facts.of(answers)).fired
    return [rule.rule for rule in fired if rule.level >= Level.THERAPIST_REVIEW and rule.rule not in again]


@people.unhurried
@given(people.people, people.flags, st.permutations(sorted(ALL_TYPES)))
def test_what_may_wait_changes_nothing_about_the_booking(
    answers: Answers, flags: dict[str, str], types: list[str]
) -> None:
    whole = people.with_flags(answers, flags)
    for modality in types[:4]:
        later = later_fields([modality])
        gate = {name: value for name, value in whole.items() if name not in later}
        assert decided(gate, modality) == decided(whole, modality)
