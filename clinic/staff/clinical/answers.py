"""A submission's answers as a therapist reads them: panels of short titles and everyday words."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinic.guidance import fields
from clinic.guidance.fields import FIELDS, Field, FieldKind
from clinic.guidance.questions import FLAG_PREFIX
from clinic.guidance.red_flags import RED_FLAGS
from clinic.intake import queries as intake
from clinic.intake.models import Submission

PANELS = (
    ("Why they come", (*fields.WHY_YOU_COME, *fields.ABOUT_YOU)),
    ("Pain and pattern", tuple(field for field in fields.YOUR_BACK_PAIN if field.name != "pain_areas")),
    ("Health", (FIELDS["today"], *fields.YOUR_HEALTH)),
    ("What they like", fields.WHAT_YOU_LIKE),
    ("Starting scores", fields.STARTING_SCORES),
)


_FLAG_FACTS: dict[Any, tuple[str, str]] = {
    "yes": ("red_flags", "Yes"),
    "unsure": ("red_flags_unsure", "Not sure"),
}
"""The fact that an answer about a warning sign becomes, and how it reads."""


@dataclass(frozen=True)
class AnswersPanel:
    """Answers that belong together, as (title, words)."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CountedAnswer:
    """An answer that drove a rule: title, words, and the ids of those rules."""

    title: str
    words: str
    rules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Read:
    """What the page of a review shows of a submission."""

    counted: tuple[CountedAnswer, ...]
    """Answers that drove a rule, in the order of the form."""
    panels: tuple[AnswersPanel, ...]
    """All other answers."""
    areas: tuple[str, ...]
    where: str
    level: int
    """Average pain from 1 to 10, for shading the figure; 5 if it was not given."""
    signs: tuple[str, ...]
    """Warning signs answered yes, in their short words."""
    unsure: tuple[str, ...]
    others: int
    """How many answers drove no rule."""
    asked: int
    """How many warning signs were answered."""
    as_group: tuple[str, ...]
    """Those of them that were answered together by “None of these”, in their short words."""
    fields: tuple[str, ...]
    """Names of everything that was read, for the audit."""


def read_panels(
    answers: Mapping[str, Any], rules: Mapping[str, tuple[str, ...]], as_group: Collection[str] = ()
) -> Read:
    """Answers as panels, without what was not asked or not answered.

    `rules` are names of answers with the rules that rest on them: those answers are shown first, marked. `as_group` are
    names of signs that were answered together.
    """
    areas = tuple(answers.get("pain_areas") or ())
    average = answers.get("pain_avg_nrs")
    others = [
        _panel(title, [field for field in group if field.name not in rules], answers)
        for title, group in PANELS
    ]
    return Read(
        counted=tuple(_counted(answers, rules)),
        panels=tuple(panel for panel in others if panel.rows),
        others=sum(len(panel.rows) for panel in others),
        areas=areas,
        where=", ".join(FIELDS["pain_areas"].label(area) for area in areas),
        level=max(1, average) if isinstance(average, int) else 5,
        signs=_flags(answers, "yes"),
        unsure=_flags(answers, "unsure"),
        asked=sum(name.startswith(FLAG_PREFIX) for name in answers),
        as_group=tuple(flag.title for code, flag in RED_FLAGS.items() if f"{FLAG_PREFIX}{code}" in as_group),
        fields=tuple(sorted({name.split(".")[0] for name in answers})),
    )


@dataclass(frozen=True, kw_only=True)
class AddedSince:
    """What a client answered after the answers under review, before their visit."""

    sent_at: datetime
    panels: tuple[AnswersPanel, ...]
    fields: tuple[str, ...]
    """Names of what was read, for the audit."""


def added_since(submission: Submission, now: datetime) -> AddedSince | None:
    """The answers of the client's newest version that these do not hold; None if it adds none. The caller records it."""
    newest = intake.newest_full(browser=None, client_id=submission.client_id, now=now)
    if newest is None or newest.history_from is None or newest.submitted_at <= submission.submitted_at:
        return None
    before = submission.answers
    added = {
        name: value
        for name, value in newest.answers.items()
        if value is not None and before.get(name) != value
    }
    read = read_panels(added, {})
    return AddedSince(sent_at=newest.submitted_at, panels=read.panels, fields=read.fields) if added else None


def _counted(answers: Mapping[str, Any], rules: Mapping[str, tuple[str, ...]]) -> Iterator[CountedAnswer]:
    for _, group in PANELS:
        for field in group:
            value = answers.get(field.name)
            if field.name in rules and value is not None and (text := words(field, value)):
                yield CountedAnswer(field.title, text, rules[field.name])
    for code, flag in RED_FLAGS.items():
        fact, said = _FLAG_FACTS.get(answers.get(f"{FLAG_PREFIX}{code}"), ("", ""))
        if fact in rules:
            yield CountedAnswer(flag.title, said, rules[fact])


def _panel(title: str, group: Iterable[Field], answers: Mapping[str, Any]) -> AnswersPanel:
    rows = (
        (field.title, words(field, answers[field.name]))
        for field in group
        if answers.get(field.name) is not None
    )
    return AnswersPanel(title, tuple((name, text) for name, text in rows if text))


def words(field: Field, value: Any) -> str:
    """One stored answer in everyday words."""
    if field.kind is FieldKind.PSFS:
        return "; ".join(f"{row['activity']} ({row['score']} of 10)" for row in value)
    if field.is_list:
        nothing = field.label("none") if field.no_tells else "None"
        return ", ".join(field.label(code) for code in value) or nothing
    if field.kind is FieldKind.SCALE:
        return f"{value} of 10"
    return field.label(value)


def _flags(answers: Mapping[str, Any], answer: str) -> tuple[str, ...]:
    return tuple(
        flag.title for code, flag in RED_FLAGS.items() if answers.get(f"{FLAG_PREFIX}{code}") == answer
    )
