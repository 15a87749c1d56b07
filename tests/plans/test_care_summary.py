"""What to mind: what the plan says of each time, beside what safety says, each once."""

from types import SimpleNamespace
from typing import cast

import pytest

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
    care = summary(ExplainedSafety.read(safety.as_dict()), cast(Plan, SimpleNamespace(content=content)), 60)
    assert care.position
    assert not set(care.position) & set(care.care)
    assert len(care.care) == len(set(care.care))
    assert any("sleep" in line for line in care.care)
    assert any(line.startswith("Was sore") for line in care.care)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (60, ("neck, shoulders, 40 minutes.", "lower back, 20 minutes.")),
        (90, ("neck, shoulders, 60 minutes.", "lower back, 30 minutes.")),
        (50, ("neck, shoulders, 30 minutes.", "lower back, 20 minutes.")),
    ],
)
def test_types_by_area_add_up_to_the_visit(minutes: int, expected: tuple[str, str]) -> None:
    parts = [
        {"areas": ["neck", "shoulders"], "modality": "deep_tissue", "name": "Deep tissue", "minutes": 30},
        {"areas": ["lower_back"], "modality": "swedish", "name": "Swedish", "minutes": 15},
    ]
    plan = cast(Plan, SimpleNamespace(content={"area_parts": parts, "modalities": ["deep_tissue"]}))
    care = summary(ExplainedSafety.read({}), plan, minutes)
    assert care.by_area == (f"Deep tissue: {expected[0]}", f"Swedish: {expected[1]}")
