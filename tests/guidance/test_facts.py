"""Facts refuse what no questionnaire can have answered, and name it."""

import pytest

from clinic.guidance.facts import Activity, Facts, InvalidFacts
from clinic.guidance.fields import FIELDS


def test_missing_and_null_answers_are_unanswered() -> None:
    assert Facts.of({}) == Facts.of({"age_years": None, "conditions": None}) == Facts()


def test_none_alone_is_the_empty_list() -> None:
    assert Facts.of({"conditions": ["none"]}).many("conditions") == frozenset()


def test_lists_have_no_order() -> None:
    assert Facts.of({"today": ["fever", "contagious_illness"]}) == Facts.of(
        {"today": ["contagious_illness", "fever"]}
    )


def test_numbers_activities_and_numbered_options_keep_their_types() -> None:
    facts = Facts.of(
        {"session_minutes_pref": 45, "rmdq": [3, 24], "psfs": [{"activity": "lifting my child", "score": 4}]}
    )
    assert facts.number("session_minutes_pref") == 45
    assert facts.get("rmdq") == frozenset({3, 24})
    assert facts.get("psfs") == (Activity("lifting my child", 4),)
    assert Facts.of({"psfs": facts.get("psfs")}).get("psfs") == facts.get("psfs")


@pytest.mark.parametrize(
    ("answers", "field", "problem"),
    [
        ({"shoe_size": 43}, "shoe_size", "is not a field"),
        ({"age_years": "41"}, "age_years", "must be a whole number"),
        ({"age_years": 41.0}, "age_years", "must be a whole number"),
        ({"age_years": True}, "age_years", "must be a whole number"),
        ({"age_years": 111}, "age_years", "between 0 and 110"),
        ({"age_years": -1}, "age_years", "between 0 and 110"),
        ({"sitting_hours_per_day": 25}, "sitting_hours_per_day", "between 0 and 24"),
        ({"stress_level": 11}, "stress_level", "between 0 and 10"),
        ({"mood": "awful"}, "mood", "no such option"),
        ({"mood": 3}, "mood", "must be a text"),
        ({"mood": ["mild"]}, "mood", "must be a text"),
        ({"session_minutes_pref": 50}, "session_minutes_pref", "no such option"),
        ({"session_minutes_pref": "45"}, "session_minutes_pref", "must be a whole number"),
        ({"session_minutes_pref": True}, "session_minutes_pref", "must be a whole number"),
        ({"conditions": "asthma"}, "conditions", "must be a list"),
        ({"conditions": {"asthma": True}}, "conditions", "must be a list"),
        ({"conditions": ["asthma", "asthma"]}, "conditions", "more than once"),
        ({"conditions": ["none", "asthma"]}, "conditions", "'none' beside other options"),
        ({"conditions": ["asthmatic"]}, "conditions", "no such option"),
        ({"conditions": [1]}, "conditions", "must be a text"),
        ({"red_flags": ["headless"]}, "red_flags", "no such option"),
        ({"rmdq": [25]}, "rmdq", "no such option"),
        ({"psfs": "walking"}, "psfs", "must be a list"),
        ({"psfs": [{"activity": "a", "score": 1}] * 4}, "psfs", "at most 3"),
        ({"psfs": [{"activity": "walking"}]}, "psfs", "'activity' and 'score'"),
        ({"psfs": ["walking"]}, "psfs", "'activity' and 'score'"),
        ({"psfs": [{"activity": " ", "score": 1}]}, "psfs", "as a text"),
        ({"psfs": [{"activity": 5, "score": 1}]}, "psfs", "as a text"),
        ({"psfs": [{"activity": "walking", "score": 11}]}, "psfs", "between 0 and 10"),
        ({"understood_not_diagnosis": "no"}, "understood_not_diagnosis", "no such option"),
    ],
)
def test_what_cannot_be_is_refused_by_field_and_problem(
    answers: dict[str, object], field: str, problem: str
) -> None:
    with pytest.raises(InvalidFacts, match=problem) as refused:
        Facts.of(answers)
    assert refused.value.field == field


def test_the_text_of_a_refusal_holds_no_answer() -> None:
    with pytest.raises(InvalidFacts) as refused:
        Facts.of({"conditions": ["asthma", "asthma"]})
    assert "asthma" not in str(refused.value)
    assert refused.value.value == "asthma"


def test_two_answers_count_when_missing() -> None:
    known = Facts().normalised()
    assert (known.one("clinician_seen"), known.one("back_pain_now")) == ("no", "yes")
    answered = Facts.of({"clinician_seen": "yes_cleared", "back_pain_now": "no"})
    assert answered.normalised() is answered
    for field, answer in (("clinician_seen", "yes_cleared"), ("back_pain_now", "no")):
        assert Facts.of({field: answer}, unknown=["mood"]).normalised().one(field) == answer
        assert Facts.of({field: answer}, unknown=["mood"]).normalised().unknown == {"mood"}


def test_an_unanswered_field_is_none_or_an_empty_list() -> None:
    nobody = Facts()
    assert (nobody.one("mood"), nobody.number("age_years"), nobody.many("today")) == (None, None, frozenset())
    assert nobody.get("psfs") == ()


def test_a_field_is_read_as_what_it_holds() -> None:
    facts = Facts.of({"mood": "mild", "age_years": 40, "today": ["fever"]})
    for read, name in (
        (facts.one, "today"),
        (facts.one, "age_years"),
        (facts.many, "mood"),
        (facts.number, "mood"),
    ):
        with pytest.raises(TypeError, match=name):
            read(name)
    with pytest.raises(KeyError, match="shoe_size"):
        facts.get("shoe_size")


def test_every_option_has_a_label_and_a_code_of_its_own() -> None:
    for field in FIELDS.values():
        codes = [option.code for option in field.options]
        assert len(codes) == len(set(codes)), field.name
        assert all(option.label for option in field.options)
        assert field.title
        for option in field.options:
            assert field.label(option.code) == option.label
    assert FIELDS["age_years"].label(41) == "41"
