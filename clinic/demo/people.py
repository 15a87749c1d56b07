"""The fictional clients: what they answer, when they come, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from clinic.plans.models import Decision, ReasonKind

Answers = Mapping[str, str]
"""What is chosen for each field, several values separated by a space; `DULL` answers every other field."""

DULL: Answers = {
    "age_years": "41",
    "sex_at_birth": "male",
    "occupation_type": "desk",
    "sitting_hours_per_day": "7",
    "activity_level": "light",
    "visit_goals": "pain_relief",
    "back_pain_now": "yes",
    "pain_areas": "lower_back",
    "pain_avg_nrs": "4",
    "pain_now_nrs": "3",
    "pain_duration": "6w_12w",
    "onset_type": "gradual",
    "pain_course": "comes_and_goes",
    "pain_trend": "same",
    "muscle_findings": "general_tightness",
    "onset_triggers": "long_sitting",
    "mobility_limit": "some",
    "sport_context": "none",
    "radiation": "none",
    "clinician_seen": "no",
    "stress_level": "3",
    "swelling": "none",
    "osteoporosis": "no",
    "pregnancy": "no",
    "recent_surgery": "none",
    "pressure_preference": "medium",
    "clothing_preference": "undress_ok",
    "massage_experience": "some",
    "past_reaction": "none",
    "peg_pain": "4",
    "peg_enjoyment": "3",
    "peg_activity": "3",
    "understood_not_diagnosis": "yes",
    "accuracy_confirmed": "yes",
}
"""Somebody with an ordinary stiff back: no red flags, *none* for lists, optional questions left blank."""


@dataclass(frozen=True)
class DemoDay:
    """A working day of a therapist: `step` counts from the one that is today or comes next, `weeks` from there."""

    step: int = 0
    weeks: int = 0


@dataclass(frozen=True)
class DemoDecision:
    """What the therapist decides about the answers; `types` unless the suggestion is accepted."""

    decision: Decision = Decision.ACCEPT
    types: tuple[str, ...] = ()
    kind: ReasonKind | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One client and what they book.

    Booked `ahead` of the first visit or, if that is None, `ago` before now. `at` is the local time of day they would
    like. Without `answers` they ask for a time and do not say anything about their health; `granted` means that the
    therapist confirmed it.
    """

    given: str
    family: str
    phone: str
    therapist: str
    treatment: str
    at: str
    days: tuple[DemoDay, ...] = (DemoDay(),)
    ahead: timedelta | None = None
    ago: timedelta = timedelta()
    answers: Answers | None = field(default_factory=dict)
    verdict: DemoDecision | None = None
    granted: bool = False
    cancels_ago: timedelta | None = None
    comes: bool = True
    signs: bool = True
    pains: tuple[int, ...] = ()
    """The average pain they report on the evening before each visit; without an entry they do not answer."""
    remarks: tuple[str, ...] = ("Worked as planned. Tissue softer at the end.",)

    @property
    def mail(self) -> str:
        """Their address, in a domain that cannot exist."""
        return f"{self.given.lower()}.{self.family.lower()}@client.example"


def _days(days: int, hours: int = 0, minutes: int = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


# The last four came a month ago for the same type of massage as Hannah and Marcus, so that the rule book has something to count.
CASES = (
    Case(
        given="Hannah",
        family="Lindqvist",
        phone="905 555 0171",
        therapist="ines-moreau",
        treatment="trigger-point",
        at="08:30",
        days=tuple(DemoDay(weeks=week) for week in range(-3, 5)),
        ahead=_days(2, 3, 25),
        answers={
            "age_years": "38",
            "sex_at_birth": "female",
            "sitting_hours_per_day": "9",
            "pain_areas": "neck shoulders",
            "pain_avg_nrs": "6",
            "pain_now_nrs": "5",
            "pain_duration": "gt_12w",
            "muscle_findings": "tender_points_refer stiffness",
            "onset_triggers": "long_sitting stress_period",
            "visit_goals": "pain_relief mobility",
            "clinician_seen": "yes_cleared",
            "frequency_possible": "weekly",
            "psfs": "driving 4 sleeping 5",
        },
        verdict=DemoDecision(),
        pains=(6, 5, 5, 4),
        remarks=(
            "Upper trapezius on both sides, left more than right. Held pressure in three places, then a slow stretch.",
            "Sleeps better since last week. Left side still tender; shorter holds there.",
            "Turns the head further to the left. Same places, less pressure needed.",
        ),
    ),
    Case(
        given="Omar",
        family="Farouk",
        phone="905 555 0172",
        therapist="ines-moreau",
        treatment="neuromuscular",
        at="10:00",
        ahead=_days(5, 1, 10),
        answers={
            "age_years": "52",
            "occupation_type": "driving",
            "sitting_hours_per_day": "10",
            "pain_areas": "lower_back hip_buttock",
            "pain_avg_nrs": "5",
            "pain_duration": "gt_12w",
            "muscle_findings": "deep_chronic_tension uneven_tension",
            "onset_triggers": "long_sitting poor_posture",
            "clinician_seen": "yes_cleared",
            "pressure_preference": "firm",
        },
        verdict=DemoDecision(
            Decision.REPLACE,
            ("neuromuscular", "swedish"),
            ReasonKind.CLIENT_WISH,
            "Asked on the telephone for what helped him two years ago.",
        ),
    ),
    Case(
        given="June",
        family="Castellano",
        phone="905 555 0173",
        therapist="ines-moreau",
        treatment="swedish",
        at="12:45",
        ahead=_days(4, 2, 40),
        answers={
            "age_years": "63",
            "sex_at_birth": "female",
            "occupation_type": "retired",
            "sitting_hours_per_day": "5",
            "pain_areas": "upper_back",
            "conditions": "hypertension_controlled",
            "clinician_seen": "yes_cleared",
            "pressure_preference": "light",
        },
    ),
    Case(
        given="Wei",
        family="Zhang",
        phone="905 555 0174",
        therapist="ines-moreau",
        treatment="relaxation",
        at="14:15",
        ahead=_days(6),
        answers=None,
        granted=True,
    ),
    Case(
        given="Isla",
        family="Grant",
        phone="905 555 0175",
        therapist="ines-moreau",
        treatment="relaxation",
        at="14:00",
        days=(DemoDay(step=-1),),
        ahead=_days(6, 4),
        answers={
            "age_years": "29",
            "sex_at_birth": "female",
            "occupation_type": "caring",
            "visit_goals": "relaxation sleep",
            "pain_areas": "shoulders upper_back",
            "stress_level": "7",
            "sleep_problem": "yes",
            "pressure_preference": "light",
            "onset_triggers": "stress_period",
        },
        verdict=DemoDecision(),
        signs=False,
    ),
    Case(
        given="Carys",
        family="Bevan",
        phone="905 555 0176",
        therapist="ines-moreau",
        treatment="swedish",
        at="09:30",
        days=(DemoDay(step=-1),),
        ahead=_days(7, 2),
        answers={"age_years": "46", "sex_at_birth": "female", "pain_areas": "upper_back lower_back"},
        verdict=DemoDecision(),
        remarks=("Long strokes over the whole back, lower back last. Drowsy afterwards, rested ten minutes.",),
    ),
    Case(
        given="Amara",
        family="Nwosu",
        phone="905 555 0177",
        therapist="ines-moreau",
        treatment="swedish",
        at="10:30",
        days=(DemoDay(step=1),),
        ago=timedelta(minutes=38),
        answers={
            "age_years": "58",
            "sex_at_birth": "female",
            "occupation_type": "standing",
            "sitting_hours_per_day": "2",
            "onset_triggers": "none_obvious",
            "pain_duration": "gt_12w",
            "medications": "anticoagulant",
            "clinician_seen": "yes_not_discussed",
        },
    ),
    Case(
        given="Grace",
        family="Kim",
        phone="905 555 0178",
        therapist="ines-moreau",
        treatment="relaxation",
        at="13:30",
        days=(DemoDay(step=2),),
        ago=timedelta(minutes=52),
        answers=None,
    ),
    Case(
        given="Samuel",
        family="Osei",
        phone="905 555 0179",
        therapist="ines-moreau",
        treatment="swedish-45",
        at="08:30",
        days=(DemoDay(step=1),),
        ago=timedelta(minutes=12),
        answers={
            "age_years": "34",
            "massage_experience": "never",
            "muscle_findings": "stiffness knots",
            "pain_avg_nrs": "3",
            "pain_now_nrs": "2",
        },
    ),
    Case(
        given="Theo",
        family="Brandt",
        phone="905 555 0180",
        therapist="daniel-okafor",
        treatment="deep-tissue",
        at="12:30",
        days=(DemoDay(step=-1),),
        ahead=_days(5, 5),
        answers={
            "age_years": "44",
            "occupation_type": "manual_lifting",
            "sitting_hours_per_day": "2",
            "pain_areas": "upper_back lower_back",
            "pain_duration": "gt_12w",
            "muscle_findings": "deep_chronic_tension knots",
            "onset_triggers": "heavy_lifting repetitive_motion",
            "clinician_seen": "yes_cleared",
            "pressure_preference": "firm",
            "massage_experience": "regular",
        },
        verdict=DemoDecision(),
        remarks=("Slow work along the spine and over the shoulder blades. Told to expect some soreness.",),
    ),
    Case(
        given="Ravi",
        family="Menon",
        phone="905 555 0181",
        therapist="daniel-okafor",
        treatment="sports",
        at="17:00",
        days=tuple(DemoDay(weeks=week) for week in range(-1, 3)),
        ahead=_days(3, 1, 30),
        answers={
            "age_years": "31",
            "activity_level": "athlete",
            "visit_goals": "sport_recovery pain_relief",
            "pain_areas": "lower_back hip_buttock",
            "pain_duration": "lt_6w",
            "muscle_findings": "general_tightness",
            "onset_triggers": "sport_training",
            "sport_context": "heavy_training",
            "frequency_possible": "weekly",
        },
        verdict=DemoDecision(),
        remarks=("Hip flexors and lower back after a long run at the weekend. Stretching at the end.",),
    ),
    Case(
        given="Marcus",
        family="Hale",
        phone="905 555 0182",
        therapist="daniel-okafor",
        treatment="trigger-point",
        at="16:30",
        days=(DemoDay(step=-1),),
        ahead=_days(6, 3),
        answers={"age_years": "49", "muscle_findings": "tender_points_refer", "pain_areas": "shoulders"},
        verdict=DemoDecision(),
        comes=False,
    ),
    Case(
        given="Nadia",
        family="Rahman",
        phone="905 555 0183",
        therapist="priya-raman",
        treatment="swedish",
        at="10:15",
        ahead=_days(5, 6),
        answers={
            "age_years": "27",
            "sex_at_birth": "female",
            "occupation_type": "student",
            "pain_areas": "neck",
            "visit_goals": "pain_relief posture",
            "onset_triggers": "poor_posture",
            "clothing_preference": "stay_clothed",
        },
        verdict=DemoDecision(),
    ),
    Case(
        given="Lucia",
        family="Pereira",
        phone="905 555 0184",
        therapist="priya-raman",
        treatment="gentle-mix",
        at="12:45",
        days=(DemoDay(step=2),),
        ago=_days(1, 4),
        answers={"age_years": "36", "sex_at_birth": "female", "visit_goals": "relaxation stress_relief"},
        verdict=DemoDecision(),
        cancels_ago=timedelta(minutes=25),
    ),
    Case(
        given="Petra",
        family="Novak",
        phone="905 555 0185",
        therapist="maeve-sullivan",
        treatment="myofascial-release",
        at="11:00",
        ahead=_days(6, 2),
        answers={
            "age_years": "55",
            "sex_at_birth": "female",
            "pain_areas": "upper_back shoulders",
            "muscle_findings": "restricted_fascia stiffness",
            "pain_duration": "gt_12w",
            "clinician_seen": "yes_cleared",
        },
        verdict=DemoDecision(),
    ),
    *(
        Case(
            given=given,
            family=family,
            phone=f"905 555 {number}",
            therapist=therapist,
            treatment="trigger-point",
            at=at,
            days=(DemoDay(step=step, weeks=-4),),
            ahead=_days(5, 2),
            answers={"age_years": age, "muscle_findings": "tender_points_refer", "pain_areas": areas},
            verdict=DemoDecision(),
        )
        for given, family, number, therapist, at, step, age, areas in (
            ("Elena", "Duarte", "0186", "daniel-okafor", "13:30", 0, "39", "neck shoulders"),
            ("Tomas", "Berg", "0187", "daniel-okafor", "15:00", 1, "51", "shoulders upper_back"),
            ("Yusra", "Haddad", "0188", "ines-moreau", "11:30", 0, "33", "neck"),
            ("Klara", "Weiss", "0189", "ines-moreau", "11:30", 1, "47", "shoulders"),
        )
    ),
)  # fmt: skip
