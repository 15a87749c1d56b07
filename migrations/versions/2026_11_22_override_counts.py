"""Numbers about followed and left suggestions, counted by the worker, and when they were asked for and counted."""

import sqlalchemy as sa
from alembic import op

revision = "0004_override_counts"
down_revision = "0003_check_ins"
branch_labels = None
depends_on = None

COUNTS = (
    "shown",
    "followed",
    "changed",
    "replaced",
    "finding_on_touch",
    "client_wish",
    "skill_or_equipment",
    "safety",
    "other",
)


def upgrade() -> None:
    op.create_table(
        "override_counts",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.CheckConstraint(
            "shown = followed + changed + replaced", name=op.f("ck_override_counts_parts_make_the_whole")
        ),
        sa.PrimaryKeyConstraint("month", "rule", name=op.f("pk_override_counts")),
    )
    op.create_table(
        "recounts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_recounts")),
    )


def downgrade() -> None:
    op.drop_table("recounts")
    op.drop_table("override_counts")
