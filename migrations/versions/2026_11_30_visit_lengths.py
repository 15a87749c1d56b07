"""A visit can be made longer or shorter by itself, with undo, and staff can leave a change of time untold."""

import sqlalchemy as sa
from alembic import op

revision = "0089_visit_lengths"
down_revision = "0087_downtime_sheets"
branch_labels = None
depends_on = None

NUMBERS = ("undo_length_minutes", "series_length_minutes", "untold_revision")


def upgrade() -> None:
    for column in NUMBERS:
        op.add_column("appointments", sa.Column(column, sa.Integer(), nullable=True))
    op.add_column(
        "appointments",
        sa.Column("undo_untold", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    for column in (*NUMBERS, "undo_untold"):
        op.drop_column("appointments", column)
