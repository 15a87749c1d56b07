"""What a visitor typed about themselves is kept on the server for an hour, sealed, and no longer in their cookie."""

import sqlalchemy as sa
from alembic import op

revision = "0026_typed_details"
down_revision = "0025_client_bars"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "typed_details",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("typed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_typed_details")),
        sa.UniqueConstraint("browser", name=op.f("uq_typed_details_browser")),
    )
    op.create_index(op.f("ix_typed_details_typed_at"), "typed_details", ["typed_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_typed_details_typed_at"), "typed_details")
    op.drop_table("typed_details")
