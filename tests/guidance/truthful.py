"""Truthful, unusual people: twenty for each contradiction. Their answers sound odd together, and every one of them is right.

`explained` says that another answer already tells why, so nothing is asked again. Everybody else is asked to look again in words
that blame nobody, and a therapist then has a short look: nobody is turned away.
"""

from dataclasses import dataclass
from typing import Final

from tests.guidance.people import Answers


@dataclass(frozen=True)
class Truthful:
    """A person, what they answered, and whether the answers explain themselves."""

    rule: str
    who: str
    answers: Answers
    explained: bool = False


def _people(
    rule: str, base: Answers, asked: dict[str, Answers], explained: dict[str, Answers]
) -> list[Truthful]:
    return [
        *(Truthful(rule, who, {**base, **more}) for who, more in asked.items()),
        *(Truthful(rule, who, {**base, **more}, explained=True) for who, more in explained.items()),
    ]


_LEG: Final[Answers] = {
    "pain_areas": ["lower_back", "leg_left"],
    "radiation": "none",
    "clinician_seen": "yes_cleared",
}
_WEAK: Final[Answers] = {
    "limb_symptoms": ["weakness"],
    "radiation": "none",
    "pain_areas": ["lower_back"],
    "clinician_seen": "yes_cleared",
}
_PREGNANT: Final[Answers] = {"pregnancy": "t2", "sex_at_birth": "male"}
_NO_PAIN: Final[Answers] = {"back_pain_now": "no", "pain_avg_nrs": 5}
_FRESH: Final[Answers] = {"pain_now_nrs": 9, "pain_avg_nrs": 2, "mobility_limit": "none"}
_SITS: Final[Answers] = {"activity_level": "athlete", "sitting_hours_per_day": 15}
_KNOCK: Final[Answers] = {
    "onset_type": "sudden",
    "onset_triggers": ["accident_or_blow"],
    "clinician_seen": "no",
}

TRUTHFUL: Final = [
    *_people(
        "X01",
        _LEG,
        {
            "A waiter with tired calves": {"occupation_type": "standing"},
            "A gardener with a scraped knee": {
                "occupation_type": "manual_lifting",
                "skin_issues": ["open_wound"],
            },
            "A mother who carries on one hip": {"occupation_type": "caring"},
            "A teenager growing fast": {"age_years": 17, "onset_triggers": ["growth"]},
            "A lorry driver whose clutch leg aches": {"occupation_type": "driving"},
            "Somebody with night cramps": {"sleep_problem": "yes"},
            "Somebody with flat feet": {"muscle_findings": ["uneven_tension"]},
            "A new runner, once a week": {"activity_level": "light"},
        },
        {
            "Sore after a triathlon": {"activity_level": "athlete", "sport_context": "after_event"},
            "A dancer before the premiere": {"onset_triggers": ["dance"]},
            "A hard block of cycling": {"activity_level": "regular", "sport_context": "heavy_training"},
            "Twisted an ankle at football": {
                "activity_level": "regular",
                "sport_context": "minor_sport_injury",
            },
            "A race next week": {"activity_level": "regular", "sport_context": "before_event"},
            "Knee arthritis": {"diagnoses": ["osteoarthritis"]},
            "Rheumatoid arthritis in the knees": {"diagnoses": ["inflammatory_arthritis"]},
            "Fibromyalgia": {"diagnoses": ["fibromyalgia"]},
            "A replaced hip": {"conditions": ["joint_replacement"]},
            "Varicose veins": {"skin_issues": ["varicose_veins"]},
            "Ankles swollen from standing": {"swelling": "ankles_both_known"},
            "An old polio leg": {"limb_symptoms": ["long_standing_known"], "limb_symptom_trend": "stable"},
        },
    ),
    *_people(
        "X02",
        _WEAK,
        {
            "Weak grip after typing all day": {"occupation_type": "desk"},
            "A tired leg in the evening": {"occupation_type": "standing"},
            "Weak after the flu": {"age_years": 33},
            "Marked only where it hurts most": {"pain_areas": ["neck", "shoulders"]},
            "Thinks an arm belongs to the shoulder": {"pain_areas": ["shoulders"]},
            "Weak hand, painless": {"pain_areas": ["neck"]},
            "A foot that tires on long walks": {"activity_level": "regular"},
            "Better since physiotherapy": {"limb_symptom_trend": "better", "other_care": ["physiotherapy"]},
            "Always the weaker left hand": {"limb_symptom_trend": "stable"},
            "Weak and stiff in the morning": {"muscle_findings": ["stiffness"]},
        },
        {
            "An old spinal cord injury": {"limb_symptoms": ["weakness", "long_standing_known"]},
            "A stroke years ago": {"limb_symptoms": ["weakness", "long_standing_known"], "age_years": 62},
            "Multiple sclerosis, stable": {
                "limb_symptoms": ["weakness", "long_standing_known"],
                "conditions": ["neurological_condition"],
            },
            "Polio as a child": {"limb_symptoms": ["weakness", "long_standing_known"], "age_years": 71},
            "A birth injury of the arm": {
                "limb_symptoms": ["weakness", "long_standing_known"],
                "age_years": 19,
            },
            "A cut nerve in the hand": {"limb_symptoms": ["weakness", "numbness", "long_standing_known"]},
            "A weak foot since disc surgery": {
                "limb_symptoms": ["weakness", "long_standing_known"],
                "conditions": ["spinal_surgery_ever"],
            },
            "Marked the arm too": {"pain_areas": ["neck", "arm_right"]},
            "Marked the leg too": {"pain_areas": ["lower_back", "leg_left"], "radiation": "leg_above_knee"},
            "Pain goes into the arm": {"radiation": "arm"},
        },
    ),
    *_people(
        "X03",
        _PREGNANT,
        {
            f"A trans man, {words}": more
            for words, more in {
                "second trimester": {},
                "first trimester": {"pregnancy": "t1"},
                "third trimester": {"pregnancy": "t3"},
                "desk worker": {"occupation_type": "desk"},
                "athlete": {"activity_level": "athlete"},
                "with a stiff neck": {"pain_areas": ["neck"]},
                "with a sore low back": {"pain_areas": ["lower_back"]},
                "under stress": {"stress_level": 8},
                "who likes light pressure": {"pressure_preference": "light"},
                "who had massage before": {"massage_experience": "regular"},
                "who would rather stay clothed": {"clothing_preference": "stay_clothed"},
                "with asthma": {"conditions": ["asthma"]},
                "with low blood pressure": {"conditions": ["low_blood_pressure"]},
                "aged 24": {"age_years": 24},
                "aged 38": {"age_years": 38},
            }.items()
        },
        {
            "Intersex": {"sex_at_birth": "intersex"},
            "Would rather not say": {"sex_at_birth": "prefer_not_say"},
            "Gave birth last month": {"pregnancy": "postnatal_lt_6w"},
            "May be pregnant": {"pregnancy": "unsure"},
            "Did not answer about sex": {"sex_at_birth": "female"},
        },
    ),
    *_people(
        "X04",
        _NO_PAIN,
        {
            f"Gone since yesterday, {words}": more
            for words, more in {
                "was 4": {"pain_avg_nrs": 4},
                "was 6": {"pain_avg_nrs": 6},
                "was 7": {"pain_avg_nrs": 7},
                "after a rest day": {"activity_level": "regular"},
                "after painkillers": {"other_care": ["medication"]},
                "comes and goes": {"pain_course": "comes_and_goes"},
                "only at work": {"occupation_type": "manual_lifting"},
                "only when driving": {"occupation_type": "driving"},
                "only with the baby": {"life_stage_change": ["new_baby"]},
                "has a headache": {"tension_headaches": "yes"},
                "means the knee": {"pain_areas": ["leg_left"], "radiation": "leg_above_knee"},
                "means last week's cramp": {"muscle_findings": ["spasm"]},
                "before a race": {"activity_level": "athlete"},
                "retired": {"occupation_type": "retired"},
                "sleeps badly": {"sleep_problem": "yes"},
            }.items()
        },
        {
            "A little, last week": {"pain_avg_nrs": 3},
            "None at all": {"pain_avg_nrs": 0},
            "Did not score it": {"pain_avg_nrs": None},
            "It hurts now": {"back_pain_now": "yes"},
            "Left it open whether it hurts": {"back_pain_now": None},
        },
    ),
    *_people(
        "X05",
        _FRESH,
        {
            f"Began this morning, {words}": more
            for words, more in {
                "worst ever": {"pain_now_nrs": 10},
                "mild before": {"pain_avg_nrs": 3},
                "none before": {"pain_avg_nrs": 0},
                "barely any before": {"pain_avg_nrs": 1},
                "after lifting": {"onset_triggers": ["heavy_lifting"]},
                "after a twist": {"onset_triggers": ["sudden_overstretch"]},
                "a cramp": {"muscle_findings": ["spasm"]},
                "moves to ease it": {"muscle_findings": ["stiffness"]},
                "in the neck": {"pain_areas": ["neck"]},
                "at rest only": {"pain_quality": ["throbbing"]},
                "a burning spot": {"pain_quality": ["burning"]},
                "under stress": {"stress_level": 9},
                "an athlete": {"activity_level": "athlete"},
                "a student": {"occupation_type": "student"},
                "comes in waves": {"pain_course": "comes_and_goes"},
            }.items()
        },
        {
            "Cannot bend": {"mobility_limit": "marked"},
            "Bends a little": {"mobility_limit": "some"},
            "Strong all week": {"pain_avg_nrs": 7},
            "Eight, not nine": {"pain_now_nrs": 8},
            "Did not score last week": {"pain_avg_nrs": None},
        },
    ),
    *_people(
        "X06",
        _SITS,
        {
            f"Trains for events, {words}": more
            for words, more in {
                "wheelchair racer": {},
                "hand cyclist": {"sitting_hours_per_day": 16},
                "rower who drives a lorry": {"occupation_type": "driving"},
                "e-sports player": {"occupation_type": "desk"},
                "pilot": {"occupation_type": "driving", "sitting_hours_per_day": 14},
                "student before exams": {"occupation_type": "student"},
                "racing cyclist at a desk": {"occupation_type": "desk", "sitting_hours_per_day": 14},
                "rally driver": {"sitting_hours_per_day": 17},
                "kayaker": {"sitting_hours_per_day": 14},
                "writer who swims": {"occupation_type": "mixed"},
                "resting a broken toe": {"life_stage_change": ["other"]},
                "wheelchair basketball": {"sitting_hours_per_day": 18},
                "sledge hockey": {"sitting_hours_per_day": 15, "age_years": 28},
                "sit skier": {"sitting_hours_per_day": 14, "age_years": 35},
                "programmer and marathon runner": {"occupation_type": "desk", "age_years": 31},
            }.items()
        },
        {
            "Paraplegic since a spine operation": {"conditions": ["spinal_surgery_ever"]},
            "Wheelchair with MS": {"conditions": ["neurological_condition"]},
            "Thirteen hours": {"sitting_hours_per_day": 13},
            "Regular, not an athlete": {"activity_level": "regular"},
            "Did not count the hours": {"sitting_hours_per_day": None},
        },
    ),
    *_people(
        "X07",
        _KNOCK,
        {
            f"A small knock, {words}": more
            for words, more in {
                "a cupboard door": {},
                "a football in the back": {"activity_level": "regular"},
                "a toddler's head": {"occupation_type": "caring"},
                "a bump while parking": {"occupation_type": "driving"},
                "bumped a table": {"age_years": 40},
                "pushed in a crowd": {"age_years": 25},
                "a swing": {"age_years": 30},
                "a suitcase": {"age_years": 50},
                "a dog that jumped up": {"age_years": 55},
                "a branch": {"occupation_type": "manual_lifting"},
                "sparring": {"activity_level": "athlete"},
                "a rugby tackle": {"activity_level": "athlete", "sport_context": "minor_sport_injury"},
                "a low door frame": {"pain_areas": ["neck"]},
                "a trolley": {"occupation_type": "standing"},
                "years ago": {"pain_duration": "gt_12w"},
            }.items()
        },
        {
            "It came bit by bit": {"onset_type": "gradual"},
            "A doctor has looked": {"clinician_seen": "yes_cleared"},
            "Looked at, massage not spoken of": {"clinician_seen": "yes_not_discussed"},
            "A serious accident, checked": {"red_flags": ["major_trauma"], "accident_checked": "yes"},
            "Told of it as a small knock": {"red_flags": ["small_fall"]},
        },
    ),
]
