"""The engine does what the page says that a clinician signs, for anybody."""

from typing import Any

import pytest
from hypothesis import given, settings

from clinic.guidance.facts import Facts
from clinic.guidance.suggest import result_of
from tests.guidance import people, plain_reading
from tests.guidance.clients import CLIENTS, Client
from tests.guidance.people import Answers

MANY = settings(people.unhurried, max_examples=200)


def compare(answers: Answers) -> None:
    said = plain_reading.read(answers)
    result: Any = result_of(Facts.of(answers))
    assert (result["safety"], result["disposition"]) == (said.level, said.disposition)
    assert result["safety_rules"] == said.rules
    assert {(left["modality"], left["rule"]) for left in result["excluded"]} == said.excluded
    assert [match["modality"] for match in result["ranked"]] == said.shown
    assert {name: result["scores"][name] for name in said.scores} == said.scores
    assert result["confidence"] == said.confidence


@MANY
@given(people.people, people.flags)
def test_the_engine_and_the_signed_page_agree_on_anybody(answers: Answers, given: dict[str, str]) -> None:
    compare(people.with_flags(answers, given))


@MANY
@given(people.bookable)
def test_the_engine_and_the_signed_page_agree_on_a_suggestion(answers: Answers) -> None:
    compare(answers)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_the_engine_and_the_signed_page_agree_on_every_written_client(client: Client) -> None:
    compare(client.facts)


def test_every_line_of_the_page_was_read() -> None:
    assert (len(plain_reading.SAFETY), len(plain_reading.SCORING)) == (111, 65)
    assert (len(plain_reading.TYPES), len(plain_reading.FLAGS)) == (12, 27)
    assert sum(len(line.exclude) for line in plain_reading.SAFETY) > 60


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("mood = mild or mood = none and age_years > 10", True),
        ("(mood = mild or mood = none) and age_years > 90", False),
        ("not conditions has asthma", False),
        ("conditions has_any [diabetes, asthma]", True),
        ("pregnancy != t1", True),
        ("pregnancy not_in [t1, t2]", True),
        ("pregnancy in [t1, t2]", False),
        ("stress_level >= 0", False),
    ],
)
def test_conditions_are_read_as_the_page_says(condition: str, answer: bool) -> None:
    facts: Answers = {"mood": "mild", "age_years": 40, "conditions": ["asthma"]}
    assert plain_reading.holds(condition, facts) is answer
