"""A signed-in client's own answers to the health questions, to read again and to correct.

What was sent is part of the record and never changes. Correcting means going through the questions again, where the
earlier answers already stand; the new answers count from when they are sent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template

from clinic import clock
from clinic.accounts import audit
from clinic.db import transaction
from clinic.guidance import own_words, questionnaire
from clinic.guidance.own_words import OwnWords
from clinic.guidance.questions import FLAG_PREFIX, PAGES, PARTS
from clinic.intake import queries as intake
from clinic.language.health_texts import health_text
from clinic.practice import queries as practice
from clinic.web.access import audience, client
from clinic.web.signed_in_client import client_of_page

blueprint = Blueprint("own_answers", __name__)


@dataclass(frozen=True, kw_only=True)
class AnsweredPart:
    """One part of the questionnaire with what was answered, as (question, answer in words)."""

    code: str
    title: str
    rows: tuple[tuple[str, str], ...]
    all_no: int = 0
    """How many safety questions were answered with no; they are not listed."""


@blueprint.get("/my/answers")
@audience(client)
def show() -> str:
    """The newest full answers; the access is recorded."""
    signed_in, now = client_of_page(), clock.now()
    with transaction():
        sent = intake.newest_full(browser=None, client_id=signed_in.client_id, now=now)
        parts: list[AnsweredPart] = []
        words: tuple[OwnWords, ...] = ()
        if sent is not None:
            parts, words = list(parts_of(sent.answers)), own_words.told(sent.answers)
            audit.record(
                signed_in.actor, "read", sent, client_id=signed_in.client_id,
                purpose="own_answers", fields=sorted(sent.answers), now=now,
            )  # fmt: skip
    zone = practice.practice_zone(now.date())
    return render_template(
        "portal/answers.html",
        sent=sent,
        is_withdrawn=sent is not None and intake.is_withdrawn(sent),
        parts=parts,
        words=words,
        zone=zone,
    )


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
