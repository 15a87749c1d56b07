"""Scores over time: stored from the intake and before each session, and read as a client's progress."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.booking.models import CAME, Appointment
from clinic.db import db
from clinic.guidance import schedule
from clinic.guidance.schedule import Instrument
from clinic.intake.models import Submission, SubmissionKind
from clinic.plans import courses
from clinic.plans.models import OutcomeEntry, Plan, Review, VisitPreparation


def keep_start(submission: Submission, client_id: UUID) -> None:
    """Store the scores of a full intake, once; safe to repeat. What a later version carries on was stored before."""
    if submission.kind == SubmissionKind.FULL and submission.history_from is None:
        _keep(submission, client_id, schedule.at_the_start(submission.answers), appointment_id=None)


def keep_added(submission: Submission, added: Mapping[str, object]) -> None:
    """Store the scores among the answers that a client added to their intake before a visit."""
    if submission.client_id is not None:
        _keep(
            submission,
            submission.client_id,
            schedule.at_the_start(added, submission.answers),
            appointment_id=None,
        )


def keep_before_visit(submission: Submission, visit: Appointment, values: Mapping[str, object]) -> None:
    """Store the scores from the short form of a visit; `values` as `schedule.questions` names them."""
    if visit.client_id is not None:
        words = activities_of(visit.client_id)
        found = schedule.before_a_session(values, words)
        _keep(submission, visit.client_id, found, appointment_id=visit.id)


def _keep(
    submission: Submission,
    client_id: UUID,
    found: Mapping[Instrument, dict[str, Any]],
    *,
    appointment_id: UUID | None,
) -> None:
    plan = courses.plan_of(client_id) if appointment_id else None
    for instrument, scores in found.items():
        entry = OutcomeEntry(
            client_id=client_id,
            plan_id=plan.id if plan else None,
            appointment_id=appointment_id,
            submission_id=submission.id,
            instrument=instrument.value,
            source=submission.source,
            recorded_at=submission.submitted_at,
        )
        entry.scores = scores
        _add_once(entry)
    db.session.flush()


def _add_once(entry: OutcomeEntry) -> None:
    known = sa.exists().where(
        OutcomeEntry.submission_id == entry.submission_id, OutcomeEntry.instrument == entry.instrument
    )
    if not db.session.scalar(sa.select(known)):
        db.session.add(entry)


@dataclass(frozen=True, kw_only=True)
class ScoreQuestions:
    """What is asked before one visit: the measures, and the client's words for the activities they named."""

    instruments: tuple[Instrument, ...]
    activities: tuple[str, ...]


def score_questions(visit: Appointment, now: datetime) -> ScoreQuestions:
    """What the schedule asks before a visit of a client."""
    assert visit.client_id is not None
    course = courses.course_of(visit)
    newest = db.session.scalar(
        sa.select(sa.func.max(OutcomeEntry.recorded_at)).where(
            OutcomeEntry.client_id == visit.client_id,
            OutcomeEntry.instrument == Instrument.PEG,
            # A score already given for this visit may be asked again, to correct it.
            OutcomeEntry.appointment_id.is_distinct_from(visit.id),
        )
    )
    return ScoreQuestions(
        instruments=schedule.due(
            course.place(visit.id) if course else None,
            came_before=_came_before(visit),
            peg_days_ago=(now - newest).days if newest else None,
        ),
        activities=activities_of(visit.client_id),
    )


def _came_before(visit: Appointment) -> bool:
    earlier = sa.exists().where(
        Appointment.client_id == visit.client_id,
        Appointment.starts_at < visit.starts_at,
        Appointment.state.in_(CAME),
    )
    return bool(db.session.scalar(sa.select(earlier)))


def activities_of(client_id: UUID) -> tuple[str, ...]:
    """The activities a client named when the running course began, else in their newest intake, in their own words."""
    plan = courses.plan_of(client_id)
    entry = start_of(plan).get(Instrument.PSFS) if plan else _newest_start(client_id)
    return tuple(rated["activity"] for rated in entry.scores["activities"]) if entry else ()


def start_of(plan: Plan) -> dict[Instrument, OutcomeEntry]:
    """The scores a course began with: those of the intake it was decided on, and those added to it before the first visit."""
    reviewed = sa.select(Review.submission_id).where(Review.id == plan.review_id)
    added = (
        sa.select(VisitPreparation.submission_id)
        .join(Review, Review.appointment_id == VisitPreparation.appointment_id)
        .where(Review.id == plan.review_id)
    )
    rows = db.session.scalars(
        sa.select(OutcomeEntry)
        .where(
            sa.or_(OutcomeEntry.submission_id.in_(reviewed), OutcomeEntry.submission_id.in_(added)),
            OutcomeEntry.appointment_id.is_(None),
        )
        .order_by(OutcomeEntry.recorded_at.desc(), OutcomeEntry.id.desc())
    )
    return {Instrument(entry.instrument): entry for entry in rows}


def _newest_start(client_id: UUID) -> OutcomeEntry | None:
    return db.session.scalar(
        sa.select(OutcomeEntry)
        .where(
            OutcomeEntry.client_id == client_id,
            OutcomeEntry.instrument == Instrument.PSFS,
            OutcomeEntry.appointment_id.is_(None),
            OutcomeEntry.sheet_id.is_(None),
        )
        .order_by(OutcomeEntry.recorded_at.desc(), OutcomeEntry.id.desc())
        .limit(1)
    )


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """Scores a client gave for one visit, or with a full intake or between visits; then `zone` is None, because these have
    no location."""

    at: datetime
    zone: str | None
    entries: Mapping[Instrument, OutcomeEntry]


def is_any_of(client_id: UUID) -> sa.Exists:
    """Whether a client ever gave a score, as part of a statement."""
    return sa.exists().where(OutcomeEntry.client_id == client_id)


def of_client(client_id: UUID) -> list[Occasion]:
    """All occasions on which a client gave scores, the oldest first, with the newest entry of each measure.

    The time of the visit counts, not that of the answer. One statement. A caller that shows them records it.
    """
    rows = db.session.execute(
        sa.select(OutcomeEntry, Appointment.starts_at, Appointment.zone)
        .outerjoin(Appointment, Appointment.id == OutcomeEntry.appointment_id)
        .where(OutcomeEntry.client_id == client_id)
        .order_by(OutcomeEntry.recorded_at, OutcomeEntry.id)
    ).all()
    found: dict[UUID | None, Occasion] = {}
    for entry, starts_at, zone in rows:
        key = entry.appointment_id or entry.submission_id or entry.sheet_id
        known = found[key].entries if key in found else {}
        found[key] = Occasion(
            at=starts_at or entry.recorded_at,
            zone=zone,
            entries={**known, Instrument(entry.instrument): entry},
        )
    return sorted(found.values(), key=lambda occasion: occasion.at)


def between_visits(client_id: UUID, *, since: datetime) -> list[Occasion]:
    """Occasions since an instant on which a client gave scores outside a visit and its forms, the oldest first.

    A correction counts instead of what it corrects. One statement. A caller that shows them records it.
    """
    rows = db.session.scalars(
        sa.select(OutcomeEntry)
        .where(
            OutcomeEntry.client_id == client_id,
            OutcomeEntry.sheet_id.is_not(None),
            OutcomeEntry.appointment_id.is_(None),
            OutcomeEntry.recorded_at >= since,
        )
        .order_by(OutcomeEntry.recorded_at, OutcomeEntry.id)
    )
    found: dict[UUID, Occasion] = {}
    for entry in rows:
        assert entry.sheet_id is not None
        known = found[entry.sheet_id].entries if entry.sheet_id in found else {}
        found[entry.sheet_id] = Occasion(
            at=entry.recorded_at, zone=None, entries={**known, Instrument(entry.instrument): entry}
        )
    return list(found.values())


def before_visits(visit_ids: Iterable[UUID]) -> dict[UUID, dict[Instrument, OutcomeEntry]]:
    """The newest entry of each measure for each of these visits. A caller that shows them records it."""
    wanted = list(visit_ids)
    rows = db.session.scalars(
        sa.select(OutcomeEntry)
        .where(OutcomeEntry.appointment_id.in_(wanted))
        .order_by(OutcomeEntry.recorded_at, OutcomeEntry.id)
    )
    found: dict[UUID, dict[Instrument, OutcomeEntry]] = {visit_id: {} for visit_id in wanted}
    for entry in rows:
        if entry.appointment_id is not None:
            found[entry.appointment_id][Instrument(entry.instrument)] = entry
    return found
