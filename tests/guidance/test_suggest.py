"""The command: facts in, results out, or one line saying what is wrong."""

import io
import json
import time

import pytest

from clinic.guidance import suggest
from clinic.guidance.knowledge import MODALITIES
from tests.guidance.clients import CLIENTS


def run(text: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return suggest.run(io.StringIO(text), out, err), out.getvalue(), err.getvalue()


def results(facts: object) -> list[dict[str, object]]:
    status, out, err = run(json.dumps(facts))
    assert (status, err) == (0, "")
    answer: list[dict[str, object]] = json.loads(out)
    return answer


def test_one_object_gives_a_list_with_one_result() -> None:
    (result,) = results({"muscle_findings": ["knots"], "pressure_preference": "firm", "pain_areas": ["neck"]})
    assert list(result) == [
        "safety",
        "disposition",
        "safety_rules",
        "top",
        "ranked",
        "scores",
        "excluded",
        "confidence",
        "plan",
        "rule_set",
    ]
    assert (result["safety"], result["disposition"], result["top"]) == ("ok", None, "deep_tissue")
    assert result["rule_set"] == "2026.12"
    assert isinstance(result["scores"], dict)
    assert set(result["scores"]) == set(MODALITIES)


def test_a_list_gives_results_in_order() -> None:
    assert [
        result["top"] for result in results([{"age_years": 40}, {"muscle_findings": ["restricted_fascia"]}])
    ] == [
        "swedish",
        "myofascial_release",
    ]
    assert results([]) == []


def test_a_shown_type_has_reasons_that_add_up() -> None:
    (result,) = results(CLIENTS[3].facts)
    ranked = result["ranked"]
    assert isinstance(ranked, list)
    for match in ranked:
        assert sum(reason["points"] for reason in match["reasons"]) == match["score"]
        assert all(
            set(reason) == {"rule", "points", "text", "sections", "answers"} for reason in match["reasons"]
        )
    assert ranked[0]["reasons"][0] == {
        "rule": "E03",
        "points": 3,
        "text": "You feel knots in the muscle, and the guidance names this type for them.",
        "sections": ["G6", "G8"],
        "answers": {"muscle_findings": ["knots"]},
    }


def test_the_plan_has_its_six_parts() -> None:
    (result,) = results(
        {"pain_areas": ["lower_back"], "pain_duration": "gt_12w", "pressure_preference": "medium"}
    )
    plan = result["plan"]
    assert isinstance(plan, dict)
    assert list(plan) == ["areas", "pressure", "techniques", "minutes", "course", "reassess"]
    assert (plan["areas"], plan["pressure"], plan["minutes"]) == (["lower_back"], "medium", 60)
    assert plan["course"] == {"sessions": 8, "every": "weekly", "text": "Weekly, 8 to 10 sessions."}
    assert plan["reassess"]["after"] == [4, 8]
    assert plan["techniques"][0]["technique"] == "effleurage"


@pytest.mark.parametrize(
    ("facts", "level", "disposition", "rules"),
    [
        ({"red_flags": ["saddle_numbness"]}, "urgent", "emergency", ["U01"]),
        ({"red_flags": ["weight_loss"]}, "refer", "doctor", ["R02"]),
        ({"today": ["alcohol_or_drugs"]}, "refer", "postpone", ["R23"]),
        ({"red_flags_unsure": ["leg_clot_signs"]}, "refer", "doctor", ["unsure:leg_clot_signs"]),
    ],
)
def test_a_stop_holds_no_type_and_no_plan(
    facts: dict[str, object], level: str, disposition: str, rules: list[str]
) -> None:
    (result,) = results({**facts, "muscle_findings": ["knots"]})
    assert (result["safety"], result["disposition"], result["safety_rules"]) == (level, disposition, rules)
    assert (result["top"], result["ranked"], result["plan"], result["confidence"]) == (None, [], None, None)
    assert result["scores"] == dict.fromkeys(MODALITIES, 0)


def test_review_holds_what_the_therapist_sees() -> None:
    (result,) = results({"medications": ["anticoagulant"], "stress_level": 9})
    assert result["safety"] == "therapist_review"
    assert result["top"] == "relaxation"
    assert result["plan"] is not None
    assert {
        "modality": "deep_tissue",
        "rule": "T01",
        "text": "Left out for your safety: Blood-thinning medicine.",
    } in (result["excluded"] if isinstance(result["excluded"], list) else [])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"shoe_size": 43}', "shoe_size"),
        ('{"mood": "awful"}', "awful"),
        ('{"age_years": "41"}', "age_years"),
        ('{"age_years": 111}', "age_years"),
        ('{"age_years": ' + "9" * 5000 + "}", "age_years"),
        ('{"age_years": true}', "age_years"),
        ('{"age_years": 41.0}', "age_years"),
        ('{"age_years": NaN}', "age_years"),
        ('{"age_years": null}', "age_years"),
        ('{"conditions": null}', "conditions"),
        ('{"conditions": [null]}', "conditions"),
        ('{"conditions": "asthma"}', "conditions"),
        ('\ufeff{"age_years": 41}', "not JSON"),
        ('{"conditions": ["asthma", "asthma"]}', "asthma"),
        ('[{"age_years": 41}, {"moood": "mild"}]', "client 2: moood"),
        ('{"age_years": 41, "age_years": 42}', "age_years"),
        ('{"line\\nbreak": 1}', "line break"),
        ("[41]", "client 1"),
        ("41", "client 1"),
        ("{", "not JSON"),
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_cannot_be_read_gives_one_line_and_no_output(text: str, named: str) -> None:
    status, out, err = run(text)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert named in err


def test_one_bad_client_keeps_all_results_back() -> None:
    status, out, _ = run(json.dumps([{}, {"shoe_size": 43}]))
    assert (status, out) == (2, "")


def test_a_thousand_clients_take_under_a_second() -> None:
    many = json.dumps([CLIENTS[number % len(CLIENTS)].facts for number in range(1000)])
    run(many)
    before = time.process_time()
    status, _, _ = run(many)
    assert status == 0
    assert time.process_time() - before < 1
