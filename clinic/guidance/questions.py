"""Where each field is asked and of whom: the pages of the questionnaire, in order.

What a question says stands with its field in `clinic.guidance.fields`. A page holds one question or one small group. Red
flags stand alone on five pages, urgent ones first. A question that depends on an answer always stands on a later page than
that answer, so that pages work without scripts.
"""

from dataclasses import dataclass, fields
from typing import Any, Final

from clinic.guidance.conditions import (
    Condition,
    above,
    all_of,
    any_of,
    at_least,
    below,
    has,
    has_any,
    in_,
    is_,
    is_not,
    not_,
)
from clinic.guidance.fields import FIELDS, Field, FieldKind, Option
from clinic.guidance.own_words import LONGEST, TITLES, WORDS_PREFIX
from clinic.guidance.red_flags import ASKED_FLAGS, RED_FLAGS

FLAG_PREFIX: Final = "red_flags."


@dataclass(frozen=True, kw_only=True)
class Question(Field):
    """A field as it is asked of one person.

    `shown` says when it is asked (None: always). An optional question must be answered all the same if `required_if`
    holds.
    """

    shown: Condition | None = None
    required_if: Condition | None = None

    @property
    def field(self) -> str:
        """The key under which the answer is stored; a warning sign is stored as `red_flags.<code>`."""
        return self.name


@dataclass(frozen=True)
class QuestionPage:
    """One page of the questionnaire. `heading` is empty when its only question, own words aside, is the heading."""

    slug: str
    part: str
    questions: tuple[Question, ...]
    heading: str = ""
    intro: str = ""


@dataclass(frozen=True)
class QuestionnairePart:
    """One of the eight parts of the questionnaire."""

    code: str
    title: str


PARTS: Final = (
    QuestionnairePart("A", "About you"),
    QuestionnairePart("B", "Why you are coming"),
    QuestionnairePart("D", "Safety check"),
    QuestionnairePart("C", "Your back"),
    QuestionnairePart("E", "Health"),
    QuestionnairePart("F", "What you like"),
    QuestionnairePart("G", "Starting scores"),
    QuestionnairePart("H", "Consent"),
)


def _ask(
    *names: str, shown: Condition | None = None, required_if: Condition | None = None
) -> tuple[Question, ...]:
    return tuple(Question(**_declared(FIELDS[name]), shown=shown, required_if=required_if) for name in names)


def _declared(field: Field) -> dict[str, Any]:
    return {part.name: getattr(field, part.name) for part in fields(field)}


_FLAG_OPTIONS: Final = (
    Option("yes", "Yes"),
    Option("no", "No"),
    Option("unsure", "Unsure", "That is a fine answer. We will suggest who to ask."),
)
_WHY_FLAGS: Final = (
    "A few signs need a doctor before a massage. We ask everyone. Only your therapist sees the answers."
)


def _flag(code: str) -> Question:
    flag = RED_FLAGS[code]
    return Question(
        name=f"{FLAG_PREFIX}{code}",
        text=flag.question,
        blank=flag.blank,
        kind=FieldKind.RED_FLAG,
        title=flag.title,
        options=_FLAG_OPTIONS,
        help=flag.help,
        why=_WHY_FLAGS,
    )


def _flag_page(number: int, heading: str, *codes: str) -> QuestionPage:
    return QuestionPage(f"safety-{number}", "D", tuple(_flag(code) for code in codes), heading=heading)


def _own_words(topic: str, text: str, *, shown: Condition | None = None) -> tuple[Question, ...]:
    """The place for a client's own words about one topic. No rule can name it, because it is no field."""
    key = f"{WORDS_PREFIX}{topic}"
    return (
        Question(
            name=key,
            kind=FieldKind.OWN_WORDS,
            title=f"{TITLES[key]}, in your own words",
            text=text,
            help="In your own words. Your therapist reads it before your visit.",
            most=LONGEST,
            optional=True,
            shown=shown,
        ),
    )


_IN_PAIN: Final = is_("back_pain_now", "yes")

_BONES_AT_RISK: Final = any_of(
    at_least("age_years", 65),
    in_("osteoporosis", "osteopenia", "yes", "severe_or_fragility_fracture"),
    has("medications", "long_term_steroid"),
)
_TOLD_OF_A_FALL: Final = any_of(
    all_of(has("onset_triggers", "fall"), _BONES_AT_RISK),
    all_of(has("onset_triggers", "accident_or_blow"), is_("onset_type", "sudden"), at_least("age_years", 65)),
)
_LATE_NIGHT_PAIN: Final = all_of(
    has("red_flags", "wakes_late_at_night"), _IN_PAIN, is_("pain_duration", "gt_12w")
)

(CONSENT_QUESTION,) = _ask("consent_health_data")

PAGES: Final = (
    QuestionPage(
        "you",
        "A",
        _ask("age_years", "sex_at_birth", "back_pain_now", "massage_experience"),
        heading="About you",
    ),
    QuestionPage("guardian", "A", _ask("guardian_consent", shown=below("age_years", 18))),
    QuestionPage(
        "usual-day",
        "A",
        _ask("occupation_type", "sitting_hours_per_day", "activity_level"),
        heading="Your usual day",
    ),
    QuestionPage("changes", "A", _ask("life_stage_change", "lifestyle_factors"), heading="Your life lately"),
    QuestionPage("goals", "B", _ask("visit_goals")),
    _flag_page(
        1,
        "Numbness, bladder, bowels and legs",
        "saddle_numbness",
        "bladder_bowel_change",
        "sexual_function_change",
        "both_legs_new",
    ),
    _flag_page(
        2,
        "Strength, balance, accidents and sudden pain",
        "leg_weakness_worsening",
        "walking_or_hand_clumsy",
        "major_trauma",
        "sudden_severe_collapse",
    ),
    QuestionPage("accident", "D", _ask("accident_checked", shown=has("red_flags", "major_trauma"))),
    _flag_page(
        3,
        "Chest, leg, head and general health",
        "chest_pain_breathless",
        "leg_clot_signs",
        "sudden_head_neck_neuro",
        "cancer_ever",
        "weight_loss",
    ),
    _flag_page(
        4,
        "Fever, pain at rest, lumps and falls",
        "fever_unwell",
        "night_rest_pain",
        "lump_or_deformity",
        "small_fall",
        "thoracic_unexplained",
    ),
    _flag_page(
        5,
        "Tummy, urine, infections, nights and coughing",
        "pulsing_abdomen",
        "urinary_flank",
        "immunosuppressed_ivdu",
        "wakes_late_at_night",
        "cough_sneeze_worse",
    ),
    QuestionPage("today", "D", _ask("today")),
    QuestionPage(
        "where", "C", _ask("pain_areas", "pain_now_nrs", shown=_IN_PAIN), heading="Where it hurts now"
    ),
    QuestionPage(
        "pain",
        "C",
        (
            *_ask(
                "pain_avg_nrs",
                "pain_trend",
                "pain_duration",
                "pain_course",
                "onset_type",
                "onset_triggers",
                "radiation",
                shown=_IN_PAIN,
            ),
            *_own_words("happened", "Anything else we should know about how it began?", shown=_IN_PAIN),
        ),
        heading="Your back",
    ),
    QuestionPage(
        "feel", "C", _ask("muscle_findings", "pain_quality", shown=_IN_PAIN), heading="How it feels"
    ),
    QuestionPage(
        "moving",
        "C",
        (
            *_ask("mobility_limit", shown=_IN_PAIN),
            *_ask(
                "sport_context",
                shown=any_of(
                    in_("activity_level", "regular", "athlete"),
                    has_any("onset_triggers", "sport_training", "dance"),
                ),
            ),
        ),
        heading="Moving and sport",
    ),
    QuestionPage(
        "arms-and-legs",
        "C",
        _ask("limb_symptoms", "diagnoses", "clinician_seen"),
        heading="Arms, legs and diagnoses",
    ),
    QuestionPage(
        "limb-trend",
        "C",
        _ask(
            "limb_symptom_trend",
            shown=has_any("limb_symptoms", "tingling", "numbness", "weakness", "long_standing_known"),
        ),
    ),
    QuestionPage(
        "names-past",
        "C",
        _ask(
            "diagnoses_past",
            shown=has_any("diagnoses", *(o.code for o in FIELDS["diagnoses"].options if o.code != "none")),
        ),
    ),
    QuestionPage(
        "stress",
        "C",
        _ask("stress_level", "mood", "sleep_problem", "tension_headaches"),
        heading="Stress, sleep and mood",
    ),
    QuestionPage(
        "conditions",
        "E",
        (*_ask("conditions"), *_own_words("conditions", "Anything else we should know about your health?")),
    ),
    QuestionPage(
        "medicines",
        "E",
        (
            *_ask("medications"),
            *_own_words("medicines", "Anything else we should know about your medicines?"),
            *_ask(
                "osteoporosis",
                required_if=any_of(at_least("age_years", 50), has("medications", "long_term_steroid")),
            ),
            *_ask(
                "pregnancy",
                shown=not_(
                    any_of(is_("sex_at_birth", "male"), above("age_years", 60), below("age_years", 10))
                ),
            ),
            *_ask("past_reaction", shown=is_not("massage_experience", "never")),
        ),
        heading="Medicines and further questions",
    ),
    QuestionPage(
        "pregnancy-risk", "E", _ask("pregnancy_high_risk", shown=in_("pregnancy", "t1", "t2", "t3"))
    ),
    QuestionPage(
        "short-questions",
        "E",
        (
            *_ask("fall_started_it", shown=all_of(_TOLD_OF_A_FALL, not_(has("red_flags", "small_fall")))),
            *_ask(
                "fall_checked",
                shown=any_of(_TOLD_OF_A_FALL, all_of(has("red_flags", "small_fall"), _BONES_AT_RISK)),
            ),
            *_ask(
                "cancer_pain_changed",
                shown=all_of(
                    _IN_PAIN,
                    any_of(
                        has("red_flags", "cancer_ever"),
                        has_any("conditions", "cancer_active", "cancer_past", "bone_metastases"),
                    ),
                ),
            ),
            *_ask("eases_with_movement", shown=_LATE_NIGHT_PAIN),
            *_ask("began_before_45", shown=all_of(_LATE_NIGHT_PAIN, at_least("age_years", 45))),
        ),
        heading="A few short questions about what you told us",
        intro="Each asks one thing only.",
    ),
    QuestionPage(
        "operations",
        "E",
        (
            *_ask("recent_surgery", "swelling", "skin_issues", "allergies"),
            *_own_words("allergies", "Anything else we should know about your allergies?"),
        ),
        heading="Operations, swelling and skin",
    ),
    QuestionPage(
        "skin-where",
        "E",
        _ask(
            "skin_areas",
            shown=has_any(
                "skin_issues", *(o.code for o in FIELDS["skin_issues"].options if o.code != "none")
            ),
        ),
    ),
    QuestionPage(
        "pressure", "F", _ask("pressure_preference", "clothing_preference"), heading="Pressure and clothing"
    ),
    QuestionPage(
        "types",
        "F",
        _ask("approach_interest", "modalities_liked", "modalities_disliked"),
        heading="Types of massage",
    ),
    QuestionPage("touch", "F", _ask("touch_concern", "avoid_areas"), heading="Touch"),
    QuestionPage("visits", "F", _ask("session_minutes_pref", "frequency_possible"), heading="Your visits"),
    QuestionPage("other-care", "F", _ask("other_care", "home_help"), heading="Care around the massage"),
    QuestionPage(
        "scores",
        "G",
        (
            *_ask("peg_pain", shown=all_of(_IN_PAIN, not_(at_least("pain_avg_nrs", 0)))),
            *_ask("peg_enjoyment", "peg_activity", shown=_IN_PAIN),
        ),
        heading="Your pain and your days",
    ),
    QuestionPage("activities", "G", _ask("psfs")),
    QuestionPage("doctor", "H", _ask("consent_share_with_clinician")),
    QuestionPage(
        "closing", "H", _ask("understood_not_diagnosis", "accuracy_confirmed"), heading="Before you send"
    ),
)

_NO_LONGER_ASKED: Final = tuple(_flag(code) for code, flag in RED_FLAGS.items() if flag.instead)

QUESTIONS: Final = {
    question.field: question
    for question in (
        CONSENT_QUESTION,
        *(question for page in PAGES for question in page.questions),
        *_NO_LONGER_ASKED,
    )
}
"""Every question by its field, with those that only stored answers still hold."""

# What is asked again: before a visit, and of a returning client, who only looks over the rest.
SHORT_SAFETY_FIELDS: Final = (
    *(f"{FLAG_PREFIX}{code}" for code in ASKED_FLAGS),
    "accident_checked",
    "today",
    "medications",
    "fall_started_it",
    "fall_checked",
    "cancer_pain_changed",
    "pregnancy",
    "pregnancy_high_risk",
)
DAY_OF_VISIT_FIELDS: Final = (*SHORT_SAFETY_FIELDS, "pain_now_nrs", "pain_avg_nrs")
SCORE_FIELDS: Final = ("peg_pain", "peg_enjoyment", "peg_activity", "psfs")
