"""Rules of 2026.12 for which a therapist looks first and that differ from those of 2026.11, or are new."""

from dataclasses import replace
from typing import Final

from clinic.guidance.conditions import (
    all_of,
    any_of,
    at_least,
    below,
    has,
    has_any,
    in_,
    is_,
    not_,
)
from clinic.guidance.levels import Level, Pressure
from clinic.guidance.rules.kinds import Effect, SafetyRule
from clinic.guidance.rules.v2026_11 import RULE_SET as V2026_11
from clinic.guidance.rules.v2026_12.stops import BONES_AT_RISK

_OLD: Final = V2026_11.safety_by_id
_LEGS_IN_SPORT: Final = any_of(
    is_("activity_level", "athlete"),
    has_any("onset_triggers", "sport_training", "dance"),
    in_("sport_context", "before_event", "after_event", "heavy_training", "minor_sport_injury"),
)
_LEGS_WITH_A_NAME: Final = any_of(
    has("conditions", "joint_replacement"),
    has("conditions", "arthritis_flare"),
    has_any("diagnoses", "osteoarthritis", "inflammatory_arthritis", "fibromyalgia", "lymphoedema"),
    has("skin_issues", "varicose_veins"),
    in_("swelling", "mild_after_activity", "ankles_both_known", "area_or_limb_diagnosed"),
    has("limb_symptoms", "long_standing_known"),
)

REVIEW: Final = (
    replace(
        _OLD["T05"],
        when=any_of(
            has_any("conditions", "cancer_past", "lymph_nodes_removed"), has("red_flags", "cancer_ever")
        ),
    ),
    replace(
        _OLD["T14"],
        when=any_of(
            has("red_flags", "inflammatory_pattern"),
            all_of(
                has("red_flags", "wakes_late_at_night"),
                is_("eases_with_movement", "yes"),
                is_("pain_duration", "gt_12w"),
                any_of(below("age_years", 45), is_("began_before_45", "yes")),
            ),
        ),
    ),
)

NEW_REVIEW: Final = (
    SafetyRule(
        id="T28",
        level=Level.THERAPIST_REVIEW,
        when=all_of(
            any_of(has("red_flags", "small_fall"), has("onset_triggers", "fall")),
            BONES_AT_RISK,
            any_of(is_("fall_checked", "yes"), is_("clinician_seen", "yes_cleared")),
        ),
        why="A fall with thin bones, steroids, or from 65 years on, looked at by a clinician",
        sources=("NCCIH-S", "IFOMPT"),
        effect=Effect(
            cap=Pressure.LIGHT,
            exclude=("deep_tissue", "mechanical_impulse", "trigger_point", "sports"),
            sites=("the place of the fall",),
            forbid=("passive_movement", "percussion", "tapotement", "compression"),
        ),
    ),
)

CONTRADICTIONS: Final = (
    replace(
        _OLD["X01"],
        when=all_of(
            has_any("pain_areas", "leg_left", "leg_right"),
            is_("radiation", "none"),
            not_(_LEGS_IN_SPORT),
            not_(_LEGS_WITH_A_NAME),
        ),
        ask_again="You marked a leg as painful, and that the pain does not travel. Both can be right, if the leg hurts by "
        "itself. Please look at both answers again.",
    ),
    replace(
        _OLD["X02"],
        when=all_of(
            has("limb_symptoms", "weakness"),
            is_("radiation", "none"),
            not_(has_any("pain_areas", "leg_left", "leg_right", "arm_left", "arm_right")),
            not_(has("limb_symptoms", "long_standing_known")),
        ),
        ask_again="You told us about weakness in an arm or leg, and marked no arm or leg on the figure. Both can be right, if "
        "it does not hurt there. Please look at both answers again.",
    ),
    replace(
        _OLD["X03"],
        ask_again="We asked about pregnancy and about sex at birth. Both answers can be right; a therapist then has a short "
        "look. Please look at both again.",
    ),
    replace(
        _OLD["X04"],
        ask_again="You told us that you have no back pain now, and an average pain of 4 or more. Both can be right, if it hurt last "
        "week and is gone now. Please look at both answers again.",
    ),
    replace(
        _OLD["X05"],
        ask_again="Your pain is very strong now, and was mild on average. Both can be right, if it has just begun. Please "
        "look at both answers again.",
    ),
    replace(
        _OLD["X06"],
        when=all_of(
            is_("activity_level", "athlete"),
            at_least("sitting_hours_per_day", 14),
            not_(has_any("conditions", "spinal_surgery_ever", "neurological_condition")),
        ),
        ask_again="You train for events, and sit 14 hours a day or more. Both can be right, for example in a wheelchair "
        "sport or on long drives. Please look at both answers again.",
    ),
    replace(
        _OLD["X07"],
        when=all_of(
            is_("onset_type", "sudden"),
            has("onset_triggers", "accident_or_blow"),
            not_(has_any("red_flags", "serious_accident", "major_trauma", "small_fall")),
            is_("clinician_seen", "no"),
        ),
        look_again=("onset_triggers", "red_flags.major_trauma"),
        ask_again="You told us that an accident or a blow brought it on, and that it was not a serious accident, a fall "
        "from a height or a hard blow. Both can be right, if it was a small knock. Please look at both answers again.",
    ),
)
