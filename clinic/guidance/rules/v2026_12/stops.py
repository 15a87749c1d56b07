"""Rules of 2026.12 that stop a booking and differ from those of 2026.11, or are new."""

from dataclasses import replace
from typing import Final

from clinic.guidance.conditions import (
    all_of,
    any_of,
    at_least,
    has,
    has_any,
    in_,
    is_,
    is_not,
    not_,
)
from clinic.guidance.levels import Disposition, Level
from clinic.guidance.rules.kinds import SafetyRule
from clinic.guidance.rules.v2026_11 import RULE_SET as V2026_11

_OLD: Final = V2026_11.safety_by_id

BONES_AT_RISK: Final = any_of(
    at_least("age_years", 65),
    in_("osteoporosis", "osteopenia", "yes", "severe_or_fragility_fracture"),
    has("medications", "long_term_steroid"),
)
"""From 65 years on, thin bones, or steroids for long: a small fall can crack a bone (IFOMPT 2020, NHSG)."""

TOLD_OF_A_FALL: Final = any_of(
    all_of(has("onset_triggers", "fall"), BONES_AT_RISK),
    all_of(has("onset_triggers", "accident_or_blow"), is_("onset_type", "sudden"), at_least("age_years", 65)),
)
CANCER_EVER: Final = all_of(
    has("red_flags", "cancer_ever"),
    is_not("back_pain_now", "no"),
    is_not("cancer_pain_changed", "no"),
)

URGENT: Final = (
    replace(_OLD["U02"], why="Back pain, and a new change in bladder or bowel control"),
    replace(_OLD["U06"], why="New unsteady walking or clumsy hands"),
    SafetyRule(
        id="U07",
        level=Level.URGENT,
        disposition=Disposition.EMERGENCY,
        when=any_of(
            has("red_flags", "serious_accident"),
            all_of(has("red_flags", "major_trauma"), is_not("accident_checked", "yes")),
        ),
        why="Pain since a serious accident, fall from a height or hard blow, not medically checked",
        sources=("NHS", "G4"),
        waits_for=("accident_checked",),
    ),
    replace(_OLD["U13"], why="Cancer with limb weakness or numbness"),
)
"""The client reads why an urgent rule fired aloud to the emergency service, so it says only what was answered."""

NEW_URGENT: Final = (
    SafetyRule(
        id="U14",
        level=Level.URGENT,
        disposition=Disposition.EMERGENCY,
        when=all_of(
            CANCER_EVER,
            has_any("limb_symptoms", "weakness", "numbness"),
            not_(has("limb_symptoms", "long_standing_known")),
        ),
        why="Cancer at any time, new or changed back pain, and limb weakness or numbness",
        sources=("NHSL-MSCC", "NG234"),
        waits_for=("cancer_pain_changed",),
    ),
)

REFER: Final = (
    SafetyRule(
        id="R01",
        level=Level.REFER,
        disposition=Disposition.DOCTOR,
        when=any_of(has("red_flags", "cancer_new_pain"), CANCER_EVER),
        why="Past or present cancer and new, different or worsening back pain",
        sources=("IFOMPT", "NHSG", "NG234"),
        waits_for=("cancer_pain_changed",),
    ),
    SafetyRule(
        id="R06",
        level=Level.REFER,
        disposition=Disposition.DOCTOR,
        when=any_of(
            has("red_flags", "minor_fall_fragile"),
            all_of(
                has("red_flags", "small_fall"),
                BONES_AT_RISK,
                is_not("fall_checked", "yes"),
                is_not("clinician_seen", "yes_cleared"),
            ),
        ),
        why="Pain after a fall or knock with thin bones, steroids, or from 65 years on",
        sources=("NHSG", "IFOMPT"),
        waits_for=("fall_checked",),
    ),
    SafetyRule(
        id="R10",
        level=Level.REFER,
        disposition=Disposition.DOCTOR,
        when=all_of(
            has("limb_symptoms", "weakness"),
            is_("clinician_seen", "no"),
            not_(has("limb_symptoms", "long_standing_known")),
        ),
        why="Limb weakness never assessed by a clinician",
        sources=("NHSL", "IFOMPT"),
    ),
    SafetyRule(
        id="R22",
        level=Level.REFER,
        disposition=Disposition.POSTPONE,
        when=has("today", "contagious_illness"),
        why="An illness that others can catch",
        sources=("ABMP", "NCCIH-S"),
        remark="Please book again when you have been well for 48 hours.",
    ),
)

NEW_REFER: Final = (
    SafetyRule(
        id="R26",
        level=Level.REFER,
        disposition=Disposition.DOCTOR,
        when=all_of(
            has_any("conditions", "cancer_active", "cancer_past", "bone_metastases"),
            is_not("back_pain_now", "no"),
            any_of(
                is_("pain_trend", "worse"),
                all_of(is_("pain_course", "first_episode"), is_("pain_duration", "lt_6w")),
                in_("cancer_pain_changed", "yes", "unsure"),
            ),
            is_not("cancer_pain_changed", "no"),
            is_not("clinician_seen", "yes_cleared"),
        ),
        why="Cancer among the conditions, and back pain that is new or getting worse",
        sources=("IFOMPT", "NG234"),
        remark="The same as R01, from other answers.",
        waits_for=("cancer_pain_changed",),
    ),
    SafetyRule(
        id="R27",
        level=Level.REFER,
        disposition=Disposition.DOCTOR,
        when=all_of(
            TOLD_OF_A_FALL,
            is_not("fall_started_it", "no"),
            is_not("fall_checked", "yes"),
            is_not("clinician_seen", "yes_cleared"),
        ),
        why="A fall or a blow brought it on, with thin bones, steroids, or from 65 years on",
        sources=("IFOMPT", "NHSG"),
        remark="The same as R06, from other answers; a no to one question does not clear it.",
        waits_for=("fall_started_it", "fall_checked"),
    ),
    SafetyRule(
        id="R28",
        level=Level.REFER,
        disposition=Disposition.DOCTOR,
        when=all_of(
            in_("pregnancy", "t2", "t3", "postnatal_lt_6w"),
            any_of(
                is_("swelling", "area_or_limb_unexplained"), has("conditions", "hypertension_uncontrolled")
            ),
        ),
        why="Pregnant or just given birth, with unexplained swelling or high blood pressure",
        sources=("NHS-PRE",),
    ),
    SafetyRule(
        id="R29",
        level=Level.REFER,
        disposition=Disposition.DOCTOR,
        when=any_of(has("conditions", "infection_cellulitis"), has("skin_issues", "hot_spreading_skin")),
        why="Hot, red or swollen skin that is spreading",
        sources=("NHS-CELL", "NCCIH-S"),
    ),
    SafetyRule(
        id="R30",
        level=Level.REFER,
        disposition=Disposition.DOCTOR,
        when=has("skin_issues", "shingles"),
        why="Shingles: no massage until every blister has a dry crust",
        sources=("NHS-SHING",),
    ),
    SafetyRule(
        id="R31",
        level=Level.REFER,
        disposition=Disposition.POSTPONE,
        when=has_any("skin_issues", "contagious_skin", "ringworm_scabies"),
        why="A skin problem that others can catch",
        sources=("NHS-SKIN", "ABMP"),
        remark="Please ask a pharmacist or a doctor within two days, and book again when it has been treated.",
    ),
    SafetyRule(
        id="R32",
        level=Level.REFER,
        disposition=Disposition.POSTPONE,
        when=has("today", "cold"),
        why="A cold",
        sources=("ABMP", "default"),
        remark="Please rest, and come on another day, when you feel well.",
    ),
    SafetyRule(
        id="R33",
        level=Level.REFER,
        disposition=Disposition.DOCTOR,
        when=all_of(has("conditions", "bone_metastases"), is_not("back_pain_now", "no")),
        why="Cancer in the bones, and back pain now",
        sources=("NG234", "NHSL-MSCC"),
    ),
)
