"""The safety rules of 2026.12, in table order: those of 2026.11 with what `stops`, `looks`, `timing` and `techniques`
change."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from clinic.guidance.levels import HelpPlace, HowSoon, Level
from clinic.guidance.rules.kinds import Effect, Note, SafetyRule
from clinic.guidance.rules.v2026_11 import RULE_SET as V2026_11
from clinic.guidance.rules.v2026_12 import looks, stops
from clinic.guidance.rules.v2026_12.techniques import TAKEN_AWAY
from clinic.guidance.rules.v2026_12.timing import TIMING, WATCH

_TRAVELLING: Final = V2026_11.safety_by_id["C04"]
_REWORDED: Final = (
    replace(
        _TRAVELLING,
        effect=replace(
            _TRAVELLING.effect,
            notes=(
                Note(
                    "stop_if_travels",
                    "We stop and check again if a feeling travels further down your arm or leg.",
                ),
            ),
        ),
    ),
)
_CHANGED: Final = {
    rule.id: rule for rule in (*stops.URGENT, *stops.REFER, *looks.REVIEW, *looks.CONTRADICTIONS, *_REWORDED)
}
_NEW: Final = {"U": stops.NEW_URGENT, "R": stops.NEW_REFER, "T": looks.NEW_REVIEW}


def _rules() -> Iterator[SafetyRule]:
    for family in "URTXC":
        old = (rule for rule in V2026_11.safety if rule.id.startswith(family))
        for rule in (*(_CHANGED.get(rule.id, rule) for rule in old), *_NEW.get(family, ())):
            yield _completed(rule)


def _completed(rule: SafetyRule) -> SafetyRule:
    """The rule with its time and place, its safety nets, and the techniques it takes away."""
    rule = replace(rule, watch=WATCH.get(rule.id, ()), effect=_effect(rule))
    if rule.level is Level.URGENT:
        return replace(rule, how_soon=HowSoon.NOW, place=HelpPlace.EMERGENCY)
    timing = TIMING.get(rule.id)
    if timing is None:
        return rule
    return replace(
        rule,
        how_soon=timing.how_soon,
        place=timing.place,
        tell=timing.tell,
        come_back=timing.come_back,
    )


def _effect(rule: SafetyRule) -> Effect:
    away = TAKEN_AWAY.get(rule.id, ())
    if not away:
        return rule.effect
    return replace(rule.effect, forbid=tuple(dict.fromkeys((*rule.effect.forbid, *away))))


SAFETY: Final = tuple(_rules())
