"""What the guidance concludes from answers, and how that is stored; `explanation` reads it again."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from clinic.guidance import engine, own_words, plan, questionnaire
from clinic.guidance.advice import advice
from clinic.guidance.levels import Disposition, HelpPlace, HowSoon, Level
from clinic.guidance.outcome import FiredRule
from clinic.guidance.questions import FLAG_PREFIX, QUESTIONS
from clinic.guidance.red_flags import RED_FLAGS
from clinic.guidance.rules import CURRENT
from clinic.guidance.rules.kinds import RuleSet
from clinic.guidance.screening import soonest
from clinic.intake.explanation import ExplainedRule

POSTPONED_UNTIL_WELL: Final = frozenset({"R22", "R31", "R32"})
POSTPONED_UNTIL_TOMORROW: Final = "R23"
POSTPONING: Final = frozenset({*POSTPONED_UNTIL_WELL, POSTPONED_UNTIL_TOMORROW})
"""Rules that ask for another day, not for a doctor (guidance, 3b, after the table)."""

UNSURE: Final = "unsure:"
"""The engine's prefix for the rule that fires if a red flag is answered with unsure."""

COUNTS_WHEN_MISSING: Final = "clinician_seen"
"""Unanswered, it counts as no, which nobody has said while the form is still being filled in."""


class JudgedRule(Protocol):
    """A safety rule that fired, just now or in a stored explanation."""

    @property
    def rule(self) -> str:
        """Its id."""

    @property
    def level(self) -> Level:
        """The level it asks for."""


@dataclass(frozen=True)
class SafetyVerdict:
    """A level with what its stop asks for."""

    level: Level
    disposition: Disposition | None


@dataclass(frozen=True)
class Assessment:
    """Safety outcome, suggestion and draft plan of one set of answers; at refer and urgent only the first."""

    safety: engine.SafetyOutcome
    suggestion: engine.Suggestion | None
    plan: plan.DraftPlan | None
    most_minutes: int
    """The longest session these answers allow, at every level."""
    unasked: frozenset[str] = frozenset()
    """The fields that nobody has asked yet, as keys of answers."""

    def explanation(self) -> dict[str, Any]:
        """As JSON under `safety`, `suggestion`, `plan`, `most_minutes` and `unasked`, complete without the rule set."""
        return {
            "safety": self.safety.as_dict(),
            "suggestion": self.suggestion.as_dict() if self.suggestion else None,
            "plan": self.plan.as_dict() if self.plan else None,
            "most_minutes": self.most_minutes,
            "unasked": sorted(self.unasked),
        }


def assess(
    answers: Mapping[str, object], rule_set: RuleSet = CURRENT, *, unasked: Collection[str] = ()
) -> Assessment:
    """The assessment of answers by a rule set, by default the current one.

    `unasked` are the fields that nobody has asked yet: what is missing there is unknown, not left blank.
    """
    facts = questionnaire.facts_of(answers, unknown=unasked)
    safety = engine.screen(facts, rule_set, own_words.asked_look(answers))
    suggestion = engine.suggest(facts, safety, rule_set)
    draft = plan.draft(facts, safety, suggestion, rule_set) if suggestion else None
    longest = draft or plan.draft(facts, safety, _nothing_suggested(safety))
    return Assessment(
        safety=safety,
        suggestion=suggestion,
        plan=draft,
        most_minutes=longest.length.most,
        unasked=frozenset(unasked),
    )


def _nothing_suggested(safety: engine.SafetyOutcome) -> engine.Suggestion:
    """A suggestion without any type, for which the plan still says how long a session may be."""
    return engine.Suggestion(
        ranked=(),
        scores={},
        left_out=(),
        unwanted=(),
        confidence=None,
        summary="",
        evidence="",
        provisional=True,
        rule_set=safety.rule_set,
    )


@dataclass(frozen=True)
class Advice:
    """What to tell somebody who cannot book now: what to do, why, and which answers led to it.

    The page fills in `{emergency_number}`. `fields` are keys of answers, in the order of the pages; `led` are the answers
    themselves, as key and value. `how_soon` and `place` are those of the most urgent rule, and `tell` are sentences to say
    there.
    """

    verdict: SafetyVerdict
    heading: str
    sentences: tuple[str, ...]
    whys: tuple[str, ...]
    fields: tuple[str, ...]
    led: tuple[tuple[str, Any], ...] = ()
    how_soon: HowSoon | None = None
    place: HelpPlace | None = None
    tell: tuple[str, ...] = ()


def so_far(answers: Mapping[str, object], cleared: Collection[str] = ()) -> SafetyVerdict:
    """The level that answers still being given have reached, judged by all rules but those a therapist has cleared.

    Three kinds of rule wait: those that depend on `clinician_seen` until that is answered; those that ask again in single
    questions, until these are answered; and contradictions, because the client is first asked to check them.
    """
    return verdict(_uncleared(answers, cleared))


def newly_fired(before: Mapping[str, object], answers: Mapping[str, object]) -> list[FiredRule]:
    """The rules that count for these answers and did not for those before, or not for the same reason."""
    known = {(fired.rule, repr(fired.answers)) for fired in counting(before)}
    return [fired for fired in counting(answers) if (fired.rule, repr(fired.answers)) not in known]


def _uncleared(answers: Mapping[str, object], cleared: Collection[str]) -> list[FiredRule]:
    return [fired for fired in counting(answers) if fired.rule not in cleared]


def advice_so_far(answers: Mapping[str, object], cleared: Collection[str] = ()) -> Advice:
    """What unfinished answers call for, in words; judged like `so_far`."""
    judged = _uncleared(answers, cleared)
    reached = verdict(judged)
    highest = [fired for fired in judged if fired.level is reached.level]
    how_soon, place = soonest(highest)
    heading, sentences = advice(
        level=reached.level,
        disposition=reached.disposition,
        how_soon=how_soon,
        place=place,
        rules=[CURRENT.safety_by_id[fired.rule] for fired in highest if fired.rule in CURRENT.safety_by_id],
        unsure=[RED_FLAGS[code] for fired in highest for code in _unsure_of(fired)],
    )
    led = led_by(fired.answers for fired in highest)
    return Advice(
        reached,
        heading,
        sentences,
        tuple(fired.why for fired in highest),
        tuple(field for field, _ in led),
        led,
        how_soon,
        place,
        tell_there(highest),
    )


def tell_there(rules: Iterable[FiredRule | ExplainedRule]) -> tuple[str, ...]:
    """The sentences to say at the place of help, the most urgent first, each once."""
    said = sorted(
        (rule for rule in rules if rule.tell),
        key=lambda rule: rule.how_soon.order if rule.how_soon else len(HowSoon),
    )
    return tuple(dict.fromkeys(rule.tell for rule in said))


def led_by(found: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """The answers that rules rest on, as key and value in the order of the pages; of a list only what the rules name."""
    merged: dict[str, Any] = {}
    for answers in found:
        for key, value in _keyed(answers):
            before = merged.get(key)
            if isinstance(before, list) and isinstance(value, list):
                value = list(dict.fromkeys((*before, *value)))
            merged[key] = value
    return tuple((field, merged[field]) for field in QUESTIONS if field in merged)


def counting(answers: Mapping[str, object]) -> list[FiredRule]:
    """The rules that count for answers still being given; see `so_far` for those that wait."""
    safety = engine.screen(questionnaire.facts_of(answers), CURRENT, own_words.asked_look(answers))
    contradictory = {rule.id for rule in CURRENT.contradictions}
    return [
        fired
        for fired in safety.fired
        if fired.rule not in contradictory and not _rests_on_a_gap(fired.rule, answers)
    ]


def _unsure_of(fired: FiredRule) -> list[str]:
    return [fired.rule.removeprefix(UNSURE)] if fired.rule.startswith(UNSURE) else []


def _keyed(answers: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys of answers with their values: a fact about red flags is stored under each flag's key."""
    said = {"red_flags": "yes", "red_flags_unsure": "unsure"}
    for fact, value in answers.items():
        if fact in said:
            yield from ((f"{FLAG_PREFIX}{code}", said[fact]) for code in value)
        else:
            yield fact, value


def _rests_on_a_gap(rule_id: str, answers: Mapping[str, object]) -> bool:
    rule = CURRENT.safety_by_id.get(rule_id)
    if rule is None:
        return False
    if answers.get(COUNTS_WHEN_MISSING) is None and COUNTS_WHEN_MISSING in rule.when.fields:
        return True
    return any(
        answers.get(field) is None and questionnaire.asked(QUESTIONS[field], answers)
        for field in rule.waits_for
    )


def verdict(fired: Iterable[JudgedRule]) -> SafetyVerdict:
    """The highest level among these rules; seeing a doctor outranks coming on another day."""
    rules = list(fired)
    level = max((rule.level for rule in rules), default=Level.OK)
    if level is Level.URGENT:
        return SafetyVerdict(level, Disposition.EMERGENCY)
    if level is not Level.REFER:
        return SafetyVerdict(level, None)
    stops = {rule.rule for rule in rules if rule.level is Level.REFER}
    return SafetyVerdict(level, Disposition.POSTPONE if stops <= POSTPONING else Disposition.DOCTOR)
