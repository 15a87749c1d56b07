"""A client's answers as they read them: part by part, questions and answers in words, in the language spoken now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clinic.guidance import questionnaire
from clinic.guidance.questions import FLAG_PREFIX, PAGES, PARTS
from clinic.language.health_texts import health_text


@dataclass(frozen=True, kw_only=True)
class AnsweredPart:
    """One part of the questionnaire with what was answered, as (question, answer in words)."""

    code: str
    title: str
    rows: tuple[tuple[str, str], ...]
    all_no: int = 0
    """How many safety questions were answered with no; they are not listed."""


def parts_of(answers: Mapping[str, object]) -> Iterator[AnsweredPart]:
    """The parts that hold answers, in the order in which they were asked; what was left blank is left out."""
    for part in PARTS:
        asked = [
            question
            for page in PAGES
            if page.part == part.code
            for question in page.questions
            if answers.get(question.field) is not None
        ]
        plain_no = [one for one in asked if one.field.startswith(FLAG_PREFIX) and answers[one.field] == "no"]
        rows = tuple(
            (health_text(one.title), questionnaire.in_words(one.field, answers[one.field], health_text))
            for one in asked
            if one not in plain_no
        )
        if asked:
            yield AnsweredPart(code=part.code, title=part.title, rows=rows, all_no=len(plain_no))
