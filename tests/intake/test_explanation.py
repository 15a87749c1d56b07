"""Stored explanations stay readable: samples as older versions stored them, with keys missing and keys unknown."""

import ast
import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clinic.guidance import engine, plan
from clinic.guidance.facts import Facts
from clinic.guidance.levels import Disposition, Level
from clinic.intake.explanation import ExplainedPlan, Explanation, safety_of
from clinic.intake.models import Outcome, SubmissionKind
from tests import make
from tests.plans.intakes import BLOOD_PRESSURE, KNOTS, NUMBNESS, send

pytestmark = pytest.mark.usefixtures("database")

ROOT = Path(__file__).parents[2]
STORED = sorted((Path(__file__).parent / "stored").glob("*.json"))
SAMPLES = {
    f"{file.stem} {name}": sample for file in STORED for name, sample in json.loads(file.read_text()).items()
}
LEVELS = {"knots": "ok", "blood_pressure": "caution", "numbness": "urgent", "oils": "ok"}

NEEDED = frozenset(
    {"rule", "level", "modality", "name", "points", "score", "text", "code", "heading", "minutes", "percent"}
    | {"technique", "aim"}
)
"""Keys without which a row of a list says nothing; each version has always stored them."""


def stored(explanation: dict[str, Any], level: str = "ok", kind: str = SubmissionKind.FULL) -> Outcome:
    """An outcome that holds this explanation."""
    disposition = {"urgent": "emergency", "refer": "doctor"}.get(level)
    return make.submission(level=level, disposition=disposition, explanation=explanation, kind=kind).outcome


def test_samples_of_every_version_are_there() -> None:
    assert {file.stem for file in STORED} == {"first", "2026_11", "2026_12"}
    assert all(set(json.loads(file.read_text())) == set(LEVELS) for file in STORED)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_stored_sample_is_read_as_it_was_meant(name: str) -> None:
    sample, level = SAMPLES[name], LEVELS[name.split()[1]]
    read = Explanation.of(stored(sample, level))
    assert read.level == level
    assert [rule.rule for rule in read.fired] == [row["rule"] for row in sample["safety"]["fired"]]
    assert [rule.answers for rule in read.fired] == [row["answers"] for row in sample["safety"]["fired"]]
    assert set(read.exclusions) == {row["modality"] for row in sample["safety"]["exclusions"]}
    assert read.safety.heading == sample["safety"]["heading"]
    assert list(read.safety.say) == sample["safety"]["say"]
    if sample["suggestion"] is None:
        assert (read.ranked, read.left_out, read.plan) == ((), (), None)
        return
    ranked = sample["suggestion"]["ranked"]
    assert list(read.suggested) == [row["modality"] for row in ranked]
    assert [[one.text for one in match.reasons] for match in read.ranked] == [
        [one["text"] for one in row["reasons"]] for row in ranked
    ]
    assert [[one.sections for one in match.reasons] for match in read.ranked] == [
        [tuple((s["code"], s["heading"]) for s in one["sections"]) for one in row["reasons"]]
        for row in ranked
    ]
    assert [match.base for match in read.ranked] == [row["base"] for row in ranked]
    assert read.evidence == sample["suggestion"]["evidence"]
    assert read.plan is not None
    assert list(read.plan.areas) == sample["plan"]["areas"]
    assert read.plan.course.sessions == sample["plan"]["course"]["sessions"]
    assert list(read.plan.reassess.after) == sample["plan"]["reassess"]["after"]
    assert read.plan.length is not None
    assert read.plan.length.minutes == sample["plan"]["length"]["minutes"]
    assert [step.aim for step in read.plan.techniques] == [row["aim"] for row in sample["plan"]["techniques"]]


def test_the_samples_say_what_their_clients_answered() -> None:
    told = Explanation.of(stored(SAMPLES["first blood_pressure"], "caution"))
    assert [rule.rule for rule in told.fired] == ["C07"]
    assert told.rules_against(["deep_tissue"]) == {"C07"}
    assert told.left_out[0].modality == "deep_tissue"
    assert told.left_out[0].rules == ("C07",)
    # It is stored apart, because pressure leaves it out and not the rule by name; who reads the rule reads both.
    changes = told.fired[0].changes
    assert [line for line in changes if line.startswith("Left out")] == [
        "Left out: deep tissue massage, mechanical impulse therapy."
    ]
    assert changes[0] == "Medium pressure at most."


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every key of an object, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value[:1]):
            yield from _paths(inner, (*path, place))


def _object_at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize("name", ["first blood_pressure", "first numbness"])
def test_a_version_that_lacks_a_key_or_adds_one_is_read_all_the_same(name: str) -> None:
    sample, outcome = SAMPLES[name], stored({}, "urgent")
    for path in _paths(sample):
        if "answers" in path[:-1]:
            continue
        older = copy.deepcopy(sample)
        holder = _object_at(older, path[:-1])
        holder["from_another_year"] = [1]
        if path[-1] not in NEEDED:
            del holder[path[-1]]
        outcome.explanation = older
        assert Explanation.of(outcome).level == "urgent"


@pytest.mark.parametrize("nothing", [{}, {"safety": None, "suggestion": None, "plan": None}])
def test_an_outcome_without_explanation_reads_as_one_that_says_nothing(nothing: dict[str, Any]) -> None:
    read = Explanation.of(stored(nothing, "refer"))
    assert (read.level, read.fired, read.ranked, read.plan) == (Level.REFER, (), (), None)
    assert safety_of(stored(nothing)).rules == frozenset()
    assert ExplainedPlan.read({}).course.sessions is None


def test_the_short_form_of_a_visit_suggests_and_plans_nothing() -> None:
    read = Explanation.of(stored(SAMPLES["2026_11 knots"], kind=SubmissionKind.DAY_OF_VISIT))
    assert (read.is_short, read.ranked, read.plan) == (True, (), None)


@pytest.mark.parametrize("answers", [KNOTS, BLOOD_PRESSURE, NUMBNESS], ids=["knots", "pressure", "numbness"])
def test_what_is_stored_today_has_the_keys_that_are_read(answers: dict[str, Any]) -> None:
    outcome = send(make.client(), answers)
    read = Explanation.of(outcome)
    assert {rule.rule for rule in read.fired} == set(outcome.rules)
    assert all(rule.why and rule.answers for rule in read.fired)
    assert read.disposition is (Disposition.EMERGENCY if answers is NUMBNESS else None)
    assert bool(read.plan and read.plan.mix and read.summary) is (answers is not NUMBNESS)


MAY_HOLD_IT_WHOLE = {"clinic/intake/explanation.py", "clinic/intake/services.py"}
"""The reader; and the copy of a submission, which hands the explanation on unread."""


def _takes_it_apart(module: str) -> list[int]:
    """Lines where something called `explanation` is read, other than by calling it."""
    tree = ast.parse(module)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "explanation"
        and isinstance(node.ctx, ast.Load)
        and id(node) not in called
    ]


def test_only_one_module_takes_a_stored_explanation_apart() -> None:
    readers = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "clinic").rglob("*.py")
        if _takes_it_apart(file.read_text("utf-8"))
    }
    assert readers == MAY_HOLD_IT_WHOLE
    pages = [
        file for file in (ROOT / "templates").rglob("*.html") if ".explanation" in file.read_text("utf-8")
    ]
    assert not pages


def test_the_guard_sees_a_module_that_reads_it() -> None:
    assert _takes_it_apart("level = outcome.explanation['safety']")
    assert not _takes_it_apart("outcome.explanation = assessed.explanation()")


def test_a_technique_of_two_types_is_told_once_under_the_first_with_both_aims() -> None:
    facts = Facts.of({"stress_level": 9, "muscle_findings": ["stiffness"], "pressure_preference": "medium"})
    outcome = engine.screen(facts)
    suggestion = engine.suggest(facts, outcome)
    assert suggestion is not None
    drafted = plan.draft(facts, outcome, suggestion)
    assert [one.technique for one in drafted.techniques].count("effleurage") == 2
    groups = ExplainedPlan.read(drafted.as_dict()).techniques_by_type
    assert [group.modality for group in groups] == [part.name for part in drafted.mix]
    told = [words for group in groups for words in group.techniques]
    strokes = [words for words in told if words.startswith("Long gliding strokes")]
    assert strokes == [groups[0].techniques[0]]
    assert all(one.aim in strokes[0] for one in drafted.techniques if one.technique == "effleurage")
    assert len(told) == len({one.technique for one in drafted.techniques})
