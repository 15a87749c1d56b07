"""Each answer of a draft has its own date, and a submission knows the oldest of its safety part.

Both are empty for what was given before: a submission then counts from when it was sent, as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033_safety_dates"
down_revision = "0032_experiences"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("answered_at_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("submissions", sa.Column("safety_answered_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("submissions", "safety_answered_at")
    op.drop_column("drafts", "answered_at_sealed")
