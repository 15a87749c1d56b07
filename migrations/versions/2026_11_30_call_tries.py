"""A call before a decision counts the tries at which nobody was reached, and keeps what was said."""

import sqlalchemy as sa
from alembic import op

revision = "0078_call_tries"
down_revision = "0080_plan_versions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reviews", sa.Column("call_tried_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "reviews", sa.Column("call_tries", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("reviews", sa.Column("call_words_sealed", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("ck_reviews_call_tries_whole"),
        "reviews",
        "(call_tried_at IS NULL) = (call_tries = 0) AND call_tries >= 0",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_reviews_call_tries_whole"), "reviews")
    op.drop_column("reviews", "call_words_sealed")
    op.drop_column("reviews", "call_tries")
    op.drop_column("reviews", "call_tried_at")
