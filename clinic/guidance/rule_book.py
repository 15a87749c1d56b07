"""The rule book: a rule set in plain words with its sources, as a text that people read and sign.

It is written from the rule set's data alone, so whatever a rule has is told, also an attribute that a later rule set
adds. The same rule set always gives the same text.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from functools import cached_property
from typing import Any, Final

from clinic.guidance.knowledge import SECTIONS, TECHNIQUES
from clinic.guidance.levels import Disposition, Level
from clinic.guidance.rule_words import (
    further_attributes,
    in_words,
    name_of,
    pairs,
    points_in_words,
    sentence,
    title_of,
)
from clinic.guidance.rules.kinds import Effect, FocusRule, Points, RuleSet, SafetyRule
from clinic.guidance.sources import SOURCES

DEFAULT: Final = "default"
"""What stands in place of a source where there is none: our own careful choice."""

GROUPS: Final = {
    "urgent": "Call for help",
    "refer": "Not now: a doctor first, or another day",
    "therapist_review": "A therapist looks first",
    "contradiction": "Asked again",
    "caution": "Caution, can be booked",
    "ok": "Can be booked, with something to mind",
    "back": "What the back is like",
    "preferences": "What the client prefers",
    "focus": "What a session gives more time to",
    "order": "How types are put in order",
}
"""The groups of rules in the order of the book, by key."""

_ASKS: Final = {
    Disposition.EMERGENCY: "No booking. The client is told to call for emergency help.",
    Disposition.DOCTOR: "No booking until a doctor has looked, or a therapist clears it with a reason.",
    Disposition.POSTPONE: "No booking now. The client may come another day.",
}
_DOES: Final = {
    Level.THERAPIST_REVIEW: "A visit can only be asked for. A therapist looks before it is confirmed.",
    Level.CAUTION: "Can be booked.",
    Level.OK: "Can be booked.",
}


@dataclass(frozen=True, slots=True)
class BookSource:
    """Where a rule comes from. `text` says it in full; a default has no source of its own."""

    key: str
    text: str
    is_default: bool = False

    @property
    def short(self) -> str:
        """A few letters for a tag; `sources` of the book says each in full."""
        return f"Guidance, {self.key}" if self.key in SECTIONS else self.key


@dataclass(frozen=True, kw_only=True)
class BookRule:
    """One rule in plain words: `lines` are (what it is about, sentence)."""

    id: str
    group: str
    heading: str
    lines: tuple[tuple[str, str], ...]
    sources: tuple[BookSource, ...]

    @property
    def sources_in_words(self) -> str:
        """All sources in one line."""
        return "; ".join(source.text for source in self.sources)

    def says(self, words: str) -> bool:
        """Whether its id, heading, lines or the tags of its sources hold these words, in whatever case."""
        lines = (part for line in self.lines for part in line)
        parts = (self.id, self.heading, *lines, *(source.short for source in self.sources))
        return words.casefold() in "\n".join(parts).casefold()


@dataclass(frozen=True, kw_only=True)
class RuleBook:
    """A whole rule set in plain words, in the order of its groups."""

    version: str
    rules: tuple[BookRule, ...]

    def groups(self, words: str = "") -> tuple[tuple[str, str, tuple[BookRule, ...]], ...]:
        """The rules that say these words by group, as (key, heading, rules); a group without any is left out."""
        found = (
            (key, heading, tuple(rule for rule in self.rules if rule.group == key and rule.says(words)))
            for key, heading in GROUPS.items()
        )
        return tuple(group for group in found if group[2])

    @cached_property
    def sources(self) -> tuple[BookSource, ...]:
        """Every source that a rule names, once, in the order of its first use; the default is the last."""
        found = {source.key: source for rule in self.rules for source in rule.sources}
        return tuple(sorted(found.values(), key=lambda source: source.is_default))

    @cached_property
    def text(self) -> str:
        """The text that is signed: a title, then one paragraph for each rule, its lines below its heading."""
        return "\n\n".join((f"Rule set {self.version}", *(_paragraph(rule) for rule in self.rules))) + "\n"

    @cached_property
    def text_hash(self) -> str:
        """SHA-256 of the text, as 64 hexadecimal digits."""
        return hash_of(self.text)


def hash_of(text: str) -> str:
    """SHA-256 of a rule book's text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


_written: Final[dict[str, tuple[RuleSet, RuleBook]]] = {}


def rule_book(rule_set: RuleSet) -> RuleBook:
    """This rule set in plain words; written once, because pages ask for it again and again."""
    known = _written.get(rule_set.version)
    if known is None or known[0] is not rule_set:
        known = _written[rule_set.version] = (rule_set, _write(rule_set))
    return known[1]


def _write(rule_set: RuleSet) -> RuleBook:
    found = (
        *(_safety_rule(rule) for rule in rule_set.safety),
        *(_scoring_rule(rule, "back") for rule in rule_set.back),
        *(_scoring_rule(rule, "preferences") for rule in rule_set.preferences),
        *(_focus_rule(rule) for rule in rule_set.focus),
        *_order(rule_set),
        *_further(rule_set),
    )
    order = list(GROUPS)
    return RuleBook(
        version=rule_set.version, rules=tuple(sorted(found, key=lambda rule: order.index(rule.group)))
    )


def _paragraph(rule: BookRule) -> str:
    """The rule as one paragraph: a line break inside a sentence would look like the next line."""
    lines = (f"{title}: {sentence}" for title, sentence in rule.lines)
    said = (f"{rule.id}. {rule.heading}", *lines, f"Source: {rule.sources_in_words}")
    return "\n".join(" ".join(line.split()) for line in said)


def _safety_rule(rule: SafetyRule) -> BookRule:
    group = "contradiction" if rule.look_again else rule.level.value
    does = _ASKS[rule.disposition] if rule.disposition else _DOES[rule.level]
    lines = [
        ("When", sentence(rule.when_in_words)),
        ("What happens", " ".join((does, *rule.effect.changes))),
        *_effect(rule.effect),
    ]
    if rule.look_again:
        lines.append(("Asked again", rule.ask_again or " ".join(rule.look_again)))
    if rule.remark:
        lines.append(("Remark", rule.remark))
    lines += further_attributes(rule, _TOLD_OF_SAFETY)
    return BookRule(
        id=rule.id, group=group, heading=rule.why, lines=tuple(lines), sources=_sources(rule.sources)
    )


def _effect(effect: Effect) -> list[tuple[str, str]]:
    """What the sentences of an effect leave out: its points, and whatever a later rule set has besides."""
    points = [("Points", points_in_words(effect.points))] if effect.points else []
    return [*points, *further_attributes(effect, _TOLD_OF_EFFECT)]


_TOLD_OF_EFFECT: Final = frozenset({"cap", "exclude", "points", "avoid", "sites", "forbid", "notes"})
_TOLD_OF_SAFETY: Final = frozenset(
    {"id", "level", "when", "why", "sources", "effect", "disposition", "remark", "look_again", "ask_again"}
)


def _scoring_rule(rule: Any, group: str) -> BookRule:
    lines = [("When", sentence(rule.when.words())), ("Points", points_in_words(pairs(rule.points)))]
    if rule.against:
        lines.append(("Said against a type", rule.against))
    lines += further_attributes(rule, _TOLD_OF_SCORING)
    return BookRule(
        id=rule.id, group=group, heading=rule.reason, lines=tuple(lines), sources=_cited(rule.points)
    )


_TOLD_OF_SCORING: Final = frozenset({"id", "when", "points", "reason", "against"})


def _focus_rule(rule: FocusRule) -> BookRule:
    more = ", ".join(TECHNIQUES[technique].name for technique in rule.techniques)
    lines = [("When", sentence(rule.when.words()))]
    lines += [("More time for", f"{more}.")] if more else []
    lines += [("Note for the therapist", rule.note)] if rule.note else []
    return BookRule(
        id=rule.id,
        group="focus",
        heading=f"For {rule.answers}.",
        lines=(*lines, *further_attributes(rule, _TOLD_OF_FOCUS)),
        sources=_sections(rule.sections),
    )


_TOLD_OF_FOCUS: Final = frozenset({"id", "when", "answers", "techniques", "note", "sections"})


def _order(rule_set: RuleSet) -> Iterator[BookRule]:
    """What puts types in order beside the rules about the client."""
    yield BookRule(
        id="start",
        group="order",
        heading=rule_set.starting_reason,
        lines=(("Points", points_in_words(pairs(rule_set.starting))),),
        sources=_cited(rule_set.starting),
    )
    liked, blend = rule_set.liked, rule_set.blend
    yield _one(liked.id, liked.reason, liked, {"id", "reason", "sections"}, _sections(liked.sections))
    yield _one(
        rule_set.general.id, rule_set.general.reason, rule_set.general, {"id", "reason"}, _sections(())
    )
    yield _one(blend.id, blend.reason, blend, {"id", "reason", "sections"}, _sections(blend.sections))
    yield _one(
        "gentle",
        "Who leads when little is known about the client.",
        rule_set.gentle_default,
        set(),
        _sections(()),
    )
    for pressure, effect in rule_set.cap_effects:
        yield BookRule(
            id=f"cap-{pressure.value}",
            group="order",
            heading=f"What {pressure.value} pressure at most means for the types.",
            lines=(("What happens", " ".join(effect.changes)), *_effect(effect)),
            sources=_sections(()),
        )


def _one(id: str, heading: str, rule: Any, told: set[str], sources: tuple[BookSource, ...]) -> BookRule:
    return BookRule(
        id=id, group="order", heading=heading, lines=tuple(further_attributes(rule, told)), sources=sources
    )


_TOLD_OF_SET: Final = frozenset(
    {
        "version",
        "safety",
        "back",
        "preferences",
        "starting",
        "starting_reason",
        "liked",
        "general",
        "blend",
        "gentle_default",
        "cap_effects",
        "focus",
    }
)


def _further(rule_set: RuleSet) -> Iterator[BookRule]:
    """The set's own figures, and whatever a later rule set has besides."""
    for name in (field.name for field in fields(rule_set) if field.name not in _TOLD_OF_SET):
        if words := in_words(getattr(rule_set, name)):
            yield BookRule(
                id=name.replace("_", "-"),
                group="order",
                heading=f"{title_of(name)}.",
                lines=(("Value", words),),
                sources=_sections(()),
            )


def _sources(keys: Iterable[str]) -> tuple[BookSource, ...]:
    found = []
    for key in keys:
        source = SOURCES.get(key)
        found.append(BookSource(key, source.text if source else name_of(key), is_default=key == DEFAULT))
    return tuple(found) or _sections(())


def _sections(codes: Iterable[str]) -> tuple[BookSource, ...]:
    """Sections of the guidance document, or the default where it is silent."""
    found = tuple(
        BookSource(code, f"The guidance document, {code}: {SECTIONS[code].heading}") for code in codes
    )
    return found or (BookSource(DEFAULT, "No source of its own: our own careful choice", is_default=True),)


def _cited(points: Iterable[Points]) -> tuple[BookSource, ...]:
    """The sections behind points, each once; the default too, if some of the points rest on nothing else."""
    points = tuple(points)
    codes = dict.fromkeys(code for one in points for code in one.sections)
    found = _sections(codes) if codes else ()
    return found if codes and all(one.sections for one in points) else (*found, *_sections(()))


class ChangeKind(Enum):
    """How a rule differs from the one that was signed."""

    ADDED = "New"
    REMOVED = "Removed"
    CHANGED = "Changed"


@dataclass(frozen=True, kw_only=True)
class RuleChange:
    """One rule that differs between two texts: the lines only the older one has, and those only the newer one has."""

    kind: ChangeKind
    id: str
    heading: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def direction(self) -> str:
        """Whether the rule became stricter or milder for clients; empty where that cannot be read from what it does.

        A higher level is stricter; at the same level, more changes to a visit are. A changed condition alone says neither.
        """
        before, after = (_strictness(self.before), _strictness(self.after))
        if before is None and after is None:
            return ""
        old, new = before or _NOTHING_DONE, after or _NOTHING_DONE
        if old[0] != new[0]:
            return "Stricter" if new[0] > old[0] else "Milder"
        if old[1] != new[1] and (old[1] <= new[1] or new[1] <= old[1]):
            return "Stricter" if old[1] < new[1] else "Milder"
        return ""


_HAPPENS: Final = "What happens: "
_RANKS: Final = {
    _DOES[Level.CAUTION]: 0,
    _DOES[Level.THERAPIST_REVIEW]: 1,
    _ASKS[Disposition.POSTPONE]: 2,
    _ASKS[Disposition.DOCTOR]: 3,
    _ASKS[Disposition.EMERGENCY]: 4,
}
"""What a safety rule does, from the mildest to the strictest."""
_NOTHING_DONE: Final[tuple[int, frozenset[str]]] = (-1, frozenset())


def _strictness(lines: tuple[str, ...]) -> tuple[int, frozenset[str]] | None:
    """How strict the lines of a safety rule are: its rank, and what else it changes; None if they do not say."""
    for line in lines:
        said = line.removeprefix(_HAPPENS)
        for does, rank in _RANKS.items():
            if said != line and said.startswith(does):
                rest = said.removeprefix(does).strip()
                return rank, frozenset(filter(None, (part.strip(" .") for part in rest.split(". "))))
    return None


def changes(signed: str, present: str) -> tuple[RuleChange, ...]:
    """What the present text changes against a signed one: new rules, changed rules, removed rules."""
    before, after = _paragraphs(signed), _paragraphs(present)
    found = [_changed(id, before.get(id), lines) for id, lines in after.items() if before.get(id) != lines]
    found += [_changed(id, lines, None) for id, lines in before.items() if id not in after]
    order = list(ChangeKind)
    return tuple(sorted(found, key=lambda change: order.index(change.kind)))


def _paragraphs(text: str) -> dict[str, tuple[str, ...]]:
    """The rules of a text by id, each as its lines. The first line is `id. heading`."""
    blocks = [tuple(block.splitlines()) for block in text.strip().split("\n\n")[1:]]
    return {lines[0].partition(". ")[0]: lines for lines in blocks if lines}


def _changed(id: str, before: tuple[str, ...] | None, after: tuple[str, ...] | None) -> RuleChange:
    kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED if after is None else ChangeKind.CHANGED
    heading = (after or before or ("",))[0].partition(". ")[2]
    old, new = (_without_id(before), _without_id(after))
    return RuleChange(
        kind=kind,
        id=id,
        heading=heading,
        before=tuple(line for line in old if line not in new),
        after=tuple(line for line in new if line not in old),
    )


def _without_id(lines: tuple[str, ...] | None) -> tuple[str, ...]:
    return () if lines is None else (lines[0].partition(". ")[2], *lines[1:])
