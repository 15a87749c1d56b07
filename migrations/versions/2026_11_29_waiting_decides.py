"""An entry of the waiting list remembers that its client leaves the type of massage to the therapist."""

import sqlalchemy as sa
from alembic import op

revision = "0037_waiting_decides"
down_revision = "0036_answered_as_group"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "waiting_wishes",
        sa.Column("therapist_decides", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("waiting_wishes", "therapist_decides")
