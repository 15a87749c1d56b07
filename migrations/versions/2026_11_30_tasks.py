"""Tasks are derived from facts; stored are hand-overs, *done*, colleagues' words and to-dos."""

import sqlalchemy as sa
from alembic import op

revision = "0076_tasks"
down_revision = "0065_websites"
branch_labels = None
depends_on = None

KINDS = (
    "kind IN ('review', 'request', 'call', 'check_in', 'look_back', 'note', 'came', 'answers', 'letter', 'left', 'backup', "
    "'drill', 'to_do')"
)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _user(table: str, name: str, *, nullable: bool = True) -> sa.Column[object]:
    key = sa.ForeignKey("users.id", name=op.f(f"fk_{table}_{name}_users"))
    return sa.Column(name, sa.Uuid(), key, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "task_marks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        _user("task_marks", "assignee_id"),
        _user("task_marks", "assigned_by_id"),
        _at("assigned_at", nullable=True),
        sa.Column(
            "grant_id",
            sa.Uuid(),
            sa.ForeignKey("health_grants.id", name=op.f("fk_task_marks_grant_id_health_grants")),
            nullable=True,
        ),
        _at("done_at", nullable=True),
        _user("task_marks", "done_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_marks")),
        sa.UniqueConstraint("kind", "subject_id", name=op.f("uq_task_marks_kind_subject_id")),
        sa.CheckConstraint(KINDS, name=op.f("ck_task_marks_kind_known")),
        sa.CheckConstraint(
            "(assignee_id IS NULL) = (assigned_at IS NULL) AND (assignee_id IS NULL) = (assigned_by_id IS NULL)",
            name=op.f("ck_task_marks_assigned_whole"),
        ),
        sa.CheckConstraint(
            "grant_id IS NULL OR assignee_id IS NOT NULL", name=op.f("ck_task_marks_grant_of_assignee")
        ),
        sa.CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name=op.f("ck_task_marks_done_whole")),
    )
    op.create_index(op.f("ix_task_marks_assignee_id"), "task_marks", ["assignee_id"])
    op.create_table(
        "task_words",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        _user("task_words", "author_id", nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        _at("written_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_words")),
        sa.CheckConstraint(KINDS, name=op.f("ck_task_words_kind_known")),
    )
    op.create_index("ix_task_words_task", "task_words", ["kind", "subject_id"])
    op.create_index(op.f("ix_task_words_written_at"), "task_words", ["written_at"])
    op.create_table(
        "to_dos",
        sa.Column("id", sa.Uuid(), nullable=False),
        _user("to_dos", "owner_id"),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        _at("due_at"),
        _user("to_dos", "made_by_id", nullable=False),
        _at("made_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_to_dos")),
    )
    op.create_index(op.f("ix_to_dos_made_at"), "to_dos", ["made_at"])


def downgrade() -> None:
    op.drop_table("to_dos")
    op.drop_table("task_words")
    op.drop_table("task_marks")
