"""Change every rule in every small way there is, and list the changes that no written case or client notices.

`python -m tests.guidance.mutation` prints the survivors and fails when there are any. Each mutant is a whole rule set with
one change, judged in this process by the cases of the rule it touches and then by the written clients.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from clinic.guidance.conditions import Condition, Group, Negation, Test
from clinic.guidance.facts import Facts
from clinic.guidance.levels import Disposition, Level, Pressure
from clinic.guidance.rules import CURRENT, VERSIONS
from clinic.guidance.rules.kinds import Effect, Points, RuleSet, SafetyRule, ScoringRule
from tests.guidance import checks
from tests.guidance.clients import clients_of
from tests.guidance.versions import SAFETY_CASES, SCORING_CASES


@dataclass(frozen=True)
class Mutant:
    """A rule set with one change, the rule it touches, and what was changed."""

    rule: str
    change: str
    rules: RuleSet


@dataclass(frozen=True)
class Always:
    """A condition that always holds, for a rule whose condition was loosened to nothing."""

    fields: tuple[str, ...] = ()

    def holds(self, facts: Facts) -> bool:
        return True

    def used(self, facts: Facts) -> dict[str, str | int | list[str]]:
        return {}

    def grammar(self) -> str:
        return "always"

    def words(self) -> str:
        return "always"


def changed_conditions(condition: Condition) -> Iterator[tuple[str, Condition]]:
    """Every condition that differs from this one in a single place."""
    if isinstance(condition, Test):
        yield from _changed_tests(condition)
    if isinstance(condition, Group):
        members = condition.members
        for place, member in enumerate(members):
            rest = members[:place] + members[place + 1 :]
            yield f"without {member.grammar()}", rest[0] if len(rest) == 1 else Group(condition.word, rest)
            for change, other in changed_conditions(member):
                yield change, Group(condition.word, (*members[:place], other, *members[place + 1 :]))
        yield "and for or", Group("or" if condition.word == "and" else "and", members)
    if isinstance(condition, Negation):
        yield f"without not before {condition.part.grammar()}", condition.part
        for change, other in changed_conditions(condition.part):
            yield change, Negation(other)


def _changed_tests(test: Test) -> Iterator[tuple[str, Condition]]:
    if isinstance(test.value, tuple):
        for value in test.value:
            rest = tuple(other for other in test.value if other != value)
            yield f"{test.field} {test.sign} without {value}", Test(test.field, test.sign, rest)
    if isinstance(test.value, int):
        for step in (-1, 1):
            yield (
                f"{test.field} {test.sign} {test.value + step}",
                Test(test.field, test.sign, test.value + step),
            )


def _mutants_of_conditions(condition: Condition) -> Iterator[tuple[str, Condition]]:
    yield "always", Always()
    yield "never", Negation(Always())
    yield from changed_conditions(condition)


def _changed_effects(effect: Effect) -> Iterator[tuple[str, Effect]]:
    for cap in (None, *Pressure):
        if cap is not effect.cap:
            yield f"cap {cap}", replace(effect, cap=cap)
    capped = {"deep_tissue"} if effect.cap else set()
    capped |= {"mechanical_impulse"} if effect.cap is Pressure.LIGHT else set()
    for modality in effect.exclude:
        # What the cap excludes anyway stands in the rule for its reader; without it nothing changes.
        if modality not in capped:
            yield f"{modality} not excluded", replace(effect, exclude=_without(effect.exclude, modality))
    for modality, points in effect.points:
        others = tuple(pair for pair in effect.points if pair[0] != modality)
        yield f"{modality} one point less", replace(effect, points=(*others, (modality, points - 1)))
    for name in ("avoid", "sites", "forbid"):
        for item in getattr(effect, name):
            yield (
                f"{name} without {item}",
                replace(effect, **_one(name, _without(getattr(effect, name), item))),
            )
    for note in effect.notes:
        yield (
            f"without note {note.code}",
            replace(effect, notes=tuple(other for other in effect.notes if other != note)),
        )


def _one(name: str, value: object) -> dict[str, Any]:
    """A change of one field whose name is only known here."""
    return {name: value}


def _without(items: tuple[str, ...], item: str) -> tuple[str, ...]:
    return tuple(other for other in items if other != item)


def _safety_mutants(rules: RuleSet) -> Iterator[Mutant]:
    for rule in rules.safety:
        others = tuple(other for other in rules.safety if other is not rule)
        yield Mutant(rule.id, "removed", replace(rules, safety=others))
        for change, when in _mutants_of_conditions(rule.when):
            yield _with_safety(rules, rule, change, replace(rule, when=when))
        for level in Level:
            if level is not rule.level:
                disposition = (rule.disposition or Disposition.DOCTOR) if level.stops else None
                other = replace(rule, level=level, disposition=disposition)
                yield _with_safety(rules, rule, f"level {level}", other)
        for change, effect in _changed_effects(rule.effect):
            yield _with_safety(rules, rule, change, replace(rule, effect=effect))


def _with_safety(rules: RuleSet, old: SafetyRule, change: str, new: SafetyRule) -> Mutant:
    safety = tuple(new if rule is old else rule for rule in rules.safety)
    return Mutant(old.id, change, replace(rules, safety=safety))


def _scoring_mutants(rules: RuleSet) -> Iterator[Mutant]:
    for family in ("back", "preferences"):
        table: tuple[ScoringRule, ...] = getattr(rules, family)
        for rule in table:
            yield Mutant(
                rule.id, "removed", replace(rules, **_one(family, tuple(r for r in table if r is not rule)))
            )
            for change, other in _changed_scoring(rule):
                changed = tuple(other if r is rule else r for r in table)
                yield Mutant(rule.id, change, replace(rules, **_one(family, changed)))


def _changed_scoring(rule: ScoringRule) -> Iterator[tuple[str, ScoringRule]]:
    for change, when in _mutants_of_conditions(rule.when):
        yield change, replace(rule, when=when)
    for points in rule.points:
        others = tuple(other for other in rule.points if other is not points)
        yield f"nothing for {points.modality}", replace(rule, points=others)
        for step in (-1, 1):
            other = replace(points, points=points.points + step)
            yield f"{points.modality} {step:+}", replace(rule, points=(*others, other))


def _figure_mutants(rules: RuleSet) -> Iterator[Mutant]:
    """Changes of the algorithm's own figures, which only the written clients can notice."""
    for step in (-1, 1):
        for start in rules.starting:
            moved = replace(start, points=start.points + step)
            starting = tuple(moved if other is start else other for other in rules.starting)
            yield Mutant("start", f"{start.modality} {step:+}", replace(rules, starting=starting))
        liked = replace(rules.liked, points=rules.liked.points + step)
        yield Mutant("P05", f"points {step:+}", replace(rules, liked=liked))
        for name in ("most", "mention"):
            general = replace(rules.general, **_one(name, getattr(rules.general, name) + step))
            yield Mutant("K1", f"{name} {step:+}", replace(rules, general=general))
        gentle = replace(rules.gentle_default, points=rules.gentle_default.points + step)
        yield Mutant("gentle default", f"points {step:+}", replace(rules, gentle_default=gentle))
        for name in ("show_at_least", "clear_lead"):
            yield Mutant(name, f"{step:+}", replace(rules, **_one(name, getattr(rules, name) + step)))
    for modality in rules.general.modalities:
        general = replace(rules.general, modalities=_without(rules.general.modalities, modality))
        yield Mutant("K1", f"without {modality}", replace(rules, general=general))
    for base in rules.blend.bases:
        blend = replace(rules.blend, bases=_without(rules.blend.bases, base))
        yield Mutant("K2", f"without {base}", replace(rules, blend=blend))
    for change, when in (("always", Always()), ("never", Negation(Always()))):
        yield Mutant("K2", change, replace(rules, blend=replace(rules.blend, when=when)))
        gentle = replace(rules.gentle_default, when=when)
        yield Mutant("gentle default", f"light {change}", replace(rules, gentle_default=gentle))
    yield from _cap_mutants(rules)
    yield from _points_elsewhere(rules)


def _cap_mutants(rules: RuleSet) -> Iterator[Mutant]:
    for pressure, effect in rules.cap_effects:
        others = tuple(pair for pair in rules.cap_effects if pair[0] is not pressure)
        for modality in effect.exclude:
            changed = replace(effect, exclude=_without(effect.exclude, modality))
            yield Mutant(
                f"cap {pressure}",
                f"{modality} not excluded",
                replace(rules, cap_effects=(*others, (pressure, changed))),
            )
        for modality, points in effect.points:
            rest = tuple(pair for pair in effect.points if pair[0] != modality)
            for step in (-1, 1):
                changed = replace(effect, points=(*rest, (modality, points + step)))
                yield Mutant(
                    f"cap {pressure}",
                    f"{modality} {step:+}",
                    replace(rules, cap_effects=(*others, (pressure, changed))),
                )


def _points_elsewhere(rules: RuleSet) -> Iterator[Mutant]:
    """A start for a type that has none."""
    extra = (*rules.starting, Points("sports", 1, ("G6",)))
    yield Mutant("start", "sports starts too", replace(rules, starting=extra))


def mutants(rules: RuleSet = CURRENT) -> Iterator[Mutant]:
    """Every mutant of a rule set."""
    yield from _safety_mutants(rules)
    yield from _scoring_mutants(rules)
    yield from _figure_mutants(rules)


def is_noticed(mutant: Mutant) -> bool:
    """Whether a case of the touched rule, or any written client, differs under the mutant."""
    id, cases = mutant.rule, SAFETY_CASES[mutant.rules.version]
    if id in cases and checks.safety(id, cases[id], mutant.rules):
        return True
    scoring = SCORING_CASES[mutant.rules.version]
    if id in scoring and checks.scoring(id, scoring[id], mutant.rules):
        return True
    if id.startswith("cap") and any(
        checks.safety(other, cases[other], mutant.rules) for other in ("C17", "C20")
    ):
        return True
    return any(checks.client(client, mutant.rules) for client in clients_of(mutant.rules.version))


def survivors(rules: RuleSet = CURRENT) -> tuple[int, list[Mutant]]:
    """How many mutants of a rule set there are, and those that nothing notices."""
    every = list(mutants(rules))
    return len(every), [mutant for mutant in every if not is_noticed(mutant)]


def main() -> int:
    """Print the survivors; 1 when there are any."""
    unnoticed = 0
    for rules in VERSIONS.values():
        count, left = survivors(rules)
        for mutant in left:
            print(f"{rules.version} {mutant.rule}: {mutant.change}")
        print(f"{rules.version}: {count} mutants, {len(left)} unnoticed")
        unnoticed += len(left)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
