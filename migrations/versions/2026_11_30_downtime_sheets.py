"""Each evening a sheet of the next day's visits is made that can be read without the server."""

import sqlalchemy as sa
from alembic import op

revision = "0087_downtime_sheets"
down_revision = "0084_score_sheets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "downtime_sheets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("encrypted", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_downtime_sheets")),
        sa.UniqueConstraint("day", name=op.f("uq_downtime_sheets_day")),
        sa.CheckConstraint("visits >= 0", name=op.f("ck_downtime_sheets_counts_visits")),
    )


def downgrade() -> None:
    op.drop_table("downtime_sheets")
