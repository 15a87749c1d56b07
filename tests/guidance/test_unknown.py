"""What was not asked is not a no: it clears nothing, and it is listed."""

from hypothesis import given

from clinic.guidance import questionnaire
from clinic.guidance.conditions import all_of, any_of, at_least, has, is_, is_not, not_
from clinic.guidance.engine import Level, screen
from clinic.guidance.facts import Facts
from clinic.guidance.unknown import decided, open_fields
from tests.guidance import people
from tests.guidance.people import Answers


def test_asked_none_and_not_asked_are_two_things() -> None:
    asked = screen(Facts.of({"conditions": []}))
    unknown = screen(Facts.of({}, unknown=["conditions"]))
    assert asked.not_yet_asked == ()
    assert "T12" in {rule.rule for rule in unknown.not_yet_asked}
    assert {field for rule in unknown.not_yet_asked for field in rule.fields} == {"conditions"}


def test_a_rule_that_only_an_unknown_answer_could_excuse_fires() -> None:
    broken: Answers = {"conditions": ["recent_fracture_lt_12w"]}
    for facts in (Facts.of(broken), Facts.of(broken, unknown=["clinician_seen"])):
        outcome = screen(facts)
        assert outcome.level is Level.REFER
        assert "R17" in outcome.rules
    weak = screen(Facts.of({"limb_symptoms": ["weakness"]}, unknown=["clinician_seen"]))
    assert "R10" in weak.rules


def test_a_rule_that_fired_is_not_listed_and_one_that_cannot_fire_neither() -> None:
    outcome = screen(Facts.of({"today": ["fever"], "age_years": 30}, unknown=["medications"]))
    listed = {rule.rule for rule in outcome.not_yet_asked}
    assert "R03" in outcome.rules
    assert "R03" not in listed
    assert "U12" in listed
    assert "T16" not in listed
    assert "T18" not in listed


def test_nobody_contradicts_what_they_were_not_asked() -> None:
    knocked: Answers = {
        "onset_type": "sudden",
        "onset_triggers": ["accident_or_blow"],
        "clinician_seen": "no",
    }
    asked = screen(Facts.of(knocked))
    unknown = screen(Facts.of(knocked, unknown=["red_flags.major_trauma"]))
    assert "X07" in asked.rules
    assert "X07" not in unknown.rules
    assert "X07" in {rule.rule for rule in unknown.not_yet_asked}


def test_and_or_and_not_know_what_they_can_decide() -> None:
    facts = Facts.of(
        {"age_years": 30, "red_flags": ["weight_loss"]}, unknown=["mood", "red_flags.fever_unwell"]
    )
    low = is_("mood", "mild")
    old, young = at_least("age_years", 60), at_least("age_years", 18)
    assert decided(low, facts) is None
    assert decided(not_(low), facts) is None
    assert decided(is_not("mood", "mild"), facts) is None
    assert decided(all_of(low, old), facts) is False
    assert decided(all_of(low, young), facts) is None
    assert decided(any_of(low, young), facts) is True
    assert decided(any_of(low, old), facts) is None
    assert decided(has("red_flags", "weight_loss"), facts) is True
    assert decided(has("red_flags", "fever_unwell"), facts) is None
    assert decided(has("red_flags", "urinary_flank"), facts) is False
    assert open_fields(all_of(low, old, has("red_flags", "weight_loss")), facts) == ("mood", "red_flags")


def test_a_page_that_nobody_opened_was_not_asked() -> None:
    unknown = questionnaire.unasked_fields({"age_years": 30, "sex_at_birth": None, "back_pain_now": "no"})
    assert {"conditions", "medications", "red_flags.weight_loss", "clinician_seen"} <= unknown
    assert not {"age_years", "sex_at_birth", "guardian_consent", "pain_avg_nrs"} & unknown
    assert "limb_symptom_trend" in unknown


@people.unhurried
@given(people.people)
def test_what_was_not_asked_lowers_nothing_but_contradictions(answers: Answers) -> None:
    facts = Facts.of(answers)
    gaps = [
        name
        for name in ("clinician_seen", "conditions", "medications", "limb_symptoms")
        if name not in answers
    ]
    partly = screen(Facts.of(answers, unknown=gaps))
    whole = screen(facts)
    lost = set(whole.rules) - set(partly.rules)
    assert all(rule.startswith("X") for rule in lost)
    assert not set(partly.rules) & {rule.rule for rule in partly.not_yet_asked}
