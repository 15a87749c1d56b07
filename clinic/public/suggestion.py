"""A stored explanation as its client reads it: the suggestion, its reasons, what safety changes, the draft course."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinic.intake.models import Outcome
from clinic.practice.models import Treatment

SUPPORT_LINES = "support_lines"
"""The note about somebody to talk to."""
REASONS_AT_ONCE = 3
"""Of an alternative; the rest opens on asking."""


@dataclass(frozen=True)
class Reason:
    """A sentence with the codes and the heading it can be traced to; without codes, what it rests on instead."""

    text: str
    codes: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Match:
    """A suggested type; `treatment` is what the practice sells that leads with it, None when it is not offered here."""

    modality: str
    name: str
    what_it_is: str
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]
    treatment: Treatment | None


@dataclass(frozen=True)
class Change:
    """Something kept to for safety: why, and what that means for the session."""

    why: str
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SuggestionPage:
    """Everything the page of a suggestion shows. `chosen` is the treatment its button leads to, if any is sold.

    `open_choice` is the treatment under which the therapist decides the type.
    """

    ranked: tuple[Match, ...]
    summary: str
    confidence: str | None
    evidence: str
    tags: tuple[str, ...]
    changes: tuple[Change, ...]
    left_out: tuple[tuple[str, str], ...]
    course_text: str
    course_sessions: int | None
    course_gates: tuple[int, ...]
    gate_text: str
    companion_care: str
    rule_set: str
    chosen: Treatment | None
    open_choice: Treatment | None

    @property
    def top(self) -> Match | None:
        """The best match; None when nothing is left."""
        return self.ranked[0] if self.ranked else None


def of(outcome: Outcome, treatments: Sequence[Treatment], off: Iterable[str]) -> SuggestionPage:
    """The page for an outcome at ok or caution. `off` are types the practice has switched off."""
    stored = outcome.explanation
    suggestion, plan = stored["suggestion"], stored["plan"]
    sold = _leading(treatments, frozenset(off))
    ranked = tuple(_match(row, sold) for row in suggestion["ranked"])
    return SuggestionPage(
        ranked=ranked,
        summary=suggestion["summary"],
        confidence=suggestion["confidence"],
        evidence=suggestion["evidence"],
        tags=_tags(plan),
        changes=_changes(stored["safety"]),
        left_out=tuple((row["name"], row["text"]) for row in suggestion["left_out"]),
        course_text=plan["course"]["text"],
        course_sessions=plan["course"]["sessions"],
        course_gates=tuple(plan["reassess"]["after"]),
        gate_text=plan["reassess"]["text"],
        companion_care=plan["companion_care"],
        rule_set=suggestion["rule_set"],
        chosen=next((match.treatment for match in ranked if match.treatment), None),
        open_choice=_open_choice(treatments, ranked),
    )


def _changes(safety: Mapping[str, Any]) -> tuple[Change, ...]:
    """What safety changes in the session; a word to the client themselves stands elsewhere on the page."""
    apart = {note["text"] for note in safety["notes"] if note["code"] == SUPPORT_LINES}
    found = (
        Change(row["why"], tuple(line for line in row["changes"] if line not in apart))
        for row in safety["fired"]
    )
    return tuple(change for change in found if change.changes)


def speaks_of_low_mood(outcome: Outcome) -> bool:
    """Whether the answers ask to show where somebody listens."""
    return any(note["code"] == SUPPORT_LINES for note in outcome.explanation["safety"]["notes"])


def _leading(treatments: Sequence[Treatment], off: frozenset[str]) -> dict[str, Treatment]:
    """For each type on sale the first treatment that leads with it."""
    sold: dict[str, Treatment] = {}
    for treatment in treatments:
        if treatment.modalities and treatment.modalities[0] not in off:
            sold.setdefault(treatment.modalities[0], treatment)
    return sold


def _match(row: Mapping[str, Any], sold: Mapping[str, Treatment]) -> Match:
    return Match(
        modality=row["modality"],
        name=row["name"],
        what_it_is=row["what_it_is"],
        reasons=tuple(_reason(reason) for reason in row["reasons"]),
        against=tuple(_reason(reason) for reason in row["against"]),
        treatment=sold.get(row["modality"]) or sold.get(row["base"] or ""),
    )


def _reason(row: Mapping[str, Any]) -> Reason:
    sections = row["sections"]
    if not sections:
        return Reason(row["text"], "", _sentence_case(row["basis"]))
    return Reason(row["text"], ", ".join(section["code"] for section in sections), sections[0]["heading"])


def _tags(plan: Mapping[str, Any]) -> tuple[str, ...]:
    every = plan["course"]["every"]
    return (
        f"{plan['length']['minutes']} minutes",
        f"{_sentence_case(plan['pressure'])} pressure",
        *((_sentence_case(every),) if every else ()),
    )


def _open_choice(treatments: Sequence[Treatment], ranked: Sequence[Match]) -> Treatment | None:
    """What to book when the therapist decides: the treatment that mixes most types, else the one suggested."""
    mixed = [treatment for treatment in treatments if len(treatment.modalities) > 1]
    if mixed:
        return max(mixed, key=lambda treatment: len(treatment.modalities))
    return next((match.treatment for match in ranked if match.treatment), None) or next(
        iter(treatments), None
    )


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
