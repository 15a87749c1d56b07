"""Matching beyond single points: ties, oils, the gentle default, what was left out, and the words."""

import pytest

from clinic.guidance.engine import Suggestion, screen, suggest
from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import MODALITIES, SECTIONS
from tests.guidance.people import Answers


def suggested(answers: Answers) -> Suggestion:
    facts = Facts.of(answers)
    suggestion = suggest(facts, screen(facts))
    assert suggestion is not None
    return suggestion


FIRST: dict[str, Answers] = {
    "swedish": {
        "muscle_findings": ["general_tightness", "stiffness"],
        "pain_avg_nrs": 3,
        "pressure_preference": "medium",
    },
    "relaxation": {"stress_level": 9, "mood": "mild", "pressure_preference": "light"},
    "trigger_point": {"muscle_findings": ["tender_points_refer"], "onset_triggers": ["repetitive_motion"]},
    "deep_tissue": {
        "muscle_findings": ["deep_chronic_tension", "knots"],
        "pain_duration": "gt_12w",
        "pressure_preference": "firm",
    },
    "neuromuscular": {"muscle_findings": ["uneven_tension"], "onset_triggers": ["poor_posture"]},
    "sports": {"activity_level": "athlete", "sport_context": "heavy_training"},
    "myofascial_release": {"muscle_findings": ["restricted_fascia"]},
    "manual_lymphatic_drainage": {"swelling": "mild_after_activity"},
    "aromatherapy": {"approach_interest": ["essential_oils"], "stress_level": 6},
    "acupressure": {"approach_interest": ["acupressure_points"], "clothing_preference": "stay_clothed"},
    "mechanical_impulse": {"approach_interest": ["device_vibration"]},
    "craniosacral": {"approach_interest": ["very_gentle_still_hands"]},
}


@pytest.mark.parametrize("modality", MODALITIES)
def test_every_type_of_massage_can_come_first(modality: str) -> None:
    top = suggested(FIRST[modality]).top
    assert top is not None
    assert top.modality == modality


def test_reasons_come_with_the_most_telling_first_and_the_start_last() -> None:
    suggestion = suggested(FIRST["deep_tissue"])
    match = suggestion.ranked[0]
    assert [reason.rule for reason in match.reasons] == ["E01", "E03", "P03", "E33", "start"]
    assert [section.code for section in match.reasons[0].sections] == ["G6", "G8", "G9"]
    assert match.reasons[0].sections[0] == SECTIONS["G6"]
    assert match.reasons[0].answers == {
        "muscle_findings": ["deep_chronic_tension"],
        "pain_duration": "gt_12w",
    }


def test_what_counts_against_a_type_is_told_with_its_own_sentence() -> None:
    match = next(
        match
        for match in suggested(
            {"muscle_findings": ["tender_points_refer"], "diagnoses": ["herniated_disc"]}
        ).ranked
        if match.modality == "trigger_point"
    )
    assert [(reason.rule, reason.points, reason.basis) for reason in match.against] == [("T10", -1, "safety")]
    firm = suggested({"stress_level": 8, "pressure_preference": "firm"}).ranked[0]
    assert firm.against[0].text == "You like firm pressure, and this type uses less."


def test_general_mentions_are_limited_in_sight() -> None:
    match = suggested(
        {"muscle_findings": ["stiffness", "general_tightness"], "pressure_preference": "medium"}
    ).ranked[0]
    assert match.modality == "swedish"
    assert ("K1", -2) in [(reason.rule, reason.points) for reason in match.against]
    assert match.score == 5


def test_preferences_are_no_general_mentions() -> None:
    scores = suggested(
        {"pressure_preference": "medium", "massage_experience": "never", "modalities_liked": ["swedish"]}
    ).scores
    assert scores["swedish"] == 2 + 1 + 1 + 2


def test_oils_are_shown_as_the_type_they_are_combined_with() -> None:
    suggestion = suggested(
        {
            "approach_interest": ["essential_oils"],
            "muscle_findings": ["stiffness"],
            "pressure_preference": "medium",
            "massage_experience": "never",
        }
    )
    top = suggestion.ranked[0]
    assert (top.modality, top.base, top.name) == (
        "aromatherapy",
        "swedish",
        "Swedish massage with essential oils",
    )
    assert top.reasons[-1].rule in ("E43", "K2")
    assert suggestion.ranked[1].base is None


def test_oils_with_points_of_their_own_keep_their_name() -> None:
    top = suggested({"approach_interest": ["essential_oils"], "stress_level": 8}).ranked[0]
    assert (top.name, top.base) == ("Aromatherapy massage", None)


def test_oils_that_are_not_wanted_are_not_blended_in() -> None:
    suggestion = suggested({"approach_interest": ["essential_oils"], "modalities_disliked": ["aromatherapy"]})
    assert [match.modality for match in suggestion.ranked] == ["swedish"]
    assert suggestion.unwanted == ("aromatherapy",)


def test_a_blend_needs_a_base_that_has_points() -> None:
    suggestion = suggested({"approach_interest": ["essential_oils"], "clothing_preference": "stay_clothed"})
    assert suggestion.scores["aromatherapy"] == 0
    assert suggestion.ranked[0].modality == "acupressure"


def test_the_gentle_default_gives_way_to_the_other_gentle_type_when_unwanted() -> None:
    assert suggested({"modalities_disliked": ["swedish"]}).ranked[0].modality == "relaxation"
    both = suggested({"modalities_disliked": ["swedish", "relaxation"]})
    assert both.ranked[0].modality == "trigger_point"
    assert both.confidence == "little information: gentle default"


def test_a_single_match_is_clear() -> None:
    others = [modality for modality in MODALITIES if modality != "sports"]
    suggestion = suggested({"activity_level": "athlete", "modalities_disliked": others})
    assert (suggestion.confidence, len(suggestion.ranked)) == ("clear match", 1)


def test_what_was_left_out_says_why_and_what_it_would_have_had() -> None:
    (left,) = suggested(
        {
            "muscle_findings": ["knots"],
            "conditions": ["hypertension_controlled"],
            "pressure_preference": "firm",
        }
    ).left_out
    assert (left.modality, left.points, left.rules) == ("deep_tissue", 6, ("C07",))
    assert "High blood pressure under control" in left.text


def test_an_excluded_type_that_would_not_have_ranked_is_not_mentioned() -> None:
    suggestion = suggested(
        {"conditions": ["hypertension_controlled"], "muscle_findings": ["restricted_fascia"]}
    )
    assert "mechanical_impulse" not in [left.modality for left in suggestion.left_out]


def test_a_liked_type_that_is_excluded_is_mentioned() -> None:
    suggestion = suggested(
        {"conditions": ["pacemaker_or_implant"], "modalities_liked": ["mechanical_impulse"]}
    )
    assert [left.modality for left in suggestion.left_out] == ["mechanical_impulse"]


def test_a_type_taken_out_keeps_the_points_it_had_before_safety() -> None:
    # 5a, step 5: types are removed first, and the minus concerns those that are left.
    suggestion = suggested({"conditions": ["past_clot"], "modalities_disliked": ["sports"]})
    assert (suggestion.scores["mechanical_impulse"], suggestion.scores["sports"]) == (0, 0)
    assert suggestion.scores["trigger_point"] == 0


def test_an_unwanted_type_is_not_told_as_left_out_for_safety() -> None:
    suggestion = suggested(
        {
            "age_years": 80,
            "muscle_findings": ["knots"],
            "modalities_disliked": ["deep_tissue"],
            "pressure_preference": "firm",
        }
    )
    assert suggestion.left_out == ()


def test_nothing_left_says_that_the_therapist_decides() -> None:
    suggestion = suggested({"modalities_disliked": list(MODALITIES)})
    assert (suggestion.top, suggestion.confidence) == (None, None)
    assert suggestion.summary == "We could not find a match; your therapist decides with you."


def test_the_summary_fits_the_label() -> None:
    assert suggested({}).summary.startswith("We know little so far")
    assert (
        suggested(FIRST["sports"]).summary
        == "It is the closest match to the clinic’s guidance and your wishes."
    )
    assert (
        "Relaxation massage comes close"
        in suggested(
            {
                "muscle_findings": ["stiffness"],
                "pain_avg_nrs": 2,
                "pressure_preference": "medium",
                "massage_experience": "never",
            }
        ).summary
    )
    tie = suggested(
        {"touch_concern": "yes", "clothing_preference": "stay_clothed", "pressure_preference": "light"}
    )
    assert tie.summary == (
        "Two types fit the clinic’s guidance and your wishes equally well. "
        "Craniosacral therapy feels like still hands that hardly press. "
        "Acupressure feels like a steady press on single points, through clothes if you like. "
        "Choose together with your therapist."
    )


def test_review_makes_a_suggestion_provisional() -> None:
    assert suggested({"conditions": ["neurological_condition"]}).provisional
    assert not suggested({"age_years": 80}).provisional


def test_evidence_is_stated_with_every_suggestion() -> None:
    assert "The evidence for that is weak" in suggested({}).evidence
