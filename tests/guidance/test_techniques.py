"""The table of techniques is complete, and it is what screening does."""

import pytest

from clinic.guidance.engine import screen, suggest
from clinic.guidance.facts import Facts
from clinic.guidance.fields import FIELDS
from clinic.guidance.knowledge import TECHNIQUES
from clinic.guidance.plan import draft
from clinic.guidance.rules.v2026_12.techniques import (
    RULE_OF,
    TECHNIQUES_BY_CONDITION,
    TECHNIQUES_BY_MEDICINE,
    TechniqueRow,
)
from clinic.guidance.sources import SOURCES

ROWS = [
    *(("conditions", row) for row in TECHNIQUES_BY_CONDITION),
    *(("medications", row) for row in TECHNIQUES_BY_MEDICINE),
]


def test_every_condition_and_every_medicine_has_a_row() -> None:
    for field, table in (("conditions", TECHNIQUES_BY_CONDITION), ("medications", TECHNIQUES_BY_MEDICINE)):
        assert sorted(row.code for row in table) == sorted(FIELDS[field].codes - {"none"})
    assert len(TECHNIQUES) == 15


@pytest.mark.parametrize(("field", "row"), ROWS, ids=lambda value: getattr(value, "code", value))
def test_screening_takes_away_what_the_table_says(field: str, row: TechniqueRow) -> None:
    outcome = screen(Facts.of({field: [row.code], "back_pain_now": "no"}))
    assert outcome.level.stops == row.stops
    assert set(row.away) == set(outcome.forbidden)
    assert set(row.away) <= set(TECHNIQUES)
    assert set(row.sources) <= set(SOURCES)
    assert row.away or row.why
    assert not row.away or RULE_OF[row.code] in outcome.rules


@pytest.mark.parametrize("code", ["bleeding_disorder", "low_platelets", "liver_disease"])
def test_bleeding_risk_forbids_friction(code: str) -> None:
    assert {"friction", "cross_grain", "tapotement", "percussion"} <= set(
        screen(Facts.of({"conditions": [code]})).forbidden
    )


@pytest.mark.parametrize(("field", "row"), ROWS, ids=lambda value: getattr(value, "code", value))
def test_a_suggested_type_keeps_a_technique_to_work_with(field: str, row: TechniqueRow) -> None:
    for wish in ("acupressure_points", "device_vibration", "stretching"):
        facts = Facts.of(
            {
                field: [row.code],
                "back_pain_now": "no",
                "approach_interest": [wish],
                "muscle_findings": ["restricted_fascia", "tender_points_refer"],
            }
        )
        outcome = screen(facts)
        suggestion = suggest(facts, outcome)
        if suggestion is None:
            continue
        plan = draft(facts, outcome, suggestion)
        assert not {item.technique for item in plan.techniques} & set(outcome.forbidden)
        assert {part.modality for part in plan.mix} <= {item.modality for item in plan.techniques} | {
            "craniosacral"
        }
