"""A backup keeps when it was sent to the object storage, or why it was not."""

import sqlalchemy as sa
from alembic import op

revision = "0139_sent_backups"
down_revision = "0137_visits_by_client"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("backup_runs", sa.Column("send_began_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("backup_runs", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("backup_runs", sa.Column("send_problem", sa.Text(), nullable=True))


def downgrade() -> None:
    for name in ("send_problem", "sent_at", "send_began_at"):
        op.drop_column("backup_runs", name)
