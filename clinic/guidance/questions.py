"""How each field is asked: the questions, their help, and the pages that hold them, in order.

A page holds one question or one small group. Red flags stand alone on five pages, urgent ones first. A question
that depends on an answer always stands on a later page than that answer, so that pages work without scripts.
"""

from dataclasses import dataclass
from typing import Final

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
from clinic.guidance.red_flags import ASKED_FLAGS, RED_FLAGS

FLAG_PREFIX: Final = "red_flags."


@dataclass(frozen=True, kw_only=True)
class Question:
    """A field as it is asked.

    `field` is the key under which the answer is stored while answering; a red flag is stored as
    `red_flags.<code>`. `shown` says when it is asked (None: always). An optional question may be left blank, unless
    `required_if` holds. `starts_from` names an earlier field that may fill it in beforehand.
    """

    field: str
    text: str
    kind: FieldKind
    title: str
    options: tuple[Option, ...] = ()
    low: int = 0
    high: int = 10
    most: int | None = None
    exclusive: str | None = None
    numeric: bool = False
    help: str = ""
    why: str = ""
    low_label: str = ""
    high_label: str = ""
    optional: bool = False
    shown: Condition | None = None
    required_if: Condition | None = None
    starts_from: str | None = None

    def label(self, code: object) -> str:
        """What a person reads for a stored code."""
        return next((option.label for option in self.options if option.code == str(code)), str(code))


@dataclass(frozen=True)
class QuestionPage:
    """One page of the questionnaire. `heading` is empty when its only question is the heading."""

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
    QuestionnairePart("C", "Your back pain"),
    QuestionnairePart("E", "Your health"),
    QuestionnairePart("F", "What you like"),
    QuestionnairePart("G", "Starting scores"),
    QuestionnairePart("H", "Consent"),
)


def _ask(
    name: str,
    text: str,
    *,
    help: str = "",
    why: str = "",
    low_label: str = "",
    high_label: str = "",
    optional: bool = False,
    shown: Condition | None = None,
    required_if: Condition | None = None,
    starts_from: str | None = None,
) -> Question:
    field: Field = FIELDS[name]
    return Question(
        field=name,
        text=text,
        kind=field.kind,
        title=field.title,
        options=field.options,
        low=field.low,
        high=field.high,
        most=field.most,
        exclusive=field.exclusive,
        numeric=field.numeric,
        help=help,
        why=why,
        low_label=low_label,
        high_label=high_label,
        optional=optional,
        shown=shown,
        required_if=required_if,
        starts_from=starts_from,
    )


_FLAG_OPTIONS: Final = (
    Option("yes", "Yes"),
    Option("no", "No"),
    Option("unsure", "I am not sure", "That is a fine answer. We will suggest who to ask."),
)
_WHY_FLAGS: Final = (
    "A few signs need a doctor before a massage. We ask everyone. Only your therapist sees the answers."
)


def _flag(code: str) -> Question:
    flag = RED_FLAGS[code]
    return Question(
        field=f"{FLAG_PREFIX}{code}",
        text=flag.question,
        kind=FieldKind.RED_FLAG,
        title=flag.title,
        options=_FLAG_OPTIONS,
        help=flag.help,
        why=_WHY_FLAGS,
    )


def _flag_page(number: int, *codes: str) -> QuestionPage:
    return QuestionPage(
        f"safety-{number}",
        "D",
        tuple(_flag(code) for code in codes),
        heading="Please answer each one",
        intro="Yes, no, or I am not sure. None of them is skipped.",
    )


_IN_PAIN: Final = is_("back_pain_now", "yes")
_WHY_SCORE: Final = "The same numbers start your progress chart."
_MASSAGED_BEFORE: Final = is_not("massage_experience", "never")
_NO_PAIN: Final = "no pain"
_WORST: Final = "worst you can imagine"

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

CONSENT_QUESTION: Final = _ask(
    "consent_health_data",
    "May we store these health answers for your care?",
    help="You can withdraw at any time. If you choose no, nothing is stored, and you can still ask for a booking.",
    why="Your answers about your health are yours. Without your yes we do not keep them.",
)

PAGES: Final = (
    QuestionPage(
        "age",
        "A",
        (_ask("age_years", "How old are you?", help="Some advice and some cautions depend on age."),),
    ),
    QuestionPage(
        "sex",
        "A",
        (
            _ask(
                "sex_at_birth",
                "What sex were you registered with at birth?",
                help="You may skip it.",
                why="Only used to show or hide the pregnancy question.",
                optional=True,
            ),
        ),
    ),
    QuestionPage(
        "guardian",
        "A",
        (
            _ask(
                "guardian_consent",
                "Is a parent or guardian with you and do they agree to this visit?",
                help="We need this before we can see anyone under 18.",
                shown=below("age_years", 18),
            ),
        ),
    ),
    QuestionPage(
        "usual-day",
        "A",
        (
            _ask(
                "occupation_type",
                "What best describes your usual day?",
                help="Long sitting, lifting and repeated movements all matter for the back.",
            ),
            _ask(
                "sitting_hours_per_day",
                "About how many hours a day do you sit?",
                help="A rough guess is fine.",
            ),
        ),
        heading="Your usual day",
    ),
    QuestionPage(
        "activity",
        "A",
        (
            _ask(
                "activity_level",
                "How active are you?",
                help="Choose “Athlete” if you train for events or competitions.",
            ),
        ),
    ),
    QuestionPage(
        "changes",
        "A",
        (
            _ask(
                "life_stage_change",
                "Has anything big changed lately?",
                help="Changes in daily life can show up in the back.",
                optional=True,
            ),
            _ask(
                "lifestyle_factors",
                "Do any of these apply?",
                why="They affect bone strength. We use them for safety prompts and tips only.",
                optional=True,
            ),
        ),
        heading="Your life lately",
    ),
    QuestionPage(
        "goals",
        "B",
        (_ask("visit_goals", "What would you like from this visit?", help="Pick up to three."),),
    ),
    QuestionPage(
        "back-pain",
        "B",
        (
            _ask(
                "back_pain_now",
                "Do you have back pain at the moment?",
                help="Include neck, shoulder-blade and hip pain that seems to come from the back.",
            ),
        ),
    ),
    _flag_page(
        1,
        "saddle_numbness",
        "bladder_bowel_change",
        "sexual_function_change",
        "both_legs_new",
    ),
    _flag_page(
        2,
        "leg_weakness_worsening",
        "walking_or_hand_clumsy",
        "major_trauma",
        "sudden_severe_collapse",
    ),
    QuestionPage(
        "accident",
        "D",
        (
            _ask(
                "accident_checked",
                "After the accident: has a doctor or nurse checked you since then?",
                help="You told us of a serious accident, a fall from a height or a hard blow.",
                shown=has("red_flags", "major_trauma"),
            ),
        ),
    ),
    _flag_page(
        3,
        "chest_pain_breathless",
        "leg_clot_signs",
        "sudden_head_neck_neuro",
        "cancer_ever",
        "weight_loss",
    ),
    _flag_page(
        4,
        "fever_unwell",
        "night_rest_pain",
        "lump_or_deformity",
        "small_fall",
        "thoracic_unexplained",
    ),
    _flag_page(
        5,
        "pulsing_abdomen",
        "urinary_flank",
        "immunosuppressed_ivdu",
        "wakes_late_at_night",
        "cough_sneeze_worse",
    ),
    QuestionPage("today", "D", (_ask("today", "Does any of this apply today?"),)),
    QuestionPage(
        "where",
        "C",
        (
            _ask(
                "pain_areas",
                "Where does it hurt?",
                help="Tap every area that applies, on the figure or in the list. Left and right are yours.",
                shown=_IN_PAIN,
            ),
            _ask(
                "pain_avg_nrs",
                "Average pain over the last week, 0 to 10?",
                why="The same number starts your progress chart.",
                shown=_IN_PAIN,
                low_label=_NO_PAIN,
                high_label=_WORST,
            ),
            _ask(
                "pain_now_nrs",
                "Pain right now, 0 (none) to 10 (worst you can imagine)?",
                shown=_IN_PAIN,
                low_label=_NO_PAIN,
                high_label=_WORST,
            ),
        ),
        heading="Where it hurts, and how much",
    ),
    QuestionPage(
        "course",
        "C",
        (
            _ask("pain_duration", "How long have you had this pain?", shown=_IN_PAIN),
            _ask("onset_type", "How did it start?", shown=_IN_PAIN),
            _ask("pain_course", "Which fits best?", shown=_IN_PAIN),
            _ask("pain_trend", "Over the last two weeks, how is it changing?", shown=_IN_PAIN),
        ),
        heading="How your pain has gone",
    ),
    QuestionPage(
        "feel",
        "C",
        (
            _ask(
                "muscle_findings",
                "Which of these do you notice?",
                help="Choose all that apply. If you are not sure, your therapist checks by touch.",
                shown=_IN_PAIN,
            ),
            _ask("pain_quality", "What does it feel like?", shown=_IN_PAIN, optional=True),
        ),
        heading="How it feels",
    ),
    QuestionPage(
        "cause",
        "C",
        (
            _ask("onset_triggers", "What seemed to bring it on?", shown=_IN_PAIN),
            _ask(
                "mobility_limit",
                "How much does it limit bending, turning or walking?",
                shown=_IN_PAIN,
            ),
        ),
        heading="What brings it on, and what it limits",
    ),
    QuestionPage(
        "sport",
        "C",
        (
            _ask(
                "sport_context",
                "Is this visit linked to sport?",
                help="For example a race next week, or a hard training block.",
                shown=any_of(
                    in_("activity_level", "regular", "athlete"),
                    has_any("onset_triggers", "sport_training", "dance"),
                ),
            ),
        ),
    ),
    QuestionPage(
        "spread",
        "C",
        (
            _ask("radiation", "Does the pain travel?", shown=_IN_PAIN),
            _ask(
                "limb_symptoms",
                "Do you have tingling, numbness or weakness in an arm or leg?",
                help="Choose all that apply.",
            ),
        ),
        heading="Pain and feeling in your arms and legs",
    ),
    QuestionPage(
        "limb-trend",
        "C",
        (
            _ask(
                "limb_symptom_trend",
                "Is that feeling stable, better or worse?",
                help="Getting worse is important: we may ask you to see a doctor first.",
                shown=has_any("limb_symptoms", "tingling", "numbness", "weakness", "long_standing_known"),
            ),
        ),
    ),
    QuestionPage(
        "names",
        "C",
        (
            _ask(
                "diagnoses",
                "Has anyone given your back problem a name?",
                help="Include what you were told even if you are not sure.",
            ),
        ),
    ),
    QuestionPage(
        "names-past",
        "C",
        (
            _ask(
                "diagnoses_past",
                "Which of these are in the past?",
                help="Tick those you no longer have. The others count as holding now.",
                shown=has_any(
                    "diagnoses", *(o.code for o in FIELDS["diagnoses"].options if o.code != "none")
                ),
            ),
        ),
    ),
    QuestionPage(
        "clinician",
        "C",
        (
            _ask(
                "clinician_seen",
                "Has a doctor or physiotherapist looked at this, and are they fine with massage?",
                help="We mean for this problem, since the present symptoms began.",
            ),
        ),
    ),
    QuestionPage(
        "stress",
        "C",
        (
            _ask(
                "stress_level",
                "How stressed have you been this month, 0 to 10?",
                help="Stress is a common part of back pain; there is no wrong answer.",
                low_label="not at all",
                high_label="as much as can be",
            ),
            _ask(
                "mood",
                "Have you felt low or anxious lately?",
                help="Only your therapist sees this. It never blocks a booking.",
                optional=True,
            ),
            _ask("sleep_problem", "Is your sleep disturbed?", optional=True),
            _ask("tension_headaches", "Do you get tension headaches?", optional=True),
        ),
        heading="Stress, sleep and mood",
    ),
    QuestionPage(
        "swelling",
        "E",
        (
            _ask(
                "swelling",
                "Is there any swelling?",
                help="If there is more than one, choose the one that troubles you most.",
            ),
        ),
    ),
    QuestionPage(
        "conditions",
        "E",
        (
            _ask(
                "conditions",
                "Do you have, or have you had, any of these?",
                help="Most do not stop a massage; they change how we do it.",
            ),
        ),
    ),
    QuestionPage(
        "medicines",
        "E",
        (
            _ask(
                "medications",
                "Do you take any of these?",
                help="Blood thinners and steroids change what pressure is safe.",
            ),
        ),
    ),
    QuestionPage(
        "bones",
        "E",
        (
            _ask(
                "osteoporosis",
                "Have you been told your bones are thin?",
                optional=True,
                required_if=any_of(at_least("age_years", 50), has("medications", "long_term_steroid")),
            ),
        ),
    ),
    QuestionPage(
        "short-questions",
        "E",
        (
            _ask(
                "fall_started_it",
                "After the fall or the blow: did the pain start then, or in the days after?",
                shown=all_of(_TOLD_OF_A_FALL, not_(has("red_flags", "small_fall"))),
            ),
            _ask(
                "fall_checked",
                "After the fall or the knock: has a doctor looked at your back since then?",
                help="At your age, or with thin bones or steroids, even a small fall can crack a bone.",
                shown=any_of(_TOLD_OF_A_FALL, all_of(has("red_flags", "small_fall"), _BONES_AT_RISK)),
            ),
            _ask(
                "cancer_pain_changed",
                "With cancer now or in the past: is this back pain new, different or getting worse?",
                shown=all_of(
                    _IN_PAIN,
                    any_of(
                        has("red_flags", "cancer_ever"),
                        has_any("conditions", "cancer_active", "cancer_past", "bone_metastases"),
                    ),
                ),
            ),
            _ask(
                "eases_with_movement",
                "When the pain wakes you: does it ease when you get up and move?",
                shown=_LATE_NIGHT_PAIN,
            ),
            _ask(
                "began_before_45",
                "Did this pain begin before you were 45?",
                shown=all_of(_LATE_NIGHT_PAIN, at_least("age_years", 45)),
            ),
        ),
        heading="A few short questions about what you told us",
        intro="Each asks one thing only.",
    ),
    QuestionPage(
        "pregnancy",
        "E",
        (
            _ask(
                "pregnancy",
                "Are you pregnant or did you give birth in the last 6 weeks?",
                why="Pregnancy changes how you lie, which pressure is safe, and which oils we use.",
                shown=not_(
                    any_of(is_("sex_at_birth", "male"), above("age_years", 60), below("age_years", 10))
                ),
            ),
        ),
    ),
    QuestionPage(
        "pregnancy-risk",
        "E",
        (
            _ask(
                "pregnancy_high_risk",
                "Is the pregnancy high-risk, or have you been told of pre-eclampsia?",
                shown=in_("pregnancy", "t1", "t2", "t3"),
            ),
        ),
    ),
    QuestionPage(
        "operations",
        "E",
        (_ask("recent_surgery", "When was your last operation, if any in the past year?"),),
    ),
    QuestionPage("skin", "E", (_ask("skin_issues", "Any skin problem today?", help="We work around it."),)),
    QuestionPage(
        "skin-where",
        "E",
        (
            _ask(
                "skin_areas",
                "Where is the skin problem?",
                help="Choose all that apply.",
                shown=has_any(
                    "skin_issues", *(o.code for o in FIELDS["skin_issues"].options if o.code != "none")
                ),
            ),
        ),
    ),
    QuestionPage(
        "allergies",
        "E",
        (_ask("allergies", "Any allergies to oils, scents, nuts, latex or lotions?"),),
    ),
    QuestionPage(
        "pressure",
        "F",
        (
            _ask(
                "pressure_preference",
                "What pressure do you like?",
                help="You can change your mind at any time.",
            ),
            _ask(
                "clothing_preference",
                "Would you rather stay clothed?",
                help="You are always covered except the area being worked on.",
            ),
        ),
        heading="Pressure and clothing",
    ),
    QuestionPage("experience", "F", (_ask("massage_experience", "Have you had massage before?"),)),
    QuestionPage(
        "afterwards",
        "F",
        (_ask("past_reaction", "How did you feel after your earlier massages?", shown=_MASSAGED_BEFORE),),
    ),
    QuestionPage(
        "types",
        "F",
        (
            _ask("approach_interest", "Anything you would like to try?", optional=True),
            _ask("modalities_liked", "Types you have enjoyed before?", optional=True),
            _ask(
                "modalities_disliked",
                "Types you do not want?",
                help="We will not suggest these.",
                optional=True,
            ),
        ),
        heading="Types of massage",
    ),
    QuestionPage(
        "touch",
        "F",
        (
            _ask(
                "touch_concern",
                "Is being touched sometimes difficult for you?",
                help="You decide what is touched; you can stop at any moment. You need not say why.",
                optional=True,
            ),
            _ask("avoid_areas", "Areas you want left alone?", optional=True),
        ),
        heading="Touch",
    ),
    QuestionPage(
        "visits",
        "F",
        (
            _ask("session_minutes_pref", "Preferred length?", optional=True),
            _ask("frequency_possible", "How often could you come?", optional=True),
        ),
        heading="Your visits",
    ),
    QuestionPage(
        "other-care",
        "F",
        (
            _ask(
                "other_care",
                "What else are you doing for your back?",
                help="Massage works best alongside movement and any care your doctor advises.",
            ),
            _ask(
                "home_help",
                "Is there someone at home who could help with gentle massage?",
                optional=True,
            ),
        ),
        heading="Care around the massage",
    ),
    QuestionPage(
        "scores",
        "G",
        (
            _ask(
                "peg_pain",
                "Over the past week, how strong was your pain on average?",
                why=_WHY_SCORE,
                shown=_IN_PAIN,
                starts_from="pain_avg_nrs",
                low_label=_NO_PAIN,
                high_label=_WORST,
            ),
            _ask(
                "peg_enjoyment",
                "Over the past week, how much did pain get in the way of enjoying life?",
                shown=_IN_PAIN,
                low_label="not at all",
                high_label="completely",
            ),
            _ask(
                "peg_activity",
                "Over the past week, how much did pain get in the way of what you do every day?",
                shown=_IN_PAIN,
                low_label="not at all",
                high_label="completely",
            ),
        ),
        heading="Three questions about the past week",
    ),
    QuestionPage(
        "activities",
        "G",
        (
            _ask(
                "psfs",
                "Which everyday activities are hard because of your back?",
                help="In your own words, for example “lifting my child”. Up to three. We do not read this for "
                "emergencies.",
                why=_WHY_SCORE,
                low_label="cannot do it",
                high_label="as before the problem",
                optional=True,
            ),
        ),
    ),
    QuestionPage(
        "closing",
        "H",
        (
            _ask(
                "consent_share_with_clinician",
                "May we contact your doctor if a safety question needs it?",
                optional=True,
            ),
            _ask(
                "understood_not_diagnosis",
                "I understand this is a suggestion for my therapist, not a diagnosis.",
            ),
            _ask("accuracy_confirmed", "My answers are correct to the best of my knowledge."),
        ),
        heading="Before you send",
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

# What is asked again: before a visit, and of a returning client whose history is filled in beforehand.
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
# A new name for the problem renews the whole history, so names are asked for.
ASKED_AGAIN_FIELDS: Final = (
    *DAY_OF_VISIT_FIELDS,
    "visit_goals",
    "diagnoses",
    "diagnoses_past",
    "peg_pain",
    "peg_enjoyment",
    "peg_activity",
    "psfs",
)
