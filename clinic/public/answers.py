"""A client's own answers to read again: the parts of the intake, each with its questions in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import url_for

from clinic.guidance import questionnaire
from clinic.guidance.fields import FIELDS, FieldKind
from clinic.guidance.questionnaire import EVERYTHING, SUCCESSORS, Scope
from clinic.guidance.questions import FLAG_PREFIX, PARTS, QUESTIONS, Question, QuestionPage
from clinic.intake import path

Answers = Mapping[str, object]


@dataclass(frozen=True)
class PartAnswers:
    """One part, with (question, answer in words, URL to change it) for each question asked."""

    code: str
    title: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Pain:
    """Where it hurts and how much, for the figure beside the answers."""

    areas: tuple[str, ...]
    level: int | None
    words: str


def parts(answers: Answers, scope: Scope = EVERYTHING) -> list[PartAnswers]:
    """The parts that hold answers, in the order in which they were asked; of a scope only its questions."""
    pages = path.asked_pages(answers, scope)
    found = []
    for part in PARTS:
        rows = tuple(row for page in pages if page.part == part.code for row in _rows(page, answers, scope))
        if rows:
            found.append(
                PartAnswers(part.code, part.title, _with_flags(rows, answers) if part.code == "D" else rows)
            )
    return found


def _rows(page: QuestionPage, answers: Answers, scope: Scope) -> Iterator[tuple[str, str, str]]:
    for question in path.asked_questions(page, answers, scope):
        own_words_left_out = question.kind is FieldKind.OWN_WORDS and answers.get(question.field) is None
        if not (question.field.startswith(FLAG_PREFIX) or own_words_left_out):
            yield question.title, words(question, answers.get(question.field)), change(question.field)


def _with_flags(rows: tuple[tuple[str, str, str], ...], answers: Answers) -> tuple[tuple[str, str, str], ...]:
    """The warning signs in one line if all were answered no; otherwise also each one that was not."""
    flags = [
        question
        for name, question in QUESTIONS.items()
        if name.startswith(FLAG_PREFIX) and (name in answers or name not in SUCCESSORS)
    ]
    other = [question for question in flags if answers.get(question.field) != "no"]
    first = change(flags[0].field)
    if not other:
        return ((f"{len(flags)} safety questions", "All answered No", first), *rows)
    shown = tuple(
        (question.title, words(question, answers.get(question.field)), change(question.field))
        for question in other
    )
    return (
        *shown,
        (f"The other {len(flags) - len(other)} safety questions", "All answered No", first),
        *rows,
    )


def words(question: Question, value: object) -> str:
    """One answer in words; a blank one reads "not provided"."""
    return "Not provided" if value is None else questionnaire.in_words(question.field, value)


def title(field: str) -> str:
    """The short name of a question, as the list shows it."""
    return QUESTIONS[field].title if field in QUESTIONS else FIELDS[field].title


def change(field: str) -> str:
    """The URL at which one answer is changed, which then returns to the list."""
    page = questionnaire.page_of(field)
    anchor = field.replace(".", "-")
    return url_for(
        "intake.ask", slug=page.slug, change="yes", _anchor=anchor if len(page.questions) > 1 else None
    )


def pain(answers: Answers) -> Pain | None:
    """What the figure shows; None if nothing hurts."""
    areas, level = answers.get("pain_areas"), answers.get("pain_avg_nrs")
    if not isinstance(areas, list) or not areas:
        return None
    return Pain(
        areas=tuple(areas),
        level=level if isinstance(level, int) else None,
        words=", ".join(FIELDS["pain_areas"].label(area) for area in areas).capitalize(),
    )
