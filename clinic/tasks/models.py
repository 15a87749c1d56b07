"""Tables of what no fact tells about a task: hand-overs, *done*, colleagues' words, and to-dos."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Identified, Model
from clinic.sealed import Sealed


class TaskKind(StrEnum):
    """What a task is about. Each has one declaration in `tasks.kinds`."""

    REVIEW = "review"
    REQUEST = "request"
    CALL = "call"
    CHECK_IN = "check_in"
    LOOK_BACK = "look_back"
    NOTE = "note"
    CAME = "came"
    ANSWERS = "answers"
    LETTER = "letter"
    LEFT = "left"
    BACKUP = "backup"
    DRILL = "drill"
    UNUSUAL = "unusual"
    TO_DO = "to_do"
    ERASURE = "erasure"


_KINDS_SQL = "kind IN ({})".format(", ".join(f"'{kind}'" for kind in TaskKind))


class TaskMark(Identified, Model):
    """To whom a task was handed over, and that it is done. There is one row a task at most, and none for most of them."""

    __tablename__ = "task_marks"

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    """The review, visit, check-in or to-do it is about, by kind."""
    assignee_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    assigned_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    assigned_at: Mapped[datetime | None]
    grant_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("health_grants.id"))
    """What lets the assignee open a record that is not theirs otherwise; it ends when the task is taken back."""
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))

    __table_args__ = (
        sa.UniqueConstraint("kind", "subject_id"),
        sa.CheckConstraint(_KINDS_SQL, name="kind_known"),
        sa.CheckConstraint(
            "(assignee_id IS NULL) = (assigned_at IS NULL) AND (assignee_id IS NULL) = (assigned_by_id IS NULL)",
            name="assigned_whole",
        ),
        sa.CheckConstraint("grant_id IS NULL OR assignee_id IS NOT NULL", name="grant_of_assignee"),
        sa.CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name="done_whole"),
    )


class TaskWords(Identified, Model):
    """What a colleague wrote on a task. It holds nothing about health, which the page says; it is sealed all the same."""

    __tablename__ = "task_words"

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    author_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    text_sealed: Mapped[bytes]
    text = Sealed[str]("text_sealed")
    written_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (
        sa.Index("ix_task_words_task", "kind", "subject_id"),
        sa.CheckConstraint(_KINDS_SQL, name="kind_known"),
    )


class ToDo(Identified, Model):
    """A task that somebody here wrote down; it ends when it is marked done."""

    __tablename__ = "to_dos"

    owner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    """Whose it is; None for whoever is at the front desk."""
    text_sealed: Mapped[bytes]
    text = Sealed[str]("text_sealed")
    due_at: Mapped[datetime]
    made_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    made_at: Mapped[datetime] = mapped_column(index=True)
