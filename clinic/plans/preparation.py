"""*Before your visit*: what was not asked before a booking is asked between booking and visit, page by page.

One row (`VisitPreparation`) belongs to a client and a visit. How an answer gets from a page into the record:

1. `save_part` locks the row, so that two tabs write one after the other, and stores the answers of one part.
2. All safety rules judge them together with what the client sent before. Only a rule that did not fire before, and that no
   therapist has cleared, raises a level. Then what was given so far becomes a version at once, so that a therapist sees why, and
   the visit is treated as after any more serious answer (`booking.safety`).
3. Otherwise what was given becomes one version when the client finishes, and at the latest when they come or the visit begins
   (`hand_in`). A part that is still open never stops a visit.

The row is locked before any calendar, because raising a level locks calendars.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.booking import queries as appointments
from clinic.booking import safety
from clinic.booking.models import Appointment, State
from clinic.db import RowsToDelete, db, violates
from clinic.guidance.levels import Level
from clinic.guidance.questions import Question
from clinic.intake import drafts, preparation_parts, queries, versions
from clinic.intake.assessment import newly_fired, verdict
from clinic.intake.consent import DRAFTS_KEPT
from clinic.intake.drafts import BegunElsewhere
from clinic.intake.models import Submission, SubmissionKind
from clinic.intake.preparation_parts import PreparationPart
from clinic.intake.services import LookAgain
from clinic.intake.versions import SentAnswers
from clinic.language import N_
from clinic.plans import scores, services
from clinic.plans.models import Review, VisitPreparation
from clinic.practice.models import IntakeRule
from clinic.refusal import Refusal

KEPT: Final = DRAFTS_KEPT
"""How long after the last change a preparation is kept: as the consent text says of unfinished answers."""
BEFORE: Final = (State.REQUESTED, State.BOOKED, State.ARRIVED)
"""States of a visit that can still be prepared."""
COMES: Final = (State.ARRIVED, State.DONE)


class PreparationClosed(Refusal):
    """The visit is over or off, or nothing is left to ask."""

    status = 410
    code = "preparation-closed"
    sentence = N_("There is nothing to answer for this visit now.")


class PartsLeft(Refusal):
    """Some parts are still to do."""

    code = "parts-left"
    sentence = N_("Please do the parts that are still to do first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationProgress:
    """How many parts of a visit's preparation are done, and how many are still to do."""

    done: int
    left: int
    is_to_finish: bool = False
    """Whether all of them are done and only *Finish* is left."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.done + self.left

    @property
    def minutes(self) -> int:
        """About how long the rest takes."""
        return preparation_parts.minutes(self.left)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationTask:
    """One part as it stands for a client: its questions, and whether they are answered."""

    part: PreparationPart
    questions: tuple[Question, ...]
    is_done: bool


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """A visit's preparation: what was sent before, what was given since, and the parts."""

    visit: Appointment
    sent: SentAnswers
    row: VisitPreparation | None
    added: Mapping[str, Any]
    """The answers that are in no version yet."""
    tasks: tuple[PreparationTask, ...]

    @property
    def answers(self) -> dict[str, Any]:
        """Everything known of the client."""
        return self.sent.with_added(self.added)

    @property
    def progress(self) -> PreparationProgress:
        """How many parts are done."""
        done = sum(task.is_done for task in self.tasks)
        return PreparationProgress(done=done, left=len(self.tasks) - done)

    def task(self, code: str) -> PreparationTask:
        """The part of this code; raises PreparationClosed if this client is not asked it."""
        found = next((task for task in self.tasks if task.part.code == code), None)
        if found is None:
            raise PreparationClosed
        return found

    def next_after(self, code: str) -> PreparationTask | None:
        """The next part to do after this one, else the first; None if all are done."""
        codes = [task.part.code for task in self.tasks]
        at = codes.index(code) + 1 if code in codes else 0
        return next((task for task in (*self.tasks[at:], *self.tasks[:at]) if not task.is_done), None)


def is_open(visit: Appointment, now: datetime) -> bool:
    """Whether a visit can be prepared now: it is to come or goes on, asks health questions, and safety has not stopped it."""
    return (
        visit.client_id is not None
        and visit.state in BEFORE
        and now < visit.ends_at
        and visit.treatment.intake != IntakeRule.NONE
        and not (visit.state == State.REQUESTED and visit.request_reason == "safety")
    )


def preparation_of(visit: Appointment, now: datetime) -> Preparation | None:
    """The preparation of a visit; None if it is not open or everything was asked already.

    It reads sealed answers; a caller that shows one records the access.
    """
    return _loaded(visit, _row_of(visit.id), now)


def _loaded(visit: Appointment, row: VisitPreparation | None, now: datetime) -> Preparation | None:
    if not is_open(visit, now) or visit.client_id is None:
        return None
    sent = versions.sent_answers(visit.client_id, now)
    if sent is None:
        return None
    if row is not None and row.changed_at <= now - KEPT:
        row = None
    found = _preparation(visit, sent, row, _added(sent, row))
    return found if found.tasks else None


def _added(sent: SentAnswers, row: VisitPreparation | None) -> dict[str, Any]:
    """What is in no version yet; what the client has sent anew in another way since gives way to that."""
    if row is None:
        return {}
    answers, dates = row.answers, row.answered_at
    return {
        name: answers[name]
        for name, date in dates.items()
        if name in sent.unasked or datetime.fromisoformat(date) >= sent.newest.submitted_at
    }


def _preparation(
    visit: Appointment, sent: SentAnswers, row: VisitPreparation | None, added: Mapping[str, Any]
) -> Preparation:
    answers = sent.with_added(added)
    given = set(row.answers) if row is not None else set()
    asked = preparation_parts.parts_asked(answers, sent.unasked | given | added.keys())
    tasks = tuple(
        PreparationTask(part=part, questions=questions, is_done=preparation_parts.is_done(questions, answers))
        for part, questions in asked
    )
    return Preparation(visit=visit, sent=sent, row=row, added=added, tasks=tasks)


def progress_of(visit: Appointment, now: datetime) -> PreparationProgress | None:
    """How far the preparation of a visit is, from numbers alone; None if there is or was nothing to ask, or the consent to
    it was withdrawn. One statement."""
    if not is_open(visit, now):
        return None
    newest = (
        sa.select(Submission.parts_open)
        .where(
            Submission.client_id == visit.client_id,
            Submission.kind == SubmissionKind.FULL,
            queries.still_lasts(now),
            queries.is_agreed_to(),
        )
        .order_by(Submission.submitted_at.desc(), Submission.id.desc())
        .limit(1)
        .subquery()
    )
    found = db.session.execute(
        sa.select(
            newest.c.parts_open,
            VisitPreparation.parts_done,
            VisitPreparation.parts_open,
            VisitPreparation.finished_at,
        )
        .select_from(newest)
        .outerjoin(VisitPreparation, VisitPreparation.appointment_id == visit.id)
    ).one_or_none()
    if found is None:
        return None
    unasked, done, still_open, finished_at = found
    left = min(unasked, unasked if still_open is None else still_open)
    if not left and not done:
        return None
    return PreparationProgress(
        done=done or 0, left=left, is_to_finish=not left and bool(done) and finished_at is None
    )


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What saving a part has come to."""

    preparation: Preparation
    level: Level
    """The level that these answers have raised; ok if none."""
    standing: queries.SafetyStanding | None = None
    """What now applies to the client, if a level was raised."""
    submission: Submission | None = None
    """The version that came of it at once, if a level was raised."""


def save_part(
    visit: Appointment,
    code: str,
    posted: drafts.Posted,
    *,
    actor: str,
    now: datetime,
    source: str = "client",
    is_leaving: bool = False,
) -> Saved:
    """Store the answers of one part, judge all of them, and apply a raised level to the client's visits.

    Raises PreparationClosed, and DraftIncomplete with a sentence for each question left open or unreadable. Answers that
    are urgent by themselves count although others are missing: help does not wait for the rest. Who `is_leaving` the part
    half-way keeps what they answered; the rest stays to do.
    """
    row = _lock_row(visit, now)
    found = _loaded(visit, row, now)
    if found is None:
        raise PreparationClosed
    questions = found.task(code).questions
    if is_leaving:
        questions = tuple(one for one in questions if any(posted.get(one.field, ())))
        if not questions:
            return Saved(preparation=found, level=Level.OK)
    values, problems = drafts.read_answers(questions, posted, found.answers)
    after = found.sent.with_added({**found.added, **values})
    new = newly_fired(found.answers, after)
    cleared = queries.cleared_again(new, browser=None, client_id=visit.client_id, now=now)
    reached = verdict(rule for rule in new if rule.rule not in cleared)
    if problems and reached.level is not Level.URGENT:
        raise drafts.DraftIncomplete(problems)
    _keep(row, found, values, now)
    audit.record(
        actor,
        "answer",
        row,
        client_id=visit.client_id,
        purpose="preparation",
        fields=sorted({name.split(".")[0] for name in values}),
        now=now,
    )
    if reached.level < Level.THERAPIST_REVIEW:
        return Saved(preparation=_again(visit, row, now), level=Level.OK)
    submission = _hand_in(visit, row, source=source, now=now)
    standing = queries.safety_standing(browser=None, client_id=visit.client_id, now=now, zone=visit.zone)
    return Saved(preparation=found, level=reached.level, standing=standing, submission=submission)


def _again(visit: Appointment, row: VisitPreparation, now: datetime) -> Preparation:
    found = _loaded(visit, row, now)
    assert found is not None
    return found


def _keep(row: VisitPreparation, found: Preparation, values: Mapping[str, Any], now: datetime) -> None:
    added = {**found.added, **values}
    # A question that is no longer asked takes its answer with it.
    known = found.sent.with_added(added)
    row.answers = {name: value for name, value in {**row.answers, **values}.items() if name in known}
    dates = {**row.answered_at, **dict.fromkeys(values, now.isoformat())}
    row.answered_at = {name: date for name, date in dates.items() if name in added and name in known}
    row.changed_at = now
    row.finished_at = None
    still_asked = {name: value for name, value in added.items() if name in known}
    _count(row, _preparation(found.visit, found.sent, row, still_asked))
    db.session.flush()


def _count(row: VisitPreparation, found: Preparation) -> None:
    row.parts_done, row.parts_open = found.progress.done, found.progress.left


def finish(visit: Appointment, *, looked_at: Collection[str], actor: str, now: datetime) -> Submission | None:
    """Make what was given one version of the client's answers, once every part is done.

    `looked_at` are the contradictions (rule ids) the client was shown. Finishing twice makes one version: the second call
    returns None. Raises PreparationClosed, PartsLeft, and LookAgain for contradictions not in `looked_at`.
    """
    row = _lock_row(visit, now)
    found = _loaded(visit, row, now)
    if found is None:
        raise PreparationClosed
    if not found.added:
        return None
    if found.progress.left:
        raise PartsLeft
    contradictory = found.sent.new_contradictions(found.answers)
    if any(one.rule not in looked_at for one in contradictory):
        raise LookAgain(contradictory)
    audit.record(actor, "finish", row, client_id=visit.client_id, purpose="preparation", now=now)
    return _hand_in(visit, row, source="client", looked_at=[one.rule for one in contradictory], now=now)


def hand_in(visit_id: UUID, now: datetime) -> Submission | None:
    """Make what was given so far a version of the client's answers, because they have come or the visit begins.

    Does nothing if nothing was given since the last version; so calling it twice makes one.
    """
    row = _row_of(visit_id, lock=True)
    if row is None or row.finished_at is not None or not row.answered_at:
        return None
    return _hand_in(appointments.appointment(visit_id), row, source="client", now=now)


def waiting_to_be_handed_in(now: datetime) -> list[UUID]:
    """The visits whose client has come, or which have begun, with answers that are in no version yet."""
    begun = sa.or_(
        Appointment.state.in_(COMES), sa.and_(Appointment.state == State.BOOKED, Appointment.starts_at <= now)
    )
    rows = (
        sa.select(VisitPreparation.appointment_id)
        .join(Appointment, Appointment.id == VisitPreparation.appointment_id)
        .where(VisitPreparation.finished_at.is_(None), VisitPreparation.parts_done > 0, begun)
    )
    return list(db.session.scalars(rows))


def _hand_in(
    visit: Appointment,
    row: VisitPreparation,
    *,
    source: str,
    looked_at: Collection[str] = (),
    now: datetime,
) -> Submission | None:
    assert visit.client_id is not None
    sent = versions.sent_answers(visit.client_id, now)
    added = _added(sent, row) if sent is not None else {}
    if sent is None or not added:
        return None
    submission, risen = versions.add_version(
        sent, added, dates=row.answered_at, looked_at=looked_at, source=source, now=now
    )
    row.answered_at = {}
    row.submission_id, row.finished_at = submission.id, now
    afterwards = versions.sent_answers(visit.client_id, now)
    if afterwards is not None:
        _count(row, _preparation(visit, afterwards, row, {}))
    db.session.flush()
    scores.keep_added(submission, added)
    if risen.level >= Level.THERAPIST_REVIEW:
        safety.raise_levels(visit.client_id, browser=None, now=now)
    if not _review_again(visit, submission) and risen.level >= Level.THERAPIST_REVIEW:
        services.open_review(submission.outcome, visit.client_id, visit, now)
    audit.record(
        audit.SYSTEM,
        "create",
        submission,
        client_id=visit.client_id,
        purpose="preparation",
        fields=sorted({name.split(".")[0] for name in added}),
        now=now,
    )
    return submission


def _review_again(visit: Appointment, submission: Submission) -> bool:
    """Let the open review of a visit be about the new version; False if there is none."""
    newest = (
        sa.select(Review.id)
        .where(Review.appointment_id == visit.id, Review.decided_at.is_(None))
        .order_by(Review.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    moved = db.session.execute(
        sa.update(Review)
        .where(Review.id == newest, Review.decided_at.is_(None))
        .values(
            outcome_id=submission.outcome.id,
            submission_id=submission.id,
            # Somebody who decides on a page with the older answers is told to look again.
            revision=Review.revision + 1,
        )
        .returning(Review.id)
    ).first()
    return moved is not None


def bind(visit: Appointment, browser: bytes, now: datetime) -> bool:
    """Let a browser open the pages of a visit, after its one-time link was used; False if there is nothing to open."""
    if preparation_of(visit, now) is None:
        return False
    row = _lock_row(visit, now)
    row.browser = browser
    db.session.flush()
    return True


def may_open(visit: Appointment, browser: bytes | None) -> bool:
    """Whether a browser may open a visit's pages: the visit was booked in it, or a one-time link was used in it."""
    if browser is None:
        return False
    if visit.booked_in == browser:
        return True
    linked = sa.exists().where(
        VisitPreparation.appointment_id == visit.id, VisitPreparation.browser == browser
    )
    return bool(db.session.scalar(sa.select(linked)))


def _row_of(visit_id: UUID, *, lock: bool = False) -> VisitPreparation | None:
    found = sa.select(VisitPreparation).where(VisitPreparation.appointment_id == visit_id)
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(found)


def _lock_row(visit: Appointment, now: datetime) -> VisitPreparation:
    """The row of a visit, made if there is none, locked until the commit. One that is too old begins anew."""
    row = _row_of(visit.id, lock=True)
    if row is not None and row.changed_at <= now - KEPT:
        db.session.delete(row)
        db.session.flush()
        row = None
    if row is None:
        row = VisitPreparation(
            appointment_id=visit.id, client_id=visit.client_id, parts_open=0, changed_at=now
        )
        row.answers, row.answered_at = {}, {}
        try:
            with violates("uq_visit_preparations_appointment_id", BegunElsewhere()):
                db.session.add(row)
        except BegunElsewhere:
            row = _row_of(visit.id, lock=True)
    assert row is not None
    return row


def old_preparations(until: datetime) -> RowsToDelete:
    """Preparations last changed at an instant or before it."""
    return RowsToDelete(VisitPreparation, VisitPreparation.changed_at <= until)
