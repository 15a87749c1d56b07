"""Tips: general ones that say nothing about the client, personal ones apart, warning signs always."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.guidance.aftercare import UnknownModality, tips
from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import MODALITIES, SECTIONS
from clinic.guidance.levels import Level
from tests.guidance import people
from tests.guidance.people import Answers

LEVELS = st.sampled_from(list(Level))
DONE = st.lists(st.sampled_from(list(MODALITIES)), max_size=3)


def personal(done: list[str], answers: Answers, level: Level = Level.OK) -> str:
    return " ".join(tip.text for tip in tips(done, Facts.of(answers), level).personal)


def general(*done: str) -> str:
    return " ".join(tip.text for tip in tips(done).general)


def test_without_facts_there_are_only_general_tips_and_warning_signs() -> None:
    result = tips(["trigger_point"])
    assert result.personal == ()
    assert result.general
    assert "emergency department" in result.warning_signs[0]
    assert any("bladder or bowel" in sign for sign in result.warning_signs)


@people.unhurried
@given(DONE, people.people, LEVELS)
def test_the_general_part_does_not_depend_on_the_client(
    done: list[str], answers: Answers, level: Level
) -> None:
    known = tips(done, Facts.of(answers), level)
    assert known.general == tips(done).general
    assert known.warning_signs == tips(done).warning_signs


@people.unhurried
@given(DONE)
def test_the_general_part_holds_no_ice_heat_or_stretching(done: list[str]) -> None:
    words = " ".join(tip.text.lower() for tip in tips(done).general)
    assert not any(word in words.split() for word in ("ice", "heat", "stretch", "exercise"))


@pytest.mark.parametrize(
    ("modality", "words"),
    [
        ("swedish", "Take it easy"),
        ("relaxation", "Take it easy"),
        ("deep_tissue", "tenderness"),
        ("trigger_point", "sore to the touch"),
        ("neuromuscular", "sore to the touch"),
        ("manual_lymphatic_drainage", "lymphoedema service"),
        ("aromatherapy", "citrus"),
        ("mechanical_impulse", "Rest a few minutes"),
        ("acupressure", "Rest a few minutes"),
        ("craniosacral", "Rest a few minutes"),
    ],
)
def test_general_tips_fit_what_was_done(modality: str, words: str) -> None:
    assert words in general(modality)
    others = [other for other in MODALITIES if words not in general(other)]
    assert len(others) >= 9


def test_desk_and_lifting_work_get_their_tip() -> None:
    assert "Stand up or walk" in personal([], {"occupation_type": "desk"})
    assert "Stand up or walk" in personal([], {"occupation_type": "driving"})
    assert "safe lifting" in personal([], {"occupation_type": "manual_lifting"})
    assert "safe lifting" not in personal([], {"occupation_type": "standing"})


def test_a_helper_at_home_may_help_after_gentle_types() -> None:
    assert "light strokes" in personal(["swedish"], {"home_help": "yes"})
    assert "light strokes" not in personal(["deep_tissue"], {"home_help": "yes"})
    assert "light strokes" not in personal(["swedish"], {"home_help": "no"})


@pytest.mark.parametrize(
    "answers",
    [
        {"conditions": ["reduced_sensation"]},
        {"conditions": ["diabetes"]},
        {"limb_symptoms": ["numbness"]},
        {"limb_symptoms": ["long_standing_known"]},
    ],
)
def test_no_ice_where_feeling_is_reduced(answers: Answers) -> None:
    assert "ice wrapped in cloth" in personal(["trigger_point"], {})
    assert "ice" not in personal(["trigger_point"], answers).split()


def test_very_flexible_joints_do_not_stretch_to_the_end() -> None:
    words = personal(["trigger_point", "sports"], {"conditions": ["hypermobility"]})
    assert "not to the end of the range" in words
    assert "Stretch the treated muscle" not in words
    assert "Stretch the muscles you train" not in words


@pytest.mark.parametrize("done", [["deep_tissue"], ["trigger_point"], ["sports"], ["myofascial_release"]])
def test_exercise_is_as_the_clinician_advised_under_review(done: list[str]) -> None:
    free = personal(done, {})
    assert "as your clinician advised" not in free
    held = personal(done, {}, Level.THERAPIST_REVIEW)
    assert "Move and exercise as your clinician advised." in held
    assert "tretch" not in held
    for tip in ("step by step", "through the range"):
        assert tip not in f"{held} {general(*done)}"
    assert held.count("clinician advised") == 1


def test_bone_strength_is_a_matter_for_the_doctor() -> None:
    assert "vitamin D" in personal([], {"lifestyle_factors": ["smoker"]})
    assert "vitamin D" in personal([], {"lifestyle_factors": ["low_calcium_or_vitamin_d"]})
    assert "vitamin D" in personal([], {"age_years": 50})
    assert "vitamin D" not in personal([], {"age_years": 49})


def test_blood_pressure_rises_slowly() -> None:
    assert "before you stand up" in personal([], {"conditions": ["low_blood_pressure"]})
    assert "before you stand up" not in personal([], {})


def test_every_tip_cites_a_section_or_is_a_default() -> None:
    for modality in MODALITIES:
        facts = Facts.of({"occupation_type": "desk", "home_help": "yes", "age_years": 70})
        result = tips([modality], facts)
        for tip in (*result.general, *result.personal):
            assert (tip.basis == "guidance") == bool(tip.sections)
            assert set(tip.sections) <= set(SECTIONS)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(UnknownModality):
        tips(["reiki"])


def test_tips_are_plain_json() -> None:
    stored = tips(["swedish"], Facts()).as_dict()
    assert set(stored) == {"general", "personal", "warning_signs"}
