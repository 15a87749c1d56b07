"""Whether what clients book online is booked at once or asked for: a rule of the practice, and of a treatment where it differs."""

import sqlalchemy as sa
from alembic import op

revision = "0015_approval"
down_revision = "0014_kept_notes"
branch_labels = None
depends_on = None

KNOWN = "approval IN ('at_once', 'ask_first')"


def upgrade() -> None:
    # The default serves the code that ran before, which does not name the column.
    op.add_column("practice", sa.Column("approval", sa.Text(), nullable=False, server_default="at_once"))
    op.add_column("treatments", sa.Column("approval", sa.Text(), nullable=True))
    for table in ("practice", "treatments"):
        op.create_check_constraint(op.f(f"ck_{table}_approval_known"), table, KNOWN)


def downgrade() -> None:
    for table in ("practice", "treatments"):
        op.drop_constraint(op.f(f"ck_{table}_approval_known"), table, type_="check")
        op.drop_column(table, "approval")
