"""Answers as they are sent before a booking: only what can change it was asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from clinic.accounts.models import Client
from clinic.db import db
from clinic.guidance import questionnaire
from clinic.guidance.gate import gate_fields
from clinic.guidance.questions import PAGES
from clinic.intake import consent, drafts, path, preparation_parts, services
from clinic.intake.assessment import assess
from clinic.intake.models import Consent, Submission
from clinic.plans.preparation import Preparation
from tests import make
from tests.intake import walk


def answered(
    types: Sequence[str] = ("swedish",), without: Sequence[str] = (), **changes: list[str]
) -> dict[str, Any]:
    """The answers to what is asked before one of these types is booked; pages in `without` are not asked."""
    told = {walk.key_of(name): value for name, value in changes.items()}
    scope, answers = gate_fields(types), dict[str, Any]()
    for page in PAGES:
        if page.slug == path.CLOSING or page.slug in without:
            continue
        questions = path.asked_questions(page, answers, scope)
        values, problems = drafts.read_answers(
            questions, walk.page_of_posts(page.slug, answers, told), answers
        )
        assert not problems
        answers |= values
    return {**answers, "consent_health_data": "yes"}


def send(
    who: Client | UUID,
    at: datetime = make.NOW,
    *,
    browser: bytes | None = None,
    types: Sequence[str] = ("swedish",),
    without: Sequence[str] = (),
    **changes: list[str],
) -> Submission:
    """A submission of a client with these answers, judged by the rules, with the consent given for it."""
    answers = answered(types, without, **changes)
    person = who if isinstance(who, UUID) else who.id
    row = Submission(client_id=person, browser=browser, submitted_at=at)
    unasked = questionnaire.unasked_fields(answers)
    services.store_with_outcome(row, None, answers, assess(answers, unasked=unasked))
    db.session.flush()
    agree(row, at)
    return row


def agree(submission: Submission, at: datetime) -> None:
    """The consent to storing these answers."""
    text = consent.HEALTH_DATA
    db.session.add(
        Consent(
            client_id=submission.client_id,
            submission_id=submission.id,
            purpose=text.purpose,
            text_version=text.version,
            text_sha256=text.sha256,
            given_at=at,
        )
    )
    db.session.commit()


def posts(preparation: Preparation, code: str, **changes: list[str]) -> dict[str, list[str]]:
    """What is sent for one part: dull answers, or those of the test."""
    told = {walk.key_of(name): value for name, value in changes.items()}
    questions = preparation.task(code).questions
    return {question.field: walk.answer_to(question, told) for question in questions}


EVERY_PART = tuple(part.code for part in preparation_parts.PREPARATION_PARTS)
