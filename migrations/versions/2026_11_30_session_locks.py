"""A browser of staff is locked between two clients, by hand or by itself, and opened again by a PIN of its session."""

import sqlalchemy as sa
from alembic import op

revision = "0082_session_locks"
down_revision = "0085_therapists_own_texts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff_sessions", sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_sessions", sa.Column("voided_proof", sa.Float(), nullable=True))
    op.add_column("staff_sessions", sa.Column("pin_hash", sa.Text(), nullable=True))
    op.add_column(
        "staff_sessions", sa.Column("pin_tries", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("staff_sessions", sa.Column("lock_minutes", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_staff_sessions_pin_tries_at_most_five"), "staff_sessions", "pin_tries BETWEEN 0 AND 5"
    )
    op.add_column("practice", sa.Column("lock_minutes", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_practice_lock_minutes_before_signing_out"), "practice", "lock_minutes BETWEEN 1 AND 29"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_practice_lock_minutes_before_signing_out"), "practice")
    op.drop_column("practice", "lock_minutes")
    op.drop_constraint(op.f("ck_staff_sessions_pin_tries_at_most_five"), "staff_sessions")
    for column in ("lock_minutes", "pin_tries", "pin_hash", "voided_proof", "locked_at"):
        op.drop_column("staff_sessions", column)
