"""Questions in a form: what was sent for each, and how it is shown again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import request

from clinic.guidance import questionnaire, without_pain
from clinic.guidance.fields import FieldKind
from clinic.guidance.questions import Question
from clinic.guidance.regional import in_local_words
from clinic.language import ENGLISH, current
from clinic.web.forms import clean, clean_lines


def as_asked(question: Question, answers: Mapping[str, object], country: str = "") -> Question:
    """The question as this person sees it: its options, whether it may be left blank, and the country's own words.

    Somebody without back pain now is asked in sentences that name none.
    """
    said = without_pain.reworded(question) if answers.get("back_pain_now") == "no" else question
    return replace(
        in_words_of(country, said),
        options=questionnaire.offered(question, answers),
        optional=not questionnaire.required(question, answers),
    )


def in_words_of(country: str, question: Question) -> Question:
    """The question in the words of this country; English has words that are at home in one country only."""
    return (
        question if current() != ENGLISH else replace(question, text=in_local_words(question.text, country))
    )


def posted(questions: Sequence[Question]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What was sent for these questions, cleaned, and a sentence for each with forbidden characters."""
    sent: dict[str, list[str]] = {}
    unfit: dict[str, str] = {}
    for question in questions:
        texts = _texts(question)
        try:
            cleaning = clean_lines if question.kind is FieldKind.OWN_WORDS else clean
            sent[question.field] = [cleaning(text) or "" for text in texts]
        except ValueError as problem:
            sent[question.field] = []
            unfit[question.field] = str(problem)
    return sent, unfit


def _texts(question: Question) -> list[str]:
    if question.kind is FieldKind.OWN_WORDS:
        return [request.form.get(question.field, ""), request.form.get(f"{question.field}.look", "")]
    if question.kind is not FieldKind.PSFS:
        return request.form.getlist(question.field)
    return [
        request.form.get(f"{part}_{number}", "")
        for number in range(1, (question.most or 1) + 1)
        for part in ("activity", "score")
    ]


def as_typed(questions: Sequence[Question], posted: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was sent, in the form in which answers are displayed."""
    shown: dict[str, Any] = {}
    for question in questions:
        texts = posted.get(question.field, ())
        if question.kind is FieldKind.PSFS:
            pairs = zip(texts[::2], texts[1::2], strict=False)
            shown[question.field] = [{"activity": activity, "score": score} for activity, score in pairs]
        elif question.kind is FieldKind.OWN_WORDS:
            text, look = (*texts, "", "")[:2]
            shown[question.field] = {"text": text, "look": look == "yes"}
        elif question.kind in (FieldKind.MANY, FieldKind.BODY_MAP):
            # An empty list is the answer “none”, which nobody gave who chose nothing.
            shown[question.field] = list(texts) or None
        else:
            shown[question.field] = texts[0] if texts else None
    return shown
