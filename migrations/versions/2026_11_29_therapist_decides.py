"""A visit remembers that its client leaves the type of massage to the therapist."""

import sqlalchemy as sa
from alembic import op

revision = "0034_therapist_decides"
down_revision = "0033_safety_dates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "appointments",
        sa.Column("therapist_decides", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("appointments", "therapist_decides")
