"""Verbs on tasks: hand over, take back, done and not done after all, a word to colleagues, a to-do. The caller commits.

Whoever may see a task may do all of it. Its cause is not touched: a review is decided in the review.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from clinic.accounts import audit, permissions
from clinic.accounts.models import HealthGrant, User
from clinic.db import RowsToDelete, db, new_id
from clinic.plans import queries as plans
from clinic.refusal import Refusal, Stale
from clinic.tasks.kinds import OPENS_FOR, TaskGroup
from clinic.tasks.models import TaskKind, TaskMark, TaskWords, ToDo
from clinic.tasks.queries import OpenTask


class NotTheirs(Refusal):
    """The person cannot settle such a task, or no longer works here."""

    status = 400
    code = "not-theirs"
    sentence = "Choose somebody who works here and may do this."


class NotTheirClient(NotTheirs):
    """A clinical task about a client whose record is only open to the person, or not to the colleague: it would be in neither's list."""

    code = "not-their-client"
    sentence = "This client is not yours. The therapist who treats them can hand it over."


class NotByHand(Refusal):
    """The task goes away when its cause is settled; saying *done* would hide it."""

    code = "not-by-hand"
    sentence = "This goes away by itself once it is settled. Open it to settle it."


class NothingSaid(Refusal):
    """A word to colleagues, or a to-do, without words."""

    status = 400
    code = "nothing-said"
    sentence = "Write a few words first."


def hand_over(task: OpenTask, to: User, *, by: User, now: datetime) -> None:
    """Give a task to a colleague. A clinical one is theirs for a week, and lets them open the client's record that long, which
    the owner sees, if the client is one's own: who opened a record with a reason passes nothing on.

    Raises NotTheirs, NotTheirClient, and Stale if somebody handed it over since the task was read.
    """
    held = permissions.granted(to.role_names)
    if not to.is_active or task.declared.needs not in held or not task.declared.can_be_handed_over:
        raise NotTheirs
    opens_record = _opens_record(task, to, by, now)
    mark = _marked(task)
    if mark.assignee_id != task.assignee_id:
        raise Stale
    _end_grant(mark, now)
    mark.assignee_id, mark.assigned_by_id, mark.assigned_at = to.id, by.id, now
    mark.grant_id = _grant(task, to, by, now) if opens_record else None
    db.session.flush()
    _record("hand_task_over", mark, task, by, now)


def take_back(task: OpenTask, *, by: User, now: datetime) -> None:
    """Undo a hand-over: the task is again whose it was by itself, and what the hand-over opened is closed.

    Raises Stale if it is not handed over, or to somebody else since the task was read.
    """
    mark = _marked(task)
    if mark.assignee_id is None or mark.assignee_id != task.assignee_id:
        raise Stale
    _end_grant(mark, now)
    mark.assignee_id = mark.assigned_by_id = mark.assigned_at = None
    db.session.flush()
    _record("take_task_back", mark, task, by, now)


def mark_done(task: OpenTask, *, by: User, now: datetime) -> None:
    """Say that a task is done which no fact can end. Twice is harmless. Raises NotByHand."""
    if not task.declared.can_be_done:
        raise NotByHand
    mark = _marked(task)
    mark.done_at, mark.done_by_id = now, by.id
    db.session.flush()
    _record("task_done", mark, task, by, now)


def mark_open(task: OpenTask, *, by: User, now: datetime) -> None:
    """It is not done after all. Raises Stale if it is open already."""
    mark = _marked(task)
    if mark.done_at is None:
        raise Stale
    mark.done_at = mark.done_by_id = None
    db.session.flush()
    _record("task_reopened", mark, task, by, now)


def add_words(task: OpenTask, text: str, *, by: User, now: datetime) -> TaskWords:
    """Leave a word for colleagues on a task. Raises NothingSaid."""
    if not text:
        raise NothingSaid
    said = TaskWords(kind=task.kind, subject_id=task.subject_id, author_id=by.id, written_at=now)
    said.text = text
    db.session.add(said)
    db.session.flush()
    return said


def add_to_do(text: str, *, due_at: datetime, owner_id: UUID | None, by: User, now: datetime) -> ToDo:
    """Write down a task of one's own, or for a colleague. Raises NothingSaid."""
    if not text:
        raise NothingSaid
    made = ToDo(owner_id=owner_id, due_at=due_at, made_by_id=by.id, made_at=now)
    made.text = text
    db.session.add(made)
    db.session.flush()
    return made


def _marked(task: OpenTask) -> TaskMark:
    """The task's row, made if there is none, and locked: whoever marks it at the same time waits."""
    made = pg.insert(TaskMark).values(id=new_id(), kind=task.kind.value, subject_id=task.subject_id)
    db.session.execute(made.on_conflict_do_nothing(index_elements=["kind", "subject_id"]))
    own = sa.select(TaskMark).where(TaskMark.kind == task.kind.value, TaskMark.subject_id == task.subject_id)
    return db.session.scalars(own.with_for_update().execution_options(populate_existing=True)).one()


def _opens_record(task: OpenTask, to: User, by: User, now: datetime) -> bool:
    """Whether a hand-over has to open the client's record to the colleague. Raises NotTheirClient if it may not."""
    if task.declared.group is not TaskGroup.CLINICAL or task.client_id is None:
        return False
    if plans.treats_without_grant(to.id, task.client_id, now):
        return False
    if to.id == by.id and task.owner_id is None:
        return False  # What is nobody's is in everybody's list already.
    if to.id == by.id or not plans.treats_without_grant(by.id, task.client_id, now):
        raise NotTheirClient
    return True


def _grant(task: OpenTask, to: User, by: User, now: datetime) -> UUID:
    assert task.client_id is not None
    grant = HealthGrant(user_id=to.id, client_id=task.client_id, granted_at=now, until=now + OPENS_FOR)
    grant.reason = f"A task was handed over by {by.name}."
    db.session.add(grant)
    db.session.flush()
    audit.record(
        audit.by_user(by.id),
        "open_for_colleague",
        grant,
        client_id=task.client_id,
        purpose="health",
        fields=("reason", "until"),
        now=now,
    )
    return grant.id


def _end_grant(mark: TaskMark, now: datetime) -> None:
    if mark.grant_id is None:
        return
    grant = db.session.get_one(HealthGrant, mark.grant_id)
    grant.until = min(grant.until, now)
    mark.grant_id = None


def _record(deed: str, mark: TaskMark, task: OpenTask, by: User, now: datetime) -> None:
    audit.record(audit.by_user(by.id), deed, mark, client_id=task.client_id, purpose=task.kind.value, now=now)


def old_words(before: datetime) -> RowsToDelete:
    """Words written before an instant."""
    return RowsToDelete(TaskWords, TaskWords.written_at < before)


def old_to_dos(before: datetime) -> RowsToDelete:
    """To-dos that were done before an instant. Their marks say when, and so go after them."""
    finished = sa.select(TaskMark.subject_id).where(
        TaskMark.kind == TaskKind.TO_DO.value, TaskMark.done_at < before
    )
    return RowsToDelete(ToDo, ToDo.id.in_(finished))


def old_marks(before: datetime) -> RowsToDelete:
    """Marks that were last set before an instant, or say nothing any more."""
    newest = sa.func.greatest(TaskMark.assigned_at, TaskMark.done_at)
    return RowsToDelete(TaskMark, sa.or_(newest < before, newest.is_(None)))
