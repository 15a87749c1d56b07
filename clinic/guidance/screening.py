"""Screen facts for safety: which rules fire, what they change, and what to tell the client.

Safety always overrides the guidance document. The highest level of all rules wins, and an unsure answer to a red flag
counts by itself: to an urgent one it asks for a doctor today, to any other for a therapist's look.

What was not asked never clears: a rule that only an answer not yet asked could excuse fires. Any other rule over such
answers is listed as not yet asked, and so is a contradiction, because nobody contradicts what they were not asked.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final, TypeVar

from clinic.guidance.advice import advice
from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.levels import Disposition, HelpPlace, HowSoon, Level, Pressure
from clinic.guidance.outcome import Exclusion, FiredRule, Minus, NotYetAsked, SafetyOutcome
from clinic.guidance.red_flags import RED_FLAGS, RedFlag
from clinic.guidance.rules import CURRENT
from clinic.guidance.rules.kinds import REGIONS, RuleSet, SafetyRule, regions
from clinic.guidance.safety_net import SAFETY_NETS, SafetyNet
from clinic.guidance.unknown import decided, open_fields

T = TypeVar("T")
_SEVERITY = attrgetter("severity")

UNSURE: Final = "Not sure: {sign}"
LESS_SUITED_FOR: Final = "Less suited for your safety: {why}."
PRESSURE_KEPT: Final = "Pressure is kept to {pressure} for your safety."


def screen(facts: Facts, rule_set: RuleSet = CURRENT, also: Sequence[FiredRule] = ()) -> SafetyOutcome:
    """The safety outcome of these facts: the highest level of all rules that fire, and what they change.

    `also` counts beside the rules: what the client asks for in their own words.
    """
    known = facts.normalised()
    rules = [rule for rule in rule_set.safety if _fires(rule, known)]
    unsure = [
        flag
        for code, flag in RED_FLAGS.items()
        if code in known.many("red_flags_unsure") - known.many("red_flags")
    ]
    fired = (*(_fired(rule, known) for rule in rules), *(_unsure(flag) for flag in unsure), *also)
    level = max((rule.level for rule in fired), key=_SEVERITY, default=Level.OK)
    disposition = _disposition(level, fired)
    cap, capped_by = _cap(rules)
    how_soon, place = soonest(rule for rule in fired if rule.level is level)
    heading, say = advice(
        level=level,
        disposition=disposition,
        rules=rules,
        unsure=unsure,
        how_soon=how_soon,
        place=place,
    )
    return SafetyOutcome(
        level=level,
        disposition=disposition,
        fired=fired,
        cap=cap,
        capped_by=capped_by,
        exclusions=_exclusions(rules, rule_set),
        minuses=_minuses(rules, cap, capped_by, rule_set),
        avoid=_avoided(rules),
        sites=_once(site for rule in rules for site in rule.effect.sites),
        forbidden=_once(technique for rule in rules for technique in rule.effect.forbid),
        notes=_once(note for rule in rules for note in rule.effect.notes),
        heading=heading,
        say=say,
        rule_set=rule_set.version,
        how_soon=how_soon,
        place=place,
        not_yet_asked=_not_yet_asked(rule_set, rules, known),
        safety_net=_nets(fired),
    )


def soonest(fired: Iterable[FiredRule]) -> tuple[HowSoon | None, HelpPlace | None]:
    """How soon and where the most urgent of these rules sends somebody; nothing if none of them says."""
    timed = [(rule.how_soon, rule.place) for rule in fired if rule.how_soon is not None]
    return min(timed, key=lambda pair: pair[0].order, default=(None, None))


def _fires(rule: SafetyRule, facts: Facts) -> bool:
    if not rule.when.holds(facts):
        return False
    return not (facts.unknown and rule.look_again and decided(rule.when, facts) is None)


def _not_yet_asked(rule_set: RuleSet, fired: list[SafetyRule], facts: Facts) -> tuple[NotYetAsked, ...]:
    if not facts.unknown:
        return ()
    return tuple(
        NotYetAsked(rule=rule.id, level=rule.level, why=rule.why, fields=open_fields(rule.when, facts))
        for rule in rule_set.safety
        if rule not in fired and decided(rule.when, facts) is None
    )


def _nets(fired: Iterable[FiredRule]) -> tuple[SafetyNet, ...]:
    named = {code for rule in fired for code in rule.watch}
    return tuple(net for code, net in SAFETY_NETS.items() if code in named)


def _fired(rule: SafetyRule, facts: Facts) -> FiredRule:
    return FiredRule(
        rule=rule.id,
        level=rule.level,
        disposition=rule.disposition,
        why=rule.why,
        changes=rule.effect.changes,
        when=rule.when_in_words,
        sources=rule.sources,
        answers=dict(rule.when.used(facts)),
        how_soon=rule.how_soon,
        place=rule.place,
        tell=rule.tell,
        come_back=rule.come_back,
        watch=rule.watch,
    )


def _unsure(flag: RedFlag) -> FiredRule:
    return FiredRule(
        rule=f"unsure:{flag.code}",
        level=Level.REFER if flag.urgent else Level.THERAPIST_REVIEW,
        disposition=Disposition.DOCTOR if flag.urgent else None,
        why=UNSURE.format(sign=flag.title),
        changes=(),
        when=f"“{flag.question}” is answered with “Unsure”",
        sources=("default",),
        answers={"red_flags_unsure": [flag.code]},
        how_soon=HowSoon.TODAY if flag.urgent else None,
        place=HelpPlace.ADVICE_LINE if flag.urgent else None,
        tell=flag.tell,
        watch=flag.watch,
    )


def _disposition(level: Level, fired: Iterable[FiredRule]) -> Disposition | None:
    asked_for = {rule.disposition for rule in fired if rule.level is level}
    for disposition in (Disposition.EMERGENCY, Disposition.DOCTOR, Disposition.POSTPONE):
        if disposition in asked_for:
            return disposition
    return None


def _cap(rules: list[SafetyRule]) -> tuple[Pressure | None, str | None]:
    for pressure in (Pressure.LIGHT, Pressure.MEDIUM):
        for rule in rules:
            if rule.effect.cap is pressure:
                return pressure, rule.id
    return None, None


def _exclusions(rules: list[SafetyRule], rule_set: RuleSet) -> tuple[Exclusion, ...]:
    caps = dict(rule_set.cap_effects)
    found = []
    for modality in MODALITIES:
        for rule in rules:
            if modality in rule.effect.exclude:
                found.append(
                    Exclusion(modality=modality, rule=rule.id, text=f"Left out for your safety: {rule.why}.")
                )
            elif rule.effect.cap and modality in caps[rule.effect.cap].exclude:
                text = f"Left out because pressure is kept to {rule.effect.cap.value}: {rule.why}."
                found.append(Exclusion(modality=modality, rule=rule.id, text=text))
    return tuple(found)


def _minuses(
    rules: list[SafetyRule], cap: Pressure | None, capped_by: str | None, rule_set: RuleSet
) -> tuple[Minus, ...]:
    """The largest minus for each modality; minuses of several rules do not add up."""
    largest: dict[str, Minus] = {}
    for minus in _all_minuses(rules, cap, capped_by, rule_set):
        before = largest.get(minus.modality)
        if before is None or minus.points < before.points:
            largest[minus.modality] = minus
    return tuple(largest[modality] for modality in MODALITIES if modality in largest)


def _all_minuses(
    rules: list[SafetyRule], cap: Pressure | None, capped_by: str | None, rule_set: RuleSet
) -> Iterator[Minus]:
    for rule in rules:
        for modality, points in rule.effect.points:
            yield Minus(
                modality=modality,
                rule=rule.id,
                points=points,
                text=LESS_SUITED_FOR.format(why=rule.why),
            )
    if cap and capped_by:
        for modality, points in dict(rule_set.cap_effects)[cap].points:
            text = PRESSURE_KEPT.format(pressure=cap.value)
            yield Minus(modality=modality, rule=capped_by, points=points, text=text)


def _avoided(rules: list[SafetyRule]) -> tuple[str, ...]:
    named = {region for rule in rules for name in rule.effect.avoid for region in regions(name)}
    return tuple(region for region in REGIONS if region in named)


def _once(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
