"""Whose network a hold came from, as a keyed digest, so that one network keeps ten times at once and no more."""

import sqlalchemy as sa
from alembic import op

revision = "0012_hold_networks"
down_revision = "0011_holds_by_end"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointments", sa.Column("held_network", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_appointments_held_network",
        "appointments",
        ["held_network"],
        postgresql_where=sa.text("state = 'held' AND held_network IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_appointments_held_network", "appointments")
    op.drop_column("appointments", "held_network")
