"""Scores are also entered at the desk, given on the practice's tablet, or asked for by letter; a correction keeps the old one."""

import sqlalchemy as sa
from alembic import op

revision = "0084_score_sheets"
down_revision = "0082_session_locks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "score_sheets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_digest", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_score_sheets_appointment_id_appointments")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["users.id"], name=op.f("fk_score_sheets_asked_by_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_score_sheets_client_id_clients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_sheets")),
        sa.CheckConstraint("way IN ('staff', 'tablet', 'letter')", name=op.f("ck_score_sheets_way_known")),
        sa.CheckConstraint(
            "way <> 'letter' OR appointment_id IS NOT NULL", name=op.f("ck_score_sheets_letter_names_a_visit")
        ),
    )
    op.create_index(op.f("ix_score_sheets_client_id"), "score_sheets", ["client_id"])
    op.create_index(op.f("ix_score_sheets_appointment_id"), "score_sheets", ["appointment_id"])
    op.create_index(
        "ix_score_sheets_open",
        "score_sheets",
        ["closes_at"],
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.add_column("outcome_entries", sa.Column("sheet_id", sa.Uuid(), nullable=True))
    op.add_column("outcome_entries", sa.Column("entered_by_id", sa.Uuid(), nullable=True))
    op.add_column("outcome_entries", sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outcome_entries", sa.Column("corrects_id", sa.Uuid(), nullable=True))
    for column, table in (
        ("sheet_id", "score_sheets"),
        ("entered_by_id", "users"),
        ("corrects_id", "outcome_entries"),
    ):
        op.create_foreign_key(
            op.f(f"fk_outcome_entries_{column}_{table}"), "outcome_entries", table, [column], ["id"]
        )
    op.create_check_constraint(
        op.f("ck_outcome_entries_entered_whole"),
        "outcome_entries",
        "(entered_by_id IS NULL) = (entered_at IS NULL)",
    )
    op.create_index(op.f("ix_outcome_entries_sheet_id"), "outcome_entries", ["sheet_id"])
    op.create_unique_constraint(op.f("uq_outcome_entries_corrects_id"), "outcome_entries", ["corrects_id"])


def downgrade() -> None:
    op.drop_constraint(op.f("uq_outcome_entries_corrects_id"), "outcome_entries")
    op.drop_index(op.f("ix_outcome_entries_sheet_id"), "outcome_entries")
    op.drop_constraint(op.f("ck_outcome_entries_entered_whole"), "outcome_entries")
    for column in ("corrects_id", "entered_at", "entered_by_id", "sheet_id"):
        op.drop_column("outcome_entries", column)
    op.drop_table("score_sheets")
