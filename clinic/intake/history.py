"""What is filled in for a returning client, and when it no longer applies.

History is filled in to be looked over. What can change from day to day is asked again; so is an answer that names a period,
such as "less than 6 weeks ago", once that period has passed since it was given, however often it was looked over meanwhile.
After six months every page is asked again, with what was said before; with a new name for the problem every page but that of
age and sex.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from clinic.guidance import questionnaire
from clinic.guidance.fields import FieldKind
from clinic.guidance.questions import (
    DAY_OF_VISIT_FIELDS,
    QUESTIONS,
    SCORE_FIELDS,
    SHORT_SAFETY_FIELDS,
)
from clinic.intake import path, withdrawal
from clinic.intake.consent import TO_DOCTOR
from clinic.intake.explanation import unasked_of
from clinic.intake.models import Purpose, Submission

Answers = Mapping[str, object]

NAMES: Final = "diagnoses"

_CLOSING: Final = tuple(question.field for question in questionnaire.page(path.CLOSING).questions)
_NOT_FILLED_IN: Final = frozenset((*DAY_OF_VISIT_FIELDS, *SCORE_FIELDS, *_CLOSING, "consent_health_data"))
_PAIN: Final = frozenset(
    question.field
    for question in questionnaire.page("pain").questions
    if question.field not in DAY_OF_VISIT_FIELDS
)
_PERSON: Final = frozenset(question.field for question in questionnaire.page("you").questions)
"""Age, sex, and that there is pain: a new name changes none of it, and what was answered today rests on it."""

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
    """The answers a new draft is filled in with, after this submission.

    Optional questions once left blank stay blank; only questions that are asked again open their page. Somebody who had
    no pain is asked whether it hurts now, because pain scores depend on that. Never a sign or another answer of the safety
    part.
    """
    history = taken_over(before)
    if history.get("back_pain_now") == "no":
        del history["back_pain_now"]
    not_filled_in = _NOT_FILLED_IN | _outdated(before, now)
    return questionnaire.cleared(
        {name: value for name, value in history.items() if name not in not_filled_in}
    )


def taken_over(before: Submission) -> dict[str, Any]:
    """All answers of a submission, with what was left blank; what was not asked is not among them.

    Whether we may speak with the doctor is taken over as the client's consent stands now.
    """
    unasked = unasked_of(before.outcome)
    blank = dict.fromkeys(
        name
        for name, question in QUESTIONS.items()
        if question.optional and question.kind is not FieldKind.OWN_WORDS and name not in unasked
    )
    known = {**blank, **before.answers}
    if before.client_id is not None and known.get(TO_DOCTOR) is not None:
        stands = withdrawal.stands(before.client_id, Purpose.SHARE_WITH_CLINICIAN)
        known[TO_DOCTOR] = "yes" if stands else "no"
    return {
        name: value for name, value in known.items() if name not in _CLOSING and name != "consent_health_data"
    }


def _outdated(before: Submission, now: datetime) -> set[str]:
    dates = dates_of(before)
    return {
        field
        for field, periods in PERIODS.items()
        for code in _given(before.answers.get(field))
        if code in periods and now - datetime.fromisoformat(dates[field]) >= periods[code]
    }


def dates_of(submission: Submission) -> dict[str, str]:
    """When each answer was given, as ISO instants; an answer without a date of its own, when the oldest part was sent."""
    oldest = dict.fromkeys(submission.answers, submission.oldest_sent_at.isoformat())
    safety = dict.fromkeys(SHORT_SAFETY_FIELDS, submission.safety_from.isoformat())
    known = submission.answered_at or {}
    return {name: known.get(name) or safety.get(name) or date for name, date in oldest.items()}


def _given(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


def has_new_name(before: Submission, answers: Answers) -> bool:
    """Whether these answers name the problem as those of `before` did not."""
    return not _names(answers) <= _names(before.answers)


def reopened(before: Submission, earlier: Answers, answers: Answers, given: Collection[str]) -> Answers:
    """The answers of a draft after `earlier`: if there is a new name for the problem, only who the client is and what was `given`
    in the draft itself, but nothing about the pain; otherwise unchanged.

    `before` is what the draft was filled in from. A name that was already in the draft changes nothing.
    """
    if not has_new_name(before, answers) or has_new_name(before, earlier):
        return answers
    kept = (set(given) - _PAIN) | _PERSON
    return {name: value for name, value in answers.items() if name in kept}


def _names(answers: Answers) -> set[str]:
    # A past diagnosis is in both lists.
    named = answers.get(NAMES)
    return set(named) if isinstance(named, list) else set()
