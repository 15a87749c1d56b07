"""The parts of *Before your visit*: pages of the questionnaire that may wait until a visit is booked, a few to a part.

Which questions wait is not listed here: whatever nobody has asked yet is asked in the part that holds its page. A page without a
part of its own here is one by itself, so that a question added later is not forgotten.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from clinic.guidance import questionnaire
from clinic.guidance.fields import FieldKind
from clinic.guidance.questions import PAGES, Question
from clinic.intake import path
from clinic.language import N_

Answers = Mapping[str, object]

SECONDS_A_PART: Final = 45
"""About how long a part takes: two or three questions, most of them one press."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationPart:
    """One row of the list: a title, what it holds, and its pages."""

    code: str
    """Stands in URLs; says nothing about anybody's answers."""
    group: str
    title: str
    hint: str = ""
    pages: tuple[str, ...]
    """Slugs of pages of the questionnaire."""

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question of its pages, in their order."""
        return tuple(question for slug in self.pages for question in questionnaire.page(slug).questions)

    @property
    def is_for_everybody(self) -> bool:
        """Whether everybody is asked it, so that its presence says nothing about a person."""
        return any(question.shown is None for question in self.questions)


_ABOUT, _BACK, _SESSION, _MORE = (
    N_("About you"),
    N_("Why you come"),
    N_("Your session"),
    N_("Further questions"),
)
_GROUPED: Final = (
    PreparationPart(
        code="day",
        group=_ABOUT,
        title=N_("Your usual day"),
        hint=N_("Work, sitting, how active you are"),
        pages=("usual-day",),
    ),
    PreparationPart(
        code="lately",
        group=_ABOUT,
        title=N_("Your life lately"),
        hint=N_("What has changed, and what belongs to your days"),
        pages=("changes",),
    ),
    PreparationPart(
        code="hopes",
        group=_BACK,
        title=N_("Your wishes for the visits"),
        pages=("goals", "visits"),
    ),
    PreparationPart(
        code="where",
        group=_BACK,
        title=N_("Where it hurts"),
        pages=("where",),
    ),
    PreparationPart(
        code="feel", group=_BACK, title=N_("How your back feels and moves"), pages=("feel", "moving")
    ),
    PreparationPart(code="rest", group=_BACK, title=N_("Stress, sleep and mood"), pages=("stress",)),
    PreparationPart(
        code="everyday",
        group=_BACK,
        title=N_("Everyday life"),
        pages=("scores", "activities"),
    ),
    PreparationPart(
        code="session",
        group=_SESSION,
        title=N_("How the massage should be"),
        pages=("pressure", "touch"),
    ),
    PreparationPart(
        code="types",
        group=_SESSION,
        title=N_("Types of massage"),
        pages=("types",),
    ),
    PreparationPart(
        code="care",
        group=_SESSION,
        title=N_("Care around the massage"),
        hint=N_("Other treatment, and what you do at home"),
        pages=("operations", "other-care", "doctor"),
    ),
)


def _every_part() -> Iterator[PreparationPart]:
    yield from _GROUPED
    grouped = {slug for part in _GROUPED for slug in part.pages}
    for page in PAGES:
        if page.slug != path.CLOSING and page.slug not in grouped:
            title = page.heading or page.questions[0].title
            yield PreparationPart(code=page.slug, group=_MORE, title=title, pages=(page.slug,))


PREPARATION_PARTS: Final = tuple(_every_part())


def questions_of(part: PreparationPart, answers: Answers, unasked: Collection[str]) -> tuple[Question, ...]:
    """The questions of a part for somebody with these answers, of those that were not asked before the booking.

    A place for own words alone does not open a part.
    """
    found = tuple(
        question
        for question in part.questions
        if question.field in unasked and questionnaire.asked(question, answers)
    )
    if not found:
        return ()
    pages = {questionnaire.page_of(question.field).slug for question in found}
    words = {
        question.field
        for question in part.questions
        if question.kind is FieldKind.OWN_WORDS
        and question.field not in answers
        and questionnaire.page_of(question.field).slug in pages
        and questionnaire.asked(question, answers)
    }
    return tuple(question for question in part.questions if question in found or question.field in words)


def is_done(questions: Collection[Question], answers: Answers) -> bool:
    """Whether each of these questions was answered, or left blank where it may be."""
    return all(
        question.kind is FieldKind.OWN_WORDS
        or answers.get(question.field) is not None
        or (question.field in answers and not questionnaire.required(question, answers))
        for question in questions
    )


def parts_asked(
    answers: Answers, unasked: Collection[str]
) -> tuple[tuple[PreparationPart, tuple[Question, ...]], ...]:
    """The parts with a question for somebody with these answers, each with its questions."""
    return tuple(
        (part, questions) for part in PREPARATION_PARTS if (questions := questions_of(part, answers, unasked))
    )


def open_parts(answers: Answers, unasked: Collection[str]) -> int:
    """How many parts these answers leave to ask; `unasked` are the fields that nobody has asked yet."""
    return len(parts_asked(answers, unasked)) if unasked else 0


def minutes(parts: int) -> int:
    """About how many minutes so many parts take; at least one."""
    return max(1, round(parts * SECONDS_A_PART / 60))
