"""Truthful people whose answers sound odd are neither blamed nor turned away."""

from collections import Counter

import pytest

from clinic.guidance.engine import Level, screen
from clinic.guidance.facts import Facts
from clinic.guidance.rules import CURRENT
from tests.guidance.truthful import TRUTHFUL, Truthful

BLAME = ("wrong", "mistake", "error", "cannot be", "impossible", "contradict", "do not fit", "false", "must")


def test_there_are_twenty_for_each_contradiction() -> None:
    assert Counter(one.rule for one in TRUTHFUL) == {rule.id: 20 for rule in CURRENT.contradictions}
    assert len({(one.rule, one.who) for one in TRUTHFUL}) == len(TRUTHFUL)


@pytest.mark.parametrize("one", TRUTHFUL, ids=lambda one: f"{one.rule} {one.who}")
def test_a_truthful_person_comes_in(one: Truthful) -> None:
    outcome = screen(Facts.of(one.answers))
    assert (one.rule in outcome.rules) is not one.explained
    assert outcome.level <= Level.THERAPIST_REVIEW


@pytest.mark.parametrize("id", [rule.id for rule in CURRENT.contradictions])
def test_the_words_blame_nobody_and_say_that_both_can_be_right(id: str) -> None:
    text = CURRENT.safety_by_id[id].ask_again
    assert "can be right" in text
    assert not [word for word in BLAME if word in text.lower()]
