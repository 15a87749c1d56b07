"""What to mind: what the plan says of each time, beside what safety says, each once."""

from types import SimpleNamespace
from typing import cast

from clinic.guidance.engine import screen, suggest
from clinic.guidance.facts import Facts
from clinic.guidance.plan import draft
from clinic.intake.explanation import ExplainedSafety
from clinic.plans.care_summary import summary
from clinic.plans.models import Plan


def test_goals_and_soreness_are_minded_each_time_beside_safety() -> None:
    facts = Facts.of(
        {
            "visit_goals": ["sleep"],
            "past_reaction": "sore_1_2_days",
            "pregnancy": "t2",
            "massage_experience": "some",
        }
    )
    safety = screen(facts)
    suggestion = suggest(facts, safety)
    assert suggestion is not None
    content = draft(facts, safety, suggestion).as_dict() | {"modalities": ["swedish"]}
    care = summary(ExplainedSafety.read(safety.as_dict()), cast(Plan, SimpleNamespace(content=content)))
    assert care.position
    assert not set(care.position) & set(care.care)
    assert len(care.care) == len(set(care.care))
    assert any("sleep" in line for line in care.care)
    assert any(line.startswith("Was sore") for line in care.care)
