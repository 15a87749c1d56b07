"""Do a rule set's results agree with what is written down for rules and clients? Used by tests and by the mutations.

Each check answers with the first difference in words, or with None.
"""

from dataclasses import replace

from clinic.guidance.engine import screen, suggest
from clinic.guidance.facts import Facts
from clinic.guidance.rules.kinds import RuleSet
from clinic.guidance.tally import tally
from tests.guidance.clients import Client
from tests.guidance.rule_cases import Answers, SafetyCase, ScoringCase

LEVELS = {
    "U": "urgent",
    "R": "refer",
    "T": "therapist_review",
    "X": "therapist_review",
    "C": "caution",
}


def safety(id: str, case: SafetyCase, rules: RuleSet) -> str | None:
    """The first difference between a safety rule and its case."""
    for answers in case.fires:
        if id not in screen(Facts.of(answers), rules).rules:
            return f"{id} does not fire on {answers}"
    for answers in case.quiet:
        if id in screen(Facts.of(answers), rules).rules:
            return f"{id} fires on {answers}"
    return _changes(id, case, rules)


def _changes(id: str, case: SafetyCase, rules: RuleSet) -> str | None:
    alone = replace(rules, safety=tuple(rule for rule in rules.safety if rule.id == id))
    outcome = screen(Facts.of(case.fires[0]), alone)
    (fired,) = outcome.fired
    found = {
        "level": fired.level.value,
        "cap": outcome.cap.value if outcome.cap else None,
        "excluded": outcome.excluded,
        "minus": {minus.modality: minus.points for minus in outcome.minuses},
        "avoid": outcome.avoid,
        "sites": outcome.sites,
        "forbidden": set(outcome.forbidden),
        "notes": tuple(note.code for note in outcome.notes),
    }
    written = {
        "level": case.level or LEVELS[id[0]],
        "cap": case.cap,
        "excluded": case.excluded,
        "minus": case.minus,
        "avoid": case.avoid,
        "sites": case.sites,
        "forbidden": case.forbidden,
        "notes": case.notes,
    }
    for name, value in written.items():
        if found[name] != value:
            return f"{id} on {case.fires[0]}: {name} is {found[name]}, written down is {value}"
    return None


def scoring(id: str, case: ScoringCase, rules: RuleSet) -> str | None:
    """The first difference between a scoring rule and its case."""
    for answers in case.fires:
        if _points(id, answers, rules) != case.points:
            return f"{id} on {answers} gives {_points(id, answers, rules)}"
    for answers in case.quiet:
        if _points(id, answers, rules):
            return f"{id} fires on {answers}"
    return None


def _points(id: str, answers: Answers, rules: RuleSet) -> dict[str, int]:
    counted = tally(Facts.of(answers).normalised(), rules)
    return {
        modality: entry.points
        for modality, entries in counted.items()
        for entry in entries
        if entry.rule == id
    }


def client(written: Client, rules: RuleSet) -> str | None:
    """The first difference between what the guidance makes of a client and what is expected."""
    facts = Facts.of(written.facts)
    outcome = screen(facts, rules)
    suggestion = suggest(facts, outcome, rules)
    ranked = [match.modality for match in suggestion.ranked] if suggestion else []
    found: dict[str, object] = {
        "safety": outcome.level.value,
        "disposition": outcome.disposition.value if outcome.disposition else None,
        "rules": list(outcome.rules),
        "ranked": ranked,
        "top": ranked[0] if ranked else None,
        "confidence": suggestion.confidence if suggestion else None,
        "excluded": sorted(outcome.excluded),
        "left_out": [left.modality for left in suggestion.left_out] if suggestion else [],
        "cap": outcome.cap.value if outcome.cap else None,
    }
    for name, value in written.expect.items():
        if name == "scores":
            scores = suggestion.scores if suggestion else {}
            assert isinstance(value, dict)
            wrong = {
                modality: scores.get(modality)
                for modality in value
                if scores.get(modality) != value[modality]
            }
            if wrong:
                return f"{written.name}: scores {wrong}, expected {value}"
        elif found[name] != value:
            return f"{written.name}: {name} is {found[name]}, expected {value}"
    return None
