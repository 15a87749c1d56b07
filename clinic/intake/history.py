"""What somebody who answered before finds filled in, and when that no longer holds.

History is filled in, and what changes from visit to visit is asked again. Everything is asked again after six months,
because nothing older is found, and as soon as the back problem has a name it did not have before.
"""

from collections.abc import Mapping
from typing import Any, Final

from clinic.guidance import questionnaire
from clinic.guidance.questions import ASKED_AGAIN_FIELDS, QUESTIONS
from clinic.intake import path
from clinic.intake.models import Submission

Answers = Mapping[str, object]

NAMES: Final = "diagnoses"

_CLOSING: Final = tuple(question.field for question in questionnaire.page(path.CLOSING).questions)
_NOT_FILLED_IN: Final = frozenset((*ASKED_AGAIN_FIELDS, *_CLOSING, "consent_health_data"))


def filled_in(before: Submission) -> dict[str, Any]:
    """The answers a new draft begins with, after this submission.

    Optional questions once left blank stay so; only what is asked again opens its page. Somebody who had no pain is asked
    whether it hurts now, because pain scores hang on that.
    """
    blank = dict.fromkeys(name for name, question in QUESTIONS.items() if question.optional)
    history = {**blank, **before.answers}
    if history.get("back_pain_now") == "no":
        del history["back_pain_now"]
    return questionnaire.cleared(
        {name: value for name, value in history.items() if name not in _NOT_FILLED_IN}
    )


def renewed(before: Submission, earlier: Answers, answers: Answers) -> Answers:
    """The answers of a draft, from `earlier` to now: only those asked again, once a name is new; else as they are.

    `before` is what the draft was filled in from. A name that stood in the draft already asks for nothing again.
    """
    known = _names(before.answers)
    if _names(answers) <= known or not _names(earlier) <= known:
        return answers
    return {name: value for name, value in answers.items() if name in ASKED_AGAIN_FIELDS}


def _names(answers: Answers) -> set[str]:
    # A name ticked as past stands in both lists.
    named = answers.get(NAMES)
    return set(named) if isinstance(named, list) else set()
