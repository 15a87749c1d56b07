"""Match types of massage with facts: count, apply safety and wishes, rank, and explain.

All figures stand in the rule set. The result is a match with the clinic's guidance and the client's wishes; it does not
say that one type works better than another.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from clinic.guidance.advice import EVIDENCE, NO_MATCH
from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import MODALITIES, SECTIONS
from clinic.guidance.levels import Level
from clinic.guidance.outcome import SafetyOutcome
from clinic.guidance.plain import Json
from clinic.guidance.rules import CURRENT
from clinic.guidance.rules.kinds import RuleSet
from clinic.guidance.suggestion import LeftOut, Match, Reason, Suggestion
from clinic.guidance.tally import TallyEntry, add_blend, scores, take_minuses, tally

CLEAR_MATCH: Final = "clear match"
CLOSE: Final = "close, choose together"
TIE: Final = "tie"
LITTLE_INFORMATION: Final = "little information: gentle default"

OMITTED: Final = "{type} is left out for your safety: {causes}. Your therapist can talk it over with you."
LITTLE_KNOWN: Final = (
    "We know little so far, so this is a gentle place to start. Your therapist decides with you."
)
CLOSEST: Final = "It is the closest match to the clinic’s guidance and your wishes."
TWO_TYPES: Final = (
    "Two types fit the clinic’s guidance and your wishes equally well. {type} feels like {like}. {other} feels like "
    "{other_like}. Choose together with your therapist."
)
COMES_CLOSE: Final = f"{CLOSEST} {{type}} comes close, so choose together with your therapist."
BLENDED: Final = "{type} {suffix}"

_SHOWN: Final = 3
_ORDER: Final = {modality: place for place, modality in enumerate(MODALITIES)}
# What a client can ask to try, and the type that stands for it.
_WISHES: Final = {
    "essential_oils": "aromatherapy",
    "acupressure_points": "acupressure",
    "very_gentle_still_hands": "craniosacral",
    "device_vibration": "mechanical_impulse",
}


def suggest(facts: Facts, outcome: SafetyOutcome, rule_set: RuleSet = CURRENT) -> Suggestion | None:
    """The suggestion for these facts after screening; None when the level stops it."""
    if outcome.level.stops:
        return None
    known = facts.normalised()
    counted = tally(known, rule_set)
    before_safety = scores(counted)
    removed = outcome.excluded | known.many("modalities_disliked")
    left = [modality for modality in MODALITIES if modality not in removed]
    take_minuses(counted, outcome, left)
    base = _blend_base(scores(counted), left, known, rule_set)
    if base:
        points = scores(counted)
        add_blend(counted, rule_set.blend, points[base] + 1 - points[rule_set.blend.modality])
    points = scores(counted)
    order = _ranked(points, left)
    confidence = _confidence(order, points, rule_set)
    if confidence == LITTLE_INFORMATION:
        order = _gentle_first(order, known, rule_set)
    shown = _shown(order, points, rule_set)
    ranked = tuple(_match(modality, counted[modality], known, base, rule_set) for modality in shown)
    return Suggestion(
        ranked=ranked,
        scores=points,
        left_out=_left_out(before_safety, points, order, outcome, known),
        unwanted=tuple(modality for modality in MODALITIES if modality in known.many("modalities_disliked")),
        confidence=confidence,
        summary=_summary(confidence, ranked),
        evidence=EVIDENCE,
        provisional=outcome.level is Level.THERAPIST_REVIEW,
        rule_set=rule_set.version,
    )


def _ranked(points: Mapping[str, int], candidates: Iterable[str]) -> list[str]:
    """Those with points, most first; ties go to the gentler, then to the fuller described, then to the fixed order."""
    return sorted(
        (modality for modality in candidates if points[modality] > 0),
        key=lambda modality: (
            -points[modality],
            MODALITIES[modality].intensity,
            -MODALITIES[modality].section_count,
            _ORDER[modality],
        ),
    )


def _blend_base(points: Mapping[str, int], left: list[str], facts: Facts, rule_set: RuleSet) -> str | None:
    """The type that the wished-for one is combined with, when such a type leads the others."""
    blend = rule_set.blend
    if blend.modality not in left or not blend.when.holds(facts):
        return None
    others = _ranked(points, (modality for modality in left if modality != blend.modality))
    if others and others[0] in blend.bases and points[others[0]] >= points[blend.modality]:
        return others[0]
    return None


def _confidence(order: list[str], points: Mapping[str, int], rule_set: RuleSet) -> str | None:
    if not order:
        return None
    first = order[0]
    starting = sum(start.points for start in rule_set.starting if start.modality == first)
    if points[first] - starting < rule_set.gentle_default.points:
        return LITTLE_INFORMATION
    if len(order) == 1:
        return CLEAR_MATCH
    lead = points[first] - points[order[1]]
    if lead >= rule_set.clear_lead:
        return CLEAR_MATCH
    return CLOSE if lead else TIE


def _gentle_first(order: list[str], facts: Facts, rule_set: RuleSet) -> list[str]:
    """The order with the gentle default moved to the front; the rest of the order stays."""
    gentle = rule_set.gentle_default
    wanted = [gentle.modality, gentle.other]
    if gentle.when.holds(facts):
        wanted.reverse()
    first = [modality for modality in wanted if modality in order][:1]
    return first + [modality for modality in order if modality not in first]


def _shown(order: list[str], points: Mapping[str, int], rule_set: RuleSet) -> list[str]:
    if not order:
        return []
    first, *others = order
    close = [
        modality
        for modality in others
        if points[modality] >= rule_set.show_at_least and 2 * points[modality] >= points[first]
    ]
    return [first, *close[: _SHOWN - 1]]


def _match(
    modality: str, entries: list[TallyEntry], facts: Facts, base: str | None, rule_set: RuleSet
) -> Match:
    known = MODALITIES[modality]
    blended = base is not None and modality == rule_set.blend.modality
    gained = sorted((entry for entry in entries if entry.points > 0), key=_most_telling_first)
    lost = sorted((entry for entry in entries if entry.points < 0), key=lambda entry: entry.points)
    return Match(
        modality=modality,
        name=BLENDED.format(type=MODALITIES[base].name, suffix=rule_set.blend.suffix)
        if base and blended
        else known.name,
        what_it_is=known.what_it_is,
        score=sum(entry.points for entry in entries),
        reasons=tuple(_reason(entry, facts) for entry in gained),
        against=tuple(_reason(entry, facts) for entry in lost),
        base=base if blended else None,
    )


def _most_telling_first(entry: TallyEntry) -> tuple[bool, int]:
    # The starting points say nothing about this client, so they come last.
    return entry.when is None, -entry.points


def _reason(entry: TallyEntry, facts: Facts) -> Reason:
    used: Json = dict(entry.when.used(facts)) if entry.when else {}
    return Reason(
        rule=entry.rule,
        points=entry.points,
        text=entry.text,
        sections=tuple(SECTIONS[code] for code in entry.sections),
        basis=entry.basis,
        answers=used,
    )


def _left_out(
    before_safety: Mapping[str, int],
    points: Mapping[str, int],
    order: list[str],
    outcome: SafetyOutcome,
    facts: Facts,
) -> tuple[LeftOut, ...]:
    """Excluded types that would have ranked among the first three, or that the client asked for."""
    excluded = outcome.excluded - facts.many("modalities_disliked")
    would_be = {**points, **{modality: before_safety[modality] for modality in excluded}}
    high = _ranked(would_be, [*order, *excluded])[:_SHOWN]
    wished = facts.many("modalities_liked") | {
        _WISHES[wish] for wish in facts.many("approach_interest") if wish in _WISHES
    }
    return tuple(
        _explained(modality, before_safety[modality], outcome)
        for modality in MODALITIES
        if modality in excluded and (modality in high or modality in wished)
    )


def _explained(modality: str, points: int, outcome: SafetyOutcome) -> LeftOut:
    by = [exclusion for exclusion in outcome.exclusions if exclusion.modality == modality]
    whys = {fired.rule: fired.why for fired in outcome.fired}
    causes = "; ".join(whys[exclusion.rule] for exclusion in by)
    return LeftOut(
        modality=modality,
        name=MODALITIES[modality].name,
        points=points,
        rules=tuple(exclusion.rule for exclusion in by),
        text=OMITTED.format(type=MODALITIES[modality].name, causes=causes),
    )


def _summary(confidence: str | None, ranked: tuple[Match, ...]) -> str:
    if not ranked:
        return NO_MATCH
    if confidence == LITTLE_INFORMATION:
        return LITTLE_KNOWN
    if confidence == CLEAR_MATCH or len(ranked) == 1:
        return CLOSEST
    if confidence == TIE:
        one, other = ranked[:2]
        return TWO_TYPES.format(
            type=one.name,
            like=MODALITIES[one.modality].feels_like,
            other=other.name,
            other_like=MODALITIES[other.modality].feels_like,
        )
    return COMES_CLOSE.format(type=ranked[1].name)
