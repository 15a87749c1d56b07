"""The first and last visit of each client that counts are read from an index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0137_visits_by_client"
down_revision = "0130_news"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_appointments_client_comes",
        "appointments",
        ["client_id", "starts_at"],
        postgresql_where=sa.text(
            "client_id IS NOT NULL AND state IN ('requested', 'booked', 'arrived', 'done')"
        ),
    )


def downgrade() -> None:
    op.drop_index("ix_appointments_client_comes", "appointments")
