"""Conditions decide, name what they used, and print themselves."""

import pytest

from clinic.guidance.conditions import (
    above,
    all_of,
    any_of,
    at_least,
    at_most,
    below,
    has,
    has_any,
    in_,
    is_,
    is_not,
    not_,
    not_in,
)
from clinic.guidance.facts import Facts

NOBODY = Facts()


def test_a_comparison_with_the_unanswered_is_false() -> None:
    for condition in (
        is_("mood", "mild"),
        in_("mood", "mild", "marked"),
        has("today", "fever"),
        has_any("today", "fever", "contagious_illness"),
        at_least("age_years", 0),
        at_most("age_years", 110),
        above("age_years", 0),
        below("age_years", 110),
    ):
        assert not condition.holds(NOBODY), condition.grammar()


def test_not_equal_and_not_in_are_true_of_the_unanswered() -> None:
    assert is_not("mood", "mild").holds(NOBODY)
    assert not_in("mood", "mild", "marked").holds(NOBODY)
    assert not_(is_("mood", "mild")).holds(NOBODY)


def test_comparisons_keep_their_edges() -> None:
    sixty = Facts.of({"age_years": 60})
    assert at_least("age_years", 60).holds(sixty)
    assert not at_least("age_years", 61).holds(sixty)
    assert at_most("age_years", 60).holds(sixty)
    assert not at_most("age_years", 59).holds(sixty)
    assert above("age_years", 59).holds(sixty)
    assert not above("age_years", 60).holds(sixty)
    assert below("age_years", 61).holds(sixty)
    assert not below("age_years", 60).holds(sixty)


def test_choices_and_lists_are_compared_with_their_options() -> None:
    person = Facts.of({"mood": "mild", "today": ["fever"]})
    assert is_("mood", "mild").holds(person)
    assert not is_not("mood", "mild").holds(person)
    assert in_("mood", "mild", "marked").holds(person)
    assert not not_in("mood", "mild", "marked").holds(person)
    assert has("today", "fever").holds(person)
    assert has_any("today", "contagious_illness", "fever").holds(person)
    assert not has("today", "contagious_illness").holds(person)


def test_all_any_and_not_combine() -> None:
    tired, feverish = is_("sleep_problem", "yes"), has("today", "fever")
    person = Facts.of({"sleep_problem": "yes"})
    assert any_of(tired, feverish).holds(person)
    assert not all_of(tired, feverish).holds(person)
    assert all_of(tired, not_(feverish)).holds(person)


def test_a_condition_names_its_fields_once_and_in_order() -> None:
    condition = any_of(
        has("today", "fever"), all_of(not_(has("today", "acute_injury_lt_72h")), at_least("age_years", 3))
    )
    assert condition.fields == ("today", "age_years")


def test_a_condition_tells_the_answers_it_rests_on() -> None:
    condition = any_of(
        has_any("muscle_findings", "knots", "tender_points_refer"),
        all_of(has("muscle_findings", "spasm"), at_least("pain_avg_nrs", 7)),
        is_("mood", "marked"),
    )
    person = Facts.of({"muscle_findings": ["knots", "spasm", "stiffness"], "pain_avg_nrs": 8, "mood": "mild"})
    assert condition.used(person) == {"muscle_findings": ["knots", "spasm"], "pain_avg_nrs": 8}
    assert not_(is_("mood", "marked")).used(person) == {"mood": "mild"}
    assert is_not("mood", "marked").used(NOBODY) == {}


def test_the_compact_form_brackets_only_where_needed() -> None:
    a, b, c = has("today", "fever"), is_("mood", "mild"), at_least("age_years", 3)
    assert all_of(a, any_of(b, c)).grammar() == "today has fever and (mood = mild or age_years >= 3)"
    assert any_of(all_of(a, b), c).grammar() == "(today has fever and mood = mild) or age_years >= 3"
    assert not_(any_of(a, b)).grammar() == "not (today has fever or mood = mild)"
    assert not_in("mood", "mild", "marked").grammar() == "mood not_in [mild, marked]"


def test_the_plain_form_uses_the_words_of_the_questionnaire() -> None:
    condition = all_of(
        in_("pain_duration", "6w_12w", "gt_12w"),
        any_of(at_least("pain_avg_nrs", 7), not_(has("muscle_findings", "knots"))),
    )
    assert condition.words() == (
        "“How long” is “6 to 12 weeks” or “Over 12 weeks” and (“Average pain last week” is at least 7 or not "
        "“What you notice” includes “A sore knot in the muscle that you can feel”)"
    )


def test_a_condition_cannot_name_what_does_not_exist() -> None:
    with pytest.raises(KeyError):
        is_("shoe_size", "43")
    with pytest.raises(ValueError, match="no option"):
        is_("mood", "awful")
    with pytest.raises(ValueError, match="no option"):
        has_any("today", "fever", "hunger")
    with pytest.raises(ValueError, match="cannot be tested"):
        has("mood", "mild")
    with pytest.raises(ValueError, match="cannot be tested"):
        at_least("mood", 3)
    with pytest.raises(ValueError, match="cannot be tested"):
        is_("today", "fever")
