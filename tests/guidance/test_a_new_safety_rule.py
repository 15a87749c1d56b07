"""A new safety rule touches at most four files: proved by adding one to a copy, in a new rule set, and asking."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from tests import scratch

NEXT = """
from dataclasses import replace
from typing import Final

from clinic.guidance.conditions import is_
from clinic.guidance.levels import Level
from clinic.guidance.rules.kinds import Effect, RuleSet, SafetyRule
from clinic.guidance.rules.{newest} import RULE_SET as BEFORE

NEW: Final = SafetyRule(
    id="T99",
    level=Level.THERAPIST_REVIEW,
    when=is_("sleep_problem", "yes"),
    why="The back disturbs sleep",
    sources=("default",),
    effect=Effect(exclude=("craniosacral",)),
)
RULE_SET: Final[RuleSet] = replace(BEFORE, version="2099.01", safety=(*BEFORE.safety, NEW))
"""
SCRIPT = """
import json
from clinic.guidance.rules import VERSIONS
from clinic.intake.assessment import advice_so_far, assess, so_far
from clinic.intake.explanation import ExplainedSafety
from tests.plans.intakes import KNOTS

answers = {**KNOTS, "sleep_problem": "yes"}
read = ExplainedSafety.read(assess(answers).explanation()["safety"])
(fired,) = read.fired
print(json.dumps({
    "now": so_far(answers).level, "without": so_far(KNOTS).level, "rule": fired.rule, "why": fired.why,
    "when": fired.when, "changes": fired.changes, "against": read.exclusions, "told": advice_so_far(answers).whys,
    "set": assess(answers).safety.rule_set, "kept": sorted(VERSIONS)[-1],
}))
"""


def with_a_new_rule(tree: Path) -> Mapping[str, str]:
    """The files that a new rule touches, as they read afterwards: a set in use is not edited, so it opens the next one."""
    listed = "clinic/guidance/rules/__init__.py"
    (newest,) = re.findall(r"^CURRENT: Final = (\w+)$", (tree / listed).read_text("utf-8"), re.MULTILINE)
    current = scratch.changed(
        tree / listed,
        f"CURRENT: Final = {newest}\n",
        "from clinic.guidance.rules.v2099_01 import RULE_SET as V2099_01\n\nCURRENT: Final = V2099_01\n",
    )
    folder = "clinic/guidance/rules/v2099_01"
    (tree / folder).mkdir()
    return {
        f"{folder}/__init__.py": NEXT.replace("{newest}", newest.lower()),
        listed: re.sub(r"(for rules in \(.*?),?\)", r"\1, V2099_01)", current),
    }


def test_adding_a_safety_rule_touches_two_files_and_it_is_judged_stored_read_and_told(tmp_path: Path) -> None:
    tree = scratch.copied(tmp_path)
    scratch.add(tree, with_a_new_rule(tree))
    told = json.loads(scratch.run(tree, SCRIPT))
    assert (told["without"], told["now"], told["rule"]) == ("ok", "therapist_review", "T99")
    assert told["set"] == told["kept"] == "2099.01"
    assert told["why"] == "The back disturbs sleep"
    assert told["told"] == ["The back disturbs sleep"]
    assert "Sleep" in told["when"]
    assert told["changes"] == ["Left out: craniosacral therapy."]
    assert told["against"] == {"craniosacral": ["T99"]}
