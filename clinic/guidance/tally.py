"""Count points: what every rule gives or takes for each of the twelve types, before and after safety."""

from collections.abc import Collection
from typing import Final, NamedTuple

from clinic.guidance.conditions import Condition, has
from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.outcome import SafetyOutcome
from clinic.guidance.rules.kinds import BlendRule, GeneralLimit, LikedRule, Points, RuleSet, ScoringRule


class TallyEntry(NamedTuple):
    """One line of a tally: points that a rule gives or takes, and what explains them."""

    rule: str
    points: int
    text: str
    sections: tuple[str, ...]
    basis: str
    when: Condition | None = None


Tally = dict[str, list[TallyEntry]]

_LIKED: Final = {modality: has("modalities_liked", modality) for modality in MODALITIES}


def tally(facts: Facts, rule_set: RuleSet) -> Tally:
    """All points of all twelve types before safety, in table order. The facts are normalised ones."""
    counted: Tally = {modality: [] for modality in MODALITIES}
    for points in rule_set.starting:
        counted[points.modality].append(
            TallyEntry("start", points.points, rule_set.starting_reason, points.sections, points.basis)
        )
    _count(counted, facts, rule_set.back)
    for modality in rule_set.general.modalities:
        _limit(counted[modality], rule_set.general)
    _count(counted, facts, rule_set.preferences)
    for modality in facts.many("modalities_liked"):
        counted[modality].append(_liked(modality, rule_set.liked))
    return counted


def _count(counted: Tally, facts: Facts, rules: tuple[ScoringRule, ...]) -> None:
    for rule in rules:
        if rule.when.holds(facts):
            for points in rule.points:
                counted[points.modality].append(_entry(rule, points))


def _entry(rule: ScoringRule, points: Points) -> TallyEntry:
    text = rule.against if points.points < 0 and rule.against else rule.reason
    return TallyEntry(rule.id, points.points, text, points.sections, points.basis, rule.when)


def _limit(entries: list[TallyEntry], general: GeneralLimit) -> None:
    mentioned = sum(
        entry.points for entry in entries if entry.when is not None and 0 < entry.points <= general.mention
    )
    if mentioned > general.most:
        entries.append(TallyEntry(general.id, general.most - mentioned, general.reason, (), "guidance"))


def _liked(modality: str, liked: LikedRule) -> TallyEntry:
    return TallyEntry(liked.id, liked.points, liked.reason, liked.sections, "guidance", _LIKED[modality])


def take_minuses(counted: Tally, outcome: SafetyOutcome, left: Collection[str]) -> None:
    """Take the safety minuses off the types that are left."""
    for minus in outcome.minuses:
        if minus.modality in left:
            counted[minus.modality].append(TallyEntry(minus.rule, minus.points, minus.text, (), "safety"))


def add_blend(counted: Tally, blend: BlendRule, points: int) -> None:
    """Add the points that put a blended type just above the type it is combined with."""
    counted[blend.modality].append(
        TallyEntry(blend.id, points, blend.reason, blend.sections, "guidance", blend.when)
    )


def scores(counted: Tally) -> dict[str, int]:
    """The sum of each type's points."""
    return {modality: sum(entry.points for entry in entries) for modality, entries in counted.items()}
