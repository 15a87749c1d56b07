"""What is filled in for a returning client, and when it no longer applies.

History is filled in, and what changes from visit to visit is asked again; so is an answer that names a period, such as "less
than 6 weeks ago", once that period has passed. Everything is asked again after six months, because older answers are not
used, and as soon as there is a new diagnosis.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from clinic.guidance import questionnaire
from clinic.guidance.fields import FieldKind
from clinic.guidance.questions import ASKED_AGAIN_FIELDS, QUESTIONS
from clinic.intake import path
from clinic.intake.explanation import unasked_of
from clinic.intake.models import Submission

Answers = Mapping[str, object]

NAMES: Final = "diagnoses"

_CLOSING: Final = tuple(question.field for question in questionnaire.page(path.CLOSING).questions)
_NOT_FILLED_IN: Final = frozenset((*ASKED_AGAIN_FIELDS, *_CLOSING, "consent_health_data"))

PERIODS: Final = {
    "recent_surgery": {"lt_6w": timedelta(weeks=6), "6w_12w": timedelta(weeks=6)},
    "pain_duration": {"lt_6w": timedelta(weeks=6), "6w_12w": timedelta(weeks=6)},
    "conditions": {
        "recent_heart_attack_or_stroke": timedelta(days=91),
        "recent_head_injury": timedelta(weeks=4),
        "recent_fracture_lt_12w": timedelta(weeks=12),
    },
}
"""Answers that name a period, with the time after which they no longer hold for certain."""


def filled_in(before: Submission, now: datetime) -> dict[str, Any]:
    """The answers a new draft begins with, after this submission.

    Optional questions once left blank stay blank; only questions that are asked again open their page. Somebody who had
    no pain is asked whether it hurts now, because pain scores depend on that.
    """
    history = taken_over(before)
    if history.get("back_pain_now") == "no":
        del history["back_pain_now"]
    not_filled_in = _NOT_FILLED_IN | _outdated(before, now)
    return questionnaire.cleared(
        {name: value for name, value in history.items() if name not in not_filled_in}
    )


def taken_over(before: Submission) -> dict[str, Any]:
    """All answers of a submission, with what was left blank; what was not asked is not among them."""
    unasked = unasked_of(before.outcome)
    blank = dict.fromkeys(
        name
        for name, question in QUESTIONS.items()
        if question.optional and question.kind is not FieldKind.OWN_WORDS and name not in unasked
    )
    known = {**blank, **before.answers}
    return {
        name: value for name, value in known.items() if name not in _CLOSING and name != "consent_health_data"
    }


def _outdated(before: Submission, now: datetime) -> set[str]:
    age = now - before.oldest_sent_at
    return {
        field
        for field, periods in PERIODS.items()
        if any(age >= periods[code] for code in _given(before.answers.get(field)) if code in periods)
    }


def _given(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


def renewed(before: Submission, earlier: Answers, answers: Answers) -> Answers:
    """The answers of a draft after `earlier`: if there is a new diagnosis, only those not asked again; otherwise
    unchanged.

    `before` is what the draft was filled in from. A diagnosis that was already in the draft changes nothing.
    """
    known = _names(before.answers)
    if _names(answers) <= known or not _names(earlier) <= known:
        return answers
    return {name: value for name, value in answers.items() if name in ASKED_AGAIN_FIELDS}


def _names(answers: Answers) -> set[str]:
    # A past diagnosis is in both lists.
    named = answers.get(NAMES)
    return set(named) if isinstance(named, list) else set()
