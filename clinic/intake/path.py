"""The path through the pages: which one is next, which may already be answered.

A page is complete once each of its questions was shown; an optional question left blank is stored as None. Pages open
in their order: one may be answered when all pages before it that are asked are complete. A scope says which questions are
asked at all; a page shows only those, and what was answered before.
"""

from collections.abc import Mapping
from typing import Final

from clinic.guidance import questionnaire
from clinic.guidance.fields import FieldKind
from clinic.guidance.gate import gate_fields, suggestion_fields
from clinic.guidance.questionnaire import EVERYTHING, Scope
from clinic.guidance.questions import PAGES, Question, QuestionPage
from clinic.intake.models import Door, Draft

Answers = Mapping[str, object]

CLOSING: Final = "closing"
"""The last page; its questions are on the check-answers page."""
_CLOSING: Final = frozenset(question.field for question in questionnaire.page(CLOSING).questions)


def scope_of(draft: Draft) -> Scope:
    """The questions that are asked in a draft: by its door, and for a chosen treatment by its types."""
    if draft.door == Door.WHOLE:
        return EVERYTHING
    if draft.door == Door.SUGGESTION:
        return suggestion_fields() | _CLOSING
    return gate_fields(draft.types) | _CLOSING


def asked_pages(answers: Answers, scope: Scope = EVERYTHING) -> tuple[QuestionPage, ...]:
    """The pages asked of somebody with these answers, without the closing one, in order."""
    return tuple(page for page in questionnaire.pages(answers, scope) if page.slug != CLOSING)


def asked_questions(page: QuestionPage, answers: Answers, scope: Scope = EVERYTHING) -> tuple[Question, ...]:
    """The questions of a page that are asked of somebody with these answers."""
    return tuple(question for question in page.questions if questionnaire.asked(question, answers, scope))


def is_complete(page: QuestionPage, answers: Answers, scope: Scope = EVERYTHING) -> bool:
    """Whether every question of the page was seen, and answered where it must be. Nobody has to go back for own words.

    Whether a question is asked is looked at last: it takes all facts together, and most questions are answered.
    """
    return all(
        question.kind is FieldKind.OWN_WORDS
        or answers.get(question.field) is not None
        or (question.field in answers and not questionnaire.required(question, answers))
        or not questionnaire.asked(question, answers, scope)
        for question in page.questions
    )


def next_unanswered(answers: Answers, scope: Scope = EVERYTHING) -> QuestionPage | None:
    """The first page that is not complete; None when only the check-answers page is left."""
    return next((page for page in asked_pages(answers, scope) if not is_complete(page, answers, scope)), None)


def is_reached(page: QuestionPage, answers: Answers, scope: Scope = EVERYTHING) -> bool:
    """Whether this page may be answered: it is asked, and all before it are complete."""
    if page not in asked_pages(answers, scope):
        return False
    first_gap = next_unanswered(answers, scope)
    return first_gap is None or PAGES.index(page) <= PAGES.index(first_gap)


def page_before(page: QuestionPage, answers: Answers, scope: Scope = EVERYTHING) -> QuestionPage | None:
    """The page before this one; None before the first."""
    return questionnaire.previous_page(page.slug, answers, scope)
