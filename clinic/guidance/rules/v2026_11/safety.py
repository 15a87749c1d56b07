"""The safety rules, in table order: urgent, refer, therapist review, contradictions, caution.

Sources are keys of docs/guidance.md, "Sources"; "default" marks a cautious product default without a source of its
own, to be confirmed by a clinician.
"""

from typing import Final

from clinic.guidance.conditions import (
    Condition,
    all_of,
    any_of,
    at_least,
    at_most,
    below,
    has,
    has_any,
    in_,
    is_,
    is_not,
    not_,
)
from clinic.guidance.levels import Disposition, Level, Pressure
from clinic.guidance.rules.kinds import NO_EFFECT, Effect, Note, SafetyRule

_LIGHT, _MEDIUM = Pressure.LIGHT, Pressure.MEDIUM
_DEEP_AND_DEVICE = ("deep_tissue", "mechanical_impulse")
_ALL_STRONG = ("deep_tissue", "mechanical_impulse", "trigger_point", "sports")
_NO_JOLTS = ("passive_movement", "percussion", "tapotement")
_NO_LOAD = (*_NO_JOLTS, "compression")

_RISE_SLOWLY = Note("rise_slowly", "Take a minute before you stand up after the session.")
_NO_ICE_OR_HEAT = Note("no_ice_or_heat", "We give no advice to use ice or heat.")
_PREGNANT = Effect(
    cap=_MEDIUM,
    exclude=("deep_tissue", "mechanical_impulse", "aromatherapy"),
    points=(("acupressure", -6), ("trigger_point", -3)),
    avoid=("abdomen",),
    sites=("deep work on the legs",),
    notes=(
        Note("side_lying", "You lie on your side, well supported."),
        Note("prenatal_therapist", "A therapist trained for pregnancy works with you."),
    ),
)
_FRAGILE = Effect(cap=_LIGHT, exclude=_ALL_STRONG, forbid=_NO_LOAD)


def _urgent(id: str, when: Condition, why: str, sources: str) -> SafetyRule:
    return SafetyRule(
        id=id,
        level=Level.URGENT,
        disposition=Disposition.EMERGENCY,
        when=when,
        why=why,
        sources=tuple(sources.split()),
    )


def _refer(id: str, when: Condition, why: str, sources: str, *, remark: str = "") -> SafetyRule:
    return SafetyRule(
        id=id,
        level=Level.REFER,
        disposition=Disposition.DOCTOR,
        when=when,
        why=why,
        sources=tuple(sources.split()),
        remark=remark,
    )


def _postpone(id: str, when: Condition, why: str, sources: str, *, remark: str) -> SafetyRule:
    return SafetyRule(
        id=id,
        level=Level.REFER,
        disposition=Disposition.POSTPONE,
        when=when,
        why=why,
        sources=tuple(sources.split()),
        remark=remark,
    )


def _review(
    id: str, when: Condition, why: str, sources: str, effect: Effect = NO_EFFECT, *, remark: str = ""
) -> SafetyRule:
    return SafetyRule(
        id=id,
        level=Level.THERAPIST_REVIEW,
        when=when,
        why=why,
        sources=tuple(sources.split()),
        effect=effect,
        remark=remark,
    )


def _contradiction(
    id: str,
    when: Condition,
    why: str,
    look_again: tuple[str, str],
    ask_again: str,
    *,
    sources: str = "",
    effect: Effect = NO_EFFECT,
) -> SafetyRule:
    return SafetyRule(
        id=id,
        level=Level.THERAPIST_REVIEW,
        when=when,
        why=why,
        sources=(*sources.split(), "contradiction"),
        effect=effect,
        look_again=look_again,
        ask_again=ask_again,
    )


def _caution(
    id: str,
    when: Condition,
    why: str,
    sources: str,
    effect: Effect,
    *,
    level: Level = Level.CAUTION,
    remark: str = "",
) -> SafetyRule:
    return SafetyRule(
        id=id,
        level=level,
        when=when,
        why=why,
        sources=tuple(sources.split()),
        effect=effect,
        remark=remark,
    )


URGENT: Final = (
    _urgent(
        "U01",
        has("red_flags", "saddle_numbness"),
        "Numbness or altered feeling around genitals, back passage or inner thighs",
        "NHS GIRFT IFOMPT",
    ),
    _urgent(
        "U02",
        has("red_flags", "bladder_bowel_change"),
        "New change in bladder or bowel control",
        "NHS GIRFT IFOMPT",
    ),
    _urgent(
        "U03",
        has("red_flags", "sexual_function_change"),
        "New loss of sexual function or genital feeling with back pain",
        "NHS GIRFT",
    ),
    _urgent(
        "U04",
        has("red_flags", "both_legs_new"),
        "New pain, tingling, numbness or weakness in both legs",
        "NHS IFOMPT",
    ),
    _urgent(
        "U05",
        any_of(
            has("red_flags", "leg_weakness_worsening"),
            all_of(has("limb_symptoms", "weakness"), is_("limb_symptom_trend", "worse")),
        ),
        "Weakness that is getting worse, or a foot that drags",
        "NHSL IFOMPT",
    ),
    _urgent(
        "U06",
        has("red_flags", "walking_or_hand_clumsy"),
        "Unsteady walking or clumsy hands: the spinal cord needs checking",
        "IFOMPT NHSL",
    ),
    _urgent(
        "U07",
        has("red_flags", "serious_accident"),
        "Pain since a serious accident, fall from a height or violent blow, not medically checked",
        "NHS G4",
    ),
    _urgent(
        "U08",
        any_of(
            has("red_flags", "sudden_severe_collapse"),
            all_of(has("conditions", "known_aneurysm"), is_("back_pain_now", "yes")),
        ),
        "Sudden severe back or tummy pain with faintness, or back pain with a known aneurysm",
        "NHS-AAA",
    ),
    _urgent("U09", has("red_flags", "chest_pain_breathless"), "Chest pain or new breathlessness", "NHS"),
    _urgent(
        "U10",
        has("red_flags", "leg_clot_signs"),
        "One leg newly swollen, warm, red or tender: a clot needs checking",
        "NHS-DVT",
    ),
    _urgent(
        "U11",
        has("red_flags", "sudden_head_neck_neuro"),
        "Sudden severe neck pain or headache with dizziness, double vision, speech or face change",
        "YIN2014 FAST",
    ),
    _urgent(
        "U12",
        all_of(
            any_of(has("red_flags", "fever_unwell"), has("today", "fever")),
            any_of(
                has("red_flags", "immunosuppressed_ivdu"),
                has_any("medications", "immunosuppressant", "chemotherapy_recent"),
            ),
        ),
        "Fever with a weakened immune system or drug injection: an infection needs checking",
        "IFOMPT NHSG",
    ),
    _urgent(
        "U13",
        all_of(
            any_of(
                has("red_flags", "cancer_new_pain"),
                has_any("conditions", "cancer_active", "bone_metastases"),
            ),
            has_any("limb_symptoms", "weakness", "numbness"),
        ),
        "Cancer with limb weakness or numbness: the spinal cord needs checking",
        "NHSL-MSCC",
    ),
)

REFER: Final = (
    _refer(
        "R01",
        has("red_flags", "cancer_new_pain"),
        "Past or present cancer and new, different or worsening back pain",
        "IFOMPT NHSG",
    ),
    _refer("R02", has("red_flags", "weight_loss"), "Unexplained weight loss", "NHS IFOMPT"),
    _refer(
        "R03",
        any_of(has("red_flags", "fever_unwell"), has("today", "fever")),
        "Fever, or feeling very unwell",
        "NHS IFOMPT",
    ),
    _refer(
        "R04",
        has("red_flags", "night_rest_pain"),
        "Constant pain that rest or position does not ease, or pain worse at night",
        "NHS NHSG",
    ),
    _refer(
        "R05",
        has("red_flags", "lump_or_deformity"),
        "New lump, swelling or change in shape of the back",
        "NHS G4",
    ),
    _refer(
        "R06",
        has("red_flags", "minor_fall_fragile"),
        "Pain after a small fall or knock with fragile bones, steroids or age over 65",
        "NHSG IFOMPT",
    ),
    _refer(
        "R07",
        has("red_flags", "thoracic_unexplained"),
        "New pain between the shoulder blades that does not change with movement",
        "NHS IFOMPT",
        remark="Narrowed from any pain at the top of the back; a clinician should confirm this before launch.",
    ),
    _refer(
        "R08", has("red_flags", "pulsing_abdomen"), "Pulsing feeling in the tummy with back pain", "NHS-AAA"
    ),
    _refer(
        "R09",
        has("red_flags", "urinary_flank"),
        "Burning or bloody urine, or pain in one side with feeling sick",
        "NHS default",
    ),
    _refer(
        "R10",
        all_of(has("limb_symptoms", "weakness"), is_("clinician_seen", "no")),
        "Limb weakness never assessed by a clinician",
        "NHSL IFOMPT",
    ),
    _refer(
        "R11",
        all_of(
            has_any("limb_symptoms", "numbness", "tingling", "long_standing_known"),
            is_("limb_symptom_trend", "worse"),
        ),
        "Numbness or tingling that is spreading or getting worse",
        "NHSL",
    ),
    _refer(
        "R12",
        all_of(
            is_("radiation", "both_legs"),
            not_(has("red_flags", "both_legs_new")),
            is_not("clinician_seen", "yes_cleared"),
        ),
        "Pain into both legs, not cleared by a clinician",
        "NHS",
    ),
    _refer("R13", has("conditions", "current_dvt_pe"), "Known blood clot in a leg or lung", "NCCIH-S MAYO"),
    _refer(
        "R14",
        has("conditions", "hypertension_uncontrolled"),
        "High blood pressure that is not under control",
        "ABMP",
    ),
    _refer(
        "R15",
        has("conditions", "recent_heart_attack_or_stroke"),
        "Heart attack or stroke in the last 3 months",
        "NCCIH-S default",
        remark="The interval is a default.",
    ),
    _refer(
        "R16",
        has("conditions", "bone_metastases"),
        "Cancer in the bones, until the cancer team agrees",
        "NCCIH-S MAC",
    ),
    _refer(
        "R17",
        all_of(
            any_of(has("diagnoses", "stress_fracture"), has("conditions", "recent_fracture_lt_12w")),
            is_not("clinician_seen", "yes_cleared"),
        ),
        "Current or recent fracture, until cleared",
        "NCCIH-S MAYO",
    ),
    _refer(
        "R18",
        all_of(is_("recent_surgery", "lt_6w"), is_not("clinician_seen", "yes_cleared")),
        "Operation in the last 6 weeks, until the surgeon agrees",
        "NCCIH-S default",
        remark="The interval is a default.",
    ),
    _refer("R19", is_("swelling", "area_or_limb_unexplained"), "Swelling without a known cause", "MLD"),
    _refer("R20", is_("pregnancy_high_risk", "yes"), "High-risk pregnancy or pre-eclampsia", "MAYO ABMP"),
    _refer(
        "R21",
        all_of(below("age_years", 16), is_("clinician_seen", "no"), is_("back_pain_now", "yes")),
        "Back pain in a child not yet seen by a clinician",
        "SHEF default",
    ),
    _postpone(
        "R22",
        any_of(
            has("today", "contagious_illness"),
            has("skin_issues", "contagious_skin"),
            has("conditions", "infection_cellulitis"),
        ),
        "Illness or skin infection that others can catch, or that is spreading",
        "ABMP NCCIH-S",
        remark="Please book again when you have been well for 48 hours.",
    ),
    _postpone(
        "R23",
        has("today", "alcohol_or_drugs"),
        "Alcohol or drugs today",
        "ABMP",
        remark="Please book on another day.",
    ),
    _refer(
        "R24",
        all_of(has("conditions", "known_aneurysm"), is_not("back_pain_now", "yes")),
        "Known aneurysm: a doctor agrees first",
        "ASC default",
    ),
    _refer(
        "R25",
        is_("clinician_seen", "yes_advised_against"),
        "A clinician has advised against massage",
        "default",
    ),
)

REVIEW: Final = (
    _review(
        "T01",
        has("medications", "anticoagulant"),
        "Blood-thinning medicine",
        "NCCIH-S MAYO",
        Effect(
            cap=_LIGHT,
            exclude=_DEEP_AND_DEVICE,
            points=(("trigger_point", -4), ("sports", -4)),
        ),
    ),
    _review(
        "T02",
        has_any("conditions", "bleeding_disorder", "low_platelets"),
        "Bleeding tendency",
        "NCCIH-S MAYO",
        Effect(cap=_LIGHT, exclude=_ALL_STRONG),
    ),
    _review(
        "T03",
        has("conditions", "past_clot"),
        "Past blood clot",
        "NCCIH-S",
        Effect(cap=_MEDIUM, exclude=("mechanical_impulse",), avoid=("legs",)),
    ),
    _review(
        "T04",
        any_of(has("conditions", "cancer_active"), has("medications", "chemotherapy_recent")),
        "Cancer under treatment: the cancer team agrees first",
        "NCCIH-S MAC MLD",
        Effect(
            cap=_LIGHT,
            exclude=(*_ALL_STRONG, "manual_lymphatic_drainage"),
            sites=("tumour, radiotherapy, line or port sites",),
        ),
    ),
    _review(
        "T05",
        has_any("conditions", "cancer_past", "lymph_nodes_removed"),
        "Past cancer, or lymph nodes taken out",
        "MAC MLD",
        Effect(cap=_MEDIUM, sites=("the treated area", "a limb with nodes removed")),
    ),
    _review(
        "T06",
        in_("pregnancy", "t1", "t2", "t3", "postnatal_lt_6w"),
        "Pregnant or recently gave birth",
        "NCCIH-S PREG",
        _PREGNANT,
    ),
    _review(
        "T07",
        is_("osteoporosis", "severe_or_fragility_fracture"),
        "Severe osteoporosis, or a bone that broke easily",
        "NCCIH-S MAYO",
        _FRAGILE,
    ),
    _review(
        "T08",
        any_of(
            has_any("diagnoses", "spondylolisthesis", "vertebral_fracture_old", "spinal_stenosis"),
            has_any("diagnoses_past", "spondylolisthesis", "vertebral_fracture_old", "spinal_stenosis"),
        ),
        "Structural condition of the spine",
        "YIN2014",
        Effect(
            cap=_MEDIUM,
            exclude=_DEEP_AND_DEVICE,
            sites=("direct pressure over the spine at that level",),
            forbid=_NO_JOLTS,
        ),
        remark="The guidance document names no type for it.",
    ),
    _review(
        "T09",
        all_of(
            has_any("limb_symptoms", "numbness", "weakness"),
            not_(has("limb_symptoms", "long_standing_known")),
        ),
        "Numbness or weakness in a limb",
        "YIN2014 KNGF",
        Effect(cap=_MEDIUM, exclude=_DEEP_AND_DEVICE),
    ),
    _review(
        "T10",
        all_of(
            has_any("diagnoses", "herniated_disc", "sciatica", "spondylolisthesis", "spinal_stenosis"),
            is_("clinician_seen", "no"),
        ),
        "Condition named, but no clinician seen",
        "default",
        Effect(cap=_MEDIUM),
    ),
    _review(
        "T11",
        any_of(is_("recent_surgery", "6w_12w"), has("conditions", "spinal_surgery_ever")),
        "Operation 6 to 12 weeks ago, or an operation on the spine at any time",
        "NCCIH-S",
        Effect(cap=_MEDIUM, exclude=_DEEP_AND_DEVICE, sites=("the operated area",)),
    ),
    _review(
        "T12",
        has_any("conditions", "heart_failure", "kidney_failure"),
        "Heart failure or kidney failure",
        "MLD",
        Effect(
            cap=_LIGHT,
            exclude=("manual_lymphatic_drainage", "deep_tissue", "mechanical_impulse"),
        ),
    ),
    _review(
        "T13",
        any_of(has("diagnoses", "lymphoedema"), is_("swelling", "area_or_limb_diagnosed")),
        "Lymphoedema or known swelling",
        "MLD",
        Effect(
            cap=_LIGHT,
            exclude=_DEEP_AND_DEVICE,
            notes=(
                Note("lymphatic_therapist", "Only a therapist trained in lymphatic drainage works here."),
            ),
        ),
    ),
    _review(
        "T14",
        has("red_flags", "inflammatory_pattern"),
        "A pattern of back pain that a doctor should look at for inflammation",
        "NG65",
        Effect(
            cap=_MEDIUM,
            exclude=_DEEP_AND_DEVICE,
            notes=(
                Note(
                    "see_doctor_inflammatory", "Please ask your doctor whether inflammation needs checking."
                ),
            ),
        ),
    ),
    _review(
        "T15",
        any_of(has("red_flags", "immunosuppressed_ivdu"), has("medications", "immunosuppressant")),
        "Weakened immune system",
        "IFOMPT",
        Effect(cap=_MEDIUM),
    ),
    _review(
        "T16",
        below("age_years", 18),
        "Under 18",
        "default",
        Effect(
            cap=_MEDIUM,
            exclude=("deep_tissue", "mechanical_impulse", "aromatherapy"),
            notes=(Note("guardian", "A parent or guardian is present and agrees."),),
        ),
    ),
    _review(
        "T17",
        all_of(
            at_least("age_years", 50),
            is_("pain_course", "first_episode"),
            in_("pain_duration", "lt_6w", "6w_12w"),
            has("onset_triggers", "none_obvious"),
        ),
        "First episode after 50 without an obvious cause",
        "NHSG",
    ),
    _review(
        "T18",
        has("conditions", "arthritis_flare"),
        "Arthritis flaring up",
        "ASC",
        Effect(cap=_LIGHT, exclude=_DEEP_AND_DEVICE, sites=("hot, swollen joints",)),
    ),
    _review(
        "T19",
        is_("past_reaction", "felt_worse"),
        "Felt worse after earlier massage",
        "default",
        Effect(cap=_MEDIUM),
    ),
    _review(
        "T20",
        has("conditions", "liver_disease"),
        "Liver disease, which can make bruises easier",
        "CON360",
        Effect(cap=_LIGHT, exclude=_DEEP_AND_DEVICE),
    ),
    _review(
        "T22",
        all_of(
            any_of(
                has("diagnoses", "stress_fracture"),
                has("conditions", "recent_fracture_lt_12w"),
                is_("recent_surgery", "lt_6w"),
            ),
            is_("clinician_seen", "yes_cleared"),
        ),
        "Recent fracture or operation, cleared by a clinician",
        "NCCIH-S MAYO",
        Effect(
            cap=_LIGHT,
            exclude=_ALL_STRONG,
            sites=("the place of the fracture or operation",),
            forbid=_NO_LOAD,
        ),
    ),
    _review(
        "T23",
        has("red_flags", "cough_sneeze_worse"),
        "Pain clearly worse on coughing, sneezing or straining",
        "NHS",
        Effect(
            cap=_MEDIUM,
            notes=(Note("see_doctor_soon", "Please have this looked at by a doctor soon."),),
        ),
    ),
    _review(
        "T24",
        has("conditions", "recent_head_injury"),
        "Head injury in the last 4 weeks",
        "default",
        Effect(cap=_LIGHT, exclude=("craniosacral", "mechanical_impulse", "deep_tissue")),
    ),
    _review(
        "T21",
        all_of(is_("pain_trend", "worse"), at_least("pain_avg_nrs", 8)),
        "Severe and worsening pain",
        "NHS",
        Effect(cap=_LIGHT),
    ),
    _review(
        "T25",
        is_("pregnancy", "unsure"),
        "May be pregnant",
        "NCCIH-S PREG",
        _PREGNANT,
        remark="Handled like the first weeks of a pregnancy until it is known.",
    ),
    _review(
        "T26",
        has("conditions", "neurological_condition"),
        "A condition of the nerves or brain",
        "default",
    ),
    _review(
        "T27",
        all_of(
            has("diagnoses", "vertebral_fracture_old"),
            any_of(has("medications", "long_term_steroid"), at_least("age_years", 65)),
        ),
        "A back bone broken in the past, with steroids or from 65 years on",
        "NCCIH-S MAYO",
        _FRAGILE,
        remark="Treated as a fragility fracture until shown otherwise.",
    ),
)

CONTRADICTIONS: Final = (
    _contradiction(
        "X01",
        all_of(has_any("pain_areas", "leg_left", "leg_right"), is_("radiation", "none")),
        "Leg marked as painful, but “no spread” answered",
        ("pain_areas", "radiation"),
        "You marked a leg as painful, and also that the pain does not travel. Please look at both answers again.",
    ),
    _contradiction(
        "X02",
        all_of(
            has("limb_symptoms", "weakness"),
            is_("radiation", "none"),
            not_(has_any("pain_areas", "leg_left", "leg_right", "arm_left", "arm_right")),
        ),
        "Weakness reported, but no limb involved",
        ("limb_symptoms", "radiation"),
        "You told us of weakness in an arm or leg, but marked no arm or leg. Please look at both answers again.",
    ),
    _contradiction(
        "X03",
        all_of(in_("pregnancy", "t1", "t2", "t3"), is_("sex_at_birth", "male")),
        "Pregnancy answer conflicts with sex answer",
        ("pregnancy", "sex_at_birth"),
        "The answers about pregnancy and about sex at birth do not fit together. Please look at both again.",
    ),
    _contradiction(
        "X04",
        all_of(is_("back_pain_now", "no"), at_least("pain_avg_nrs", 4)),
        "“No back pain”, but pain rated 4 or more",
        ("back_pain_now", "pain_avg_nrs"),
        "You told us of no back pain now, and of an average pain of 4 or more. Please look at both answers again.",
    ),
    _contradiction(
        "X05",
        all_of(at_least("pain_now_nrs", 9), is_("mobility_limit", "none"), at_most("pain_avg_nrs", 3)),
        "Extreme pain now, but mild average and full movement",
        ("pain_now_nrs", "pain_avg_nrs"),
        "Your pain now is very high, and your average pain is low. Please look at both answers again.",
    ),
    _contradiction(
        "X06",
        all_of(is_("activity_level", "athlete"), at_least("sitting_hours_per_day", 14)),
        "Athlete with 14 or more sitting hours",
        ("activity_level", "sitting_hours_per_day"),
        "You train as an athlete, and sit 14 hours a day or more. Please look at both answers again.",
    ),
    _contradiction(
        "X07",
        all_of(
            is_("onset_type", "sudden"),
            has("onset_triggers", "accident_or_blow"),
            not_(has("red_flags", "serious_accident")),
            is_("clinician_seen", "no"),
        ),
        "Accident or blow named as trigger, but not confirmed as checked",
        ("onset_triggers", "red_flags.serious_accident"),
        "You told us that an accident or a blow brought it on, that no clinician has looked at it, and that there was no "
        "unchecked serious accident. Please look at both answers again.",
        sources="NHS",
        effect=Effect(cap=_LIGHT),
    ),
)

CAUTION: Final = (
    _caution(
        "C01",
        has("medications", "antiplatelet"),
        "Medicine that makes blood less sticky, so bruises come more easily",
        "NCCIH-S",
        Effect(cap=_MEDIUM, points=(("mechanical_impulse", -3),)),
        remark="A weaker case than blood thinners.",
    ),
    _caution(
        "C02",
        has("medications", "long_term_steroid"),
        "Long-term steroids, which can make skin and bone fragile",
        "NCCIH-S default",
        Effect(cap=_MEDIUM, exclude=("mechanical_impulse",)),
    ),
    _caution(
        "C03",
        any_of(
            in_("osteoporosis", "osteopenia", "yes"),
            all_of(
                is_("osteoporosis", "not_known"),
                any_of(has("medications", "long_term_steroid"), at_least("age_years", 75)),
            ),
        ),
        "Low bone density, or not known with steroids or from 75 years on",
        "NCCIH-S MAYO",
        Effect(cap=_MEDIUM, exclude=("mechanical_impulse",), forbid=("percussion", "tapotement")),
    ),
    _caution(
        "C04",
        any_of(
            has_any("diagnoses", "herniated_disc", "sciatica", "pinched_nerve"),
            in_("radiation", "leg_above_knee", "leg_below_knee", "both_legs", "arm"),
            has("limb_symptoms", "tingling"),
        ),
        "Pain or tingling that travels, or a disc or nerve problem you were told of",
        "NG59 KNGF YIN2014",
        Effect(
            cap=_MEDIUM,
            exclude=("mechanical_impulse",),
            notes=(
                Note(
                    "stop_if_travels", "We stop and check again if a feeling travels further down the limb."
                ),
            ),
        ),
    ),
    _caution(
        "C05",
        any_of(has("diagnoses", "scoliosis"), has("diagnoses_past", "scoliosis")),
        "Scoliosis",
        "ABMP",
        Effect(cap=_MEDIUM),
    ),
    _caution(
        "C06",
        any_of(
            has_any("diagnoses", "osteoarthritis", "inflammatory_arthritis"),
            has_any("diagnoses_past", "osteoarthritis", "inflammatory_arthritis"),
        ),
        "Arthritis",
        "ASC",
        Effect(cap=_MEDIUM, exclude=("mechanical_impulse",)),
    ),
    _caution(
        "C07",
        has_any("conditions", "hypertension_controlled", "heart_disease_stable"),
        "High blood pressure under control, or a stable heart condition",
        "NCCIH-S default",
        Effect(cap=_MEDIUM, exclude=("mechanical_impulse",), notes=(_RISE_SLOWLY,)),
    ),
    _caution(
        "C08",
        has("conditions", "pacemaker_or_implant"),
        "Pacemaker or implanted device",
        "default",
        Effect(exclude=("mechanical_impulse",), sites=("the place of the implant",)),
    ),
    _caution(
        "C09",
        has_any("conditions", "diabetes", "reduced_sensation"),
        "Diabetes or less feeling in the skin",
        "NCCIH-S",
        Effect(cap=_MEDIUM, sites=("areas with less feeling",), notes=(_NO_ICE_OR_HEAT,)),
    ),
    _caution(
        "C10",
        any_of(has_any("conditions", "asthma", "epilepsy"), has("allergies", "essential_oils_fragrance")),
        "Asthma, epilepsy or an allergy to scents",
        "AROMA",
        Effect(exclude=("aromatherapy",)),
    ),
    _caution(
        "C11",
        has_any("allergies", "nut_oil", "lotion_skin", "latex"),
        "Allergy to a product",
        "MAYO",
        Effect(
            notes=(Note("hypoallergenic", "We use a hypoallergenic oil, and gloves that suit you."),),
        ),
    ),
    _caution(
        "C12",
        has_any(
            "skin_issues",
            "open_wound",
            "burn_or_sunburn",
            "rash_or_eczema",
            "bruise",
            "varicose_veins",
            "recent_tattoo",
            "scar_new",
        ),
        "Local skin or vein problem",
        "NCCIH-S MAYO ASC",
        Effect(sites=("affected skin",)),
    ),
    _caution(
        "C13",
        has("today", "acute_injury_lt_72h"),
        "Injury in the last 72 hours",
        "ASC default",
        Effect(
            cap=_LIGHT,
            exclude=("deep_tissue", "mechanical_impulse", "trigger_point"),
            sites=("the injured area",),
        ),
        remark="The interval is a default.",
    ),
    _caution(
        "C14",
        all_of(has("muscle_findings", "spasm"), at_least("pain_avg_nrs", 7)),
        "Strong spasm",
        "default",
        Effect(cap=_MEDIUM, exclude=_DEEP_AND_DEVICE),
    ),
    _caution(
        "C15",
        has("conditions", "hypermobility"),
        "Very flexible joints",
        "default",
        Effect(
            cap=_MEDIUM,
            forbid=("passive_movement",),
            notes=(Note("no_end_range", "We do not stretch to the end of the range."),),
        ),
    ),
    _caution(
        "C16",
        has("medications", "opioid_or_sedative"),
        "Strong painkiller or medicine that makes drowsy",
        "default",
        Effect(
            cap=_MEDIUM,
            notes=(
                Note(
                    "feedback_unreliable",
                    "Your medicine may hide when pressure is too much, so we stay gentle.",
                ),
            ),
        ),
    ),
    _caution("C17", has("diagnoses", "fibromyalgia"), "Fibromyalgia", "default", Effect(cap=_LIGHT)),
    _caution(
        "C18",
        is_("touch_concern", "yes"),
        "Touch can be difficult",
        "NCCIH-S",
        Effect(
            notes=(
                Note(
                    "client_led",
                    "You lead: you say what is touched, we agree on a sign to stop, and you may stay clothed.",
                ),
            ),
        ),
        remark="The source lists a history of abuse among the things to ask about first; we do not ask why.",
    ),
    _caution(
        "C19",
        is_("mood", "marked"),
        "Low or anxious lately",
        "default",
        Effect(
            notes=(
                Note("support_lines", "If things feel heavy, support lines are there to listen at any hour."),
            ),
        ),
        level=Level.OK,
        remark="A note only: it never blocks a booking.",
    ),
    _caution(
        "C20",
        is_("past_reaction", "bruised"),
        "Bruised after earlier massage",
        "default",
        Effect(cap=_MEDIUM),
    ),
    _caution(
        "C21",
        at_least("age_years", 75),
        "Age 75 or more",
        "default",
        Effect(cap=_MEDIUM, exclude=("mechanical_impulse",)),
    ),
    _caution(
        "C22",
        is_("recent_surgery", "gt_12w"),
        "Older operation",
        "default",
        Effect(sites=("the scar",)),
    ),
    _caution(
        "C23",
        is_("swelling", "mild_after_activity"),
        "A little swelling after activity",
        "ASC",
        Effect(sites=("deep work on the swollen area",)),
    ),
    _caution("C24", at_least("pain_avg_nrs", 8), "Severe pain", "default", Effect(cap=_MEDIUM)),
    _caution(
        "C25",
        has("conditions", "low_blood_pressure"),
        "Low blood pressure",
        "default",
        Effect(notes=(_RISE_SLOWLY,)),
    ),
    _caution(
        "C26",
        has("conditions", "joint_replacement"),
        "Replaced joint",
        "default",
        Effect(sites=("the replaced joint",)),
    ),
    _caution(
        "C27",
        has("allergies", "no_scent_wanted"),
        "No scent wanted",
        "default",
        Effect(exclude=("aromatherapy",)),
        level=Level.OK,
        remark="A wish and not an allergy.",
    ),
    _caution(
        "C28",
        is_("swelling", "ankles_both_known"),
        "Both ankles swollen for a known reason",
        "default",
        Effect(avoid=("legs",)),
    ),
    _caution(
        "C29",
        has("limb_symptoms", "long_standing_known"),
        "Long-standing change of feeling in a limb, discussed with a clinician",
        "default",
        Effect(cap=_MEDIUM, sites=("areas with less feeling",), notes=(_NO_ICE_OR_HEAT,)),
    ),
)

SAFETY: Final = (*URGENT, *REFER, *REVIEW, *CONTRADICTIONS, *CAUTION)
