"""The rule book tells every rule of a rule set in words, whatever a rule has, and finds what differs between two texts."""

import re
from dataclasses import dataclass, fields, replace
from enum import StrEnum

import pytest

from clinic.guidance.conditions import has, is_
from clinic.guidance.levels import Level
from clinic.guidance.rule_book import ChangeKind, changes, hash_of, in_words, rule_book
from clinic.guidance.rules import CURRENT, V2026_11, VERSIONS
from clinic.guidance.rules.kinds import Effect, Note, RuleSet, SafetyRule, ScoringRule
from tests.guidance.versions import OLDER


@pytest.mark.parametrize("rule_set", VERSIONS.values(), ids=lambda rules: rules.version)
def test_every_rule_stands_there_once_with_a_source(rule_set: RuleSet) -> None:
    book = rule_book(rule_set)
    ids = [rule.id for rule in book.rules]
    wanted = [
        *(rule.id for rule in rule_set.safety),
        *(rule.id for rule in (*rule_set.back, *rule_set.preferences)),
    ]
    assert len(ids) == len(set(ids))
    assert set(wanted) <= set(ids)
    assert all(rule.sources and rule.lines and rule.heading for rule in book.rules)
    assert sum(len(rules) for _, _, rules in book.groups()) == len(ids)


def test_a_safety_rule_says_when_what_happens_and_where_it_comes_from() -> None:
    rule = next(rule for rule in rule_book(CURRENT).rules if rule.id == "U01")
    lines = dict(rule.lines)
    assert "Numb or tingling between the legs" in lines["When"]
    assert "told to call" in lines["What happens"]
    assert "NHS" in [source.key for source in rule.sources]


def test_a_stop_says_how_soon_where_and_what_to_tell_them() -> None:
    rule = next(rule for rule in rule_book(VERSIONS["2026.12"]).rules if rule.id == "R01")
    assert ("How soon", "today") in rule.lines
    assert ("Where", "Own doctor") in rule.lines
    assert ("Waits for the answer to", "Pain that is new or has changed") in rule.lines
    assert any(title == "What to tell them" for title, _ in rule.lines)


def test_what_a_client_is_told_to_watch_for_stands_there_in_words() -> None:
    rule = next(rule for rule in rule_book(VERSIONS["2026.12"]).rules if rule.id == "X01")
    assert dict(rule.lines)["The client is told to watch for"] != "nerve"


def test_a_rule_without_a_source_is_marked_as_a_default() -> None:
    of = {rule.id: rule for rule in rule_book(CURRENT).rules}
    assert [source.is_default for source in of["P04"].sources] == [True]
    assert [source.is_default for source in of["C07"].sources] == [False, True]


def test_a_rule_of_points_names_the_sections_of_the_document() -> None:
    rule = next(rule for rule in rule_book(CURRENT).rules if rule.id == "E04")
    assert "Trigger point therapy +5" in dict(rule.lines)["Points"]
    assert [source.short for source in rule.sources] == ["Guidance, G6", "Guidance, G9", "Guidance, G10"]


class SeenBy(StrEnum):
    TWO_THERAPISTS = "two_therapists"


@dataclass(frozen=True, kw_only=True)
class WitnessedRule(SafetyRule):
    """A safety rule as a later rule set may have it."""

    seen_by: SeenBy | None = None


def witnessed(**more: object) -> RuleSet:
    plain = CURRENT.safety[0]
    rule = WitnessedRule(**{field.name: getattr(plain, field.name) for field in fields(plain)}, **more)
    return replace(CURRENT, safety=(rule, *CURRENT.safety[1:]))


def test_what_a_later_rule_set_adds_is_told_and_signed_without_a_change_here() -> None:
    book = rule_book(witnessed(seen_by=SeenBy.TWO_THERAPISTS))
    assert ("Seen by", "two therapists") in book.rules[0].lines
    assert book.text_hash != rule_book(CURRENT).text_hash
    assert rule_book(witnessed()).text == rule_book(CURRENT).text


EVERY_DIFFERENCE = {
    "level": {"level": Level.CAUTION, "disposition": None},
    "condition": {"when": is_("massage_experience", "some")},
    "points": {"effect": Effect(points=(("swedish", -1),))},
    "more points": {"effect": Effect(points=(("swedish", -2),))},
    "note": {"effect": Effect(notes=(Note("x", "Mind this."),))},
    "why": {"why": "Another sentence"},
    "source": {"sources": ("default",)},
    "remark": {"remark": "Something to know."},
}


def test_no_two_different_rules_read_alike() -> None:
    texts = {rule_book(CURRENT).text}
    for difference in EVERY_DIFFERENCE.values():
        changed = replace(CURRENT.safety[0], **difference)  # type: ignore[arg-type]  # Names are checked by replace.
        texts.add(rule_book(replace(CURRENT, safety=(changed, *CURRENT.safety[1:]))).text)
    assert len(texts) == len(EVERY_DIFFERENCE) + 1


def test_figures_of_the_whole_set_are_part_of_the_text() -> None:
    assert rule_book(replace(CURRENT, clear_lead=9)).text != rule_book(CURRENT).text


def test_the_hash_is_of_the_text_and_the_same_again() -> None:
    book = rule_book(CURRENT)
    assert book.text_hash == hash_of(book.text) == rule_book(replace(CURRENT)).text_hash
    assert re.fullmatch("[0-9a-f]{64}", book.text_hash)


def test_changed_rules_are_found_with_the_lines_that_differ() -> None:
    found = changes(rule_book(OLDER).text, rule_book(CURRENT).text)
    assert [(change.kind, change.id) for change in found] == [
        (ChangeKind.CHANGED, "T01"),
        (ChangeKind.CHANGED, "E04"),
    ]
    assert found[0].before[0].startswith("What happens: Can be booked.")
    assert found[0].after[0].startswith("What happens: A visit can only be asked for.")


def test_a_change_says_whether_it_is_stricter_or_milder() -> None:
    def direction(old: RuleSet, new: RuleSet) -> str:
        (change,) = changes(rule_book(old).text, rule_book(new).text)
        return change.direction

    first, *others = CURRENT.safety
    milder = replace(
        CURRENT, safety=(replace(first, level=Level.THERAPIST_REVIEW, disposition=None), *others)
    )
    without = replace(CURRENT, safety=tuple(others))
    reworded = replace(CURRENT, safety=(replace(first, why="In other words"), *others))
    noted = replace(
        CURRENT, safety=(replace(first, effect=Effect(notes=(Note("x", "Mind this."),))), *others)
    )
    assert (direction(CURRENT, milder), direction(milder, CURRENT)) == ("Milder", "Stricter")
    assert (direction(CURRENT, without), direction(without, CURRENT)) == ("Milder", "Stricter")
    assert (direction(CURRENT, noted), direction(noted, CURRENT)) == ("Stricter", "Milder")
    assert direction(CURRENT, reworded) == ""
    assert {
        one.direction
        for one in changes(rule_book(V2026_11).text, rule_book(CURRENT).text)
        if one.id[0] in "EPF"
    } == {""}


def test_new_and_removed_rules_are_found_and_a_rule_that_only_moved_is_not() -> None:
    without = replace(CURRENT, safety=CURRENT.safety[1:])
    turned = replace(CURRENT, safety=CURRENT.safety[::-1])
    gone = changes(rule_book(CURRENT).text, rule_book(without).text)
    assert [(change.kind, change.id, change.after) for change in gone] == [(ChangeKind.REMOVED, "U01", ())]
    new = changes(rule_book(without).text, rule_book(CURRENT).text)
    assert [(change.kind, change.id, change.before) for change in new] == [(ChangeKind.ADDED, "U01", ())]
    assert changes(rule_book(CURRENT).text, rule_book(turned).text) == ()


def test_a_line_break_inside_a_sentence_does_not_look_like_another_rule() -> None:
    odd = replace(CURRENT.safety[0], why="One\n\nX99. Two")
    book = rule_book(replace(CURRENT, safety=(odd, *CURRENT.safety[1:])))
    assert [change.id for change in changes(rule_book(CURRENT).text, book.text)] == ["U01"]


def test_any_value_is_told_in_words() -> None:
    scoring = ScoringRule(
        id="S", when=has("conditions", "hypertension_controlled"), points=(), reason="Because."
    )
    assert in_words(("swedish", "friction")) == "Swedish massage, Cross-fibre friction"
    assert in_words({"friction": ("deep_tissue",)}) == "Cross-fibre friction: Deep tissue massage"
    assert in_words(frozenset({"b", "a"})) == "a, b"
    assert in_words(True) == "yes"
    assert in_words(has("conditions", "hypertension_controlled")).startswith("“Conditions” includes")
    assert "reason Because." in in_words(scoring)
    for silent in (None, (), "", {}, False):
        assert in_words(silent) == ""
