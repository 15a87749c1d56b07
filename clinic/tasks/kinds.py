"""Every kind of task: which rows of other tables are one, whose it is, and until when it should be settled.

A kind is one SELECT with the columns of `_task`, so that a list or a count of all kinds is one statement. To add one: a member of
`TaskKind` (and its constraint), its function here with a line in `KINDS`, and where it leads in `staff/tasks.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts.erasures import ANSWER_WITHIN, Erasure, ErasureState
from clinic.accounts.models import Client
from clinic.accounts.permissions import Permission
from clinic.accounts.unusual_reading import UnusualReading
from clinic.backup.models import BackupDeed, BackupRun
from clinic.backup.runs import DRILL_AFTER, LATE_AFTER
from clinic.booking.models import CAME, Appointment, State
from clinic.intake.models import Outcome, Submission, SubmissionKind
from clinic.intake.queries import still_lasts
from clinic.messaging.models import Message
from clinic.plans import queries as plans
from clinic.plans.models import CheckIn, LookBack, Plan, PlannedSession, Review, SessionNote
from clinic.practice.models import IntakeRule, Therapist, Treatment
from clinic.practice.queries import never_signs_in
from clinic.tasks.models import TaskKind, TaskMark, ToDo

DAY: Final = timedelta(days=1)
NOTE_WITHIN: Final = timedelta(hours=12)
LOOKED_BACK_ON: Final = timedelta(days=60)
"""Notes and look backs of older visits are no longer asked for here; the client's file still shows them as missing."""
CAME_WITHIN: Final = timedelta(days=14)
ANSWERS_BEFORE: Final = timedelta(days=3)
"""From then on missing answers are a task; for a day less they are not yet late."""
OPENS_FOR: Final = timedelta(days=7)
"""How long a handed-over clinical task is the colleague's, and opens the client's record to them."""
THE_PRACTICE: Final = UUID(int=0)
"""The subject of a task that is about the practice itself."""


class TaskGroup(Enum):
    """Whose a task is if nobody has it: anyone's who may see the client's record, the desk's, or the owner's."""

    CLINICAL = "clinical"
    DESK = "desk"
    OWNER = "owner"


@dataclass(frozen=True, kw_only=True)
class TaskReader:
    """For whom tasks are looked up, and when; whose account and which instant may be left open in a statement."""

    user_id: plans.SomeUser
    permissions: frozenset[Permission]
    role_names: frozenset[str]
    backups_are_on: bool
    """Whether this installation makes backups at all."""
    now: plans.SomeInstant


Tasks = sa.Select[Any]


@dataclass(frozen=True, kw_only=True)
class DeclaredTask:
    """One kind: its words, who may see it, and its rows."""

    kind: TaskKind
    label: str
    """What is to do, before the client's name or on its own."""
    group: TaskGroup
    needs: Permission
    rows: Callable[[TaskReader], Tasks]
    can_be_done: bool = False
    """Whether *done* has to be said, because no fact tells it."""
    can_be_handed_over: bool = True
    """Whether a colleague could settle it; a request without answers is decided by its therapist alone."""


def _task(
    kind: TaskKind,
    subject: sa.SQLColumnExpression[UUID],
    *,
    due: sa.SQLColumnExpression[Any],
    since: sa.SQLColumnExpression[Any],
    client: sa.SQLColumnExpression[Any] | None = None,
    visit: sa.SQLColumnExpression[Any] | None = None,
    owner: sa.SQLColumnExpression[Any] | None = None,
) -> Tasks:
    nothing = sa.cast(sa.null(), sa.Uuid())
    columns: tuple[Any, ...] = (
        sa.cast(sa.literal(kind.value), sa.Text()).label("kind"),
        subject.label("subject_id"),
        (nothing if client is None else client).label("client_id"),
        (nothing if visit is None else visit).label("visit_id"),
        (nothing if owner is None else owner).label("owner_id"),
        due.label("due_at"),
        since.label("since"),
    )
    return sa.select(*columns)


_signs_in: Final = sa.case((never_signs_in(), sa.null()), else_=Therapist.user_id)
"""The therapist's account; NULL if nobody signs in as them, so that a colleague has to."""


def _reviews(reader: TaskReader) -> Tasks:
    pressing = sa.case(
        (Appointment.state == State.REQUESTED, Appointment.decide_by), else_=Appointment.starts_at
    )
    return (
        _task(
            TaskKind.REVIEW,
            Review.id,
            client=Review.client_id,
            visit=Appointment.id,
            owner=_signs_in,
            due=sa.func.coalesce(pressing, Review.opened_at + DAY),
            since=Review.opened_at,
        )
        .select_from(Review)
        .join(Client, Client.id == Review.client_id)
        .join(Outcome, Outcome.id == Review.outcome_id)
        .outerjoin(Appointment, Appointment.id == Review.appointment_id)
        .outerjoin(Therapist, Therapist.id == Appointment.therapist_id)
        .where(plans.waits_for(reader.user_id, reader.now))
    )


def _calls(reader: TaskReader) -> Tasks:
    """Calls before a decision, as long as it is open; within a day, and before the visit or its last hour to decide."""
    before = sa.func.coalesce(Appointment.decide_by, Appointment.starts_at)
    return (
        _task(
            TaskKind.CALL,
            Review.id,
            client=Review.client_id,
            visit=Review.appointment_id,
            owner=Review.call_first_by_id,
            due=sa.func.least(before, Review.call_first_at + DAY),
            since=Review.call_first_at,
        )
        .select_from(Review)
        .join(Client, Client.id == Review.client_id)
        .join(Outcome, Outcome.id == Review.outcome_id)
        .outerjoin(Appointment, Appointment.id == Review.appointment_id)
        .where(Review.call_first_at.is_not(None), plans.waits_for(reader.user_id, reader.now))
    )


def _requests(reader: TaskReader) -> Tasks:
    asked = plans.requests_without_review(reader.user_id).with_only_columns(Appointment.id)
    return (
        _task(
            TaskKind.REQUEST,
            Appointment.id,
            client=Appointment.client_id,
            visit=Appointment.id,
            owner=_signs_in,
            due=Appointment.decide_by,
            since=Appointment.created_at,
        )
        .select_from(Appointment)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .where(Appointment.id.in_(asked))
    )


def _check_ins(reader: TaskReader) -> Tasks:
    return (
        _task(
            TaskKind.CHECK_IN,
            CheckIn.id,
            client=CheckIn.client_id,
            visit=CheckIn.appointment_id,
            owner=_signs_in,
            due=CheckIn.answered_at + DAY,
            since=CheckIn.answered_at,
        )
        .select_from(CheckIn)
        .join(Client, Client.id == CheckIn.client_id)
        .join(Appointment, Appointment.id == CheckIn.appointment_id)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .where(
            CheckIn.asks_for_therapist,
            CheckIn.seen_at.is_(None),
            Client.erased_at.is_(None),
            sa.or_(never_signs_in(), plans.is_treated(CheckIn.client_id, reader.user_id, reader.now)),
        )
    )


def _visits(kind: TaskKind, owner: sa.SQLColumnExpression[Any] | None, due: Any, since: Any) -> Tasks:
    return (
        _task(
            kind,
            Appointment.id,
            client=Appointment.client_id,
            visit=Appointment.id,
            owner=owner,
            due=due,
            since=since,
        )
        .select_from(Appointment)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
    )


def _before_visit(notice: timedelta) -> sa.SQLColumnExpression[Any]:
    """So long before a visit; for one agreed shortly before, half of the time that was left then."""
    agreed_at = sa.func.coalesce(Appointment.time_agreed_at, Appointment.booked_at, Appointment.created_at)
    seconds = (sa.extract("epoch", Appointment.starts_at), sa.extract("epoch", agreed_at))
    halfway = sa.func.to_timestamp((seconds[0] + seconds[1]) / 2, type_=sa.DateTime(timezone=True))
    return sa.func.greatest(Appointment.starts_at - notice, halfway)


def _look_backs(reader: TaskReader) -> Tasks:
    ended = _visits(TaskKind.LOOK_BACK, _signs_in, Appointment.ends_at + DAY, Appointment.ends_at)
    return (
        ended.join(PlannedSession, PlannedSession.appointment_id == Appointment.id)
        .join(Plan, Plan.id == PlannedSession.plan_id)
        .where(
            PlannedSession.reassess,
            Plan.ended_at.is_(None),
            Appointment.state.in_(CAME),
            Appointment.starts_at > reader.now - LOOKED_BACK_ON,
            Appointment.ends_at <= reader.now,
            ~sa.exists().where(LookBack.appointment_id == Appointment.id),
            plans.is_treated(Appointment.client_id, reader.user_id, reader.now),
        )
    )


_past: Final = sa.orm.aliased(Appointment)


def _notes(reader: TaskReader) -> Tasks:
    """Of one's own visits, of those whose note was handed over to one, and of one's clients' with somebody who never signs in."""
    own = (
        sa.select(_past.id)
        .join(Therapist, Therapist.id == _past.therapist_id)
        .where(_past.starts_at > reader.now - LOOKED_BACK_ON)
    )
    nobody_else = own.where(
        never_signs_in(), _past.client_id.in_(plans.treated_clients(reader.user_id, reader.now))
    )
    handed_over = sa.select(TaskMark.subject_id).where(
        TaskMark.kind == TaskKind.NOTE,
        TaskMark.assignee_id == reader.user_id,
        TaskMark.assigned_at > reader.now - OPENS_FOR,
    )
    theirs = sa.union_all(own.where(Therapist.user_id == reader.user_id), nobody_else, handed_over)
    ended = _visits(TaskKind.NOTE, _signs_in, Appointment.ends_at + NOTE_WITHIN, Appointment.ends_at)
    return ended.where(
        Appointment.id.in_(theirs),
        Appointment.state.in_(CAME),
        Appointment.starts_at > reader.now - LOOKED_BACK_ON,
        Appointment.ends_at <= reader.now,
        ~sa.exists().where(SessionNote.appointment_id == Appointment.id, SessionNote.signed_at.is_not(None)),
    )


def _came(reader: TaskReader) -> Tasks:
    ended = _visits(TaskKind.CAME, None, Appointment.ends_at, Appointment.ends_at)
    return ended.where(
        Appointment.state == State.BOOKED,
        Appointment.starts_at > reader.now - CAME_WITHIN,
        Appointment.starts_at < reader.now,
        Appointment.ends_at <= reader.now,
    )


def _answers(reader: TaskReader) -> Tasks:
    coming = _visits(TaskKind.ANSWERS, None, _before_visit(DAY), Appointment.booked_at)
    return coming.join(Treatment, Treatment.id == Appointment.treatment_id).where(
        Appointment.state == State.BOOKED,
        Appointment.starts_at > reader.now,
        Appointment.starts_at <= reader.now + ANSWERS_BEFORE,
        Treatment.intake != IntakeRule.NONE,
        ~sa.exists().where(
            Submission.client_id == Appointment.client_id,
            Submission.kind == SubmissionKind.FULL,
            still_lasts(reader.now),
        ),
    )


_later: Final = sa.orm.aliased(Message)


def _letters(reader: TaskReader) -> Tasks:
    """One a visit, since the newest message about it that was given up and not sent since."""
    failed = sa.func.max(Message.given_up_at)
    lost = _visits(
        TaskKind.LETTER,
        None,
        sa.func.min(sa.func.least(Message.given_up_at + DAY, Appointment.starts_at)),
        failed,
    )
    return (
        lost.join(Message, Message.subject_id == Appointment.id)
        .where(
            Message.given_up_at.is_not(None),
            Message.client_id.is_not(None),
            Appointment.starts_at > reader.now,
            Appointment.state.in_((State.BOOKED, State.REQUESTED)),
            ~sa.exists().where(
                _later.subject_id == Message.subject_id,
                _later.kind == Message.kind,
                _later.sent_at.is_not(None),
                _later.owed_at >= Message.owed_at,
            ),
        )
        .group_by(Appointment.id)
    )


def _left(reader: TaskReader) -> Tasks:
    coming = _visits(TaskKind.LEFT, None, _before_visit(ANSWERS_BEFORE), Appointment.booked_at)
    return coming.where(
        Appointment.state.in_((State.BOOKED, State.REQUESTED)),
        Appointment.starts_at > reader.now,
        Therapist.left_on.is_not(None),
        sa.cast(Appointment.wall_start, sa.Date()) >= Therapist.left_on,
    )


def _newest(deed: BackupDeed, *, good: bool = True) -> sa.ScalarSelect[Any]:
    found = sa.select(sa.func.max(BackupRun.began_at) if good else sa.func.min(BackupRun.began_at))
    return found.where(BackupRun.deed == deed, BackupRun.is_good if good else sa.true()).scalar_subquery()


def _backups(reader: TaskReader) -> Tasks:
    since = sa.func.coalesce(
        _newest(BackupDeed.BACKUP), _newest(BackupDeed.BACKUP, good=False), type_=sa.DateTime(timezone=True)
    )
    due = since + LATE_AFTER
    row = _task(TaskKind.BACKUP, sa.literal(THE_PRACTICE, sa.Uuid()), due=due, since=since)
    return row.where(sa.literal(reader.backups_are_on), due < reader.now)


def _drills(reader: TaskReader) -> Tasks:
    since = sa.func.coalesce(
        _newest(BackupDeed.DRILL), _newest(BackupDeed.BACKUP, good=False), type_=sa.DateTime(timezone=True)
    )
    due = since + DRILL_AFTER
    row = _task(TaskKind.DRILL, sa.literal(THE_PRACTICE, sa.Uuid()), due=due, since=since)
    return row.where(sa.literal(reader.backups_are_on), due < reader.now)


def _unusual(_reader: TaskReader) -> Tasks:
    found = UnusualReading
    row = _task(TaskKind.UNUSUAL, found.id, due=found.last_at + DAY, since=found.first_at)
    return row.select_from(found)


def _erasures(_reader: TaskReader) -> Tasks:
    row = _task(
        TaskKind.ERASURE,
        Erasure.id,
        client=Erasure.client_id,
        due=Erasure.asked_at + ANSWER_WITHIN,
        since=Erasure.asked_at,
    )
    return row.select_from(Erasure).where(Erasure.state == ErasureState.ASKED)


def _to_dos(_reader: TaskReader) -> Tasks:
    row = _task(TaskKind.TO_DO, ToDo.id, owner=ToDo.owner_id, due=ToDo.due_at, since=ToDo.made_at)
    return row.select_from(ToDo)


KINDS: Final = {
    one.kind: one
    for one in (
        DeclaredTask(
            kind=TaskKind.REVIEW,
            label="Review",
            group=TaskGroup.CLINICAL,
            needs=Permission.REVIEW_DECIDE,
            rows=_reviews,
        ),
        DeclaredTask(
            kind=TaskKind.REQUEST,
            label="Decide the request of",
            group=TaskGroup.CLINICAL,
            needs=Permission.REVIEW_DECIDE,
            rows=_requests,
            can_be_handed_over=False,
        ),
        DeclaredTask(
            kind=TaskKind.CALL,
            label="Call",
            group=TaskGroup.CLINICAL,
            needs=Permission.REVIEW_DECIDE,
            rows=_calls,
        ),
        DeclaredTask(
            kind=TaskKind.CHECK_IN,
            label="Look at the check-in of",
            group=TaskGroup.CLINICAL,
            needs=Permission.REVIEW_DECIDE,
            rows=_check_ins,
        ),
        DeclaredTask(
            kind=TaskKind.LOOK_BACK,
            label="Look back with",
            group=TaskGroup.CLINICAL,
            needs=Permission.REVIEW_DECIDE,
            rows=_look_backs,
        ),
        DeclaredTask(
            kind=TaskKind.NOTE,
            label="Sign the note of",
            group=TaskGroup.CLINICAL,
            needs=Permission.NOTE_WRITE,
            rows=_notes,
        ),
        DeclaredTask(
            kind=TaskKind.CAME,
            label="Say whether they came:",
            group=TaskGroup.DESK,
            needs=Permission.CALENDAR_WRITE,
            rows=_came,
        ),
        DeclaredTask(
            kind=TaskKind.ANSWERS,
            label="Answers missing:",
            group=TaskGroup.DESK,
            needs=Permission.CALENDAR_WRITE,
            rows=_answers,
            can_be_done=True,
        ),
        DeclaredTask(
            kind=TaskKind.LETTER,
            label="A message did not arrive:",
            group=TaskGroup.DESK,
            needs=Permission.CALENDAR_WRITE,
            rows=_letters,
            can_be_done=True,
        ),
        DeclaredTask(
            kind=TaskKind.LEFT,
            label="Find another therapist for",
            group=TaskGroup.DESK,
            needs=Permission.CALENDAR_WRITE,
            rows=_left,
        ),
        DeclaredTask(
            kind=TaskKind.BACKUP,
            label="No backup was made lately",
            group=TaskGroup.OWNER,
            needs=Permission.SETTINGS_WRITE,
            rows=_backups,
        ),
        DeclaredTask(
            kind=TaskKind.DRILL,
            label="Prove that a backup comes back",
            group=TaskGroup.OWNER,
            needs=Permission.SETTINGS_WRITE,
            rows=_drills,
        ),
        DeclaredTask(
            kind=TaskKind.UNUSUAL,
            label="Look at unusual reading of files",
            group=TaskGroup.OWNER,
            needs=Permission.AUDIT_READ,
            rows=_unusual,
            can_be_done=True,
            can_be_handed_over=False,
        ),
        DeclaredTask(
            kind=TaskKind.ERASURE,
            label="Decide the erasure of",
            group=TaskGroup.OWNER,
            needs=Permission.SETTINGS_WRITE,
            rows=_erasures,
        ),
        DeclaredTask(
            kind=TaskKind.TO_DO,
            label="To do",
            group=TaskGroup.DESK,
            needs=Permission.CALENDAR_READ,
            rows=_to_dos,
            can_be_done=True,
        ),
    )
}
