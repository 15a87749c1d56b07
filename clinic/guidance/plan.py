"""The draft plan for sessions: areas, pressure, types and techniques, minutes, course, and when to look back.

The guidance asks a plan for three things: areas, intensity and type. It is silent on session length, number of sessions
and when to stop; those figures are cautious defaults. A therapist decides on every line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from clinic.guidance.conditions import all_of, any_of, at_least, has, has_any, in_, is_
from clinic.guidance.course import DraftCourse, Gate, course, frequency_note
from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.levels import Level
from clinic.guidance.outcome import SafetyOutcome
from clinic.guidance.plain import Json, record
from clinic.guidance.rules import CURRENT
from clinic.guidance.rules.kinds import REGIONS, RuleSet, regions
from clinic.guidance.session import PlannedTechnique, approach, focus_notes, techniques
from clinic.guidance.suggestion import Match, Suggestion


@dataclass(frozen=True, slots=True)
class MixPart:
    """A share of the session's time, in percent, for one type."""

    modality: str
    name: str
    percent: int


@dataclass(frozen=True, slots=True)
class AreaPart:
    """Minutes of a session for one type on some areas."""

    areas: tuple[str, ...]
    modality: str
    name: str
    minutes: int


@dataclass(frozen=True, slots=True)
class SessionLength:
    """Minutes proposed, the shortest and longest that still fit, and why."""

    minutes: int
    least: int
    most: int
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftPlan:
    """What is proposed to the therapist.

    `areas` and `avoid` are regions from head to foot, `sites` places only a person can find. `area_mix` is empty unless
    areas want different types; `area_parts` then divides the session. `discomfort_limit` is where to stop, on a scale of 10. `notes` are to be minded each time.
    """

    areas: tuple[str, ...]
    avoid: tuple[str, ...]
    sites: tuple[str, ...]
    pressure: str
    pressure_why: str
    discomfort_limit: int
    mix: tuple[MixPart, ...]
    area_mix: str
    area_parts: tuple[AreaPart, ...]
    techniques: tuple[PlannedTechnique, ...]
    approach: tuple[str, ...]
    length: SessionLength
    course: DraftCourse
    reassess: Gate
    companion_care: str
    notes: tuple[str, ...]
    provisional: bool
    rule_set: str

    @property
    def minutes(self) -> int:
        """The proposed length of a session."""
        return self.length.minutes

    def as_dict(self) -> Json:
        """The plan as plain JSON."""
        return record(self)


COMPANION_CARE: Final = "Massage works best alongside movement or exercise, and any care your doctor advises."
DISCOMFORT_LIMIT: Final = 5
KEPT_BY_SAFETY: Final = "Safety keeps it to {pressure}."
VERY_LIGHT: Final = "This type is very light."
AS_WISHED: Final = "As you like it."
USUAL: Final = "Usual for this type; you gave no preference."

PRESSURES: Final = ("very light", "light", "light to medium", "medium", "firm")
_VERY_LIGHT_TYPES: Final = ("manual_lymphatic_drainage", "craniosacral")
_FIRST_SHARE: Final = 70
_WHOLE_BACK: Final = ("neck", "shoulders", "upper_back", "lower_back")
# Where tender points in an area most often send pain, or receive it from.
_REFERRING: Final = {
    "neck": ("shoulders", "upper_back"),
    "shoulders": ("neck", "upper_back"),
    "upper_back": ("neck", "shoulders"),
    "lower_back": ("hip_buttock",),
    "hip_buttock": ("lower_back",),
    "leg_left": ("hip_buttock",),
    "leg_right": ("hip_buttock",),
    "arm_left": ("neck", "shoulders"),
    "arm_right": ("neck", "shoulders"),
}
# The guidance names chest, neck, hip flexors and glutes for posture (G5); the last two lie in the hip region.
_POSTURE_AREAS: Final = ("chest", "neck", "hip_buttock")
_POSTURE: Final = any_of(
    has("visit_goals", "posture"),
    has("onset_triggers", "poor_posture"),
    has("muscle_findings", "uneven_tension"),
    has("diagnoses", "postural_imbalance"),
)
_SHORT_CARE: Final = any_of(
    in_("pregnancy", "t1", "t2", "t3", "unsure"),
    has("diagnoses", "fibromyalgia"),
    has("conditions", "cancer_active"),
    has("medications", "chemotherapy_recent"),
)
_SHORTER: Final = any_of(
    is_("massage_experience", "never"), at_least("pain_avg_nrs", 8), at_least("age_years", 75)
)
LENGTH_FIELDS: Final = (*_SHORT_CARE.fields, *_SHORTER.fields)
"""The answers that decide how long a session may be at most."""
_NECK_OR_SHOULDERS: Final = has_any("pain_areas", "neck", "shoulders")
_STIFF_LOWER_BACK: Final = all_of(has("pain_areas", "lower_back"), has("muscle_findings", "stiffness"))


def draft(
    facts: Facts, outcome: SafetyOutcome, suggestion: Suggestion, rule_set: RuleSet = CURRENT
) -> DraftPlan:
    """The draft plan for a suggestion. Without any type left it still says where, how firmly, how long and how often."""
    known = facts.normalised()
    types = _worked_types(suggestion)
    avoid = _avoid(known, outcome)
    pressure, pressure_why = _pressure(types, known, outcome)
    proposed, gate = course(known, outcome.level)
    frequency = frequency_note(known, proposed)
    area_mix, length = _area_mix(suggestion, known), _length(known)
    return DraftPlan(
        areas=_areas(types, known, avoid),
        avoid=avoid,
        sites=outcome.sites,
        pressure=pressure,
        pressure_why=pressure_why,
        discomfort_limit=DISCOMFORT_LIMIT,
        mix=_mix(types),
        area_mix=area_mix,
        area_parts=_area_parts(known, avoid, length.minutes) if area_mix else (),
        techniques=techniques(types, known, outcome, rule_set.focus),
        approach=approach(types, known, with_oils=_with_oils(suggestion)),
        length=length,
        course=proposed,
        reassess=gate,
        companion_care=COMPANION_CARE,
        notes=(
            *(note.text for note in outcome.notes),
            *((frequency,) if frequency else ()),
            *focus_notes(known, rule_set.focus),
        ),
        provisional=outcome.level is Level.THERAPIST_REVIEW,
        rule_set=outcome.rule_set,
    )


def _worked_types(suggestion: Suggestion) -> tuple[str, ...]:
    """The first type and, if shown, the second; oils stand on the type they are combined with."""
    types = [_base(match, suggestion) for match in suggestion.ranked[:2]]
    return tuple(dict.fromkeys(name for name in types if name is not None))


def _base(match: Match, suggestion: Suggestion) -> str | None:
    """The type itself; for oils the wanted gentle type with most points, or None when the client wants neither."""
    if match.modality != "aromatherapy":
        return match.modality
    if match.base:
        return match.base
    gentle = [name for name in ("swedish", "relaxation") if name not in suggestion.unwanted]
    return max(gentle, key=lambda name: suggestion.scores[name], default=None)


def _with_oils(suggestion: Suggestion) -> bool:
    return any(match.modality == "aromatherapy" for match in suggestion.ranked[:1])


def _mix(types: tuple[str, ...]) -> tuple[MixPart, ...]:
    shares = (_FIRST_SHARE, 100 - _FIRST_SHARE) if len(types) == 2 else (100,)
    return tuple(
        MixPart(modality, MODALITIES[modality].name, share)
        for modality, share in zip(types, shares, strict=False)
    )


def _area_mix(suggestion: Suggestion, facts: Facts) -> str:
    """The guidance's own example: deep work above, Swedish massage below (G12)."""
    shown = {match.modality for match in suggestion.ranked}
    if "deep_tissue" not in shown or "swedish" in suggestion.unwanted:
        return ""
    if not (_NECK_OR_SHOULDERS.holds(facts) and _STIFF_LOWER_BACK.holds(facts)):
        return ""
    return "Deep tissue massage on the neck and shoulders, Swedish massage on the lower back (G12)."


def _area_parts(facts: Facts, avoid: tuple[str, ...], minutes: int) -> tuple[AreaPart, ...]:
    """The session divided by the number of areas, in steps of five minutes; nothing if one side is left alone."""
    above = tuple(
        area for area in ("neck", "shoulders") if area in facts.many("pain_areas") and area not in avoid
    )
    if not above or "lower_back" in avoid:
        return ()
    parts = ((above, "deep_tissue"), (("lower_back",), "swedish"))
    shares = area_minutes([len(areas) for areas, _ in parts], minutes)
    return tuple(
        AreaPart(areas, modality, MODALITIES[modality].name, share)
        for (areas, modality), share in zip(parts, shares, strict=True)
    )


def area_minutes(areas: Sequence[int], minutes: int) -> tuple[int, ...]:
    """The minutes of a session for parts with so many areas each: in steps of five, and what is left for the last part."""
    shares = [minutes * count // sum(areas) // 5 * 5 for count in areas[:-1]]
    return (*shares, minutes - sum(shares))


def _avoid(facts: Facts, outcome: SafetyOutcome) -> tuple[str, ...]:
    named = {*facts.many("avoid_areas"), *facts.many("skin_areas")}
    left_alone = {region for name in named for region in regions(name)} | set(outcome.avoid)
    return tuple(region for region in REGIONS if region in left_alone)


def _areas(types: tuple[str, ...], facts: Facts, avoid: tuple[str, ...]) -> tuple[str, ...]:
    """Where to work: where it hurts, or the whole back if nothing does; nowhere yet if nobody has asked."""
    if "pain_areas" in facts.unknown:
        return ()
    wanted = set(facts.many("pain_areas")) or set(_WHOLE_BACK)
    if {"trigger_point", "neuromuscular"} & set(types):
        wanted |= {near for area in facts.many("pain_areas") for near in _REFERRING[area]}
    if _POSTURE.holds(facts):
        wanted |= set(_POSTURE_AREAS)
    return tuple(region for region in REGIONS if region in wanted - set(avoid))


def _pressure(types: tuple[str, ...], facts: Facts, outcome: SafetyOutcome) -> tuple[str, str]:
    """The lower of what is wished or usual and what safety allows."""
    first = types[0] if types else "swedish"
    wished = facts.one("pressure_preference")
    if first in _VERY_LIGHT_TYPES:
        return MODALITIES[first].usual_pressure, VERY_LIGHT
    asked = wished if wished in PRESSURES else MODALITIES[first].usual_pressure
    if outcome.cap and PRESSURES.index(asked) > PRESSURES.index(outcome.cap.value):
        return (
            outcome.cap.value,
            f"{KEPT_BY_SAFETY.format(pressure=outcome.cap.value)[:-1]} ({outcome.capped_by}).",
        )
    if asked == wished:
        return asked, AS_WISHED
    return asked, USUAL


def _length(facts: Facts) -> SessionLength:
    if _SHORT_CARE.holds(facts):
        least, most, why = 30, 45, "30 to 45 minutes in pregnancy, with fibromyalgia and during cancer care."
    elif _SHORTER.holds(facts):
        least, most, why = 30, 45, "45 minutes for a first massage, with severe pain or from 75 years on."
    else:
        least, most, why = 30, 90, "About an hour; the guidance does not say."
    usual = min(60, most)
    wished = facts.number("session_minutes_pref")
    return SessionLength(min(max(wished or usual, least), most), least, most, why)
