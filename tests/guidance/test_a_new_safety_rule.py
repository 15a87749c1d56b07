"""A new safety rule touches at most four files: proved by adding one to the newest rule set of a copy and asking."""

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from clinic.guidance import rules
from tests import scratch

RULE = """    SafetyRule(
        id="T99",
        level=Level.THERAPIST_REVIEW,
        when=is_("sleep_problem", "yes"),
        why="The back disturbs sleep",
        sources=("default",),
        effect=Effect(exclude=("craniosacral",)),
    ),
"""
SCRIPT = """
import json
from clinic.intake.assessment import advice_so_far, assess, so_far
from clinic.intake.explanation import ExplainedSafety
from tests.plans.intakes import KNOTS

answers = {**KNOTS, "sleep_problem": "yes"}
read = ExplainedSafety.read(assess(answers).explanation()["safety"])
(fired,) = read.fired
print(json.dumps({
    "now": so_far(answers).level, "without": so_far(KNOTS).level, "rule": fired.rule, "why": fired.why,
    "when": fired.when, "changes": fired.changes, "against": read.exclusions, "told": advice_so_far(answers).whys,
}))
"""


def safety_module() -> Path:
    """The module of the newest rule set's safety rules, from the project's root."""
    for name, module in list(sys.modules.items()):
        if name.startswith("clinic.guidance.rules.v") and getattr(module, "RULE_SET", None) is rules.CURRENT:
            safety = importlib.import_module(f"{name}.safety")
            assert safety.__file__ is not None
            return Path(safety.__file__).relative_to(scratch.ROOT)
    raise AssertionError("the newest rule set has no package")


def with_a_new_rule(tree: Path) -> Mapping[str, str]:
    """The files that a new rule touches, as they read afterwards: the rule becomes the first of its set."""
    name, rows = str(safety_module()), "SAFETY: Final = ("
    return {name: scratch.changed(tree / name, rows, f"{rows}\n{RULE}")}


def test_adding_a_safety_rule_touches_one_file_and_it_is_judged_stored_read_and_told(tmp_path: Path) -> None:
    tree = scratch.copied(tmp_path)
    scratch.add(tree, with_a_new_rule(tree))
    told = json.loads(scratch.run(tree, SCRIPT))
    assert (told["without"], told["now"], told["rule"]) == ("ok", "therapist_review", "T99")
    assert told["why"] == "The back disturbs sleep"
    assert told["told"] == ["The back disturbs sleep"]
    assert "Sleep" in told["when"]
    assert told["changes"] == ["Left out: craniosacral therapy."]
    assert told["against"] == {"craniosacral": ["T99"]}
