"""Reads of tasks: a page of them, one, how many wait, and who has what. Each is one statement, however many kinds and rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts.models import Client, Role, User
from clinic.accounts.permissions import Permission
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.practice.models import Therapist, Treatment
from clinic.refusal import NotFound
from clinic.tasks.kinds import KINDS, OPENS_FOR, DeclaredTask, TaskGroup, TaskReader
from clinic.tasks.models import TaskKind, TaskMark, TaskWords, ToDo

PAGE: Final = 50
DONE_SHOWN: Final = timedelta(days=14)


class Whose(StrEnum):
    """Which tasks a list shows."""

    MINE = "mine"
    """One's own, and those without an owner that one may settle."""
    ALL = "all"
    NOBODYS = "nobodys"
    DONE = "done"
    """Those that somebody marked done in the last two weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """One task: what it is about, whose it is, until when, and what became of it."""

    declared: DeclaredTask
    subject_id: UUID
    client_id: UUID | None
    client_name: str
    visit_id: UUID | None
    visit_at: datetime | None
    zone: str
    """Of the visit; empty if the task is about none."""
    treatment: str
    therapist: str
    colour: int | None
    due_at: datetime
    since: datetime
    owner_id: UUID | None
    owner: str
    """Given name; empty if it is nobody's."""
    assignee_id: UUID | None
    """To whom it was handed over."""
    assigned_by: str
    """Who handed it over; empty if nobody did."""
    done_at: datetime | None
    done_by: str
    text: str = ""
    """What a to-do says."""
    words: Sequence["ColleagueWords"] = ()

    @property
    def kind(self) -> TaskKind:
        """Its kind."""
        return self.declared.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleagueWords:
    """What a colleague wrote on a task."""

    author: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks are wanted."""

    whose: Whose = Whose.MINE
    kind: TaskKind | None = None
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """Some tasks, earliest due first, and whether more follow."""

    tasks: Sequence[OpenTask]
    has_more: bool


def kinds_for(reader: TaskReader) -> list[DeclaredTask]:
    """The kinds that this person may see."""
    return [one for one in KINDS.values() if one.needs in reader.permissions]


_owner, _assigner, _doer, _worker = (sa.orm.aliased(User) for _ in range(4))


def _all(kinds: Iterable[DeclaredTask], reader: TaskReader) -> tuple[Any, sa.ColumnElement[Any]]:
    """The rows of these kinds, and the account of who has each.

    A hand-over ends when the colleague leaves, and a clinical one after the week in which it opens the record. Nobody is
    the owner who has left.
    """
    found = sa.union_all(*(one.rows(reader) for one in kinds)).subquery()
    clinical = [one.kind.value for one in KINDS.values() if one.group is TaskGroup.CLINICAL]
    lasts = sa.or_(found.c.kind.not_in(clinical), TaskMark.assigned_at > reader.now - OPENS_FOR)
    assignee = sa.case((sa.and_(_works_here(TaskMark.assignee_id), lasts), TaskMark.assignee_id))
    own = sa.case((_works_here(found.c.owner_id), found.c.owner_id))
    return found, sa.func.coalesce(assignee, own)


def _works_here(user_id: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[bool]:
    return sa.exists().where(_worker.id == user_id, _worker.active)


def _marks(found: Any) -> sa.ColumnElement[bool]:
    return sa.and_(TaskMark.kind == found.c.kind, TaskMark.subject_id == found.c.subject_id)


def _is_open(found: Any) -> sa.ColumnElement[bool]:
    """Not done, or its cause came up once more since."""
    return sa.or_(TaskMark.done_at.is_(None), TaskMark.done_at < found.c.since)


def _is_mine(found: Any, owner: sa.ColumnElement[Any], reader: TaskReader) -> sa.ColumnElement[bool]:
    """One's own, or nobody's and of a kind that falls to one's role. While nobody has the front desk's role, whoever may do
    the desk's tasks has them too."""
    taken = {TaskGroup.CLINICAL, TaskGroup.OWNER}
    if Role.FRONT_DESK in reader.role_names:
        taken.add(TaskGroup.DESK)
    falls_to_me = found.c.kind.in_(_in_groups(taken, reader))
    if TaskGroup.DESK not in taken:
        at_desk = sa.exists().where(User.active, User.role_names.contains([Role.FRONT_DESK.value]))
        falls_to_me = sa.or_(
            falls_to_me, sa.and_(found.c.kind.in_(_in_groups({TaskGroup.DESK}, reader)), ~at_desk)
        )
    return sa.or_(owner == reader.user_id, sa.and_(owner.is_(None), falls_to_me))


def _in_groups(groups: Collection[TaskGroup], reader: TaskReader) -> list[str]:
    return [one.kind.value for one in kinds_for(reader) if one.group in groups]


def waiting(reader: TaskReader) -> tuple[int, int]:
    """How many tasks wait for this person, and how many reviews and requests are in their queue; one statement."""
    counted = _waiting(reader.permissions, reader.role_names, reader.backups_are_on)
    mine, reviews = db.session.execute(counted, {"reader": reader.user_id, "now": reader.now}).one()
    return mine, reviews


@cache
def _waiting(
    permissions: frozenset[Permission], role_names: frozenset[str], backups_are_on: bool
) -> sa.Select[int, int]:
    """The statement for everybody with these roles. Every staff page asks it, and building it costs as much as asking."""
    anybody = TaskReader(
        user_id=sa.bindparam("reader", type_=sa.Uuid()),
        permissions=permissions,
        role_names=role_names,
        backups_are_on=backups_are_on,
        now=sa.bindparam("now", type_=sa.DateTime(timezone=True)),
    )
    found, owner = _all(kinds_for(anybody), anybody)
    decisions = found.c.kind.in_((TaskKind.REVIEW, TaskKind.REQUEST))
    return (
        sa.select(
            sa.func.count().filter(_is_open(found), _is_mine(found, owner, anybody)),
            sa.func.count().filter(decisions),
        )
        .select_from(found)
        .outerjoin(TaskMark, _marks(found))
    )


def page(wanted: TaskFilter, reader: TaskReader) -> TaskPage:
    """One page of tasks; three statements with their words and the texts of to-dos.

    That some tasks wait says something about a client: the caller records it.
    """
    kinds = [one for one in kinds_for(reader) if wanted.kind in (None, one.kind)]
    if not kinds:
        return TaskPage(tasks=(), has_more=False)
    found, owner = _all(kinds, reader)
    if wanted.whose is Whose.DONE:
        chosen = (
            _select(found, owner)
            .where(~_is_open(found), TaskMark.done_at > reader.now - DONE_SHOWN)
            .order_by(TaskMark.done_at.desc(), found.c.subject_id)
        )
    else:
        chosen = _select(found, owner).where(_is_open(found)).order_by(found.c.due_at, found.c.subject_id)
        if wanted.whose is Whose.MINE:
            chosen = chosen.where(_is_mine(found, owner, reader))
        elif wanted.whose is Whose.NOBODYS:
            chosen = chosen.where(owner.is_(None))
    rows = db.session.execute(chosen.limit(PAGE + 1).offset(PAGE * (wanted.page - 1))).all()
    return TaskPage(tasks=_read(rows[:PAGE]), has_more=len(rows) > PAGE)


def one(kind: TaskKind, subject_id: UUID, reader: TaskReader) -> OpenTask:
    """One task, open or done; raises NotFound if it is none, or not for this person."""
    declared = KINDS[kind]
    if declared.needs not in reader.permissions:
        raise NotFound
    found, owner = _all([declared], reader)
    rows = db.session.execute(_select(found, owner).where(found.c.subject_id == subject_id)).all()
    if not rows:
        raise NotFound
    return _read(rows)[0]


def _select(found: Any, owner: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(
            found,
            Client,
            Appointment.starts_at,
            Appointment.zone,
            Treatment.name,
            Therapist.given_name,
            Therapist.colour,
            owner,
            _owner.given_name,
            TaskMark.assignee_id,
            _assigner.given_name,
            TaskMark.done_at,
            _doer.given_name,
        )
        .select_from(found)
        .outerjoin(TaskMark, _marks(found))
        .outerjoin(Client, Client.id == found.c.client_id)
        .outerjoin(Appointment, Appointment.id == found.c.visit_id)
        .outerjoin(Treatment, Treatment.id == Appointment.treatment_id)
        .outerjoin(Therapist, Therapist.id == Appointment.therapist_id)
        .outerjoin(_owner, _owner.id == owner)
        .outerjoin(_assigner, _assigner.id == TaskMark.assigned_by_id)
        .outerjoin(_doer, _doer.id == TaskMark.done_by_id)
    )


def _read(rows: Iterable[Sequence[Any]]) -> list[OpenTask]:
    rows = list(rows)
    subjects = [row[1] for row in rows]
    texts = _texts([row[1] for row in rows if row[0] == TaskKind.TO_DO])
    words = _words(subjects)
    return [
        OpenTask(
            declared=KINDS[TaskKind(kind)],
            subject_id=subject_id,
            client_id=client_id,
            client_name=client.name if client else "",
            visit_id=visit_id,
            visit_at=visit_at,
            zone=zone or "",
            treatment=treatment or "",
            therapist=therapist or "",
            colour=colour,
            due_at=due_at,
            since=since,
            owner_id=owner_id,
            owner=owner or "",
            assignee_id=assignee_id,
            assigned_by=assigned_by or "",
            done_at=done_at if done_at and done_at >= since else None,
            done_by=done_by or "",
            text=texts.get(subject_id, ""),
            words=words.get((kind, subject_id), ()),
        )
        for (
            kind, subject_id, client_id, visit_id, _, due_at, since, client, visit_at, zone, treatment, therapist, colour,
            owner_id, owner, assignee_id, assigned_by, done_at, done_by,
        ) in rows
    ]  # fmt: skip


def _texts(ids: Sequence[UUID]) -> Mapping[UUID, str]:
    if not ids:
        return {}
    return {row.id: row.text for row in db.session.scalars(sa.select(ToDo).where(ToDo.id.in_(ids)))}


def _words(subject_ids: Sequence[UUID]) -> Mapping[tuple[str, UUID], list[ColleagueWords]]:
    if not subject_ids:
        return {}
    rows = db.session.execute(
        sa.select(TaskWords, User.given_name)
        .join(User, User.id == TaskWords.author_id)
        .where(TaskWords.subject_id.in_(subject_ids))
        .order_by(TaskWords.written_at, TaskWords.id)
    )
    found: dict[tuple[str, UUID], list[ColleagueWords]] = {}
    for row, author in rows:
        said = ColleagueWords(author=author, text=row.text, at=row.written_at)
        found.setdefault((row.kind, row.subject_id), []).append(said)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many tasks somebody has, and how many of them are late; without a name they are nobody's."""

    owner_id: UUID | None
    name: str
    tasks: int
    late: int


def shares(reader: TaskReader) -> list[Share]:
    """Who has how many of the tasks that this person may see, most first."""
    found, owner = _all(kinds_for(reader), reader)
    rows = db.session.execute(
        sa.select(
            owner, _owner.given_name, sa.func.count(), sa.func.count().filter(found.c.due_at < reader.now)
        )
        .select_from(found)
        .outerjoin(TaskMark, _marks(found))
        .outerjoin(_owner, _owner.id == owner)
        .where(_is_open(found))
        .group_by(owner, _owner.given_name)
        .order_by(sa.func.count().desc(), _owner.given_name)
    )
    return [Share(owner_id=id_, name=name or "", tasks=many, late=late) for id_, name, many, late in rows]
