"""A client's own answers to read again: the parts of the intake, each with its questions in words."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urldefrag

from flask import url_for

from clinic.guidance import questionnaire
from clinic.guidance.fields import FIELDS, FieldKind
from clinic.guidance.questionnaire import EVERYTHING, SUCCESSORS, Scope
from clinic.guidance.questions import FLAG_PREFIX, PARTS, QUESTIONS, Question, QuestionPage
from clinic.intake import path
from clinic.language import gettext, ngettext
from clinic.language.health_texts import health_text

Answers = Mapping[str, object]


@dataclass(frozen=True)
class PageAnswers:
    """The answers given on one page of questions, as (question, answer in words), with the URL to change them."""

    rows: tuple[tuple[str, str], ...]
    change: str

    @property
    def titles(self) -> str:
        """What they are about."""
        return ", ".join(title for title, _ in self.rows)


@dataclass(frozen=True)
class PartAnswers:
    """One part, with (question, answer in words, URL to change it) for each question asked.

    `nothing` are the questions to which nothing applied, `blank` those left open, each as (question, URL to change it).
    """

    code: str
    title: str
    rows: tuple[tuple[str, str, str], ...]
    nothing: tuple[tuple[str, str], ...] = ()
    blank: tuple[tuple[str, str], ...] = ()

    @property
    def by_page(self) -> tuple[PageAnswers, ...]:
        """The rows together that were answered on one page of questions, in their order."""
        pages = [list(rows) for _, rows in groupby(self.rows, key=lambda row: urldefrag(row[2]).url)]
        return tuple(
            PageAnswers(tuple((title, said) for title, said, _ in rows), change=rows[0][2]) for rows in pages
        )


@dataclass(frozen=True)
class Pain:
    """Where it hurts and how much, for the figure beside the answers."""

    areas: tuple[str, ...]
    level: int | None
    words: str


def parts(
    answers: Answers, scope: Scope = EVERYTHING, only: Collection[str] | None = None
) -> list[PartAnswers]:
    """The parts that hold answers, in the order in which they were asked; of a scope only its questions.

    `only` are the fields to show, as keys of answers; None shows all of them.
    """
    pages = path.asked_pages(answers, scope)
    found = []
    for part in PARTS:
        asked = [
            question
            for page in pages
            if page.part == part.code
            for question in _listed(page, answers, scope)
            if only is None or question.field in only
        ]
        rows = tuple(_row(question, answers) for question in asked if _is_told(question, answers))
        nothing = _links(question for question in asked if _is_nothing(question, answers))
        blank = _links(question for question in asked if answers.get(question.field) is None)
        if part.code == "D" and (only is None or any(name.startswith(FLAG_PREFIX) for name in only)):
            rows = _with_flags(rows, answers)
        if rows or nothing or blank:
            found.append(PartAnswers(part.code, part.title, rows, nothing, blank))
    return found


def _listed(page: QuestionPage, answers: Answers, scope: Scope) -> Iterator[Question]:
    """The questions of a page that the list names by themselves: no signs, and no place for own words left empty."""
    for question in path.asked_questions(page, answers, scope):
        is_left_empty = question.kind is FieldKind.OWN_WORDS and answers.get(question.field) is None
        if not (question.field.startswith(FLAG_PREFIX) or is_left_empty):
            yield question


def _is_nothing(question: Question, answers: Answers) -> bool:
    """Whether the answer is that there is nothing, and not something that "no" itself tells."""
    if question.field in FIELDS and FIELDS[question.field].no_tells:
        return False
    return answers.get(question.field) in ([], "none", "no", [question.exclusive])


def _is_told(question: Question, answers: Answers) -> bool:
    return answers.get(question.field) is not None and not _is_nothing(question, answers)


def _links(questions: Iterable[Question]) -> tuple[tuple[str, str], ...]:
    return tuple((health_text(question.title), change(question.field)) for question in questions)


def _row(question: Question, answers: Answers) -> tuple[str, str, str]:
    return health_text(question.title), words(question, answers.get(question.field)), change(question.field)


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
        said = ngettext("%(num)s question", "%(num)s questions", len(flags)) % {"num": len(flags)}
        return ((said, gettext("All No"), first), *rows)
    shown = tuple(
        (health_text(question.title), words(question, answers.get(question.field)), change(question.field))
        for question in other
    )
    left = len(flags) - len(other)
    if not left:
        return (*shown, *rows)
    said = ngettext("The other %(num)s question", "The other %(num)s questions", left) % {"num": left}
    return (*shown, (said, gettext("All No"), first), *rows)


def words(question: Question, value: object) -> str:
    """One answer in words; a blank one reads "not provided"."""
    if value is None:
        return gettext("Not provided")
    return questionnaire.in_words(question.field, value, health_text)


def title(field: str) -> str:
    """The short name of a question, as the list shows it."""
    return health_text(QUESTIONS[field].title if field in QUESTIONS else FIELDS[field].title)


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
        words=", ".join(health_text(FIELDS["pain_areas"].label(area)) for area in areas),
    )
