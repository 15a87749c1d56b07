"""What the worker fetches from Amazon SNS: no request may fetch the certificate that a notification names."""

import sqlalchemy as sa
from alembic import op

revision = "0020_sns_errands"
down_revision = "0019_networks_of_entries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sns_errands",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_sns_errands")),
    )


def downgrade() -> None:
    op.drop_table("sns_errands")
