"""The draft plan: where, how firmly, with what, how long and how often."""

from collections.abc import Iterable

import pytest

from clinic.guidance.engine import screen, suggest
from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import MODALITIES, TECHNIQUES
from clinic.guidance.plan import COMPANION_CARE, DraftPlan, draft
from clinic.guidance.session import WAYS
from tests.guidance.people import Answers

OUTSIDE = {"aromatherapy"}


def planned(answers: Answers, *, unknown: Iterable[str] = ()) -> DraftPlan:
    facts = Facts.of(answers, unknown=unknown)
    outcome = screen(facts)
    suggestion = suggest(facts, outcome)
    assert suggestion is not None
    return draft(facts, outcome, suggestion)


def technique_ids(plan: DraftPlan) -> list[str]:
    return [item.technique for item in plan.techniques]


def test_every_type_has_a_way_of_working_with_known_techniques() -> None:
    assert set(WAYS) == set(MODALITIES) - OUTSIDE
    for way in WAYS.values():
        assert {technique for technique, _ in way.techniques} <= set(TECHNIQUES)
        assert way.techniques or way.manner


def test_two_shown_types_share_the_time() -> None:
    plan = planned(
        {"muscle_findings": ["tender_points_refer"], "pain_duration": "gt_12w", "pain_course": "constant"}
    )
    assert [(part.modality, part.percent) for part in plan.mix] == [
        ("trigger_point", 70),
        ("neuromuscular", 30),
    ]


def test_a_single_type_takes_all_of_it() -> None:
    plan = planned({"muscle_findings": ["restricted_fascia"]})
    assert [(part.modality, part.percent) for part in plan.mix] == [("myofascial_release", 100)]
    assert plan.approach == ("Little or no oil.",)


def test_oils_are_added_to_the_type_beneath() -> None:
    plan = planned({"approach_interest": ["essential_oils"], "stress_level": 8})
    assert [part.modality for part in plan.mix] == ["relaxation"]
    assert any("diluted oil" in sentence for sentence in plan.approach)


def test_oils_blended_in_keep_the_base_they_were_given() -> None:
    plan = planned(
        {
            "approach_interest": ["essential_oils"],
            "muscle_findings": ["stiffness"],
            "pressure_preference": "medium",
            "massage_experience": "never",
        }
    )
    assert [part.modality for part in plan.mix] == ["swedish"]


def test_oils_that_lead_alone_stand_on_a_gentle_type_that_is_wanted() -> None:
    plan = planned(
        {"approach_interest": ["essential_oils"], "stress_level": 8, "modalities_disliked": ["relaxation"]}
    )
    assert plan.mix[0].modality == "swedish"
    neither = planned(
        {
            "approach_interest": ["essential_oils"],
            "stress_level": 5,
            "modalities_disliked": ["swedish", "relaxation"],
        }
    )
    assert neither.mix == ()
    assert any("diluted oil" in sentence for sentence in neither.approach)


def test_an_open_and_close_with_effleurage_stands_first_and_once() -> None:
    plan = planned({"muscle_findings": ["stiffness"], "pain_avg_nrs": 2})
    assert technique_ids(plan).count("effleurage") == 1
    assert (
        plan.techniques[0].aim == "relax, less stiffness, to open and to close; more of it for the stiffness"
    )


def test_staying_clothed_leaves_out_oil_and_gliding() -> None:
    plan = planned(
        {"clothing_preference": "stay_clothed", "stress_level": 9, "modalities_liked": ["relaxation"]}
    )
    assert {part.modality for part in plan.mix} & {"relaxation", "acupressure"}
    assert not set(technique_ids(plan)) & {"effleurage", "lubrication"}


def test_forbidden_techniques_are_left_out() -> None:
    free = technique_ids(planned({"muscle_findings": ["stiffness"], "pressure_preference": "medium"}))
    assert {"passive_movement", "tapotement", "vibration"} <= set(free)
    loose = technique_ids(planned({"muscle_findings": ["stiffness"], "conditions": ["hypermobility"]}))
    assert "passive_movement" not in loose
    assert "tapotement" in loose
    fragile = planned({"osteoporosis": "severe_or_fragility_fracture"})
    assert not set(technique_ids(fragile)) & {"passive_movement", "percussion", "tapotement", "compression"}


def test_shaking_and_tapping_go_where_devices_are_excluded() -> None:
    plan = planned({"conditions": ["pacemaker_or_implant"]})
    assert not set(technique_ids(plan)) & {"vibration", "percussion", "tapotement"}
    assert "passive_movement" in technique_ids(plan)


def test_deep_strokes_of_sports_massage_need_a_free_hand() -> None:
    athlete: Answers = {"activity_level": "athlete", "sport_context": "heavy_training"}
    assert "cross_grain" in technique_ids(planned(athlete))
    assert "cross_grain" not in technique_ids(planned({**athlete, "past_reaction": "bruised"}))


def test_stretching_stops_short_of_the_end_with_very_flexible_joints() -> None:
    answers: Answers = {"muscle_findings": ["tender_points_refer"], "conditions": ["hypermobility"]}
    aims = {item.aim for item in planned(answers).techniques if item.technique == "stretching"}
    assert aims
    assert all("not to the end of the range" in aim for aim in aims)


@pytest.mark.parametrize(("context", "sentence"), [("before_event", "brisker"), ("after_event", "Slower")])
def test_sport_events_change_the_manner(context: str, sentence: str) -> None:
    plan = planned({"activity_level": "athlete", "sport_context": context})
    assert any(sentence in line for line in plan.approach)


def test_not_sure_asks_the_therapist_to_check_by_touch() -> None:
    plan = planned({"muscle_findings": ["not_sure"]})
    assert any("check by touch" in line for line in plan.approach)


def test_areas_are_those_that_hurt_from_head_to_foot() -> None:
    plan = planned({"pain_areas": ["lower_back", "neck"], "muscle_findings": ["stiffness"]})
    assert plan.areas == ("neck", "lower_back")


def test_without_a_painful_area_it_is_the_whole_back() -> None:
    assert planned({"back_pain_now": "no"}).areas == ("neck", "shoulders", "upper_back", "lower_back")


def test_before_anybody_asked_where_it_hurts_no_area_is_planned() -> None:
    assert planned({"visit_goals": ["posture"]}).areas
    assert planned({"visit_goals": ["posture"]}, unknown=["pain_areas"]).areas == ()


def test_point_work_adds_the_areas_that_refer() -> None:
    plan = planned(
        {"pain_areas": ["arm_left"], "radiation": "arm", "muscle_findings": ["tender_points_refer"]}
    )
    assert plan.areas == ("neck", "shoulders", "arm_left")


def test_posture_adds_chest_neck_and_hips() -> None:
    plan = planned({"pain_areas": ["lower_back"], "visit_goals": ["posture"], "stress_level": 9})
    assert plan.areas == ("neck", "lower_back", "hip_buttock", "chest")


def test_what_is_to_be_left_alone_is_left_alone() -> None:
    plan = planned(
        {
            "pain_areas": ["neck", "lower_back", "leg_left"],
            "radiation": "hip_buttock",
            "avoid_areas": ["neck", "feet"],
            "skin_issues": ["bruise"],
            "skin_areas": ["lower_back"],
            "swelling": "ankles_both_known",
        }
    )
    assert plan.areas == ()
    assert plan.avoid == (
        "neck",
        "lower_back",
        "leg_left",
        "leg_right",
        "foot_left",
        "foot_right",
        "whole_legs",
    )
    assert plan.sites == ("affected skin",)


@pytest.mark.parametrize(
    ("answers", "pressure", "why"),
    [
        ({"pressure_preference": "firm"}, "firm", "As you like it."),
        (
            {"pressure_preference": "firm", "past_reaction": "bruised"},
            "medium",
            "Safety keeps it to medium (C20).",
        ),
        (
            {"pressure_preference": "firm", "diagnoses": ["fibromyalgia"]},
            "light",
            "Safety keeps it to light (C17).",
        ),
        ({"pressure_preference": "light", "past_reaction": "bruised"}, "light", "As you like it."),
        ({"pressure_preference": "none"}, "light to medium", "Usual for this type; you gave no preference."),
        ({}, "light to medium", "Usual for this type; you gave no preference."),
        ({"diagnoses": ["fibromyalgia"]}, "light", "Safety keeps it to light (C17)."),
        (
            {"muscle_findings": ["restricted_fascia"]},
            "medium",
            "Usual for this type; you gave no preference.",
        ),
        (
            {"muscle_findings": ["deep_chronic_tension"], "pain_duration": "gt_12w"},
            "firm",
            "Usual for this type; you gave no preference.",
        ),
        (
            {"approach_interest": ["very_gentle_still_hands"], "pressure_preference": "firm"},
            "very light",
            "This type is very light.",
        ),
    ],
)
def test_pressure_is_the_lower_of_wish_and_limit(answers: Answers, pressure: str, why: str) -> None:
    plan = planned(answers)
    assert (plan.pressure, plan.pressure_why) == (pressure, why)
    assert plan.discomfort_limit == 5


@pytest.mark.parametrize(
    ("answers", "minutes"),
    [
        ({}, 60),
        ({"session_minutes_pref": 90}, 90),
        ({"session_minutes_pref": 30}, 30),
        ({"massage_experience": "never"}, 45),
        ({"massage_experience": "never", "session_minutes_pref": 90}, 45),
        ({"massage_experience": "never", "session_minutes_pref": 30}, 30),
        ({"pain_avg_nrs": 8}, 45),
        ({"pain_avg_nrs": 7}, 60),
        ({"age_years": 75}, 45),
        ({"age_years": 74}, 60),
        ({"pregnancy": "t1"}, 45),
        ({"pregnancy": "unsure"}, 45),
        ({"pregnancy": "no"}, 60),
        # 5d names pregnancy; who has given birth has the usual length, and a therapist looks first (T06).
        ({"pregnancy": "postnatal_lt_6w"}, 60),
        ({"diagnoses": ["fibromyalgia"], "session_minutes_pref": 60}, 45),
        ({"conditions": ["cancer_active"], "session_minutes_pref": 30}, 30),
        ({"medications": ["chemotherapy_recent"]}, 45),
    ],
)
def test_minutes_follow_the_situation_and_then_the_wish(answers: Answers, minutes: int) -> None:
    assert planned(answers).minutes == minutes


def test_deep_work_above_and_swedish_below_where_both_are_wanted() -> None:
    answers: Answers = {
        "pain_areas": ["neck", "lower_back"],
        "muscle_findings": ["deep_chronic_tension", "stiffness"],
        "pain_duration": "gt_12w",
    }
    assert "Swedish massage on the lower back (G12)" in planned(answers).area_mix
    assert planned({**answers, "pain_areas": ["neck"]}).area_mix == ""
    assert planned({**answers, "pain_areas": ["lower_back"]}).area_mix == ""
    assert planned({**answers, "muscle_findings": ["deep_chronic_tension"]}).area_mix == ""
    assert planned({**answers, "past_reaction": "bruised"}).area_mix == ""
    assert planned({**answers, "modalities_disliked": ["swedish"]}).area_mix == ""


def test_companion_care_and_safety_notes_are_always_there() -> None:
    plan = planned({"conditions": ["hypertension_controlled"]})
    assert plan.companion_care == COMPANION_CARE
    assert "Take a minute before you stand up after the session." in plan.notes


def test_without_any_type_left_the_plan_still_says_the_rest() -> None:
    plan = planned({"modalities_disliked": list(MODALITIES), "pain_areas": ["neck"]})
    assert (plan.mix, plan.techniques, plan.areas) == ((), (), ("neck",))
    assert plan.minutes == 60


def test_another_rhythm_is_noted() -> None:
    plan = planned({"pain_duration": "gt_12w", "frequency_possible": "monthly"})
    assert "The client can come: every month. Agree on a rhythm." in plan.notes
    assert planned({"pain_duration": "gt_12w", "frequency_possible": "weekly"}).notes == ()
    assert planned({"sport_context": "before_event", "frequency_possible": "weekly"}).notes == ()
