"""A stored explanation for its client: the suggestion, its reasons, what safety changes, the draft course."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinic.intake.explanation import (
    Cited,
    ExplainedMatch,
    ExplainedPlan,
    ExplainedSafety,
    Explanation,
    safety_of,
)
from clinic.intake.models import Outcome
from clinic.practice.models import Treatment
from clinic.public.offered_types import sold_types

SUPPORT_LINES = "support_lines"
"""The note about somebody to talk to."""
NOT_THE_CLOSEST = "It matches the clinic’s guidance and your wishes, and it is offered here."
REASONS_AT_ONCE = 3
"""How many reasons an alternative shows; the rest can be opened."""


@dataclass(frozen=True)
class ShownReason:
    """A sentence with the codes and heading of its section; without codes, its other source.

    `anchor` is the code that stands on the guidance's own page, empty without codes.
    """

    text: str
    codes: str
    source: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class ShownMatch:
    """A suggested type; `treatment` is the practice's treatment with it, None if it is not offered here."""

    modality: str
    name: str
    what_it_is: str
    reasons: tuple[ShownReason, ...]
    against: tuple[ShownReason, ...]
    treatment: Treatment | None


@dataclass(frozen=True)
class Change:
    """A safety measure: why, and what it means for the session."""

    why: str
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SuggestionPage:
    """Everything the page of a suggestion shows. `chosen` is the treatment its button leads to, if any is sold.

    `top` leads the page: the best match that is offered here, or else the best match; None if nothing is left. `ahead`
    are better matches that are not offered, `others` everything ranked but `top`, best first. `open_choice` is the
    treatment under which the therapist decides the type.
    """

    top: ShownMatch | None
    ahead: tuple[ShownMatch, ...]
    others: tuple[ShownMatch, ...]
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


STAFF_RULES = frozenset({"K1"})
"""Limits of the scoring itself: the therapist sees them with the points; they tell a client nothing about the match."""


def in_sentence(name: str) -> str:
    """A type's name inside a sentence: lower case, except the one named after a nationality."""
    return name if name.startswith("Swedish") else name[:1].lower() + name[1:]


def suggestion_page(
    explained: Explanation, treatments: Sequence[Treatment], off: Iterable[str]
) -> SuggestionPage:
    """The page for an outcome at ok or caution. `off` are types the practice has switched off."""
    plan = explained.plan or ExplainedPlan.read({})
    closed = frozenset(off)
    sold = sold_types(treatments, closed)
    ranked = tuple(_match(row, sold, closed) for row in explained.ranked)
    top = next((match for match in ranked if match.treatment), next(iter(ranked), None))
    ahead = ranked[: ranked.index(top)] if top else ()
    return SuggestionPage(
        top=top,
        ahead=ahead,
        others=tuple(match for match in ranked if match is not top),
        # What is true of the first match is not true of the next.
        summary=NOT_THE_CLOSEST if ahead else explained.summary,
        confidence=None if ahead else explained.confidence,
        evidence=explained.evidence,
        tags=_tags(plan, of_top=not ahead),
        changes=_changes(explained.safety),
        left_out=tuple((row.name, row.text) for row in explained.left_out),
        course_text=plan.course.text,
        course_sessions=plan.course.sessions,
        course_gates=plan.reassess.after,
        gate_text=plan.reassess.text,
        companion_care=plan.companion_care,
        rule_set=explained.rule_set,
        chosen=top.treatment if top else None,
        open_choice=_open_choice(treatments, top, ranked),
    )


def _changes(safety: ExplainedSafety) -> tuple[Change, ...]:
    """What safety changes in the session; advice to the client is elsewhere on the page."""
    apart = {text for code, text in safety.notes if code == SUPPORT_LINES}
    found = (
        Change(rule.why, tuple(line for line in rule.changes if line not in apart)) for rule in safety.fired
    )
    return tuple(change for change in found if change.changes)


def speaks_of_low_mood(outcome: Outcome) -> bool:
    """Whether the answers call for the line about somebody to talk to."""
    return safety_of(outcome).has_note(SUPPORT_LINES)


def _match(row: ExplainedMatch, sold: Mapping[str, Treatment], closed: frozenset[str]) -> ShownMatch:
    return ShownMatch(
        modality=row.modality,
        name=row.name,
        what_it_is=row.what_it_is,
        reasons=tuple(_reason(reason) for reason in row.reasons),
        against=tuple(_reason(reason) for reason in row.against if reason.rule not in STAFF_RULES),
        treatment=sold.get(row.modality) or _base(row, sold, closed),
    )


def _base(row: ExplainedMatch, sold: Mapping[str, Treatment], closed: frozenset[str]) -> Treatment | None:
    """The treatment to which oils can be added; None if the practice has switched oils off."""
    return None if row.modality in closed else sold.get(row.base or "")


def _reason(cited: Cited) -> ShownReason:
    if not cited.sections:
        return ShownReason(cited.text, "", _sentence_case(cited.basis), "")
    codes = [code for code, _ in cited.sections]
    return ShownReason(cited.text, ", ".join(codes), cited.sections[0][1], codes[0])


def _tags(plan: ExplainedPlan, *, of_top: bool) -> tuple[str, ...]:
    """Length, pressure and pace; the pressure applies to the first match."""
    every = plan.course.every
    return (
        *((f"{plan.length.minutes} minutes",) if plan.length else ()),
        *((f"{_sentence_case(plan.pressure)} pressure",) if of_top else ()),
        *((_sentence_case(every),) if every else ()),
    )


def _open_choice(
    treatments: Sequence[Treatment], top: ShownMatch | None, ranked: Sequence[ShownMatch]
) -> Treatment | None:
    """What to book if the therapist decides: the treatment that mixes the most suggested types and no others.

    It is not longer than the suggestion; failing that, the suggested treatment, or else the first on the list.
    """
    chosen = top.treatment if top else None
    suggested = {match.modality for match in ranked}
    mixed = [
        treatment
        for treatment in treatments
        if len(treatment.modalities) > 1
        and suggested.issuperset(treatment.modalities)
        and (chosen is None or treatment.length_minutes <= chosen.length_minutes)
    ]
    if mixed:
        return max(mixed, key=lambda treatment: len(treatment.modalities))
    return chosen or next(iter(treatments), None)


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
