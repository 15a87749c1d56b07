"""A client's own words are for people: no rule sees them, and only the client's wish for a look raises the level."""

import json

import pytest

from clinic.guidance import own_words, questionnaire
from clinic.guidance.conditions import is_
from clinic.guidance.facts import Facts, InvalidFacts
from clinic.guidance.fields import FIELDS, FieldKind
from clinic.guidance.gate import gate_fields
from clinic.guidance.levels import Level
from clinic.guidance.own_words import ASKED_LOOK, LONGEST, TITLES
from clinic.guidance.questionnaire import UnreadableAnswer
from clinic.guidance.questions import PAGES, QUESTIONS
from clinic.guidance.rules import CURRENT
from clinic.intake import assessment
from tests.plans.intakes import BLOOD_THINNER, FEVER, KNOTS

MARKER = "zebrafish"
PLAIN = {"own_words.conditions": {"text": MARKER, "look": False}}
ASKS = {"own_words.conditions": {"text": MARKER, "look": True}}


def test_there_is_one_place_beside_each_of_four_topics() -> None:
    places = {
        question.field: page.slug
        for page in PAGES
        for question in page.questions
        if question.kind is FieldKind.OWN_WORDS
    }
    assert places == {
        "own_words.happened": "pain",
        "own_words.conditions": "conditions",
        "own_words.medicines": "medicines",
        "own_words.allergies": "operations",
    }
    assert set(places) == set(TITLES)
    assert all(QUESTIONS[key].optional for key in TITLES)


def test_no_rule_can_name_them() -> None:
    assert not set(TITLES) & set(FIELDS)
    conditions = [rule.when for rule in CURRENT.safety]
    conditions += [rule.when for rule in (*CURRENT.back, *CURRENT.preferences)]
    read = {field for condition in conditions for field in condition.fields}
    assert read <= set(FIELDS)
    with pytest.raises(KeyError):
        is_("own_words.conditions", MARKER).holds(Facts.of({}))
    with pytest.raises(InvalidFacts) as refused:
        Facts.of({"own_words.conditions": {"text": MARKER, "look": True}})
    assert MARKER not in str(refused.value)


def test_facts_and_everything_that_follows_are_the_same_with_and_without_a_text() -> None:
    assert questionnaire.facts_of({**KNOTS, **ASKS}) == questionnaire.facts_of(KNOTS)
    assert assessment.assess({**KNOTS, **PLAIN}) == assessment.assess(KNOTS)


def test_a_wish_for_a_look_asks_a_therapist_and_says_whose_wish_it_is() -> None:
    assessed = assessment.assess({**KNOTS, **ASKS})
    assert assessed.safety.level is Level.THERAPIST_REVIEW
    assert assessed.safety.rules == (ASKED_LOOK,)
    assert assessed.safety.fired[0].why == "The client asks for a look before confirmation"
    assert MARKER not in json.dumps(assessed.explanation())


def test_a_wish_lowers_nothing_and_takes_nothing_away() -> None:
    assert assessment.assess({**FEVER, **ASKS}).safety.level is Level.REFER
    alone = assessment.assess(BLOOD_THINNER).safety
    both = assessment.assess({**BLOOD_THINNER, **ASKS}).safety
    assert both.rules == (*alone.rules, ASKED_LOOK)
    assert both.exclusions == alone.exclusions


def test_other_words_are_another_wish() -> None:
    (first,), (again,) = own_words.asked_look(ASKS), own_words.asked_look(dict(ASKS))
    (other,) = own_words.asked_look({"own_words.conditions": {"text": "other", "look": True}})
    assert first.answers == again.answers != other.answers


def test_a_text_is_read_as_typed_up_to_its_length() -> None:
    question = QUESTIONS["own_words.conditions"]
    assert questionnaire.read(question, ["  two\nlines ", ""]) == {"text": "two\nlines", "look": False}
    assert questionnaire.read(question, ["words", "yes"]) == {"text": "words", "look": True}
    assert questionnaire.read(question, ["", "yes"]) is None
    assert questionnaire.read(question, []) is None
    assert questionnaire.read(question, ["x" * LONGEST, ""]) is not None
    with pytest.raises(UnreadableAnswer) as refused:
        questionnaire.read(question, [MARKER * 60, ""])
    assert refused.value.sentence == "Use up to 500 letters; these are 540."


def test_those_who_ask_for_a_look_stand_first() -> None:
    told = own_words.told({"own_words.happened": {"text": "fell", "look": False}, **ASKS})
    assert [(one.title, one.asks_look) for one in told] == [("Conditions", True), ("What happened", False)]


def test_a_place_for_words_comes_before_a_booking_with_its_page() -> None:
    before = gate_fields(["swedish"])
    assert {"own_words.conditions", "own_words.medicines"} <= before
    assert "own_words.allergies" not in before


def test_words_about_pain_go_with_the_pain() -> None:
    answers = {**KNOTS, "own_words.happened": {"text": MARKER, "look": True}}
    assert "own_words.happened" in questionnaire.cleared(answers)
    assert "own_words.happened" not in questionnaire.cleared({**answers, "back_pain_now": "no"})


def test_words_read_as_words() -> None:
    assert questionnaire.in_words("own_words.conditions", PLAIN["own_words.conditions"]) == MARKER
    said = questionnaire.in_words("own_words.conditions", ASKS["own_words.conditions"])
    assert said == f"{MARKER}\n(A therapist looks at this before the visit is confirmed)"
