"""The few visits that wait for a decision are found without reading all the others; every page of staff counts them."""

import sqlalchemy as sa
from alembic import op

revision = "0159_requests_waiting"
down_revision = "0140_added_documents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_appointments_requested",
        "appointments",
        ["decide_by"],
        postgresql_where=sa.text("state = 'requested'"),
    )


def downgrade() -> None:
    op.drop_index("ix_appointments_requested", "appointments")
