"""Lists leave out erased and joined records by their ids, which are read from an index of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0155_clients_gone"
down_revision = "0159_requests_waiting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_clients_gone",
        "clients",
        ["id"],
        postgresql_where=sa.text("erased_at IS NOT NULL OR merged_into_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_clients_gone", "clients")
