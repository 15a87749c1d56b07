"""Seals of the audit say which key they were made with; those from before have none and stay what they are."""

import sqlalchemy as sa
from alembic import op

revision = "0024_keyed_seals"
down_revision = "0023_client_records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_seals", sa.Column("key_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("audit_seals", "key_id")
