"""A therapist can call a client before deciding a review, and say whether the client is told what is wanted first."""

import sqlalchemy as sa
from alembic import op

revision = "0077_review_acts"
down_revision = "0076_tasks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reviews", sa.Column("call_first_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "reviews",
        sa.Column(
            "call_first_by_id",
            sa.Uuid(),
            sa.ForeignKey("users.id", name=op.f("fk_reviews_call_first_by_id_users")),
            nullable=True,
        ),
    )
    op.add_column(
        "reviews",
        sa.Column("tells_client", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_reviews_call_first_whole"),
        "reviews",
        "(call_first_at IS NULL) = (call_first_by_id IS NULL)",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_reviews_call_first_whole"), "reviews")
    op.drop_column("reviews", "tells_client")
    op.drop_column("reviews", "call_first_by_id")
    op.drop_column("reviews", "call_first_at")
