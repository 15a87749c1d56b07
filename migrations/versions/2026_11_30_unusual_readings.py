"""Unusual reading of clients' files is written down, and is a task of an owner."""

import sqlalchemy as sa
from alembic import op

revision = "0097_unusual_readings"
down_revision = "0090_waiting_gender"
branch_labels = None
depends_on = None

BEFORE = (
    *("review", "request", "call", "check_in", "look_back", "note", "came"),
    *("answers", "letter", "left", "backup", "drill", "to_do"),
)
UNUSUAL = "unusual"


def upgrade() -> None:
    op.create_table(
        "unusual_readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unusual_readings")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_unusual_readings_user_id_users")),
        sa.UniqueConstraint("user_id", "kind", "day", name=op.f("uq_unusual_readings_user_id_kind_day")),
        sa.CheckConstraint(
            "kind IN ('many', 'outside', 'night')", name=op.f("ck_unusual_readings_kind_known")
        ),
        sa.CheckConstraint(
            "files > 0 AND first_at <= last_at", name=op.f("ck_unusual_readings_counts_forward")
        ),
    )
    op.create_index(op.f("ix_unusual_readings_last_at"), "unusual_readings", ["last_at"])
    _allow((*BEFORE[:-1], UNUSUAL, BEFORE[-1]))


def downgrade() -> None:
    for table in ("task_marks", "task_words"):
        op.execute(sa.text(f"DELETE FROM {table} WHERE kind = '{UNUSUAL}'"))  # noqa: S608 - our own names
    _allow(BEFORE)
    op.drop_table("unusual_readings")


def _allow(kinds: tuple[str, ...]) -> None:
    known = "kind IN ({})".format(", ".join(f"'{kind}'" for kind in kinds))
    for table in ("task_marks", "task_words"):
        name = op.f(f"ck_{table}_kind_known")
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, known)
