"""Answer the health questions as a client would: every page that is asked, in order, read by the form's own code."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from clinic.accounts import audit
from clinic.booking.models import Appointment
from clinic.demo.people import DULL, Answers
from clinic.guidance import questionnaire
from clinic.guidance.fields import FieldKind
from clinic.guidance.questions import PAGES, Question
from clinic.intake import drafts, path
from clinic.intake import services as intake
from clinic.intake.models import Door, Submission
from clinic.plans import before_visit as form


def send(given: Answers, browser: bytes, at: datetime) -> Submission:
    """Answer the whole intake and send it; raises the errors that the form itself would show.

    The draft is saved once, at the end. Saving page by page, as for a person, would add seconds to the first start.
    """
    draft = drafts.start(browser=browser, client_id=None, mail=None, now=at, door=Door.WHOLE)
    answers: dict[str, Any] = {}
    for page in PAGES:
        if page.slug != path.CLOSING:
            questions = path.asked_questions(page, answers)
            values, problems = drafts.read_answers(questions, _typed(questions, given), answers)
            if problems:
                raise drafts.DraftIncomplete(problems)
            answers |= values
    draft.answers = answers
    closing = questionnaire.page(path.CLOSING)
    return intake.submit(browser, _typed(path.asked_questions(closing, answers), given), (), at)


def before_visit(visit: Appointment, given: Answers, pain: int, at: datetime) -> None:
    """Answer the short form of a visit, through its link; the scores follow from the pain."""
    scores = {
        "pain_avg_nrs": str(pain),
        "pain_now_nrs": str(max(0, pain - 1)),
        "peg_pain": str(pain),
        "activity_now_1": str(10 - pain),
        "activity_now_2": str(11 - pain),
        "global_change": "a_little_better",
        "reaction": "none",
    }
    sheet = form.sheet(visit, at)
    form.answer(visit, _typed(sheet.questions, {**given, **scores}), actor=audit.by_link(visit.id), now=at)


def _typed(questions: Sequence[Question], given: Answers) -> dict[str, Sequence[str]]:
    return {question.field: _answer(question, given) for question in questions}


def _answer(question: Question, given: Answers) -> list[str]:
    told = given.get(question.field, DULL.get(question.field))
    if told is not None:
        return told.split()
    if question.kind is FieldKind.RED_FLAG:
        return ["no"]
    return [] if question.optional else ["none"]
