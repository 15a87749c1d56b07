"""The cases of rule set 2026.12: those of 2026.11, with the rules that changed or are new written anew.

Written by hand from docs/guidance.md; nothing here is derived from the rules themselves.
"""

from dataclasses import replace
from typing import Final

from tests.guidance import rule_cases as before
from tests.guidance.rule_cases import (
    DEEP,
    DEVICE,
    POINT,
    SEEN,
    SPORTS,
    Answers,
    SafetyCase,
    ScoringCase,
    light,
    medium,
)

FALL: Final = {"red_flags": ["small_fall"]}
CANCER: Final = {"red_flags": ["cancer_ever"]}
WAKES: Final = {
    "red_flags": ["wakes_late_at_night"],
    "eases_with_movement": "yes",
    "pain_duration": "gt_12w",
    "age_years": 44,
}
SORE_LEG: Final = {"pain_areas": ["leg_left"], "radiation": "none"}
NO_ARM_OR_LEG: Final = {"limb_symptoms": ["weakness"], "radiation": "none", "pain_areas": ["neck"]}
KNOCKED: Final = {"onset_type": "sudden", "onset_triggers": ["accident_or_blow"], "clinician_seen": "no"}

BLEEDING: Final = frozenset(
    {
        "friction",
        "tapotement",
        "vibration",
        "percussion",
        "compression",
        "kneading",
        "cross_grain",
        "muscle_manipulation",
    }
)
JOLTS: Final = frozenset({"tapotement", "vibration", "percussion"})
THIN: Final = frozenset({"friction", "tapotement", "percussion", "cross_grain"})
RUBBING: Final = frozenset({"friction", "cross_grain"})

FORBIDDEN: Final = {
    "T01": BLEEDING,
    "T02": BLEEDING,
    "T03": JOLTS | {"compression"},
    "T04": BLEEDING,
    "T11": frozenset({"passive_movement", "percussion", "tapotement"}),
    "T12": JOLTS | {"compression", "cross_grain"},
    "T15": frozenset({"friction"}),
    "T18": JOLTS | {"friction", "passive_movement", "stretching"},
    "T20": BLEEDING,
    "T24": JOLTS | {"passive_movement"},
    "C01": THIN,
    "C02": THIN,
    "C07": JOLTS,
    "C08": JOLTS,
    "C09": RUBBING,
    "C16": RUBBING,
}

CHANGED: Final[dict[str, SafetyCase]] = {
    "U07": SafetyCase(
        fires=(
            {"red_flags": ["major_trauma"]},
            {"red_flags": ["serious_accident"]},
            {"red_flags": ["major_trauma"], "accident_checked": "no"},
            {"red_flags": ["major_trauma"], "accident_checked": "unsure"},
        ),
        quiet=(
            {"red_flags": ["major_trauma"], "accident_checked": "yes"},
            {"red_flags_unsure": ["major_trauma"]},
            {"onset_triggers": ["accident_or_blow"]},
            {},
        ),
    ),
    "U14": SafetyCase(
        fires=(
            {**CANCER, "limb_symptoms": ["weakness"]},
            {**CANCER, "limb_symptoms": ["numbness"]},
            {**CANCER, "limb_symptoms": ["numbness"], "cancer_pain_changed": "yes"},
        ),
        quiet=(
            {**CANCER, "limb_symptoms": ["numbness"], "cancer_pain_changed": "no"},
            {**CANCER, "limb_symptoms": ["numbness"], "back_pain_now": "no"},
            {**CANCER, "limb_symptoms": ["tingling"]},
            {**CANCER, "limb_symptoms": ["numbness", "long_standing_known"]},
            {"limb_symptoms": ["weakness", "numbness"]},
        ),
    ),
    "R01": SafetyCase(
        fires=(
            {"red_flags": ["cancer_new_pain"]},
            CANCER,
            {**CANCER, "cancer_pain_changed": "unsure"},
            {**CANCER, "cancer_pain_changed": "yes"},
        ),
        quiet=(
            {**CANCER, "cancer_pain_changed": "no"},
            {**CANCER, "back_pain_now": "no"},
            {"conditions": ["cancer_past"]},
            {"red_flags_unsure": ["cancer_ever"]},
        ),
    ),
    "R06": SafetyCase(
        fires=(
            {"red_flags": ["minor_fall_fragile"]},
            {**FALL, "age_years": 65},
            {**FALL, "osteoporosis": "osteopenia"},
            {**FALL, "osteoporosis": "yes"},
            {**FALL, "osteoporosis": "severe_or_fragility_fracture"},
            {**FALL, "medications": ["long_term_steroid"]},
            {**FALL, "age_years": 80, "fall_checked": "unsure"},
        ),
        quiet=(
            FALL,
            {**FALL, "age_years": 64},
            {**FALL, "age_years": 80, "fall_checked": "yes"},
            {**FALL, "age_years": 80, **SEEN},
            {"age_years": 80, "osteoporosis": "yes"},
        ),
    ),
    "R10": SafetyCase(
        fires=({"limb_symptoms": ["weakness"], "clinician_seen": "no"}, {"limb_symptoms": ["weakness"]}),
        quiet=(
            {"limb_symptoms": ["weakness"], "clinician_seen": "yes_not_discussed"},
            {"limb_symptoms": ["numbness"], "clinician_seen": "no"},
            {"limb_symptoms": ["weakness", "long_standing_known"], "clinician_seen": "no"},
        ),
    ),
    "R22": SafetyCase(
        fires=({"today": ["contagious_illness"]},),
        quiet=(
            {"today": ["acute_injury_lt_72h"]},
            {"today": ["cold"]},
            {"skin_issues": ["contagious_skin"]},
        ),
    ),
    "R26": SafetyCase(
        fires=(
            {"conditions": ["cancer_past"], "pain_trend": "worse"},
            {"conditions": ["cancer_active"], "pain_trend": "worse"},
            {"conditions": ["bone_metastases"], "pain_trend": "worse"},
            {"conditions": ["cancer_past"], "pain_course": "first_episode", "pain_duration": "lt_6w"},
            {"conditions": ["cancer_past"], "cancer_pain_changed": "yes"},
            {"conditions": ["cancer_past"], "cancer_pain_changed": "unsure"},
        ),
        quiet=(
            {"conditions": ["cancer_past"], "pain_trend": "same"},
            {"conditions": ["cancer_past"], "pain_trend": "worse", "cancer_pain_changed": "no"},
            {"conditions": ["cancer_past"], "pain_trend": "worse", "back_pain_now": "no"},
            {"conditions": ["cancer_past"], "pain_trend": "worse", **SEEN},
            {"conditions": ["cancer_past"], "pain_course": "first_episode", "pain_duration": "6w_12w"},
            {"conditions": ["cancer_past"], "pain_course": "constant", "pain_duration": "lt_6w"},
            {"pain_trend": "worse"},
        ),
    ),
    "R27": SafetyCase(
        fires=(
            {"onset_triggers": ["fall"], "age_years": 65},
            {"onset_triggers": ["fall"], "osteoporosis": "osteopenia"},
            {"onset_triggers": ["fall"], "osteoporosis": "yes"},
            {"onset_triggers": ["fall"], "osteoporosis": "severe_or_fragility_fracture"},
            {"onset_triggers": ["fall"], "medications": ["long_term_steroid"]},
            {"onset_triggers": ["accident_or_blow"], "onset_type": "sudden", "age_years": 65},
            {"onset_triggers": ["fall"], "age_years": 70, "fall_started_it": "unsure"},
        ),
        quiet=(
            {"onset_triggers": ["fall"], "age_years": 64},
            {"onset_triggers": ["fall"], "age_years": 70, "fall_started_it": "no"},
            {"onset_triggers": ["fall"], "age_years": 70, "fall_checked": "yes"},
            {"onset_triggers": ["fall"], "age_years": 70, **SEEN},
            {"onset_triggers": ["accident_or_blow"], "onset_type": "gradual", "age_years": 70},
            {"onset_triggers": ["accident_or_blow"], "onset_type": "sudden", "age_years": 64},
            {"onset_triggers": ["heavy_lifting"], "onset_type": "sudden", "age_years": 70},
        ),
    ),
    "R28": SafetyCase(
        fires=(
            {"pregnancy": "t3", "swelling": "area_or_limb_unexplained"},
            {"pregnancy": "t2", "conditions": ["hypertension_uncontrolled"]},
            {"pregnancy": "postnatal_lt_6w", "swelling": "area_or_limb_unexplained"},
        ),
        quiet=(
            {"pregnancy": "t1", "swelling": "area_or_limb_unexplained"},
            {"pregnancy": "t3", "swelling": "ankles_both_known"},
            {"pregnancy": "t3", "conditions": ["hypertension_controlled"]},
            {"swelling": "area_or_limb_unexplained", "conditions": ["hypertension_uncontrolled"]},
        ),
    ),
    "R29": SafetyCase(
        fires=({"conditions": ["infection_cellulitis"]}, {"skin_issues": ["hot_spreading_skin"]}),
        quiet=({"skin_issues": ["rash_or_eczema"]}, {"skin_issues": ["shingles"]}),
    ),
    "R30": SafetyCase(fires=({"skin_issues": ["shingles"]},), quiet=({"skin_issues": ["rash_or_eczema"]},)),
    "R31": SafetyCase(
        fires=({"skin_issues": ["contagious_skin"]}, {"skin_issues": ["ringworm_scabies"]}),
        quiet=({"skin_issues": ["open_wound"]},),
    ),
    "R32": SafetyCase(fires=({"today": ["cold"]},), quiet=({"today": ["contagious_illness"]},)),
    "R33": SafetyCase(
        fires=(
            {"conditions": ["bone_metastases"]},
            {"conditions": ["bone_metastases"], "back_pain_now": "yes"},
        ),
        quiet=({"conditions": ["bone_metastases"], "back_pain_now": "no"}, {"conditions": ["cancer_active"]}),
    ),
    "T05": medium(
        (
            {"conditions": ["cancer_past"]},
            {"conditions": ["lymph_nodes_removed"]},
            {**CANCER, "cancer_pain_changed": "no"},
        ),
        ({"conditions": ["cancer_active"]}, {"red_flags_unsure": ["cancer_ever"]}),
        sites=("the treated area", "a limb with nodes removed"),
    ),
    "T14": medium(
        (
            {"red_flags": ["inflammatory_pattern"]},
            WAKES,
            {**WAKES, "age_years": 60, "began_before_45": "yes"},
        ),
        (
            {"red_flags_unsure": ["inflammatory_pattern"]},
            {"diagnoses": ["inflammatory_arthritis"]},
            {**WAKES, "age_years": 45},
            {**WAKES, "age_years": 60, "began_before_45": "no"},
            {**WAKES, "eases_with_movement": "no"},
            {**WAKES, "pain_duration": "6w_12w"},
            {**WAKES, "red_flags": []},
        ),
        also=(DEVICE,),
        notes=("see_doctor_inflammatory",),
    ),
    "T28": light(
        (
            {**FALL, "age_years": 65, "fall_checked": "yes"},
            {"onset_triggers": ["fall"], "osteoporosis": "yes", "fall_checked": "yes"},
            {"onset_triggers": ["fall"], "osteoporosis": "osteopenia", **SEEN},
            {"onset_triggers": ["fall"], "osteoporosis": "severe_or_fragility_fracture", **SEEN},
            {"onset_triggers": ["fall"], "medications": ["long_term_steroid"], **SEEN},
        ),
        (
            {**FALL, "age_years": 64, "fall_checked": "yes"},
            {"onset_triggers": ["heavy_lifting"], "age_years": 70, **SEEN},
            {**FALL, "age_years": 70, "fall_checked": "no"},
            {**FALL, "age_years": 70, "clinician_seen": "yes_not_discussed"},
        ),
        also=(POINT, SPORTS),
        sites=("the place of the fall",),
        forbidden=frozenset({"passive_movement", "percussion", "tapotement", "compression"}),
    ),
    "X01": SafetyCase(
        fires=(SORE_LEG, {"pain_areas": ["leg_right"], "radiation": "none"}),
        quiet=(
            {"pain_areas": ["leg_left"], "radiation": "leg_above_knee"},
            {"pain_areas": ["leg_left"]},
            {"pain_areas": ["arm_left"], "radiation": "none"},
            {**SORE_LEG, "activity_level": "athlete"},
            {**SORE_LEG, "onset_triggers": ["sport_training"]},
            {**SORE_LEG, "onset_triggers": ["dance"]},
            {**SORE_LEG, "sport_context": "before_event"},
            {**SORE_LEG, "sport_context": "after_event"},
            {**SORE_LEG, "sport_context": "heavy_training"},
            {**SORE_LEG, "sport_context": "minor_sport_injury"},
            {**SORE_LEG, "conditions": ["joint_replacement"]},
            {**SORE_LEG, "conditions": ["arthritis_flare"]},
            {**SORE_LEG, "diagnoses": ["osteoarthritis"]},
            {**SORE_LEG, "diagnoses": ["inflammatory_arthritis"]},
            {**SORE_LEG, "diagnoses": ["fibromyalgia"]},
            {**SORE_LEG, "diagnoses": ["lymphoedema"]},
            {**SORE_LEG, "skin_issues": ["varicose_veins"]},
            {**SORE_LEG, "swelling": "mild_after_activity"},
            {**SORE_LEG, "swelling": "ankles_both_known"},
            {**SORE_LEG, "swelling": "area_or_limb_diagnosed"},
            {**SORE_LEG, "limb_symptoms": ["long_standing_known"]},
        ),
    ),
    "X02": SafetyCase(
        fires=(NO_ARM_OR_LEG,),
        quiet=(
            {"limb_symptoms": ["weakness"], "radiation": "none", "pain_areas": ["arm_left"]},
            {"limb_symptoms": ["weakness"], "radiation": "none", "pain_areas": ["arm_right"]},
            {"limb_symptoms": ["weakness"], "radiation": "none", "pain_areas": ["leg_left"]},
            {"limb_symptoms": ["weakness"], "radiation": "none", "pain_areas": ["leg_right"]},
            {"limb_symptoms": ["weakness"], "radiation": "arm"},
            {"limb_symptoms": ["numbness"], "radiation": "none"},
            {**NO_ARM_OR_LEG, "limb_symptoms": ["weakness", "long_standing_known"]},
        ),
    ),
    "X06": SafetyCase(
        fires=({"activity_level": "athlete", "sitting_hours_per_day": 14},),
        quiet=(
            {"activity_level": "athlete", "sitting_hours_per_day": 13},
            {"activity_level": "regular", "sitting_hours_per_day": 16},
            {"activity_level": "athlete", "sitting_hours_per_day": 16, "conditions": ["spinal_surgery_ever"]},
            {
                "activity_level": "athlete",
                "sitting_hours_per_day": 16,
                "conditions": ["neurological_condition"],
            },
        ),
    ),
    "X07": light(
        (KNOCKED,),
        (
            {"onset_type": "gradual", "onset_triggers": ["accident_or_blow"]},
            {"onset_type": "sudden", "onset_triggers": ["fall"]},
            {**KNOCKED, **SEEN},
            {**KNOCKED, "red_flags": ["serious_accident"]},
            {**KNOCKED, "red_flags": ["major_trauma"]},
            {**KNOCKED, "red_flags": ["small_fall"]},
        ),
    ),
}
SAFETY: Final[dict[str, SafetyCase]] = {
    id: replace(case, forbidden=case.forbidden | FORBIDDEN.get(id, frozenset()))
    for id, case in {**before.SAFETY, **CHANGED}.items()
}

GOALS: Final = ("pain_relief", "mobility", "posture", "sport_recovery")
PLACES: Final = (
    "knots",
    "tender_points_refer",
    "deep_chronic_tension",
    "restricted_fascia",
    "uneven_tension",
)
KNOT: Final[Answers] = {"visit_goals": ["pain_relief"], "muscle_findings": ["knots"]}
MOVING: Final[Answers] = {"visit_goals": ["mobility"]}
UPRIGHT: Final[Answers] = {"visit_goals": ["posture"]}
TRAINS: Final[Answers] = {"visit_goals": ["sport_recovery"]}

SCORING: Final[dict[str, ScoringCase]] = before.SCORING | {
    "E53": ScoringCase(
        fires=(
            *({"visit_goals": [goal], "muscle_findings": ["knots"]} for goal in GOALS),
            *({"visit_goals": ["pain_relief"], "muscle_findings": [place]} for place in PLACES),
            KNOT | {"pressure_preference": "firm"},
        ),
        quiet=(
            {"visit_goals": ["sleep"], "muscle_findings": ["knots"]},
            {"visit_goals": ["pain_relief"], "muscle_findings": ["stiffness"]},
            {"visit_goals": ["pain_relief", "relaxation"], "muscle_findings": ["knots"]},
            {"visit_goals": ["pain_relief", "stress_relief"], "muscle_findings": ["knots"]},
            KNOT | {"pressure_preference": "light"},
        ),
        points={"relaxation": -3},
    ),
    "E54": ScoringCase(
        fires=({"visit_goals": ["pain_relief"], "pain_duration": "gt_12w"},),
        quiet=(
            {"visit_goals": ["pain_relief"], "pain_duration": "6w_12w"},
            {"visit_goals": ["mobility"], "pain_duration": "gt_12w"},
        ),
        points={DEEP: 1, "neuromuscular": 2},
    ),
    "E55": ScoringCase(
        fires=(KNOT, {"visit_goals": ["pain_relief"], "muscle_findings": ["tender_points_refer"]}),
        quiet=(
            {"visit_goals": ["pain_relief"], "muscle_findings": ["stiffness"]},
            {"visit_goals": ["mobility"], "muscle_findings": ["knots"]},
        ),
        points={POINT: 2},
    ),
    "E56": ScoringCase(
        fires=(
            MOVING | {"muscle_findings": ["stiffness"]},
            MOVING | {"muscle_findings": ["deep_chronic_tension"]},
            MOVING | {"mobility_limit": "some"},
            MOVING | {"mobility_limit": "marked"},
        ),
        quiet=(
            MOVING,
            MOVING | {"muscle_findings": ["knots"], "mobility_limit": "none"},
            {"visit_goals": ["posture"], "muscle_findings": ["stiffness"], "mobility_limit": "some"},
        ),
        points={DEEP: 2, POINT: 2},
    ),
    "E57": ScoringCase(
        fires=(
            UPRIGHT | {"onset_triggers": ["poor_posture"]},
            UPRIGHT | {"muscle_findings": ["uneven_tension"]},
        ),
        quiet=(
            UPRIGHT,
            UPRIGHT | {"onset_triggers": ["long_sitting"], "muscle_findings": ["knots"]},
            {"onset_triggers": ["poor_posture"], "muscle_findings": ["uneven_tension"]},
        ),
        points={"neuromuscular": 2, POINT: 1},
    ),
    "E58": ScoringCase(
        fires=(
            TRAINS | {"activity_level": "regular"},
            TRAINS | {"activity_level": "athlete"},
            TRAINS | {"onset_triggers": ["sport_training"]},
            TRAINS | {"onset_triggers": ["dance"]},
        ),
        quiet=(
            TRAINS | {"activity_level": "light", "onset_triggers": ["heavy_lifting"]},
            {"activity_level": "regular", "onset_triggers": ["dance"]},
        ),
        points={SPORTS: 3},
    ),
    "E59": ScoringCase(
        fires=(
            {"activity_level": "athlete", "onset_triggers": ["sport_training"]},
            {"activity_level": "athlete", "onset_triggers": ["dance"]},
        ),
        quiet=(
            {"activity_level": "regular", "onset_triggers": ["sport_training", "dance"]},
            {"activity_level": "athlete", "onset_triggers": ["heavy_lifting"]},
        ),
        points={SPORTS: 3},
    ),
    "P06": ScoringCase(
        fires=({"past_reaction": "sore_1_2_days"},),
        quiet=({"past_reaction": "none"}, {"past_reaction": "bruised"}, {}),
        points={"relaxation": 1, DEEP: -2, POINT: -1},
    ),
}
