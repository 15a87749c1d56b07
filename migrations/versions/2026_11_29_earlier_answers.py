"""A draft knows which earlier answers it follows and whether they were looked over, and each sent answer has its date.

All are empty for what was begun or sent before: such answers were given when they were sent.
"""

import sqlalchemy as sa
from alembic import op

revision = "0062_earlier_answers"
down_revision = "0045_client_list"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("follows_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_drafts_follows_id_submissions"),
        "drafts",
        "submissions",
        ["follows_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.add_column("drafts", sa.Column("looked_over_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("submissions", sa.Column("answered_at_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("submissions", "answered_at_sealed")
    op.drop_column("drafts", "looked_over_at")
    op.drop_constraint(op.f("fk_drafts_follows_id_submissions"), "drafts", type_="foreignkey")
    op.drop_column("drafts", "follows_id")
