"""A stored explanation for its client: the suggestion, its reasons, what safety changes, the draft course."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinic.guidance.knowledge import SECTIONS
from clinic.guidance.rules.kinds import LEFT_OUT, LESS_SUITED
from clinic.guidance.statements import statements_behind
from clinic.intake.explanation import (
    Cited,
    ExplainedMatch,
    ExplainedOmission,
    ExplainedPlan,
    ExplainedRule,
    ExplainedSafety,
    Explanation,
    safety_of,
)
from clinic.intake.models import Outcome
from clinic.language import ENGLISH, N_, current, gettext
from clinic.language.health_texts import health_text
from clinic.practice.models import Treatment
from clinic.public.client_sentences import sentence_of, told, why_left_out, without_codes
from clinic.public.draft_course import DraftCourseShown, draft_course
from clinic.public.offered_types import sold_types

SUPPORT_LINES = "support_lines"
"""The note about somebody to talk to."""
SEE_DOCTOR = frozenset({"see_doctor_inflammatory", "see_doctor_soon"})
"""The notes that ask the client to see a doctor, without a stop."""
NOT_THE_CLOSEST = N_("It matches the clinic’s guidance and your wishes, and it is offered here.")
MOST_REASONS = 3
"""How many reasons a type shows, with what speaks against it; a therapist sees them all."""
SILENCES, SAFETY = "silences", "safety"
"""Places on the page of the guidance for what rests on no section of it."""


@dataclass(frozen=True)
class ShownReason:
    """One sentence about the client, and the sentence of the guidance behind it; `anchor` is its place on that page."""

    text: str
    source: str
    anchor: str
    is_against: bool = False


@dataclass(frozen=True, kw_only=True)
class ShownMatch:
    """A suggested type; `treatment` is the practice's treatment with it, None if it is not offered here."""

    modality: str
    name: str
    what_it_is: str
    reasons: tuple[ShownReason, ...]
    treatment: Treatment | None


@dataclass(frozen=True)
class SafetyChanges:
    """What safety changes in the session, each thing once, and the client's answers that ask for it."""

    told: tuple[str, ...]
    lines: tuple[str, ...]


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
    evidence: str
    tags: tuple[str, ...]
    changes: SafetyChanges
    left_out: tuple[tuple[str, str], ...]
    course: DraftCourseShown
    companion_care: str
    rule_set: str
    chosen: Treatment | None
    open_choice: Treatment | None


ALIKE = (frozenset({"E43", "E44", "K2"}), frozenset({"E15b", "E16", "E17"}))
"""Rules that say nearly the same of a client: one of them is told."""
CAREFUL = N_("The guidance says nothing about this; it is our own careful choice.")
SAME_POINT = N_("From the same point of the guidance.")
SAFETY_FIRST = N_("Safety always counts more than the guidance.")
PACES = {
    "once": N_("One session"),
    "weekly": N_("Weekly"),
    "fortnightly": N_("Every two weeks"),
    "monthly": N_("Monthly"),
}
STAFF_RULES = frozenset({"K1"})
"""Limits of the scoring itself: the therapist sees them with the points; they tell a client nothing about the match."""


def in_sentence(name: str) -> str:
    """A type's name inside a sentence: in English lower case, except the one named after a nationality."""
    if current() != ENGLISH or name.startswith("Swedish"):
        return name
    return name[:1].lower() + name[1:]


def suggestion_page(
    explained: Explanation, treatments: Sequence[Treatment], off: Iterable[str], currency: str
) -> SuggestionPage:
    """The page for an outcome at ok or caution. `off` are types the practice has switched off, prices in `currency`."""
    plan = explained.plan or ExplainedPlan.read({})
    closed = frozenset(off)
    sold = sold_types(_nearest_first(treatments, plan), closed)
    ranked = tuple(_match(row, sold, closed) for row in explained.ranked)
    top = next((match for match in ranked if match.treatment), next(iter(ranked), None))
    ahead = ranked[: ranked.index(top)] if top else ()
    chosen = top.treatment if top else None
    changes = safety_changes(explained.safety)
    return SuggestionPage(
        top=top,
        ahead=ahead,
        others=tuple(match for match in ranked if match is not top),
        # What is true of the first match is not true of the next.
        summary=gettext(NOT_THE_CLOSEST) if ahead else health_text(explained.summary),
        evidence=health_text(explained.evidence),
        tags=_tags(plan, chosen, explained.safety.cap, of_top=not ahead),
        changes=changes,
        left_out=tuple(_left_out(row, explained.safety, changes.told) for row in explained.left_out),
        course=draft_course(plan, chosen, currency, cap=explained.safety.cap, of_top=not ahead),
        companion_care=health_text(plan.companion_care),
        rule_set=explained.rule_set,
        chosen=chosen,
        open_choice=_open_choice(treatments, top, ranked),
    )


def safety_changes(safety: ExplainedSafety) -> SafetyChanges:
    """What safety changes in the session; advice to the client is elsewhere on the page."""
    apart = {text for code, text in safety.notes if code == SUPPORT_LINES}
    fired = [rule for rule in safety.fired if set(rule.changes) - apart]
    return SafetyChanges(
        told_by(fired), _joined(line for rule in fired for line in rule.changes if line not in apart)
    )


def _joined(lines: Iterable[str]) -> tuple[str, ...]:
    """Each line once; lists that begin alike, as `Left out: …`, become one list. What is left out is not also less suited."""
    lists: dict[str, list[str]] = {}
    for line in lines:
        beginning, colon, items = line.rstrip(".").partition(": ")
        kept = lists.setdefault(beginning if colon else line, [])
        kept += [item for item in items.split(", ") if item and item not in kept]
    if less_suited := lists.pop(LESS_SUITED, None):
        still_there = [item for item in less_suited if item not in lists.get(LEFT_OUT, ())]
        lists |= {LESS_SUITED: still_there} if still_there else {}
    said = (f"{name}: {', '.join(items)}." if items else name for name, items in lists.items())
    return tuple(health_text(line) for line in said)


def told_by(rules: Iterable[ExplainedRule]) -> tuple[str, ...]:
    """The answers behind rules, in the client's words; the rule's own where no answer was stored."""
    return tuple(
        dict.fromkeys(said for rule in rules for said in told(rule.answers) or (health_text(rule.why),))
    )


def _left_out(row: ExplainedOmission, safety: ExplainedSafety, above: Collection[str]) -> tuple[str, str]:
    """A type and why it is left out; `above` are the answers that the page has told before."""
    because = told_by(rule for rule in safety.fired if rule.rule in row.rules)
    return health_text(row.name), why_left_out(because, row.text, above)


def doctors_advice(safety: ExplainedSafety) -> list[tuple[str, str]]:
    """What to see a doctor about although a massage can be booked: the client's answers, and the advice."""
    advised = {text for code, text in safety.notes if code in SEE_DOCTOR}
    return [
        ("; ".join(told_by([rule])), health_text(text))
        for rule in safety.fired
        for text in rule.changes
        if text in advised
    ]


def speaks_of_low_mood(outcome: Outcome) -> bool:
    """Whether the answers call for the line about somebody to talk to."""
    return safety_of(outcome).has_note(SUPPORT_LINES)


def _nearest_first(treatments: Sequence[Treatment], plan: ExplainedPlan) -> list[Treatment]:
    """Treatments of the proposed length first, those that are too long last; otherwise in the practice's order."""
    length = plan.length
    if length is None:
        return list(treatments)
    most, minutes = length.most or length.minutes, length.minutes
    return sorted(
        treatments, key=lambda sold: (sold.length_minutes > most, abs(sold.length_minutes - minutes))
    )


def _match(row: ExplainedMatch, sold: Mapping[str, Treatment], closed: frozenset[str]) -> ShownMatch:
    return ShownMatch(
        modality=row.modality,
        name=health_text(row.name),
        what_it_is=health_text(row.what_it_is),
        reasons=_reasons(row),
        treatment=sold.get(row.modality) or _base(row, sold, closed),
    )


def _reasons(row: ExplainedMatch) -> tuple[ShownReason, ...]:
    """At most three, the most telling first: what speaks against the type takes the place of the last."""
    against = [_against(cited) for cited in row.against if cited.rule not in STAFF_RULES][:1]
    found: dict[str, ShownReason] = {}
    said: set[str] = set()
    for cited in row.reasons:
        # Where a type begins says nothing about this client.
        is_said = cited.is_start or any(cited.rule in alike for alike in ALIKE if said & alike)
        text = sentence_of(cited.rule, cited.text, cited.answers)
        if text not in found and not (found and is_said):
            found[text] = _reason(text, cited, row.modality, {shown.anchor for shown in found.values()})
            said.add(cited.rule)
    return (*list(found.values())[: MOST_REASONS - len(against)], *against)


def _base(row: ExplainedMatch, sold: Mapping[str, Treatment], closed: frozenset[str]) -> Treatment | None:
    """The treatment to which oils can be added; None if the practice has switched oils off."""
    return None if row.modality in closed else sold.get(row.base or "")


def _reason(text: str, cited: Cited, modality: str, used: Collection[str]) -> ShownReason:
    """A reason with the first sentence behind it that no reason before it has used; if there is none, only its place."""
    codes = [code for code, _ in cited.sections]
    behind = statements_behind(cited.rule, modality, codes)
    if behind:
        fresh = next((one for one in behind if one.anchor not in used), None)
        source = health_text(fresh.text) if fresh else gettext(SAME_POINT)
        return ShownReason(text, source, (fresh or behind[0]).anchor)
    if codes and codes[0] in SECTIONS:
        return ShownReason(text, health_text(SECTIONS[codes[0]].title), codes[0])
    return ShownReason(text, gettext(CAREFUL), SILENCES)


def _against(cited: Cited) -> ShownReason:
    anchor, source = (SAFETY, SAFETY_FIRST) if cited.basis == SAFETY else (SILENCES, CAREFUL)
    return ShownReason(health_text(without_codes(cited.text)), gettext(source), anchor, is_against=True)


def _tags(plan: ExplainedPlan, chosen: Treatment | None, cap: str | None, *, of_top: bool) -> tuple[str, ...]:
    """Length as it can be booked, pressure and pace; the pressure applies to the first match."""
    every = plan.course.every
    firmly = (
        gettext("%(pressure)s pressure at most") if plan.pressure == cap else gettext("%(pressure)s pressure")
    )
    minutes = chosen.length_minutes if chosen else plan.length.minutes if plan.length else None
    return (
        *((gettext("%(minutes)s minutes") % {"minutes": minutes},) if minutes else ()),
        *((firmly % {"pressure": _sentence_case(health_text(plan.pressure))},) if of_top else ()),
        *((gettext(PACES[every]) if every in PACES else _sentence_case(every),) if every else ()),
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
