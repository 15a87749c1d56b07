"""For each rule: facts that fire it, facts that just do not, and what it changes. Written by hand from docs/guidance.md.

Nothing here is derived from the rules themselves, so that a slip in a rule shows.
"""

from dataclasses import dataclass, field
from typing import Final

Answers = dict[str, object]

DEEP = "deep_tissue"
DEVICE = "mechanical_impulse"
POINT = "trigger_point"
SPORTS = "sports"
LYMPH = "manual_lymphatic_drainage"
FASCIA = "myofascial_release"

# "light = exclude Deep tissue and Mechanical impulse, Trigger point -4, Sports -4, Neuromuscular -3, Acupressure -3,
# Myofascial -3; medium = exclude Deep tissue, Mechanical impulse -2, Sports -1, Trigger point -1."
LIGHT_MINUS: Final = {POINT: -4, SPORTS: -4, "neuromuscular": -3, "acupressure": -3, FASCIA: -3}
MEDIUM_MINUS: Final = {DEVICE: -2, SPORTS: -1, POINT: -1}


@dataclass(frozen=True, kw_only=True)
class SafetyCase:
    """Facts for a safety rule, and what the rule alone changes. `excluded` includes what its pressure cap excludes."""

    fires: tuple[Answers, ...]
    quiet: tuple[Answers, ...]
    cap: str | None = None
    excluded: frozenset[str] = frozenset()
    minus: dict[str, int] = field(default_factory=dict)
    avoid: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    forbidden: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    level: str | None = None


@dataclass(frozen=True, kw_only=True)
class ScoringCase:
    """Facts for a scoring rule, and the points it gives."""

    fires: tuple[Answers, ...]
    quiet: tuple[Answers, ...]
    points: dict[str, int]


def light(fires: tuple[Answers, ...], quiet: tuple[Answers, ...], **more: object) -> SafetyCase:
    excluded = frozenset({DEEP, DEVICE}) | frozenset(more.pop("also", ()))  # type: ignore[call-overload]
    minus = more.pop("minus", LIGHT_MINUS)
    return SafetyCase(fires=fires, quiet=quiet, cap="light", excluded=excluded, minus=minus, **more)  # type: ignore[arg-type]


def medium(fires: tuple[Answers, ...], quiet: tuple[Answers, ...], **more: object) -> SafetyCase:
    excluded = frozenset({DEEP}) | frozenset(more.pop("also", ()))  # type: ignore[call-overload]
    minus = more.pop("minus", MEDIUM_MINUS)
    return SafetyCase(fires=fires, quiet=quiet, cap="medium", excluded=excluded, minus=minus, **more)  # type: ignore[arg-type]


def flag(code: str, *near: Answers) -> SafetyCase:
    """A red flag that is answered yes; unsure must not fire the rule itself."""
    return SafetyCase(fires=({"red_flags": [code]},), quiet=({"red_flags_unsure": [code]}, {}, *near))


NO_JOLTS: Final = frozenset({"passive_movement", "percussion", "tapotement"})
SEEN: Final[Answers] = {"clinician_seen": "yes_cleared"}

SAFETY: Final[dict[str, SafetyCase]] = {
    "U01": flag("saddle_numbness"),
    "U02": flag("bladder_bowel_change"),
    "U03": flag("sexual_function_change"),
    "U04": flag("both_legs_new", {"radiation": "both_legs"}),
    "U05": SafetyCase(
        fires=(
            {"red_flags": ["leg_weakness_worsening"]},
            {"limb_symptoms": ["weakness"], "limb_symptom_trend": "worse", **SEEN},
        ),
        quiet=(
            {"limb_symptoms": ["weakness"], "limb_symptom_trend": "stable"},
            {"limb_symptoms": ["weakness"]},
            {"limb_symptoms": ["numbness"], "limb_symptom_trend": "worse"},
            {"limb_symptom_trend": "worse"},
        ),
    ),
    "U06": flag("walking_or_hand_clumsy"),
    "U07": flag("serious_accident", {"onset_triggers": ["accident_or_blow"]}),
    "U08": SafetyCase(
        fires=(
            {"red_flags": ["sudden_severe_collapse"]},
            {"conditions": ["known_aneurysm"], "back_pain_now": "yes"},
            {"conditions": ["known_aneurysm"]},
        ),
        quiet=({"conditions": ["known_aneurysm"], "back_pain_now": "no"}, {"back_pain_now": "yes"}),
    ),
    "U09": flag("chest_pain_breathless"),
    "U10": flag("leg_clot_signs", {"conditions": ["past_clot"]}),
    "U11": flag("sudden_head_neck_neuro"),
    "U12": SafetyCase(
        fires=(
            {"red_flags": ["fever_unwell", "immunosuppressed_ivdu"]},
            {"today": ["fever"], "red_flags": ["immunosuppressed_ivdu"]},
            {"today": ["fever"], "medications": ["immunosuppressant"]},
            {"red_flags": ["fever_unwell"], "medications": ["chemotherapy_recent"]},
        ),
        quiet=(
            {"red_flags": ["fever_unwell"]},
            {"today": ["fever"]},
            {"red_flags": ["immunosuppressed_ivdu"]},
            {"medications": ["immunosuppressant", "chemotherapy_recent"]},
            {"today": ["fever"], "medications": ["long_term_steroid"]},
        ),
    ),
    "U13": SafetyCase(
        fires=(
            {"red_flags": ["cancer_new_pain"], "limb_symptoms": ["weakness"]},
            {"red_flags": ["cancer_new_pain"], "limb_symptoms": ["numbness"]},
            {"conditions": ["cancer_active"], "limb_symptoms": ["numbness"]},
            {"conditions": ["bone_metastases"], "limb_symptoms": ["weakness"]},
        ),
        quiet=(
            {"conditions": ["cancer_past"], "limb_symptoms": ["weakness"]},
            {"conditions": ["cancer_active"], "limb_symptoms": ["tingling"]},
            {"red_flags": ["cancer_new_pain"]},
            {"limb_symptoms": ["weakness", "numbness"]},
        ),
    ),
    "R01": flag("cancer_new_pain", {"conditions": ["cancer_past"]}),
    "R02": flag("weight_loss"),
    "R03": SafetyCase(
        fires=({"red_flags": ["fever_unwell"]}, {"today": ["fever"]}),
        quiet=({"today": ["contagious_illness"]}, {"red_flags_unsure": ["fever_unwell"]}),
    ),
    "R04": flag("night_rest_pain", {"sleep_problem": "yes"}),
    "R05": flag("lump_or_deformity"),
    "R06": flag("minor_fall_fragile", {"onset_triggers": ["fall"], "osteoporosis": "yes"}),
    "R07": flag("thoracic_unexplained", {"pain_areas": ["upper_back"]}),
    "R08": flag("pulsing_abdomen"),
    "R09": flag("urinary_flank"),
    "R10": SafetyCase(
        fires=({"limb_symptoms": ["weakness"], "clinician_seen": "no"}, {"limb_symptoms": ["weakness"]}),
        quiet=(
            {"limb_symptoms": ["weakness"], "clinician_seen": "yes_not_discussed"},
            {"limb_symptoms": ["numbness"], "clinician_seen": "no"},
        ),
    ),
    "R11": SafetyCase(
        fires=(
            {"limb_symptoms": ["numbness"], "limb_symptom_trend": "worse"},
            {"limb_symptoms": ["tingling"], "limb_symptom_trend": "worse"},
            {"limb_symptoms": ["long_standing_known"], "limb_symptom_trend": "worse"},
        ),
        quiet=(
            {"limb_symptoms": ["numbness"], "limb_symptom_trend": "stable"},
            {"limb_symptoms": ["weakness"], "limb_symptom_trend": "worse"},
            {"limb_symptoms": ["long_standing_known"], "limb_symptom_trend": "better"},
        ),
    ),
    "R12": SafetyCase(
        fires=(
            {"radiation": "both_legs", "clinician_seen": "no"},
            {"radiation": "both_legs", "clinician_seen": "yes_not_discussed"},
        ),
        quiet=(
            {"radiation": "both_legs", **SEEN},
            {"radiation": "leg_below_knee", "clinician_seen": "no"},
            {"radiation": "both_legs", "clinician_seen": "no", "red_flags": ["both_legs_new"]},
        ),
    ),
    "R13": SafetyCase(fires=({"conditions": ["current_dvt_pe"]},), quiet=({"conditions": ["past_clot"]},)),
    "R14": SafetyCase(
        fires=({"conditions": ["hypertension_uncontrolled"]},),
        quiet=({"conditions": ["hypertension_controlled"]},),
    ),
    "R15": SafetyCase(
        fires=({"conditions": ["recent_heart_attack_or_stroke"]},),
        quiet=({"conditions": ["heart_disease_stable"]},),
    ),
    "R16": SafetyCase(
        fires=({"conditions": ["bone_metastases"]},), quiet=({"conditions": ["cancer_active"]},)
    ),
    "R17": SafetyCase(
        fires=(
            {"diagnoses": ["stress_fracture"]},
            {"conditions": ["recent_fracture_lt_12w"], "clinician_seen": "yes_not_discussed"},
        ),
        quiet=(
            {"diagnoses": ["stress_fracture"], **SEEN},
            {"conditions": ["recent_fracture_lt_12w"], **SEEN},
            {"diagnoses_past": ["stress_fracture"]},
            {"diagnoses": ["vertebral_fracture_old"]},
        ),
    ),
    "R18": SafetyCase(
        fires=(
            {"recent_surgery": "lt_6w"},
            {"recent_surgery": "lt_6w", "clinician_seen": "yes_not_discussed"},
        ),
        quiet=({"recent_surgery": "lt_6w", **SEEN}, {"recent_surgery": "6w_12w"}),
    ),
    "R19": SafetyCase(
        fires=({"swelling": "area_or_limb_unexplained"},),
        quiet=({"swelling": "area_or_limb_diagnosed"}, {"swelling": "ankles_both_known"}),
    ),
    "R20": SafetyCase(
        fires=({"pregnancy": "t2", "pregnancy_high_risk": "yes"},),
        quiet=({"pregnancy": "t2", "pregnancy_high_risk": "no"}, {"pregnancy": "t2"}),
    ),
    "R21": SafetyCase(
        fires=({"age_years": 15, "clinician_seen": "no", "back_pain_now": "yes"}, {"age_years": 15}),
        quiet=(
            {"age_years": 16},
            {"age_years": 15, "clinician_seen": "yes_not_discussed"},
            {"age_years": 15, "back_pain_now": "no"},
            {},
        ),
    ),
    "R22": SafetyCase(
        fires=(
            {"today": ["contagious_illness"]},
            {"skin_issues": ["contagious_skin"]},
            {"conditions": ["infection_cellulitis"]},
        ),
        quiet=({"today": ["acute_injury_lt_72h"]}, {"skin_issues": ["rash_or_eczema"]}),
    ),
    "R23": SafetyCase(
        fires=({"today": ["alcohol_or_drugs"]},), quiet=({"medications": ["opioid_or_sedative"]},)
    ),
    "R24": SafetyCase(
        fires=({"conditions": ["known_aneurysm"], "back_pain_now": "no"},),
        quiet=({"conditions": ["known_aneurysm"], "back_pain_now": "yes"}, {"back_pain_now": "no"}),
    ),
    "R25": SafetyCase(
        fires=({"clinician_seen": "yes_advised_against"},),
        quiet=({"clinician_seen": "yes_not_discussed"}, {"clinician_seen": "no"}),
    ),
    "T01": light(({"medications": ["anticoagulant"]},), ({"medications": ["antiplatelet"]},)),
    "T02": light(
        ({"conditions": ["bleeding_disorder"]}, {"conditions": ["low_platelets"]}),
        ({"medications": ["anticoagulant"]},),
        also=(POINT, SPORTS),
    ),
    "T03": medium(
        ({"conditions": ["past_clot"]},),
        ({"conditions": ["current_dvt_pe"]},),
        also=(DEVICE,),
        avoid=("leg_left", "leg_right", "whole_legs"),
    ),
    "T04": light(
        ({"conditions": ["cancer_active"]}, {"medications": ["chemotherapy_recent"]}),
        ({"conditions": ["cancer_past"]}, {"medications": ["immunosuppressant"]}),
        also=(POINT, SPORTS, LYMPH),
        sites=("tumour, radiotherapy, line or port sites",),
    ),
    "T05": medium(
        ({"conditions": ["cancer_past"]}, {"conditions": ["lymph_nodes_removed"]}),
        ({"conditions": ["cancer_active"]},),
        sites=("the treated area", "a limb with nodes removed"),
    ),
    "T06": medium(
        (
            {"pregnancy": "t1"},
            {"pregnancy": "t2"},
            {"pregnancy": "t3"},
            {"pregnancy": "postnatal_lt_6w"},
        ),
        ({"pregnancy": "no"}, {"pregnancy": "unsure"}, {}),
        also=(DEVICE, "aromatherapy"),
        minus={"acupressure": -6, POINT: -3, DEVICE: -2, SPORTS: -1},
        avoid=("abdomen",),
        sites=("deep work on the legs",),
        notes=("side_lying", "prenatal_therapist"),
    ),
    "T07": light(
        ({"osteoporosis": "severe_or_fragility_fracture"},),
        ({"osteoporosis": "yes"},),
        also=(POINT, SPORTS),
        forbidden=NO_JOLTS | {"compression"},
    ),
    "T08": medium(
        (
            {"diagnoses": ["spondylolisthesis"], **SEEN},
            {"diagnoses": ["vertebral_fracture_old"], **SEEN},
            {"diagnoses": ["spinal_stenosis"], **SEEN},
            {"diagnoses_past": ["spondylolisthesis"]},
            {"diagnoses_past": ["vertebral_fracture_old"]},
            {"diagnoses_past": ["spinal_stenosis"]},
        ),
        ({"diagnoses": ["scoliosis", "herniated_disc"]}, {"diagnoses_past": ["scoliosis"]}),
        also=(DEVICE,),
        sites=("direct pressure over the spine at that level",),
        forbidden=NO_JOLTS,
    ),
    "T09": medium(
        ({"limb_symptoms": ["numbness"]}, {"limb_symptoms": ["weakness"], **SEEN}),
        ({"limb_symptoms": ["tingling"]}, {"limb_symptoms": ["numbness", "long_standing_known"]}),
        also=(DEVICE,),
    ),
    "T10": medium(
        (
            {"diagnoses": ["herniated_disc"], "clinician_seen": "no"},
            {"diagnoses": ["sciatica"]},
            {"diagnoses": ["spondylolisthesis"]},
            {"diagnoses": ["spinal_stenosis"]},
        ),
        (
            {"diagnoses": ["herniated_disc"], "clinician_seen": "yes_not_discussed"},
            {"diagnoses": ["pinched_nerve"], "clinician_seen": "no"},
            {"diagnoses_past": ["sciatica"], "clinician_seen": "no"},
        ),
    ),
    "T11": medium(
        ({"recent_surgery": "6w_12w"}, {"conditions": ["spinal_surgery_ever"]}),
        ({"recent_surgery": "gt_12w"}, {"recent_surgery": "lt_6w"}),
        also=(DEVICE,),
        sites=("the operated area",),
    ),
    "T12": light(
        ({"conditions": ["heart_failure"]}, {"conditions": ["kidney_failure"]}),
        ({"conditions": ["heart_disease_stable"]},),
        also=(LYMPH,),
    ),
    "T13": light(
        ({"diagnoses": ["lymphoedema"]}, {"swelling": "area_or_limb_diagnosed"}),
        ({"diagnoses_past": ["lymphoedema"]}, {"swelling": "mild_after_activity"}),
        notes=("lymphatic_therapist",),
    ),
    "T14": medium(
        ({"red_flags": ["inflammatory_pattern"]},),
        ({"red_flags_unsure": ["inflammatory_pattern"]}, {"diagnoses": ["inflammatory_arthritis"]}),
        also=(DEVICE,),
        notes=("see_doctor_inflammatory",),
    ),
    "T15": medium(
        ({"red_flags": ["immunosuppressed_ivdu"]}, {"medications": ["immunosuppressant"]}),
        ({"medications": ["long_term_steroid"]}, {"red_flags_unsure": ["immunosuppressed_ivdu"]}),
    ),
    "T16": medium(
        ({"age_years": 17},),
        ({"age_years": 18}, {}),
        also=(DEVICE, "aromatherapy"),
        notes=("guardian",),
    ),
    "T17": SafetyCase(
        fires=(
            {
                "age_years": 50,
                "pain_course": "first_episode",
                "pain_duration": "lt_6w",
                "onset_triggers": ["none_obvious"],
            },
            {
                "age_years": 61,
                "pain_course": "first_episode",
                "pain_duration": "6w_12w",
                "onset_triggers": ["none_obvious"],
            },
        ),
        quiet=(
            {
                "age_years": 49,
                "pain_course": "first_episode",
                "pain_duration": "lt_6w",
                "onset_triggers": ["none_obvious"],
            },
            {
                "age_years": 50,
                "pain_course": "comes_and_goes",
                "pain_duration": "lt_6w",
                "onset_triggers": ["none_obvious"],
            },
            {
                "age_years": 50,
                "pain_course": "first_episode",
                "pain_duration": "gt_12w",
                "onset_triggers": ["none_obvious"],
            },
            {
                "age_years": 50,
                "pain_course": "first_episode",
                "pain_duration": "lt_6w",
                "onset_triggers": ["heavy_lifting"],
            },
        ),
    ),
    "T18": light(
        ({"conditions": ["arthritis_flare"]},),
        ({"diagnoses": ["inflammatory_arthritis"]},),
        sites=("hot, swollen joints",),
    ),
    "T19": medium(({"past_reaction": "felt_worse"},), ({"past_reaction": "sore_1_2_days"},)),
    "T20": light(({"conditions": ["liver_disease"]},), ({"conditions": ["asthma"]},)),
    "T21": light(
        ({"pain_trend": "worse", "pain_avg_nrs": 8},),
        ({"pain_trend": "worse", "pain_avg_nrs": 7}, {"pain_trend": "same", "pain_avg_nrs": 9}),
    ),
    "T22": light(
        (
            {"diagnoses": ["stress_fracture"], **SEEN},
            {"conditions": ["recent_fracture_lt_12w"], **SEEN},
            {"recent_surgery": "lt_6w", **SEEN},
        ),
        (
            {"diagnoses": ["stress_fracture"], "clinician_seen": "yes_not_discussed"},
            {"recent_surgery": "6w_12w", **SEEN},
            {"diagnoses_past": ["stress_fracture"], **SEEN},
            SEEN,
        ),
        also=(POINT, SPORTS),
        sites=("the place of the fracture or operation",),
        forbidden=NO_JOLTS | {"compression"},
    ),
    "T23": medium(
        ({"red_flags": ["cough_sneeze_worse"]},),
        ({"red_flags_unsure": ["cough_sneeze_worse"]},),
        notes=("see_doctor_soon",),
    ),
    "T24": light(
        ({"conditions": ["recent_head_injury"]},),
        ({"conditions": ["epilepsy"]},),
        also=("craniosacral",),
    ),
    "T25": medium(
        ({"pregnancy": "unsure"},),
        ({"pregnancy": "no"}, {"pregnancy": "t1"}),
        also=(DEVICE, "aromatherapy"),
        minus={"acupressure": -6, POINT: -3, DEVICE: -2, SPORTS: -1},
        avoid=("abdomen",),
        sites=("deep work on the legs",),
        notes=("side_lying", "prenatal_therapist"),
    ),
    "T26": SafetyCase(
        fires=({"conditions": ["neurological_condition"]},), quiet=({"conditions": ["epilepsy"]},)
    ),
    "T27": light(
        (
            {"diagnoses": ["vertebral_fracture_old"], "age_years": 65},
            {"diagnoses": ["vertebral_fracture_old"], "medications": ["long_term_steroid"]},
        ),
        (
            {"diagnoses": ["vertebral_fracture_old"], "age_years": 64},
            {"diagnoses_past": ["vertebral_fracture_old"], "age_years": 80},
            {"medications": ["long_term_steroid"], "age_years": 70},
        ),
        also=(POINT, SPORTS),
        forbidden=NO_JOLTS | {"compression"},
    ),
    "X01": SafetyCase(
        fires=(
            {"pain_areas": ["leg_left"], "radiation": "none"},
            {"pain_areas": ["leg_right"], "radiation": "none"},
        ),
        quiet=(
            {"pain_areas": ["leg_left"], "radiation": "leg_above_knee"},
            {"pain_areas": ["leg_left"]},
            {"pain_areas": ["arm_left"], "radiation": "none"},
        ),
    ),
    "X02": SafetyCase(
        fires=({"limb_symptoms": ["weakness"], "radiation": "none", "pain_areas": ["neck"]},),
        quiet=(
            {"limb_symptoms": ["weakness"], "radiation": "none", "pain_areas": ["arm_left"]},
            {"limb_symptoms": ["weakness"], "radiation": "none", "pain_areas": ["arm_right"]},
            {"limb_symptoms": ["weakness"], "radiation": "none", "pain_areas": ["leg_left"]},
            {"limb_symptoms": ["weakness"], "radiation": "none", "pain_areas": ["leg_right"]},
            {"limb_symptoms": ["weakness"], "radiation": "arm"},
            {"limb_symptoms": ["numbness"], "radiation": "none"},
        ),
    ),
    "X03": SafetyCase(
        fires=(
            {"pregnancy": "t1", "sex_at_birth": "male"},
            {"pregnancy": "t2", "sex_at_birth": "male"},
            {"pregnancy": "t3", "sex_at_birth": "male"},
        ),
        quiet=(
            {"pregnancy": "t1", "sex_at_birth": "intersex"},
            {"pregnancy": "no", "sex_at_birth": "male"},
            {"pregnancy": "postnatal_lt_6w", "sex_at_birth": "male"},
        ),
    ),
    "X04": SafetyCase(
        fires=({"back_pain_now": "no", "pain_avg_nrs": 4},),
        quiet=({"back_pain_now": "no", "pain_avg_nrs": 3}, {"pain_avg_nrs": 6}),
    ),
    "X05": SafetyCase(
        fires=({"pain_now_nrs": 9, "mobility_limit": "none", "pain_avg_nrs": 3},),
        quiet=(
            {"pain_now_nrs": 8, "mobility_limit": "none", "pain_avg_nrs": 3},
            {"pain_now_nrs": 9, "mobility_limit": "some", "pain_avg_nrs": 3},
            {"pain_now_nrs": 9, "mobility_limit": "none", "pain_avg_nrs": 4},
            {"pain_now_nrs": 9, "mobility_limit": "none"},
        ),
    ),
    "X06": SafetyCase(
        fires=({"activity_level": "athlete", "sitting_hours_per_day": 14},),
        quiet=(
            {"activity_level": "athlete", "sitting_hours_per_day": 13},
            {"activity_level": "regular", "sitting_hours_per_day": 16},
        ),
    ),
    "X07": light(
        (
            {
                "onset_type": "sudden",
                "onset_triggers": ["accident_or_blow"],
                "clinician_seen": "no",
            },
        ),
        (
            {"onset_type": "gradual", "onset_triggers": ["accident_or_blow"]},
            {"onset_type": "sudden", "onset_triggers": ["fall"]},
            {"onset_type": "sudden", "onset_triggers": ["accident_or_blow"], **SEEN},
            {
                "onset_type": "sudden",
                "onset_triggers": ["accident_or_blow"],
                "red_flags": ["serious_accident"],
            },
        ),
    ),
    "C01": medium(
        ({"medications": ["antiplatelet"]},),
        ({"medications": ["anticoagulant"]},),
        minus={DEVICE: -3, SPORTS: -1, POINT: -1},
    ),
    "C02": medium(
        ({"medications": ["long_term_steroid"]},),
        ({"medications": ["immunosuppressant"]},),
        also=(DEVICE,),
    ),
    "C03": medium(
        (
            {"osteoporosis": "osteopenia"},
            {"osteoporosis": "yes"},
            {"osteoporosis": "not_known", "age_years": 75},
            {"osteoporosis": "not_known", "medications": ["long_term_steroid"]},
        ),
        (
            {"osteoporosis": "not_known", "age_years": 74},
            {"osteoporosis": "no", "age_years": 80},
            {"age_years": 80, "medications": ["long_term_steroid"]},
        ),
        also=(DEVICE,),
        forbidden=frozenset({"percussion", "tapotement"}),
    ),
    "C04": medium(
        (
            {"radiation": "leg_above_knee"},
            {"radiation": "leg_below_knee"},
            {"radiation": "both_legs", **SEEN},
            {"radiation": "arm"},
            {"diagnoses": ["herniated_disc"], **SEEN},
            {"diagnoses": ["sciatica"], **SEEN},
            {"diagnoses": ["pinched_nerve"]},
            {"limb_symptoms": ["tingling"]},
        ),
        ({"radiation": "hip_buttock"}, {"diagnoses_past": ["sciatica"]}, {"radiation": "none"}),
        also=(DEVICE,),
        notes=("stop_if_travels",),
    ),
    "C05": medium(
        ({"diagnoses": ["scoliosis"]}, {"diagnoses_past": ["scoliosis"]}),
        ({"diagnoses": ["postural_imbalance"]}, {"diagnoses_past": ["muscle_strain"]}),
    ),
    "C06": medium(
        (
            {"diagnoses": ["osteoarthritis"]},
            {"diagnoses": ["inflammatory_arthritis"]},
            {"diagnoses_past": ["osteoarthritis"]},
            {"diagnoses_past": ["inflammatory_arthritis"]},
        ),
        ({"diagnoses": ["muscle_strain"]}, {"diagnoses_past": ["scoliosis"]}),
        also=(DEVICE,),
    ),
    "C07": medium(
        ({"conditions": ["hypertension_controlled"]}, {"conditions": ["heart_disease_stable"]}),
        ({"conditions": ["low_blood_pressure"]},),
        also=(DEVICE,),
        notes=("rise_slowly",),
    ),
    "C08": SafetyCase(
        fires=({"conditions": ["pacemaker_or_implant"]},),
        quiet=({"conditions": ["joint_replacement"]},),
        excluded=frozenset({DEVICE}),
        sites=("the place of the implant",),
    ),
    "C09": medium(
        ({"conditions": ["diabetes"]}, {"conditions": ["reduced_sensation"]}),
        ({"limb_symptoms": ["tingling"]},),
        sites=("areas with less feeling",),
        notes=("no_ice_or_heat",),
    ),
    "C10": SafetyCase(
        fires=(
            {"conditions": ["asthma"]},
            {"conditions": ["epilepsy"]},
            {"allergies": ["essential_oils_fragrance"]},
        ),
        quiet=({"allergies": ["nut_oil"]}, {"allergies": ["no_scent_wanted"]}),
        excluded=frozenset({"aromatherapy"}),
    ),
    "C11": SafetyCase(
        fires=({"allergies": ["nut_oil"]}, {"allergies": ["lotion_skin"]}, {"allergies": ["latex"]}),
        quiet=({"allergies": ["essential_oils_fragrance"]},),
        notes=("hypoallergenic",),
    ),
    "C12": SafetyCase(
        fires=(
            {"skin_issues": ["open_wound"]},
            {"skin_issues": ["burn_or_sunburn"]},
            {"skin_issues": ["rash_or_eczema"]},
            {"skin_issues": ["bruise"]},
            {"skin_issues": ["varicose_veins"]},
            {"skin_issues": ["recent_tattoo"]},
            {"skin_issues": ["scar_new"]},
        ),
        quiet=({"skin_issues": []}, {"skin_issues": ["contagious_skin"]}),
        sites=("affected skin",),
    ),
    "C13": light(
        ({"today": ["acute_injury_lt_72h"]},),
        ({"onset_triggers": ["sudden_overstretch"]},),
        also=(POINT,),
        sites=("the injured area",),
    ),
    "C14": medium(
        ({"muscle_findings": ["spasm"], "pain_avg_nrs": 7},),
        (
            {"muscle_findings": ["spasm"], "pain_avg_nrs": 6},
            {"muscle_findings": ["knots"], "pain_avg_nrs": 7},
        ),
        also=(DEVICE,),
    ),
    "C15": medium(
        ({"conditions": ["hypermobility"]},),
        ({"conditions": ["diabetes"]},),
        forbidden=frozenset({"passive_movement"}),
        notes=("no_end_range",),
    ),
    "C16": medium(
        ({"medications": ["opioid_or_sedative"]},),
        ({"today": ["alcohol_or_drugs"]},),
        notes=("feedback_unreliable",),
    ),
    "C17": light(({"diagnoses": ["fibromyalgia"]},), ({"diagnoses_past": ["fibromyalgia"]},)),
    "C18": SafetyCase(
        fires=({"touch_concern": "yes"},), quiet=({"touch_concern": "no"}, {}), notes=("client_led",)
    ),
    "C19": SafetyCase(
        fires=({"mood": "marked"},),
        quiet=({"mood": "mild"}, {"stress_level": 10}),
        notes=("support_lines",),
        level="ok",
    ),
    "C20": medium(({"past_reaction": "bruised"},), ({"past_reaction": "sore_1_2_days"},)),
    "C21": medium(({"age_years": 75},), ({"age_years": 74},), also=(DEVICE,)),
    "C22": SafetyCase(
        fires=({"recent_surgery": "gt_12w"},), quiet=({"recent_surgery": "none"},), sites=("the scar",)
    ),
    "C23": SafetyCase(
        fires=({"swelling": "mild_after_activity"},),
        quiet=({"swelling": "none"},),
        sites=("deep work on the swollen area",),
    ),
    "C24": medium(({"pain_avg_nrs": 8},), ({"pain_avg_nrs": 7}, {"pain_now_nrs": 10})),
    "C25": SafetyCase(
        fires=({"conditions": ["low_blood_pressure"]},),
        quiet=({"conditions": ["hypertension_controlled"]},),
        notes=("rise_slowly",),
    ),
    "C26": SafetyCase(
        fires=({"conditions": ["joint_replacement"]},),
        quiet=({"conditions": ["pacemaker_or_implant"]},),
        sites=("the replaced joint",),
    ),
    "C27": SafetyCase(
        fires=({"allergies": ["no_scent_wanted"]},),
        quiet=({"allergies": ["essential_oils_fragrance"]},),
        excluded=frozenset({"aromatherapy"}),
        level="ok",
    ),
    "C28": SafetyCase(
        fires=({"swelling": "ankles_both_known"},),
        quiet=({"swelling": "mild_after_activity"},),
        avoid=("leg_left", "leg_right", "whole_legs"),
    ),
    "C29": medium(
        ({"limb_symptoms": ["long_standing_known"]},),
        ({"limb_symptoms": ["numbness"]},),
        sites=("areas with less feeling",),
        notes=("no_ice_or_heat",),
    ),
}

SCORING: Final[dict[str, ScoringCase]] = {
    "E01": ScoringCase(
        fires=(
            {"muscle_findings": ["deep_chronic_tension"], "pain_duration": "6w_12w"},
            {"muscle_findings": ["deep_chronic_tension"], "pain_duration": "gt_12w"},
        ),
        quiet=(
            {"muscle_findings": ["deep_chronic_tension"], "pain_duration": "lt_6w"},
            {"muscle_findings": ["deep_chronic_tension"]},
            {"muscle_findings": ["knots"], "pain_duration": "gt_12w"},
        ),
        points={DEEP: 4, "neuromuscular": 1, "swedish": 1},
    ),
    "E02": ScoringCase(
        fires=(
            {"muscle_findings": ["deep_chronic_tension"], "pain_duration": "lt_6w"},
            {"muscle_findings": ["deep_chronic_tension"]},
        ),
        quiet=(
            {"muscle_findings": ["deep_chronic_tension"], "pain_duration": "6w_12w"},
            {"muscle_findings": ["deep_chronic_tension"], "pain_duration": "gt_12w"},
            {"pain_duration": "lt_6w"},
        ),
        points={DEEP: 2, "swedish": 1},
    ),
    "E03": ScoringCase(
        fires=({"muscle_findings": ["knots"]},),
        quiet=({"muscle_findings": ["knots", "tender_points_refer"]}, {"muscle_findings": ["stiffness"]}),
        points={DEEP: 3, POINT: 2},
    ),
    "E04": ScoringCase(
        fires=({"muscle_findings": ["tender_points_refer", "knots"]},),
        quiet=({"muscle_findings": ["knots"]},),
        points={POINT: 5, "neuromuscular": 3},
    ),
    "E05": ScoringCase(
        fires=({"muscle_findings": ["spasm"]},),
        quiet=({"muscle_findings": ["stiffness"]},),
        points={"swedish": 2, "relaxation": 2, POINT: 1, DEVICE: 1},
    ),
    "E06": ScoringCase(
        fires=({"muscle_findings": ["stiffness"]}, {"mobility_limit": "marked"}),
        quiet=({"mobility_limit": "some"}, {"muscle_findings": ["general_tightness"]}),
        points={"swedish": 2, DEEP: 1, POINT: 1},
    ),
    "E07": ScoringCase(
        fires=({"muscle_findings": ["restricted_fascia"]},),
        quiet=({"muscle_findings": ["stiffness"]},),
        points={FASCIA: 6, DEEP: 1},
    ),
    "E08": ScoringCase(
        fires=({"muscle_findings": ["uneven_tension"]}, {"diagnoses": ["postural_imbalance"]}),
        quiet=({"onset_triggers": ["poor_posture"]}, {"diagnoses_past": ["postural_imbalance"]}),
        points={"neuromuscular": 5, POINT: 1},
    ),
    "E09": ScoringCase(
        fires=({"muscle_findings": ["general_tightness"]},),
        quiet=({"muscle_findings": ["deep_chronic_tension"]},),
        points={"swedish": 2, "relaxation": 1},
    ),
    "E10": ScoringCase(
        fires=({"onset_triggers": ["long_sitting"]}, {"sitting_hours_per_day": 6}),
        quiet=({"sitting_hours_per_day": 5}, {"occupation_type": "desk"}),
        points={DEEP: 2, "swedish": 1, POINT: 1},
    ),
    "E11": ScoringCase(
        fires=({"onset_triggers": ["poor_posture"]},),
        quiet=({"visit_goals": ["posture"]},),
        points={"neuromuscular": 2, POINT: 1, DEEP: 1},
    ),
    "E12": ScoringCase(
        fires=({"activity_level": "none"},), quiet=({"activity_level": "light"}, {}), points={"swedish": 1}
    ),
    "E13": ScoringCase(
        fires=({"onset_triggers": ["repetitive_motion"]},),
        quiet=({"onset_triggers": ["repetitive_motion"], "activity_level": "athlete"}, {}),
        points={POINT: 2, DEEP: 1},
    ),
    "E14": ScoringCase(
        fires=(
            {"diagnoses": ["muscle_strain"]},
            {"onset_triggers": ["sudden_overstretch"], "activity_level": "regular"},
            {"onset_triggers": ["heavy_lifting"]},
        ),
        quiet=(
            {"diagnoses": ["muscle_strain"], "activity_level": "athlete"},
            {"diagnoses_past": ["muscle_strain"]},
        ),
        points={"swedish": 2, SPORTS: 1, POINT: 1},
    ),
    "E15": ScoringCase(
        fires=({"activity_level": "athlete"},), quiet=({"activity_level": "regular"},), points={SPORTS: 4}
    ),
    "E15b": ScoringCase(
        fires=(
            {"activity_level": "athlete", "sport_context": "before_event"},
            {"activity_level": "athlete", "sport_context": "after_event"},
            {"activity_level": "athlete", "sport_context": "heavy_training"},
            {"activity_level": "athlete", "sport_context": "minor_sport_injury"},
        ),
        quiet=(
            {"activity_level": "athlete", "sport_context": "none"},
            {"activity_level": "regular", "sport_context": "before_event"},
            {"activity_level": "athlete"},
        ),
        points={SPORTS: 2, DEEP: -2},
    ),
    "E16": ScoringCase(
        fires=({"sport_context": "before_event"}, {"sport_context": "after_event"}),
        quiet=({"sport_context": "heavy_training"},),
        points={SPORTS: 3},
    ),
    "E17": ScoringCase(
        fires=({"sport_context": "heavy_training"}, {"sport_context": "minor_sport_injury"}),
        quiet=({"sport_context": "after_event"},),
        points={SPORTS: 3},
    ),
    "E18": ScoringCase(
        fires=(
            {"onset_triggers": ["sport_training"]},
            {"onset_triggers": ["dance"], "activity_level": "light"},
        ),
        quiet=({"onset_triggers": ["dance"], "activity_level": "athlete"}, {"activity_level": "regular"}),
        points={SPORTS: 3},
    ),
    "E19": ScoringCase(
        fires=({"stress_level": 7}, {"onset_triggers": ["stress_period"], "stress_level": 2}),
        quiet=({"stress_level": 6},),
        points={"relaxation": 4, "swedish": 2},
    ),
    "E20": ScoringCase(
        fires=({"stress_level": 4}, {"stress_level": 6}),
        quiet=(
            {"stress_level": 3},
            {"stress_level": 7},
            {"stress_level": 5, "onset_triggers": ["stress_period"]},
        ),
        points={"relaxation": 1, "swedish": 1},
    ),
    "E21": ScoringCase(
        fires=({"mood": "mild"}, {"mood": "marked"}),
        quiet=({"mood": "none"}, {}),
        points={"relaxation": 2, "swedish": 1},
    ),
    "E22": ScoringCase(
        fires=({"sleep_problem": "yes"},),
        quiet=({"sleep_problem": "no"}, {"visit_goals": ["sleep"]}),
        points={"relaxation": 1, "swedish": 1},
    ),
    "E23": ScoringCase(
        fires=({"tension_headaches": "yes"},),
        quiet=({"tension_headaches": "no"},),
        points={POINT: 1, "relaxation": 1},
    ),
    "E24": ScoringCase(
        fires=({"swelling": "mild_after_activity"},),
        quiet=({"swelling": "ankles_both_known"}, {"visit_goals": ["reduce_swelling"]}),
        points={LYMPH: 5},
    ),
    "E25": ScoringCase(
        fires=({"swelling": "area_or_limb_diagnosed"},),
        quiet=({"diagnoses": ["lymphoedema"]},),
        points={LYMPH: 8},
    ),
    "E26": ScoringCase(
        fires=(
            {"diagnoses": ["herniated_disc"]},
            {"diagnoses": ["sciatica"]},
            {"diagnoses": ["pinched_nerve"]},
            {"radiation": "leg_above_knee"},
            {"radiation": "leg_below_knee"},
            {"radiation": "both_legs", **SEEN},
            {"radiation": "arm"},
        ),
        quiet=(
            {"radiation": "hip_buttock"},
            {"diagnoses_past": ["sciatica"]},
            {"limb_symptoms": ["tingling"]},
        ),
        points={"swedish": 2, "relaxation": 2, "neuromuscular": 2, POINT: 1, DEEP: -3, DEVICE: -3},
    ),
    "E27": ScoringCase(
        fires=({"diagnoses": ["scoliosis"]},),
        quiet=({"diagnoses_past": ["scoliosis"]},),
        points={"swedish": 2, "neuromuscular": 2, "relaxation": 1, DEEP: -1},
    ),
    "E28": ScoringCase(
        fires=({"diagnoses": ["osteoarthritis"]}, {"diagnoses": ["inflammatory_arthritis"]}),
        quiet=({"conditions": ["arthritis_flare"]}, {"diagnoses_past": ["osteoarthritis"]}),
        points={"swedish": 2, "relaxation": 2, LYMPH: 1, DEEP: -2, DEVICE: -2},
    ),
    "E29": ScoringCase(
        fires=(
            {"diagnoses": ["spondylolisthesis"]},
            {"diagnoses": ["stress_fracture"], **SEEN},
            {"diagnoses": ["vertebral_fracture_old"]},
            {"diagnoses": ["spinal_stenosis"]},
            {"osteoporosis": "yes"},
            {"osteoporosis": "severe_or_fragility_fracture"},
        ),
        quiet=({"osteoporosis": "osteopenia"}, {"diagnoses_past": ["spinal_stenosis"]}),
        points={"relaxation": 3, "swedish": 2},
    ),
    "E30": ScoringCase(
        fires=({"diagnoses": ["myofascial_pain"]},),
        quiet=({"diagnoses": ["fibromyalgia"]},),
        points={POINT: 3, FASCIA: 2, "neuromuscular": 1},
    ),
    "E31": ScoringCase(
        fires=(
            {"pain_areas": ["neck"], "muscle_findings": ["knots"]},
            {"pain_areas": ["shoulders"], "muscle_findings": ["deep_chronic_tension"]},
            {"pain_areas": ["neck"], "muscle_findings": ["tender_points_refer"]},
        ),
        quiet=(
            {"pain_areas": ["upper_back"], "muscle_findings": ["knots"]},
            {"pain_areas": ["neck"], "muscle_findings": ["stiffness"]},
        ),
        points={DEEP: 1, POINT: 1},
    ),
    "E32": ScoringCase(
        fires=({"pain_areas": ["lower_back", "hip_buttock"]},),
        quiet=(
            {"pain_areas": ["lower_back", "neck"]},
            {"pain_areas": ["lower_back", "shoulders"]},
            {"pain_areas": ["lower_back", "upper_back"]},
            {"pain_areas": ["hip_buttock"]},
        ),
        points={"swedish": 1},
    ),
    "E33": ScoringCase(
        fires=({"pain_duration": "gt_12w"},),
        quiet=({"pain_duration": "6w_12w"},),
        points={DEEP: 1, "swedish": 1},
    ),
    "E34": ScoringCase(
        fires=({"pain_duration": "lt_6w"},),
        quiet=({"pain_duration": "6w_12w"}, {}),
        points={"swedish": 1, "relaxation": 1, DEEP: -1},
    ),
    "E35": ScoringCase(
        fires=({"pain_avg_nrs": 1}, {"pain_avg_nrs": 3}),
        quiet=({"pain_avg_nrs": 0}, {"pain_avg_nrs": 4}, {}),
        points={"swedish": 2, "relaxation": 1},
    ),
    "E36": ScoringCase(
        fires=(
            {
                "pain_course": "comes_and_goes",
                "pain_duration": "gt_12w",
                "muscle_findings": ["tender_points_refer"],
            },
            {"pain_course": "constant", "pain_duration": "gt_12w", "muscle_findings": ["uneven_tension"]},
        ),
        quiet=(
            {
                "pain_course": "first_episode",
                "pain_duration": "gt_12w",
                "muscle_findings": ["tender_points_refer"],
            },
            {"pain_course": "constant", "pain_duration": "6w_12w", "muscle_findings": ["uneven_tension"]},
            {"pain_course": "constant", "pain_duration": "gt_12w", "muscle_findings": ["knots"]},
        ),
        points={"neuromuscular": 2},
    ),
    "E37": ScoringCase(
        fires=({"visit_goals": ["relaxation"]}, {"visit_goals": ["stress_relief"]}),
        quiet=({"visit_goals": ["sleep", "prevention"]},),
        points={"relaxation": 2, "swedish": 2},
    ),
    "E38": ScoringCase(
        fires=({"visit_goals": ["mobility"]},),
        quiet=({"visit_goals": ["pain_relief"]},),
        points={DEEP: 1, POINT: 1, "swedish": 1},
    ),
    "E39": ScoringCase(
        fires=({"visit_goals": ["posture"]},),
        quiet=({"onset_triggers": ["poor_posture"]},),
        points={"neuromuscular": 2, POINT: 1},
    ),
    "E40": ScoringCase(
        fires=({"visit_goals": ["sport_recovery"]},),
        quiet=({"sport_context": "after_event"},),
        points={SPORTS: 2},
    ),
    "E41": ScoringCase(
        fires=(
            {"visit_goals": ["reduce_swelling"], "swelling": "mild_after_activity"},
            {"visit_goals": ["reduce_swelling"], "swelling": "area_or_limb_diagnosed"},
        ),
        quiet=(
            {"visit_goals": ["reduce_swelling"], "swelling": "ankles_both_known"},
            {"swelling": "mild_after_activity"},
        ),
        points={LYMPH: 2},
    ),
    "E42": ScoringCase(
        fires=({"age_years": 65},),
        quiet=({"age_years": 64}, {}),
        points={"swedish": 1, "relaxation": 1, DEEP: -1},
    ),
    "E43": ScoringCase(
        fires=({"approach_interest": ["essential_oils"]},),
        quiet=({"approach_interest": ["stretching"]},),
        points={"aromatherapy": 4},
    ),
    "E44": ScoringCase(
        fires=(
            {"approach_interest": ["essential_oils"], "stress_level": 4},
            {"approach_interest": ["essential_oils"], "visit_goals": ["relaxation"]},
            {"approach_interest": ["essential_oils"], "visit_goals": ["stress_relief"]},
            {"approach_interest": ["essential_oils"], "mood": "mild"},
            {"approach_interest": ["essential_oils"], "mood": "marked"},
        ),
        quiet=(
            {"approach_interest": ["essential_oils"], "stress_level": 3, "mood": "none"},
            {"stress_level": 9, "visit_goals": ["relaxation"]},
        ),
        points={"aromatherapy": 5},
    ),
    "E45": ScoringCase(
        fires=({"approach_interest": ["acupressure_points"]},),
        quiet=({"modalities_liked": ["acupressure"]},),
        points={"acupressure": 9},
    ),
    "E46": ScoringCase(fires=({"approach_interest": ["device_vibration"]},), quiet=({},), points={DEVICE: 9}),
    "E47": ScoringCase(
        fires=({"approach_interest": ["very_gentle_still_hands"]},),
        quiet=({"pressure_preference": "light"},),
        points={"craniosacral": 9},
    ),
    "E48": ScoringCase(
        fires=({"approach_interest": ["stretching"]},),
        quiet=({"approach_interest": ["essential_oils"]},),
        points={SPORTS: 1, POINT: 1},
    ),
    "E50": ScoringCase(
        fires=(
            {"muscle_findings": ["knots"], "pressure_preference": "light"},
            {"muscle_findings": ["tender_points_refer"], "pressure_preference": "light"},
        ),
        quiet=(
            {"muscle_findings": ["knots"], "pressure_preference": "medium"},
            {"muscle_findings": ["spasm"], "pressure_preference": "light"},
        ),
        points={"relaxation": 2},
    ),
    "E51": ScoringCase(
        fires=(
            {"onset_triggers": ["growth"]},
            {"life_stage_change": ["growth_spurt"]},
            {"life_stage_change": ["retirement"]},
        ),
        quiet=({"life_stage_change": ["new_job"]}, {"occupation_type": "retired"}),
        points={"swedish": 1, "relaxation": 1},
    ),
    "E52": ScoringCase(
        fires=({"onset_triggers": ["accident_or_blow"], **SEEN}, {"onset_triggers": ["fall"]}),
        quiet=({"onset_triggers": ["heavy_lifting"]},),
        points={"swedish": 2, "relaxation": 1, POINT: 1},
    ),
    "E49": ScoringCase(
        fires=({"clothing_preference": "stay_clothed"},),
        quiet=({"clothing_preference": "undress_ok"}, {}),
        points={
            "acupressure": 4,
            "craniosacral": 3,
            DEVICE: 2,
            FASCIA: 1,
            "relaxation": -2,
            DEEP: -2,
            "swedish": -3,
            "aromatherapy": -4,
        },
    ),
    "P01": ScoringCase(
        fires=({"pressure_preference": "light"},),
        quiet=({"pressure_preference": "none"}, {}),
        points={
            "relaxation": 3,
            "swedish": 2,
            "craniosacral": 1,
            LYMPH: 1,
            "aromatherapy": 1,
            "neuromuscular": -1,
            POINT: -3,
            SPORTS: -3,
            DEVICE: -3,
            DEEP: -8,
        },
    ),
    "P02": ScoringCase(
        fires=({"pressure_preference": "medium"},),
        quiet=({"pressure_preference": "firm"},),
        points={"swedish": 1, "relaxation": 1, DEEP: -2},
    ),
    "P03": ScoringCase(
        fires=({"pressure_preference": "firm"},),
        quiet=({"pressure_preference": "medium"},),
        points={DEEP: 2, POINT: 1, SPORTS: 1, "swedish": -1, "relaxation": -1},
    ),
    "P04": ScoringCase(
        fires=({"massage_experience": "never"},),
        quiet=({"massage_experience": "some"}, {}),
        points={"swedish": 1, "relaxation": 1, DEEP: -1},
    ),
    "P05": ScoringCase(
        fires=({"modalities_liked": ["acupressure"]},),
        quiet=({"modalities_disliked": ["acupressure"]}, {"modalities_liked": []}),
        points={"acupressure": 2},
    ),
}
