"""The short form on the day of a visit, for clients and staff: what it asks, and what its answers do to the visit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.accounts import audit, signed_links
from clinic.booking import safety
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.guidance import schedule
from clinic.guidance.levels import Level
from clinic.guidance.questions import Question
from clinic.intake import drafts, queries
from clinic.intake import services as intake
from clinic.intake.models import Submission, SubmissionKind
from clinic.language import N_
from clinic.plans import scores, services
from clinic.plans.scores import ScoreQuestions
from clinic.refusal import NotFound, Refusal

OPENS = timedelta(hours=24)
"""How long before the start the form opens; earlier answers would not describe the day."""
ANSWERABLE = (State.BOOKED, State.REQUESTED, State.ARRIVED)
_IN_PAIN = {"back_pain_now": "yes"}


class NotOpen(Refusal):
    """It is too early, or the visit is over or cancelled."""

    status = 410
    code = "safety-form-closed"
    sentence = N_("This form is open from a day before your visit until it begins.")


def opens_at(visit: Appointment) -> datetime:
    """From when on (UTC) the form of a visit takes answers: a day before its start."""
    return visit.starts_at - OPENS


def is_open(visit: Appointment, now: datetime) -> bool:
    """Whether the form of a visit takes answers: from a day before its start until its end."""
    return visit.state in ANSWERABLE and opens_at(visit) <= now < visit.ends_at


def form_path(visit: Appointment, now: datetime) -> str | None:
    """The URL of a visit's form; None while it takes no answers."""
    return signed_links.visit_form_path(visit.id, visit.link_epoch) if is_open(visit, now) else None


@dataclass(frozen=True, kw_only=True)
class BeforeVisitQuestions:
    """The form of one visit: warning signs, how the client is now, and the scores of the session."""

    signs: tuple[Question, ...]
    today: tuple[Question, ...]
    scores: tuple[Question, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """All of them, in the order of the page."""
        return (*self.signs, *self.today, *self.scores)


def sheet(visit: Appointment, now: datetime, *, in_own_words: bool = False) -> BeforeVisitQuestions:
    """What is asked before a visit.

    The safety questions are the same for everybody, because a selection would reveal what is stored. The scores are
    those of the session. The client's own words for their activities appear only with `in_own_words`, for pages that
    know who is looking.
    """
    asked = intake.questions_before_visit(_IN_PAIN)
    wanted = scores.score_questions(visit, now)
    warning = [replace(question, optional=question.shown is not None) for question in asked]
    measured = schedule.questions(wanted.instruments, wanted.activities if in_own_words else None)
    ours = {question.field for question in measured}
    return BeforeVisitQuestions(
        signs=tuple(question for question in warning if question.kind == "red_flag"),
        today=tuple(
            question for question in warning if question.kind != "red_flag" and question.field not in ours
        ),
        scores=measured,
    )


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The result of the answers: the submission, and the level that now applies to the visit."""

    submission: Submission
    standing: queries.SafetyStanding
    level: Level


def answer(
    visit: Appointment, posted: drafts.Posted, *, actor: str, now: datetime, source: str = "client"
) -> Answered:
    """Store the answers, judge them with what is known, and apply the result to the visit in the same step.

    Raises drafts.Incomplete for safety questions left open and for anything unreadable; a score may be missing.
    """
    if visit.client_id is None:
        raise NotFound
    values, wrong = _scores(scores.score_questions(visit, now), posted)
    submission = _safety(visit, posted, wrong, source, now)
    scores.keep_before_visit(submission, visit, values)
    standing = queries.safety_standing(browser=None, client_id=visit.client_id, now=now, zone=visit.zone)
    level = standing.level_at(visit.starts_at) or Level.OK
    safety.raise_levels(visit.client_id, browser=None, now=now)
    if level >= Level.THERAPIST_REVIEW:
        services.open_review(submission.outcome, visit.client_id, visit, now)
    audit.record(
        actor,
        "answer",
        submission,
        client_id=visit.client_id,
        purpose="before_visit",
        fields=sorted({*submission.answers, *values}),
        now=now,
    )
    return Answered(submission=submission, standing=standing, level=level)


def answers_given(visit: Appointment) -> Submission | None:
    """The newest answers of this day, from when the form opened until the visit ends. A caller that shows them records
    it."""
    return db.session.scalar(
        sa.select(Submission)
        .where(
            Submission.client_id == visit.client_id,
            Submission.kind == SubmissionKind.DAY_OF_VISIT,
            Submission.submitted_at >= opens_at(visit),
            Submission.submitted_at < visit.ends_at,
        )
        .options(joinedload(Submission.outcome))
        .order_by(Submission.submitted_at.desc(), Submission.id.desc())
        .limit(1)
    )


def _scores(asked: ScoreQuestions, posted: drafts.Posted) -> tuple[dict[str, object], dict[str, str]]:
    values, wrong = drafts.read_answers(schedule.questions(asked.instruments), posted, {})
    return {name: value for name, value in values.items() if value is not None}, wrong


def _safety(
    visit: Appointment, posted: drafts.Posted, wrong: Mapping[str, str], source: str, now: datetime
) -> Submission:
    assert visit.client_id is not None
    try:
        submission = intake.answer_before_visit(
            client_id=visit.client_id, posted=posted, now=now, source=source
        )
    except drafts.DraftIncomplete as incomplete:
        raise drafts.DraftIncomplete({**incomplete.problems, **wrong}) from None
    if wrong:
        raise drafts.DraftIncomplete(wrong)
    return submission
