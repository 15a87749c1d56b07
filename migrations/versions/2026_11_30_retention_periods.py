"""An owner chooses how long some records are kept; until now there was one such number, on the practice itself."""

import sqlalchemy as sa
from alembic import op

revision = "0101_retention_periods"
down_revision = "0100_erasures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_periods",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_retention_periods")),
        sa.CheckConstraint(
            "CASE kind WHEN 'replaced_addresses' THEN length BETWEEN 7 AND 90 WHEN 'sessions' THEN length BETWEEN 7 AND 180 "
            "WHEN 'invitations' THEN length BETWEEN 1 AND 365 WHEN 'waiting_list' THEN length BETWEEN 7 AND 365 "
            "WHEN 'task_words' THEN length BETWEEN 30 AND 730 WHEN 'unusual_readings' THEN length BETWEEN 90 AND 730 "
            "WHEN 'unread_documents' THEN length BETWEEN 30 AND 365 WHEN 'unseen_clients' THEN length BETWEEN 3 AND 30 "
            "WHEN 'notes' THEN length BETWEEN 1 AND 30 ELSE false END",
            name=op.f("ck_retention_periods_length_allowed"),
        ),
    )
    op.execute(
        "INSERT INTO retention_periods (kind, length, chosen_at) "
        "SELECT 'notes', keep_notes_years, TIMESTAMPTZ '2026-11-30 00:00+00' FROM practice "
        "WHERE keep_notes_years <> 10 AND keep_notes_years BETWEEN 1 AND 30"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE practice SET keep_notes_years = chosen.length FROM retention_periods AS chosen WHERE chosen.kind = 'notes'"
    )
    op.drop_table("retention_periods")
