"""Somebody who told us of no back pain is not asked about "this pain": each sentence holds without one."""

import re

from clinic.guidance import questionnaire, without_pain
from clinic.guidance.questions import QUESTIONS
from clinic.web.question_fields import as_asked
from tests.guidance.test_questionnaire import NO_PAIN

NAMES_A_PAIN = re.compile(
    r"\b(this|your|the) (back )?pain\b|since it began|\bwith this\b|because of your back", re.IGNORECASE
)


def named(answers: dict[str, object]) -> set[str]:
    """The questions that these answers open and that name the person's pain."""
    found = set()
    for page in questionnaire.pages(answers):
        for question in page.questions:
            if questionnaire.asked(question, answers):
                said = as_asked(question, answers)
                if NAMES_A_PAIN.search(f"{said.text} {said.help}"):
                    found.add(question.field)
    return found


def test_nothing_that_is_asked_without_pain_names_one() -> None:
    assert named(dict(NO_PAIN)) == set()


def test_with_pain_each_sign_keeps_its_words() -> None:
    in_pain = {**NO_PAIN, "back_pain_now": "yes"}
    assert {"red_flags.bladder_bowel_change", "red_flags.fever_unwell", "clinician_seen"} <= named(in_pain)
    for field in {*without_pain.TEXTS, *without_pain.HELPS}:
        assert as_asked(QUESTIONS[field], in_pain).text == QUESTIONS[field].text
        assert as_asked(QUESTIONS[field], in_pain).help == QUESTIONS[field].help
