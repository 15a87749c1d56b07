"""Every answer a rule may look at: its name, its kind, and its options in everyday words.

The names and option codes are the contract between intake, rules, tests and reports. A label is what a client
reads, so it uses words of everyday life; the code is what is stored.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.red_flags import RED_FLAGS


class FieldKind(StrEnum):
    """How a field is answered. The stored value follows from it.

    one, red_flag, confirm: a code. many, body_map: a list of codes. integer, scale: a whole number; a scale is
    always 0 to 10. psfs: up to three activities in the client's words, each with a score from 0 to 10.
    """

    ONE = "one"
    MANY = "many"
    INTEGER = "integer"
    SCALE = "scale"
    BODY_MAP = "body_map"
    RED_FLAG = "red_flag"
    PSFS = "psfs"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be chosen: the stored code and what a person reads."""

    code: str
    label: str
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A named answer. `title` is its short name on lists; `low` and `high` are both allowed values.

    `numeric` says that the option codes stand for whole numbers and are stored as such. `most` limits how many
    options a client may choose. `exclusive` names an option, besides `none`, that cannot stand beside others.
    """

    name: str
    title: str
    kind: FieldKind
    options: tuple[Option, ...] = ()
    low: int = 0
    high: int = 10
    numeric: bool = False
    most: int | None = None
    exclusive: str | None = None

    def label(self, code: object) -> str:
        """What a person reads for a stored code, or for a number the number itself."""
        for option in self.options:
            if option.code == str(code):
                return option.label
        return str(code)

    @cached_property
    def codes(self) -> frozenset[str]:
        """The codes of all options."""
        return frozenset(option.code for option in self.options)

    @property
    def is_list(self) -> bool:
        """Whether the answer is a list of option codes."""
        return self.kind in (FieldKind.MANY, FieldKind.BODY_MAP)

    @property
    def is_number(self) -> bool:
        """Whether the answer is a whole number between `low` and `high`."""
        return self.kind in (FieldKind.INTEGER, FieldKind.SCALE)


def _options(rows: tuple[tuple[str, ...], ...]) -> tuple[Option, ...]:
    return tuple(Option(*row) for row in rows)


def _one(name: str, title: str, *rows: tuple[str, ...]) -> Field:
    return Field(name=name, title=title, kind=FieldKind.ONE, options=_options(rows))


def _many(
    name: str, title: str, *rows: tuple[str, ...], most: int | None = None, exclusive: str | None = None
) -> Field:
    return Field(
        name=name, title=title, kind=FieldKind.MANY, options=_options(rows), most=most, exclusive=exclusive
    )


def _count(name: str, title: str, low: int, high: int) -> Field:
    return Field(name=name, title=title, kind=FieldKind.INTEGER, low=low, high=high)


def _scale(name: str, title: str) -> Field:
    return Field(name=name, title=title, kind=FieldKind.SCALE)


_YES_NO: Final = (("yes", "Yes"), ("no", "No"))
_YES_NO_UNSURE: Final = (*_YES_NO, ("unsure", "I am not sure"))
_NONE_OF_THESE: Final = ("none", "None of these")
_MODALITY_NAMES: Final = tuple((modality.id, modality.name) for modality in MODALITIES.values())
_FLAG_TITLES: Final = tuple((flag.code, flag.title) for flag in RED_FLAGS.values())

_DIAGNOSES: Final = (
    ("muscle_strain", "Pulled or strained muscle"),
    ("herniated_disc", "Slipped or bulging disc"),
    ("sciatica", "Sciatica"),
    ("pinched_nerve", "Pinched or trapped nerve"),
    ("osteoarthritis", "Arthritis from wear (osteoarthritis)"),
    (
        "inflammatory_arthritis",
        "Inflammatory arthritis",
        "For example rheumatoid arthritis or ankylosing spondylitis.",
    ),
    ("scoliosis", "Curved spine (scoliosis)"),
    ("spondylolisthesis", "A back bone that has slipped forward (spondylolisthesis)"),
    ("stress_fracture", "Stress fracture: a small crack in a bone"),
    ("vertebral_fracture_old", "A back bone broken in the past"),
    ("spinal_stenosis", "Narrow spinal canal (spinal stenosis)"),
    ("myofascial_pain", "Myofascial pain: long-lasting pain from sore spots in the muscles"),
    ("postural_imbalance", "Uneven posture, or muscles out of balance"),
    ("fibromyalgia", "Fibromyalgia"),
    ("lymphoedema", "Lymphoedema: long-lasting swelling of an arm or leg"),
)

ABOUT_YOU: Final = (
    _count("age_years", "Age", 0, 110),
    _one(
        "sex_at_birth",
        "Sex registered at birth",
        ("female", "Female"),
        ("male", "Male"),
        ("intersex", "Intersex"),
        ("prefer_not_say", "I prefer not to say"),
    ),
    _one("guardian_consent", "Parent or guardian agrees", *_YES_NO),
    _one(
        "occupation_type",
        "Usual day",
        ("desk", "At a desk"),
        ("driving", "Driving"),
        ("standing", "On my feet"),
        ("manual_lifting", "Lifting or heavy work by hand"),
        ("caring", "Caring for children or other people"),
        ("mixed", "A mix of these"),
        ("student", "School or study"),
        ("retired", "Retired"),
        ("not_working", "Not working at the moment"),
    ),
    _count("sitting_hours_per_day", "Hours sitting a day", 0, 24),
    _one(
        "activity_level",
        "How active",
        ("none", "Hardly any exercise"),
        ("light", "Light: walks, housework, now and then"),
        ("regular", "Regular: most weeks"),
        ("athlete", "Athlete: I train for events or competitions"),
    ),
    _many(
        "life_stage_change",
        "Changes lately",
        ("growth_spurt", "A growth spurt"),
        ("retirement", "Retirement"),
        ("new_baby", "A new baby"),
        ("new_job", "A new job"),
        ("bereavement", "Loss of someone close"),
        ("other", "Something else"),
        _NONE_OF_THESE,
    ),
    _many(
        "lifestyle_factors",
        "Bone strength",
        ("smoker", "I smoke or use tobacco"),
        ("low_calcium_or_vitamin_d", "I have been told my calcium or vitamin D is low"),
        _NONE_OF_THESE,
    ),
)

WHY_YOU_COME: Final = (
    _many(
        "visit_goals",
        "Hoped for",
        ("pain_relief", "Less pain"),
        ("relaxation", "Relax"),
        ("stress_relief", "Less stress"),
        ("mobility", "Move better"),
        ("posture", "Better posture"),
        ("sport_recovery", "Recover from sport"),
        ("reduce_swelling", "Less swelling"),
        ("sleep", "Sleep better"),
        ("prevention", "Stay well"),
        most=3,
    ),
    _one("back_pain_now", "Back pain now", *_YES_NO),
)

SAFETY: Final = (
    _many("red_flags", "Warning signs", *_FLAG_TITLES),
    _many("red_flags_unsure", "Warning signs, not sure", *_FLAG_TITLES),
    _many(
        "today",
        "Today",
        ("fever", "A fever"),
        ("contagious_illness", "An illness others can catch", "For example flu, a stomach bug or Covid."),
        ("cold", "A cold", "For example a runny nose, a cough or a sore throat."),
        ("alcohol_or_drugs", "Alcohol or drugs today"),
        ("acute_injury_lt_72h", "An injury in the last three days"),
        _NONE_OF_THESE,
    ),
)

YOUR_BACK_PAIN: Final = (
    Field(
        name="pain_areas",
        title="Where it hurts",
        kind=FieldKind.BODY_MAP,
        options=_options(
            (
                ("neck", "Neck"),
                ("shoulders", "Shoulders"),
                ("upper_back", "Upper back"),
                ("lower_back", "Lower back"),
                ("hip_buttock", "Hip or buttock"),
                ("leg_left", "Left leg"),
                ("leg_right", "Right leg"),
                ("arm_left", "Left arm"),
                ("arm_right", "Right arm"),
            )
        ),
    ),
    _scale("pain_avg_nrs", "Average pain last week"),
    _scale("pain_now_nrs", "Pain right now"),
    _one(
        "pain_duration",
        "How long",
        ("lt_6w", "Less than 6 weeks"),
        ("6w_12w", "6 to 12 weeks"),
        ("gt_12w", "More than 12 weeks"),
    ),
    _one(
        "onset_type",
        "How it started",
        ("sudden", "Suddenly"),
        ("gradual", "Bit by bit"),
        ("unsure", "I am not sure"),
    ),
    _one(
        "pain_course",
        "Course",
        ("first_episode", "This is the first time"),
        ("comes_and_goes", "It comes and goes"),
        ("constant", "It is there most of the time"),
    ),
    _one(
        "pain_trend",
        "Last two weeks",
        ("better", "Getting better"),
        ("same", "About the same"),
        ("worse", "Getting worse"),
    ),
    _many(
        "pain_quality",
        "What it feels like",
        ("ache", "Aching"),
        ("tight", "Tight"),
        ("sharp", "Sharp"),
        ("burning", "Burning"),
        ("shooting", "Shooting"),
        ("throbbing", "Throbbing"),
    ),
    _many(
        "muscle_findings",
        "What you notice",
        ("general_tightness", "Tight all over, no single sore place"),
        ("knots", "A sore lump you can feel"),
        ("tender_points_refer", "Pressing one spot hurts somewhere else"),
        ("deep_chronic_tension", "Deep tightness for months"),
        ("spasm", "A muscle that cramps or locks"),
        ("stiffness", "Stiff, hard to get moving"),
        ("restricted_fascia", "Skin and muscle feel stuck"),
        ("uneven_tension", "One side works harder", "Or one side stands higher than the other."),
        ("not_sure", "I am not sure"),
        _NONE_OF_THESE,
    ),
    _many(
        "onset_triggers",
        "What brought it on",
        ("long_sitting", "Long sitting"),
        ("poor_posture", "Poor posture"),
        ("heavy_lifting", "Heavy lifting"),
        ("repetitive_motion", "The same movement many times"),
        ("sudden_overstretch", "A sudden stretch or twist too far"),
        ("sport_training", "Sport or training"),
        ("dance", "Dance"),
        ("accident_or_blow", "An accident or a blow"),
        ("fall", "A fall"),
        ("stress_period", "A stressful time"),
        ("growth", "Growing fast"),
        ("none_obvious", "Nothing I can think of"),
        exclusive="none_obvious",
    ),
    _one(
        "mobility_limit",
        "Limits movement",
        ("none", "Not at all"),
        ("some", "Somewhat"),
        ("marked", "A lot"),
    ),
    _one(
        "sport_context",
        "Linked to sport",
        ("none", "No"),
        ("before_event", "Yes, before an event"),
        ("after_event", "Yes, after an event"),
        ("heavy_training", "Yes, in a hard block of training"),
        ("minor_sport_injury", "Yes, a small sports injury"),
    ),
    _one(
        "radiation",
        "Pain travelling",
        ("none", "No, it stays in one place"),
        ("hip_buttock", "To the hip or buttock"),
        ("leg_above_knee", "Down a leg, above the knee"),
        ("leg_below_knee", "Down a leg, below the knee"),
        ("both_legs", "Into both legs"),
        ("arm", "Into an arm"),
    ),
    _many(
        "limb_symptoms",
        "Arm or leg feeling",
        ("tingling", "Tingling or pins and needles"),
        ("numbness", "Numbness: less feeling"),
        ("weakness", "Weakness: less strength"),
        (
            "long_standing_known",
            "Something I have had for a long time and have discussed with a clinician",
            "For example numb feet from diabetes.",
        ),
        _NONE_OF_THESE,
    ),
    _one(
        "limb_symptom_trend",
        "That feeling is",
        ("stable", "About the same"),
        ("better", "Getting better"),
        ("worse", "Getting worse"),
    ),
    _many("diagnoses", "Names given to it", *_DIAGNOSES, ("none", "No, or none of these")),
    _many("diagnoses_past", "Of these, in the past", *_DIAGNOSES, ("none", "None: they all hold now")),
    _one(
        "clinician_seen",
        "Doctor or physiotherapist",
        ("yes_cleared", "Yes, and massage is fine"),
        ("yes_not_discussed", "Yes, but we did not talk about massage"),
        ("yes_advised_against", "Yes, and they advised against massage"),
        ("no", "No"),
    ),
    _scale("stress_level", "Stress this month"),
    _one("mood", "Low or anxious lately", ("none", "No"), ("mild", "A little"), ("marked", "A lot")),
    _one("sleep_problem", "Sleep disturbed", *_YES_NO),
    _one("tension_headaches", "Tension headaches", *_YES_NO),
)

YOUR_HEALTH: Final = (
    _one(
        "swelling",
        "Swelling",
        ("none", "No"),
        ("mild_after_activity", "A little, after activity"),
        (
            "ankles_both_known",
            "Both ankles, from pregnancy, heat or long standing, discussed with a clinician",
        ),
        ("area_or_limb_diagnosed", "Yes, and a clinician has told me the reason", "For example lymphoedema."),
        ("area_or_limb_unexplained", "Yes, and nobody knows why yet"),
    ),
    _many(
        "conditions",
        "Conditions",
        ("hypertension_controlled", "High blood pressure, under control"),
        ("hypertension_uncontrolled", "High blood pressure, not under control"),
        ("low_blood_pressure", "Low blood pressure"),
        ("heart_disease_stable", "A heart condition your doctor says is stable"),
        ("heart_failure", "Heart failure"),
        ("recent_heart_attack_or_stroke", "Heart attack or stroke in the last 3 months"),
        ("known_aneurysm", "An aneurysm: a widened blood vessel"),
        ("pacemaker_or_implant", "A pacemaker or another implanted device"),
        ("joint_replacement", "A replaced joint, such as a hip or knee"),
        ("current_dvt_pe", "A blood clot in a leg or lung now"),
        ("past_clot", "A blood clot in the past"),
        ("bleeding_disorder", "A condition that makes you bleed easily"),
        ("low_platelets", "Low platelets: you bruise easily"),
        ("diabetes", "Diabetes"),
        ("reduced_sensation", "Less feeling in the skin somewhere"),
        ("neurological_condition", "A condition of the nerves or brain", "For example MS or Parkinson’s."),
        ("epilepsy", "Epilepsy"),
        ("recent_head_injury", "A head injury in the last 4 weeks"),
        ("asthma", "Asthma"),
        ("kidney_failure", "Kidney failure"),
        ("liver_disease", "Liver disease"),
        ("cancer_active", "Cancer now, or cancer treatment"),
        ("cancer_past", "Cancer in the past"),
        ("bone_metastases", "Cancer that has spread to the bones"),
        ("lymph_nodes_removed", "Lymph nodes taken out"),
        ("arthritis_flare", "Arthritis that is flaring up now"),
        ("hypermobility", "Very flexible joints (hypermobility)"),
        ("recent_fracture_lt_12w", "A broken bone in the last 12 weeks"),
        ("spinal_surgery_ever", "An operation on the spine, at any time"),
        ("infection_cellulitis", "A spreading skin infection (cellulitis)"),
        _NONE_OF_THESE,
    ),
    _many(
        "medications",
        "Medicines",
        ("anticoagulant", "Blood thinners", "For example warfarin, apixaban, rivaroxaban or heparin."),
        ("antiplatelet", "Tablets that make blood less sticky", "For example daily aspirin or clopidogrel."),
        ("long_term_steroid", "Steroid tablets for more than 3 months", "For example prednisolone."),
        ("immunosuppressant", "Medicine that lowers your defences", "For example after a transplant."),
        ("chemotherapy_recent", "Chemotherapy, now or in recent months"),
        ("opioid_or_sedative", "Strong painkillers, or medicine that makes you drowsy"),
        _NONE_OF_THESE,
    ),
    _one(
        "osteoporosis",
        "Thin bones",
        ("no", "No"),
        ("osteopenia", "Yes, slightly thin (osteopenia)"),
        ("yes", "Yes, thin (osteoporosis)"),
        (
            "severe_or_fragility_fracture",
            "Yes, severe, or a bone broke easily",
            "A bone broken by a small fall or no fall.",
        ),
        ("not_known", "I do not know"),
    ),
    _one(
        "pregnancy",
        "Pregnancy",
        ("no", "No"),
        ("t1", "Pregnant, weeks 1 to 13"),
        ("t2", "Pregnant, weeks 14 to 27"),
        ("t3", "Pregnant, week 28 or later"),
        ("postnatal_lt_6w", "I gave birth in the last 6 weeks"),
        ("unsure", "I might be; I am not sure"),
    ),
    _one("pregnancy_high_risk", "High-risk pregnancy", *_YES_NO),
    _one("accident_checked", "Checked since the accident", *_YES_NO_UNSURE),
    _one("fall_started_it", "Pain began with the fall", *_YES_NO_UNSURE),
    _one("fall_checked", "Checked since the fall", *_YES_NO_UNSURE),
    _one("cancer_pain_changed", "Pain that is new or has changed", *_YES_NO_UNSURE),
    _one("eases_with_movement", "Moving eases it", *_YES_NO_UNSURE),
    _one("began_before_45", "Began before 45", *_YES_NO_UNSURE),
    _one(
        "recent_surgery",
        "Operations",
        ("none", "None in the past year"),
        ("lt_6w", "Less than 6 weeks ago"),
        ("6w_12w", "6 to 12 weeks ago"),
        ("gt_12w", "More than 12 weeks ago"),
    ),
    _many(
        "skin_issues",
        "Skin",
        ("open_wound", "An open wound"),
        ("burn_or_sunburn", "A burn or sunburn"),
        ("rash_or_eczema", "A rash or eczema"),
        ("hot_spreading_skin", "Hot, red or swollen skin that is spreading"),
        ("shingles", "Shingles: a painful rash with blisters on one side"),
        ("ringworm_scabies", "Ringworm or scabies"),
        ("contagious_skin", "Something else that others can catch", "For example impetigo."),
        ("bruise", "A bruise"),
        ("varicose_veins", "Swollen, twisted veins (varicose veins)"),
        ("recent_tattoo", "A new tattoo"),
        ("scar_new", "A new scar"),
        _NONE_OF_THESE,
    ),
    _many(
        "skin_areas",
        "Where on the skin",
        ("neck", "Neck"),
        ("shoulders", "Shoulders"),
        ("upper_back", "Upper back"),
        ("lower_back", "Lower back"),
        ("hip_buttock", "Hip or buttock"),
        ("legs", "Legs"),
        ("arms", "Arms"),
    ),
    _many(
        "allergies",
        "Allergies",
        ("essential_oils_fragrance", "Scents or essential oils"),
        ("nut_oil", "Nuts or nut oil"),
        ("latex", "Latex"),
        ("lotion_skin", "Lotions on the skin"),
        ("no_scent_wanted", "No allergy, but I want no scent"),
        _NONE_OF_THESE,
    ),
)

WHAT_YOU_LIKE: Final = (
    _one(
        "pressure_preference",
        "Pressure",
        ("light", "Light"),
        ("medium", "Medium"),
        ("firm", "Firm"),
        ("none", "No preference"),
    ),
    _one(
        "clothing_preference",
        "Clothing",
        ("undress_ok", "Fine to undress"),
        ("stay_clothed", "I would rather stay clothed"),
    ),
    _one(
        "massage_experience",
        "Massage before",
        ("never", "Never"),
        ("some", "A few times"),
        ("regular", "Regularly"),
    ),
    _one(
        "past_reaction",
        "Felt afterwards",
        ("none", "Fine, nothing to report"),
        ("sore_1_2_days", "Sore for a day or two"),
        ("bruised", "Bruised"),
        ("felt_worse", "Worse than before"),
    ),
    _many(
        "approach_interest",
        "Like to try",
        ("essential_oils", "Scented oils"),
        ("acupressure_points", "Pressure on points (acupressure)"),
        ("very_gentle_still_hands", "Very gentle, still hands"),
        ("device_vibration", "A vibrating device"),
        ("stretching", "Stretching"),
        _NONE_OF_THESE,
    ),
    _many("modalities_liked", "Types enjoyed before", *_MODALITY_NAMES),
    _many("modalities_disliked", "Types not wanted", *_MODALITY_NAMES),
    _one("touch_concern", "Touch can be difficult", *_YES_NO),
    _many(
        "avoid_areas",
        "Areas to leave alone",
        ("head", "Head"),
        ("neck", "Neck"),
        ("shoulders", "Shoulders"),
        ("upper_back", "Upper back"),
        ("lower_back", "Lower back"),
        ("hip_buttock", "Hip or buttock"),
        ("legs", "Legs"),
        ("arms", "Arms"),
        ("feet", "Feet"),
        ("abdomen", "Tummy"),
    ),
    Field(
        name="session_minutes_pref",
        title="Length",
        kind=FieldKind.ONE,
        numeric=True,
        options=_options(
            (("30", "30 minutes"), ("45", "45 minutes"), ("60", "60 minutes"), ("90", "90 minutes"))
        ),
    ),
    _one(
        "frequency_possible",
        "How often",
        ("one_off", "Once"),
        ("weekly", "Every week"),
        ("fortnightly", "Every two weeks"),
        ("monthly", "Every month"),
    ),
    _many(
        "other_care",
        "Other care",
        ("exercise_programme", "Exercises I was given"),
        ("physiotherapy", "Physiotherapy"),
        ("doctor", "A doctor"),
        ("medication", "Medicine"),
        ("other", "Something else"),
        ("none", "Nothing else"),
    ),
    _one("home_help", "Help at home", *_YES_NO),
)

STARTING_SCORES: Final = (
    _scale("peg_pain", "Pain on average"),
    _scale("peg_enjoyment", "Enjoyment of life"),
    _scale("peg_activity", "General activity"),
    Field(name="psfs", title="Hard activities", kind=FieldKind.PSFS, most=3),
    Field(
        name="rmdq",
        title="Roland-Morris statements",
        kind=FieldKind.MANY,
        numeric=True,
        options=tuple(Option(str(number), f"Statement {number}") for number in range(1, 25)),
    ),
)

CONSENT: Final = (
    _one("consent_health_data", "Storing health answers", *_YES_NO),
    _one("consent_share_with_clinician", "Contacting your doctor", *_YES_NO),
    Field(
        name="understood_not_diagnosis",
        title="Not a diagnosis",
        kind=FieldKind.CONFIRM,
        options=(Option("yes", "I understand this is a suggestion for my therapist, not a diagnosis."),),
    ),
    Field(
        name="accuracy_confirmed",
        title="Answers are correct",
        kind=FieldKind.CONFIRM,
        options=(Option("yes", "My answers are correct to the best of my knowledge."),),
    ),
)

FIELDS: Final = {
    field.name: field
    for group in (
        ABOUT_YOU,
        WHY_YOU_COME,
        SAFETY,
        YOUR_BACK_PAIN,
        YOUR_HEALTH,
        WHAT_YOU_LIKE,
        STARTING_SCORES,
        CONSENT,
    )
    for field in group
}
