"""Every rule against its written cases, and the rule set as a whole."""

from dataclasses import replace
from typing import Final

import pytest

from clinic.guidance.facts import Facts
from clinic.guidance.fields import FIELDS
from clinic.guidance.knowledge import MODALITIES, SECTIONS
from clinic.guidance.levels import Disposition, Level
from clinic.guidance.red_flags import ASKED_FLAGS, RED_FLAGS
from clinic.guidance.rules import CURRENT, V2026_11, VERSIONS, UnknownRuleSet, rule_set
from clinic.guidance.rules.kinds import Effect, SafetyRule, ScoringRule
from clinic.guidance.sources import SOURCES
from tests.guidance import checks
from tests.guidance.versions import SAFETY_CASES, SCORING_CASES


@pytest.mark.parametrize(
    ("version", "id"), [(rules.version, rule.id) for rules in VERSIONS.values() for rule in rules.safety]
)
def test_a_safety_rule_fires_where_it_should_and_changes_what_it_should(version: str, id: str) -> None:
    assert checks.safety(id, SAFETY_CASES[version][id], VERSIONS[version]) is None


@pytest.mark.parametrize(
    ("version", "id"), [(version, id) for version, cases in SCORING_CASES.items() for id in cases]
)
def test_a_scoring_rule_gives_its_points_where_it_should(version: str, id: str) -> None:
    assert checks.scoring(id, SCORING_CASES[version][id], VERSIONS[version]) is None


def test_no_case_is_written_for_a_rule_that_does_not_exist() -> None:
    for version, rules in VERSIONS.items():
        assert set(SAFETY_CASES[version]) == {rule.id for rule in rules.safety}
        scoring = {rule.id for rule in (*rules.back, *rules.preferences)} | {rules.liked.id}
        assert set(SCORING_CASES[version]) == scoring


def test_rule_ids_are_unique_and_counted() -> None:
    rules: list[SafetyRule | ScoringRule] = [*CURRENT.safety, *CURRENT.back, *CURRENT.preferences]
    ids = [rule.id for rule in rules]
    assert len(ids) == len(set(ids))
    families = {letter: sum(1 for id in ids if id.startswith(letter)) for letter in "URTXCEP"}
    assert families == {"U": 14, "R": 33, "T": 28, "X": 7, "C": 29, "E": 60, "P": 5}


def test_safety_rules_stand_in_the_order_of_their_levels_families() -> None:
    families = "".join(rule.id[0] for rule in CURRENT.safety)
    assert families == "U" * 14 + "R" * 33 + "T" * 28 + "X" * 7 + "C" * 29


def test_every_safety_rule_cites_known_sources() -> None:
    for rule in CURRENT.safety:
        assert rule.sources
        assert set(rule.sources) <= set(SOURCES), rule.id


def test_every_point_cites_a_section_or_says_that_it_is_a_default() -> None:
    for rule in (*CURRENT.back, *CURRENT.preferences):
        for points in rule.points:
            assert set(points.sections) <= set(SECTIONS)
            assert bool(points.sections) == (points.basis == "guidance"), rule.id
            assert points.points != 0


def test_only_stops_carry_a_disposition() -> None:
    for rule in CURRENT.safety:
        assert (rule.disposition is not None) == rule.level.stops, rule.id
        if rule.level is Level.URGENT:
            assert rule.disposition is Disposition.EMERGENCY
    postponements = {rule.id for rule in CURRENT.safety if rule.disposition is Disposition.POSTPONE}
    assert postponements == {"R22", "R23", "R31", "R32"}


WITH: Final[dict[str, dict[str, object]]] = {
    "small_fall": {"age_years": 70},
    "wakes_late_at_night": {"eases_with_movement": "yes", "pain_duration": "gt_12w", "age_years": 30},
}
"""Signs that ask one thing only, with the other answers their rule reads."""


def test_every_red_flag_fires_the_rule_it_names() -> None:
    for flag in RED_FLAGS.values():
        rule = CURRENT.safety_by_id[flag.rule]
        assert rule.when.holds(Facts.of({"red_flags": [flag.code], **WITH.get(flag.code, {})}))
        assert flag.urgent == (rule.level is Level.URGENT)


def test_urgent_red_flags_come_first() -> None:
    urgent = [flag.urgent for flag in RED_FLAGS.values()]
    assert urgent == sorted(urgent, reverse=True)
    assert len(urgent) == 27
    assert len(ASKED_FLAGS) == 23
    assert {flag.instead for flag in RED_FLAGS.values()} - {""} <= set(ASKED_FLAGS)


def test_contradictions_name_two_fields_and_ask_to_look_again() -> None:
    for rule in CURRENT.contradictions:
        assert rule.id.startswith("X")
        assert len(rule.look_again) == 2
        for name in rule.look_again:
            assert name in FIELDS or name.removeprefix("red_flags.") in RED_FLAGS
        assert "look at both" in rule.ask_again
    assert len(CURRENT.contradictions) == 7


def test_a_rule_set_is_found_by_its_version() -> None:
    assert rule_set("2026.12") is CURRENT
    assert rule_set("2026.11") is V2026_11
    with pytest.raises(UnknownRuleSet):
        rule_set("1999.01")


def test_a_rule_cannot_name_what_does_not_exist() -> None:
    for wrong in (
        {"exclude": ("reiki",)},
        {"avoid": ("tail",)},
        {"forbid": ("cupping",)},
        {"points": (("reiki", -1),)},
    ):
        with pytest.raises(ValueError, match="no "):
            Effect(**wrong)


def test_every_type_of_massage_is_scored_by_some_rule() -> None:
    scored = {points.modality for rule in CURRENT.back for points in rule.points if points.points > 0}
    assert scored == set(MODALITIES)


def test_a_stop_must_say_what_it_asks_for_and_nothing_else_may() -> None:
    stop, caution = CURRENT.safety_by_id["R01"], CURRENT.safety_by_id["C01"]
    with pytest.raises(ValueError, match="R01 is refer"):
        replace(stop, disposition=None)
    with pytest.raises(ValueError, match="C01 is caution"):
        replace(caution, disposition=Disposition.DOCTOR)
