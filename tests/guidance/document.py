"""The tables of docs/guidance.md, written from the rules themselves, so that the document cannot fall behind.

`python -m tests.guidance.document` rewrites them; a test fails when that would change anything. Everything outside the
markers is written by hand.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from clinic.guidance.causes import CAUSES
from clinic.guidance.cross_checks import CROSS_CHECKS
from clinic.guidance.fields import FIELDS
from clinic.guidance.knowledge import MODALITIES, SECTIONS, TECHNIQUES
from clinic.guidance.levels import Level
from clinic.guidance.questions import CONSENT_QUESTION, PAGES, PARTS, Question
from clinic.guidance.red_flags import RED_FLAGS
from clinic.guidance.rules import CURRENT
from clinic.guidance.rules.kinds import Effect, ScoringRule
from clinic.guidance.rules.v2026_12.techniques import TECHNIQUES_BY_CONDITION, TECHNIQUES_BY_MEDICINE
from clinic.guidance.rules.v2026_12.timing import WHY_THEN
from clinic.guidance.safety_net import SAFETY_NETS
from clinic.guidance.sources import SOURCES

DOCUMENT = Path(__file__).parents[2] / "docs" / "guidance.md"
_BLOCK = re.compile(r"(<!-- begin (?P<name>[a-z ]+) -->\n).*?(<!-- end (?P=name) -->)", re.DOTALL)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _sections() -> str:
    return _table(("Code", "Heading"), [(section.code, section.heading) for section in SECTIONS.values()])


def _modalities() -> str:
    return _table(
        ("Id", "Name", "Pressure", "Intensity", "Counted sections", "Cited sections"),
        [
            (
                f"`{kind.id}`",
                kind.name,
                kind.pressure,
                str(kind.intensity),
                str(kind.section_count),
                " ".join(kind.sections),
            )
            for kind in MODALITIES.values()
        ],
    )


def _techniques() -> str:
    return _table(
        ("Id", "Technique", "Aim", "Sections"),
        [(f"`{item.id}`", item.name, item.aim, " ".join(item.sections)) for item in TECHNIQUES.values()],
    )


def _flags() -> str:
    return _table(
        ("Code", "Question", "Rule", "Unsure", "Today"),
        [
            (
                f"`{flag.code}`",
                flag.question,
                flag.rule,
                "refer" if flag.urgent else "therapist_review",
                "asked" if not flag.instead else f"`{flag.instead}` is asked instead",
            )
            for flag in RED_FLAGS.values()
        ],
    )


def _effect(effect: Effect) -> str:
    parts = []
    if effect.cap:
        parts.append(f"pressure ≤ {effect.cap.value}")
    if effect.exclude:
        parts.append(f"exclude {', '.join(effect.exclude)}")
    if effect.points:
        parts.append("points " + ", ".join(f"{modality} {points}" for modality, points in effect.points))
    if effect.forbid:
        parts.append(f"no {', '.join(effect.forbid)}")
    if effect.avoid or effect.sites:
        parts.append(f"avoid {', '.join((*effect.avoid, *effect.sites))}")
    if effect.notes:
        parts.append(f"note {', '.join(note.code for note in effect.notes)}")
    return "; ".join(parts) or "none"


def _safety() -> str:
    return _table(
        ("Rule", "Level", "Condition", "Effect", "Why", "Source"),
        [
            (
                rule.id,
                rule.level.value if not rule.disposition else f"{rule.level.value}, {rule.disposition.value}",
                f"`{rule.when.grammar()}`",
                _effect(rule.effect),
                rule.why + (f". {rule.remark}" if rule.remark else ""),
                " ".join(rule.sources),
            )
            for rule in CURRENT.safety
        ],
    )


def _points(rule: ScoringRule) -> str:
    return ", ".join(
        f"{points.modality} {points.points:+} ({' '.join(points.sections) or points.basis})"
        for points in rule.points
    )


def _scoring() -> str:
    return _table(
        ("Rule", "Condition", "Points (sections)", "Reason shown"),
        [
            (rule.id, f"`{rule.when.grammar()}`", _points(rule), rule.reason)
            for rule in (*CURRENT.back, *CURRENT.preferences)
        ],
    )


def _focus() -> str:
    return _table(
        ("Rule", "Condition", "For", "More time for", "Note for the therapist", "Sections"),
        [
            (
                rule.id,
                f"`{rule.when.grammar()}`",
                rule.answers,
                ", ".join(rule.techniques) or "none",
                rule.note,
                " ".join(rule.sections),
            )
            for rule in CURRENT.focus
        ],
    )


def _causes() -> str:
    return _table(
        ("Cause", "Sections", "Fields", "Rules"),
        [
            (
                cause.name,
                " ".join(cause.sections),
                " ".join(cause.facts),
                " ".join(cause.rules) or "tips only",
            )
            for cause in CAUSES
        ],
    )


def _sources() -> str:
    return _table(
        ("Key", "Source"),
        [(item.key, f"{item.text}{' (weak)' if item.weak else ''}") for item in SOURCES.values()],
    )


def _cross_checks() -> str:
    return _table(
        ("Sign", "Rules from other answers", "Why none is needed"),
        [
            (f"`{check.flag}`", " ".join(check.rules) or "none", check.why_none)
            for check in CROSS_CHECKS.values()
        ],
    )


def _how_soon() -> str:
    return _table(
        ("Rule", "How soon", "Where", "What to say there", "A massage again", "Why then"),
        [
            (
                rule.id,
                rule.how_soon.value,
                rule.place.value,
                rule.tell,
                rule.come_back,
                WHY_THEN.get(rule.id, "default"),
            )
            for rule in CURRENT.safety
            if rule.level is Level.REFER and rule.how_soon and rule.place
        ],
    )


def _nets() -> str:
    return _table(
        ("Code", "Watch for", "Then", "Rules", "Source"),
        [
            (
                f"`{net.code}`",
                net.watch_for,
                net.do,
                " ".join(rule.id for rule in CURRENT.safety if net.code in rule.watch),
                " ".join(net.sources),
            )
            for net in SAFETY_NETS.values()
        ],
    )


def _taken_away() -> str:
    return _table(
        ("Condition or medicine", "Techniques not used", "Note", "Source"),
        [
            (f"`{row.code}`", ", ".join(row.away) or "none", row.why, " ".join(row.sources))
            for row in (*TECHNIQUES_BY_CONDITION, *TECHNIQUES_BY_MEDICINE)
        ],
    )


def _asked(question: Question) -> tuple[str, ...]:
    field = FIELDS.get(question.field)
    codes = ", ".join(option.code for option in question.options)
    span = f"{question.low} to {question.high}" if field is not None and field.is_number else codes
    when = f"`{question.shown.grammar()}`" if question.shown else "always"
    duty = "optional" if question.optional else "required"
    if question.required_if:
        duty = f"required if `{question.required_if.grammar()}`, else optional"
    return f"`{question.field}`", question.kind.value, span, when, duty


def _questions() -> str:
    titles = {part.code: part.title for part in PARTS}
    rows = [("before", *_asked(CONSENT_QUESTION))]
    for page in PAGES:
        for question in page.questions:
            if not question.field.startswith("red_flags."):
                rows.append((f"{titles[page.part]}: {page.slug}", *_asked(question)))
    return _table(("Page", "Field", "Kind", "Options", "Asked", "Duty"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "sections": _sections,
    "modalities": _modalities,
    "techniques": _techniques,
    "red flags": _flags,
    "safety rules": _safety,
    "scoring rules": _scoring,
    "focus": _focus,
    "causes": _causes,
    "cross checks": _cross_checks,
    "how soon": _how_soon,
    "safety nets": _nets,
    "techniques by condition": _taken_away,
    "sources": _sources,
    "questions": _questions,
}


def written(text: str) -> str:
    """The document with its tables as the rules have them now."""
    return _BLOCK.sub(lambda block: f"{block[1]}\n{TABLES[block['name']]()}\n{block[3]}", text)


def main() -> int:
    """Rewrite the tables in place."""
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
