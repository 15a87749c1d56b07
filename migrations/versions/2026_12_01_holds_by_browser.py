"""What a browser held is found without reading every appointment, also what lapsed."""

import sqlalchemy as sa
from alembic import op

revision = "0123_holds_by_browser"
down_revision = "0102_consent_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_appointments_held_by",
        "appointments",
        ["held_by"],
        postgresql_where=sa.text("held_by IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_appointments_held_by", "appointments")
