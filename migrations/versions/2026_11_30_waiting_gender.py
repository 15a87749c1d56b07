"""Whoever waits for a time can prefer a woman or a man."""

import sqlalchemy as sa
from alembic import op

revision = "0090_waiting_gender"
down_revision = "0096_data_exports"
branch_labels = None
depends_on = None

KNOWN = "ck_waiting_wishes_therapist_gender_known"
ONE = "ck_waiting_wishes_therapist_or_gender"


def upgrade() -> None:
    op.add_column("waiting_wishes", sa.Column("therapist_gender", sa.Text(), nullable=True))
    op.create_check_constraint(op.f(KNOWN), "waiting_wishes", "therapist_gender IN ('woman', 'man')")
    op.create_check_constraint(
        op.f(ONE), "waiting_wishes", "therapist_id IS NULL OR therapist_gender IS NULL"
    )


def downgrade() -> None:
    op.drop_column("waiting_wishes", "therapist_gender")
