"""A client's own answers to read again: the parts of the intake, each with its questions in words."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import NamedTuple
from urllib.parse import urldefrag, urlsplit

from flask import url_for

from clinic.guidance import questionnaire
from clinic.guidance.fields import FIELDS, FieldKind
from clinic.guidance.questionnaire import EVERYTHING, SUCCESSORS, Scope
from clinic.guidance.questions import FLAG_PREFIX, PARTS, QUESTIONS, Question, QuestionPage
from clinic.intake import path
from clinic.language import gettext, ngettext
from clinic.language.health_texts import health_text

Answers = Mapping[str, object]
_ENTRY = "change-"
"""Before the id of a question: the id of the link that leads to it."""


class AnswerRow(NamedTuple):
    """One question with its answer in words, and the URL to change it."""

    title: str
    said: str
    change: str

    @property
    def entry(self) -> str:
        """The id of its link in the list."""
        return _entry(self.change)


class ChangeLink(NamedTuple):
    """A question whose answer is told by the line it stands in, with the URL to change it."""

    title: str
    change: str

    @property
    def entry(self) -> str:
        """The id of the link in the list."""
        return _entry(self.change)


@dataclass(frozen=True)
class PageAnswers:
    """The answers given on one page of questions, with the URL to change them."""

    rows: tuple[AnswerRow, ...]

    @property
    def change(self) -> str:
        """The URL of the first of them."""
        return self.rows[0].change

    @property
    def entry(self) -> str:
        """The id of the link that all of them share."""
        return self.rows[0].entry

    @property
    def titles(self) -> str:
        """What they are about."""
        return ", ".join(row.title for row in self.rows)


@dataclass(frozen=True)
class PartAnswers:
    """One part, with a row for each question that was answered.

    `nothing` are the questions to which nothing applied, `blank` those left open.
    """

    code: str
    title: str
    rows: tuple[AnswerRow, ...]
    nothing: tuple[ChangeLink, ...] = ()
    blank: tuple[ChangeLink, ...] = ()

    @property
    def by_page(self) -> tuple[PageAnswers, ...]:
        """The rows together that were answered on one page of questions, in their order."""
        return tuple(
            PageAnswers(tuple(rows))
            for _, rows in groupby(self.rows, key=lambda row: urldefrag(row.change).url)
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


def _links(questions: Iterable[Question]) -> tuple[ChangeLink, ...]:
    return tuple(ChangeLink(health_text(question.title), change(question.field)) for question in questions)


def _row(question: Question, answers: Answers) -> AnswerRow:
    return AnswerRow(
        health_text(question.title), words(question, answers.get(question.field)), change(question.field)
    )


def _with_flags(rows: tuple[AnswerRow, ...], answers: Answers) -> tuple[AnswerRow, ...]:
    """The warning signs in one line if all were answered no; otherwise also each one that was not."""
    flags = [
        question
        for name, question in QUESTIONS.items()
        if name.startswith(FLAG_PREFIX) and (name in answers or name not in SUCCESSORS)
    ]
    other = [question for question in flags if answers.get(question.field) != "no"]
    plain = [question for question in flags if question not in other]
    if not other:
        said = ngettext("%(num)s question", "%(num)s questions", len(flags)) % {"num": len(flags)}
        return (AnswerRow(said, gettext("All No"), change(flags[0].field)), *rows)
    shown = tuple(_row(question, answers) for question in other)
    if not plain:
        return (*shown, *rows)
    said = ngettext("The other %(num)s question", "The other %(num)s questions", len(plain))
    return (
        *shown,
        AnswerRow(said % {"num": len(plain)}, gettext("All No"), change(plain[0].field)),
        *rows,
    )


def words(question: Question, value: object) -> str:
    """One answer in words; a blank one reads "not provided"."""
    if value is None:
        return gettext("Not provided")
    return questionnaire.in_words(question.field, value, health_text)


def title(field: str) -> str:
    """The short name of a question, as the list shows it."""
    return health_text(QUESTIONS[field].title if field in QUESTIONS else FIELDS[field].title)


def change(field: str) -> str:
    """The URL at which one answer is changed, which then returns to the list.

    The fragment names the question and gives it the focus. It is not sent to the server, so no log says which answer led
    somebody here.
    """
    return url_for("intake.ask", slug=questionnaire.page_of(field).slug, change="yes", _anchor=_anchor(field))


def entry_of(
    answers: Answers, scope: Scope, slug: str, changed: Sequence[str], *, by_page: bool
) -> str | None:
    """The id of the link in the list to come back to from a page: that of the first answer changed, else of the page.

    `by_page` is a list in which the answers of a page share one link. None if the list holds nothing of that page.
    """
    found = parts(answers, scope)
    rows: Iterable[PageAnswers] = chain.from_iterable(
        part.by_page if by_page else (PageAnswers((row,)) for row in part.rows) for part in found
    )
    entries = {row.change: group.entry for group in rows for row in group.rows}
    entries |= {link.change: link.entry for part in found for link in (*part.nothing, *part.blank)}
    for field in changed:
        if (exact := entries.get(change(field))) is not None:
            return exact
    of_page = [
        entry for url, entry in entries.items() if urlsplit(url).path == url_for("intake.ask", slug=slug)
    ]
    # Signs without a row of their own stand in the row of all others.
    signs = [entry for entry in entries.values() if entry.startswith(_ENTRY + _anchor(FLAG_PREFIX))]
    is_of_signs = questionnaire.page(slug).questions[0].field.startswith(FLAG_PREFIX)
    return next(iter([*of_page, *(reversed(signs) if is_of_signs else ())]), None)


def _anchor(field: str) -> str:
    return field.replace(".", "-")


def _entry(change_url: str) -> str:
    return _ENTRY + urlsplit(change_url).fragment


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
