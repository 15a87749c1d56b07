"""A sent message keeps when the visit begins that it spoke of."""

import sqlalchemy as sa
from alembic import op

revision = "0118_visits_of_messages"
down_revision = "0117_coming"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("visit_starts_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("messages", "visit_starts_at")
