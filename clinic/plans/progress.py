"""A client's progress through a course: the scores at the start and since, their trend, and the proposal.

An improvement does not show what caused it, so nothing here mentions causes or percentages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.booking.models import Appointment
from clinic.db import db
from clinic.guidance import measures
from clinic.guidance.course import CourseDecision as Proposal
from clinic.guidance.course import CourseStep, reassess
from clinic.guidance.facts import Activity
from clinic.guidance.fields import FIELDS
from clinic.guidance.levels import Level
from clinic.guidance.measures import GlobalChange, Peg, Scores, ScoreTrend
from clinic.guidance.own_words import ASKED_LOOK
from clinic.guidance.schedule import Instrument
from clinic.intake.explanation import ExplainedRule, safety_of
from clinic.intake.models import Outcome, Submission
from clinic.language.reading import short_date
from clinic.plans import check_ins, courses, scores
from clinic.plans.check_ins import Feeling, Reply
from clinic.plans.courses import Course, Session
from clinic.plans.models import Decision, LookBack, OutcomeEntry, Plan, Review
from clinic.plans.scores import Occasion

PEG_COUNTS_FOR = timedelta(days=8)
"""A PEG score given this shortly before a visit is not asked again, and counts for the visit too."""

SHOWN = (*(instrument.value for instrument in Instrument), "check_in")
"""Names of what a progress shows, for the audit."""

FIRST_SESSION = "This is the first session: there is nothing to compare yet. Decide together afterwards."

FELT = {Feeling.BETTER: "better", Feeling.SAME: "about the same", Feeling.WORSE: "worse"}
"""How somebody felt some days after a session, in words."""

Entries = Mapping[Instrument, OutcomeEntry]


@dataclass(frozen=True, kw_only=True)
class Point:
    """Average pain at one session, at the start, or between sessions; None if it was not given or the session is still to come.

    `between` is when (UTC) scores were given outside a session. `check_in` says how the client felt some days after the session,
    and whether something worried them; empty without an answer.
    """

    label: str
    average: int | None
    is_look_back: bool
    check_in: str = ""
    between: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One measure at the start and for this visit, in words; None if it was not given, empty if not asked."""

    title: str
    start: str | None
    now: str | None


@dataclass(frozen=True, kw_only=True)
class ClientProgress:
    """Where a client stands at one session of a course, and what looking back there proposes."""

    course: Course
    session: Session
    points: tuple[Point, ...]
    rows: tuple[ScoreRow, ...]
    reading: ScoreTrend | None
    proposal: Proposal
    reaction: str
    decided: LookBack | None


def progress_at(visit: Appointment) -> ClientProgress | None:
    """The progress of a visit's client at that visit; None if it is not a session of a course.

    A caller that shows it records the access.
    """
    course = courses.course_of(visit)
    session = course.session(visit.id) if course else None
    if course is None or session is None:
        return None
    start = scores.start_of(course.plan)
    asked = scores.before_visits(visit_id for visit_id, _ in course.visits)
    now = _of_visit(visit, course, asked)
    reading = measures.reading(_scores(start), _scores(now)) if session.number > 1 else None
    return ClientProgress(
        course=course,
        session=session,
        points=_points(course, start, asked, visit.zone),
        rows=_rows(start, now),
        reading=reading,
        proposal=_proposal(reading, session, new_warning(course.plan)),
        reaction=_reaction(now),
        decided=db.session.scalar(sa.select(LookBack).where(LookBack.appointment_id == visit.id)),
    )


def _proposal(reading: ScoreTrend | None, session: Session, level: Level) -> Proposal:
    if session.number == 1 and level < Level.THERAPIST_REVIEW:
        return Proposal(CourseStep.MEASURE, FIRST_SESSION)
    return reassess(reading=reading, session=session.number, sessions=session.of, level=level)


def new_warning(plan: Plan) -> Level:
    """The highest level in the newest answers since the course began, from rules that no therapist has decided on
    yet."""
    newest = db.session.scalar(
        sa.select(Outcome)
        .join(Submission, Submission.id == Outcome.submission_id)
        .where(Submission.client_id == plan.client_id, Submission.submitted_at > plan.made_at)
        .order_by(Submission.submitted_at.desc(), Submission.id.desc())
        .limit(1)
    )
    if newest is None:
        return Level.OK
    decided = db.session.scalars(
        sa.select(Outcome)
        .join(Review, Review.outcome_id == Outcome.id)
        .where(
            Review.client_id == plan.client_id,
            Review.decided_at.is_not(None),
            Review.decision != Decision.DECLINE,
        )
    )
    known = {_cause(fired) for outcome in decided for fired in safety_of(outcome).fired}
    return max(
        (fired.level for fired in safety_of(newest).fired if _cause(fired) not in known), default=Level.OK
    )


def _cause(fired: ExplainedRule) -> tuple[str, str]:
    """What a therapist has decided on: the rule, and for a wish for a look also the words it is about."""
    return fired.rule, repr(fired.answers) if fired.rule == ASKED_LOOK else ""


def _of_visit(visit: Appointment, course: Course, asked: Mapping[UUID, Entries]) -> Entries:
    """The scores for this visit; its PEG score may have been given shortly before."""
    own = dict(asked[visit.id])
    if Instrument.PEG not in own:
        lately = [
            entry
            for visit_id, _ in course.visits
            if (entry := asked[visit_id].get(Instrument.PEG)) is not None
            and timedelta() <= visit.starts_at - entry.recorded_at <= PEG_COUNTS_FOR
        ]
        if lately:
            own[Instrument.PEG] = max(lately, key=lambda entry: entry.recorded_at)
    return own


def _points(course: Course, start: Entries, asked: Mapping[UUID, Entries], zone: str) -> tuple[Point, ...]:
    visits = [visit_id for visit_id, _ in course.visits]
    felt = check_ins.newest_after(visits)
    points = [Point(label="Start", average=_average(start), is_look_back=False)]
    between = _between(course)
    for number in range(1, course.plan.sessions + 1):
        visit_id, starts_at = course.visits[number - 1] if number <= len(visits) else (None, None)
        while between and starts_at is not None and between[0].at < starts_at:
            points.append(_aside(between.pop(0), zone))
        points.append(
            Point(
                label=str(number),
                average=_average(asked[visit_id]) if visit_id else None,
                is_look_back=number in course.look_backs,
                check_in=_felt(felt.get(visit_id)) if visit_id else "",
            )
        )
        if number == len(visits):
            # What was given after the last session that is booked stands before those still to come.
            points += [_aside(one, zone) for one in between]
            between = []
    return tuple(points)


def _between(course: Course) -> list[Occasion]:
    """Average pain that was given outside a visit since the course began, the oldest first."""
    return [
        occasion
        for occasion in scores.between_visits(course.plan.client_id, since=course.plan.made_at)
        if _average(occasion.entries) is not None
    ]


def _aside(occasion: Occasion, zone: str) -> Point:
    return Point(
        label=short_date(occasion.at, zone).split(" ", 1)[1],
        average=_average(occasion.entries),
        is_look_back=False,
        between=occasion.at,
    )


def _felt(reply: Reply | None) -> str:
    if reply is None:
        return ""
    return f"{FELT[reply.feels]}, worried" if reply.is_worried else FELT[reply.feels]


def _average(entries: Entries) -> int | None:
    average: int | None = _of(entries, Instrument.NRS).get("average")
    return average


def _of(entries: Entries, instrument: Instrument) -> dict[str, Any]:
    entry = entries.get(instrument)
    return entry.scores if entry else {}


def _scores(entries: Entries) -> Scores:
    return Scores(
        nrs_average=_average(entries),
        peg=Peg(**_of(entries, Instrument.PEG)),
        psfs=tuple(Activity(**rated) for rated in _of(entries, Instrument.PSFS).get("activities", ())),
    )


def _rows(start: Entries, now: Entries) -> tuple[ScoreRow, ...]:
    before, after = _scores(start), _scores(now)
    rows = [
        ScoreRow(
            title="Average pain, 0 to 10", start=_text(before.nrs_average), now=_text(after.nrs_average)
        ),
        ScoreRow(
            title="Pain in daily life (PEG), 0 to 10",
            start=_text(before.peg.score),
            now=_text(after.peg.score),
        ),
    ]
    scored = {rated.activity: rated.score for rated in after.psfs}
    rows += [
        ScoreRow(
            title=f"“{rated.activity}”, 10 is as before",
            start=_text(rated.score),
            now=_text(scored.get(rated.activity)),
        )
        for rated in before.psfs
    ]
    if change := _of(now, Instrument.GLOBAL_CHANGE).get("global_change"):
        rows.append(
            ScoreRow(title="Compared with before the course", start="", now=GlobalChange(change).label)
        )
    return tuple(rows)


def _text(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _reaction(now: Entries) -> str:
    code = _of(now, Instrument.REACTION).get("reaction")
    return FIELDS["past_reaction"].label(code) if code else ""
