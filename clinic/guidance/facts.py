"""Facts: the typed answers of one person at one time, which is all that a rule may look at."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from clinic.guidance.fields import FIELDS, Field, FieldKind

Codes = frozenset[str]
_NOTHING: Codes = frozenset()


class InvalidFacts(ValueError):
    """Names the field and the problem. The offending value stands apart, so that a log of the text holds no answer."""

    def __init__(self, field: str, problem: str, value: object = None) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
        self.value = value


@dataclass(frozen=True, slots=True)
class Activity:
    """An everyday activity in the client's own words, scored from 0 (unable) to 10 (as before the problem)."""

    activity: str
    score: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """One person's answers. Unanswered is None for a choice or a number, and empty for a list.

    Red flags answered yes stand in `red_flags`, those answered unsure in `red_flags_unsure`; `diagnoses` hold now,
    `diagnoses_past` did once. Lists have no order. `unknown` names the fields that were not asked, a red flag as
    `red_flags.<code>`: an empty list means "asked, none" only where the field is not among them.
    """

    age_years: int | None = None
    sex_at_birth: str | None = None
    guardian_consent: str | None = None
    occupation_type: str | None = None
    sitting_hours_per_day: int | None = None
    activity_level: str | None = None
    life_stage_change: Codes = _NOTHING
    lifestyle_factors: Codes = _NOTHING
    visit_goals: Codes = _NOTHING
    back_pain_now: str | None = None
    red_flags: Codes = _NOTHING
    red_flags_unsure: Codes = _NOTHING
    today: Codes = _NOTHING
    pain_areas: Codes = _NOTHING
    pain_avg_nrs: int | None = None
    pain_now_nrs: int | None = None
    pain_duration: str | None = None
    onset_type: str | None = None
    pain_course: str | None = None
    pain_trend: str | None = None
    pain_quality: Codes = _NOTHING
    muscle_findings: Codes = _NOTHING
    onset_triggers: Codes = _NOTHING
    mobility_limit: str | None = None
    sport_context: str | None = None
    radiation: str | None = None
    limb_symptoms: Codes = _NOTHING
    limb_symptom_trend: str | None = None
    accident_checked: str | None = None
    fall_started_it: str | None = None
    fall_checked: str | None = None
    cancer_pain_changed: str | None = None
    eases_with_movement: str | None = None
    began_before_45: str | None = None
    diagnoses: Codes = _NOTHING
    diagnoses_past: Codes = _NOTHING
    clinician_seen: str | None = None
    stress_level: int | None = None
    mood: str | None = None
    sleep_problem: str | None = None
    tension_headaches: str | None = None
    swelling: str | None = None
    conditions: Codes = _NOTHING
    medications: Codes = _NOTHING
    osteoporosis: str | None = None
    pregnancy: str | None = None
    pregnancy_high_risk: str | None = None
    recent_surgery: str | None = None
    skin_issues: Codes = _NOTHING
    skin_areas: Codes = _NOTHING
    allergies: Codes = _NOTHING
    pressure_preference: str | None = None
    clothing_preference: str | None = None
    massage_experience: str | None = None
    past_reaction: str | None = None
    approach_interest: Codes = _NOTHING
    modalities_liked: Codes = _NOTHING
    modalities_disliked: Codes = _NOTHING
    touch_concern: str | None = None
    avoid_areas: Codes = _NOTHING
    session_minutes_pref: int | None = None
    frequency_possible: str | None = None
    other_care: Codes = _NOTHING
    home_help: str | None = None
    peg_pain: int | None = None
    peg_enjoyment: int | None = None
    peg_activity: int | None = None
    psfs: tuple[Activity, ...] = ()
    rmdq: frozenset[int] = frozenset()
    consent_health_data: str | None = None
    consent_share_with_clinician: str | None = None
    understood_not_diagnosis: str | None = None
    accuracy_confirmed: str | None = None
    unknown: Codes = _NOTHING

    @classmethod
    def of(cls, mapping: Mapping[str, object], *, unknown: Iterable[str] = ()) -> Self:
        """Facts from a mapping as it comes out of JSON; missing or null means unanswered.

        `unknown` names what was not asked at all. A list of just "none" is the empty list. Raises InvalidFacts for an unknown field or option, a wrong type, a
        number out of range, or an option named twice.
        """
        values: dict[str, object] = {}
        for name, raw in mapping.items():
            field = FIELDS.get(name)
            if field is None:
                raise InvalidFacts(str(name), "is not a field of the questionnaire")
            if raw is not None:
                values[name] = _READERS[name](field, raw)
        # Each value has just been read by its field's own kind, which the attribute types above repeat.
        return cls(**values, unknown=frozenset(unknown))  # type: ignore[arg-type]  # see above

    def normalised(self) -> "Facts":
        """The same facts with the two answers that count when missing: no clinician has seen it, and it hurts."""
        if self.clinician_seen is not None and self.back_pain_now is not None:
            return self
        return replace(
            self, clinician_seen=self.clinician_seen or "no", back_pain_now=self.back_pain_now or "yes"
        )


def _number(field: Field, raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise InvalidFacts(field.name, "must be a whole number")
    if not field.low <= raw <= field.high:
        raise InvalidFacts(field.name, f"must be between {field.low} and {field.high}")
    return raw


def _choice(field: Field, raw: object) -> str | int:
    wanted = int if field.numeric else str
    if not isinstance(raw, wanted) or isinstance(raw, bool):
        raise InvalidFacts(field.name, f"must be {'a whole number' if field.numeric else 'a text'}")
    if str(raw) not in field.codes:
        raise InvalidFacts(field.name, "has no such option", raw)
    return raw


def _codes(field: Field, raw: object) -> frozenset[str] | frozenset[int]:
    if not isinstance(raw, list | tuple | set | frozenset):
        raise InvalidFacts(field.name, "must be a list")
    if list(raw) == ["none"]:
        return _NOTHING
    codes = [_choice(field, item) for item in raw]
    chosen = frozenset(codes)
    if len(chosen) < len(codes):
        repeated = next(code for code in codes if codes.count(code) > 1)
        raise InvalidFacts(field.name, "names an option more than once", repeated)
    if "none" in chosen:
        raise InvalidFacts(field.name, "has 'none' beside other options")
    return chosen  # type: ignore[return-value]  # one field's codes are all texts or all numbers


def _activities(field: Field, raw: object) -> tuple[Activity, ...]:
    if not isinstance(raw, list | tuple):
        raise InvalidFacts(field.name, "must be a list")
    if field.most is not None and len(raw) > field.most:
        raise InvalidFacts(field.name, f"holds at most {field.most} activities")
    return tuple(_activity(field, item) for item in raw)


def _activity(field: Field, item: object) -> Activity:
    if isinstance(item, Activity):
        item = {"activity": item.activity, "score": item.score}
    if not isinstance(item, Mapping) or set(item) != {"activity", "score"}:
        raise InvalidFacts(field.name, "must hold objects with 'activity' and 'score'")
    activity = item["activity"]
    if not isinstance(activity, str) or not activity.strip():
        raise InvalidFacts(field.name, "needs each activity as a text")
    return Activity(activity, _number(field, item["score"]))


def _reader(field: Field) -> Callable[[Field, object], object]:
    if field.is_number:
        return _number
    if field.kind is FieldKind.PSFS:
        return _activities
    return _codes if field.is_list else _choice


# Looked up once: a thousand clients have some sixty thousand answers.
_READERS: Final = {name: _reader(field) for name, field in FIELDS.items()}
