"""The audit says from which network a sign-in came or failed, as a keyed hash; entries before it have none."""

import sqlalchemy as sa
from alembic import op

revision = "0019_networks_of_entries"
down_revision = "0018_names_folded"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_entries", sa.Column("network", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("audit_entries", "network")
