"""Where a visit was before it moved to another location, so that taking the move back leads there."""

import sqlalchemy as sa
from alembic import op

revision = "0016_undo_location"
down_revision = "0015_approval"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointments", sa.Column("undo_location_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_appointments_undo_location_id_locations"),
        "appointments",
        "locations",
        ["undo_location_id"],
        ["id"],
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_appointments_undo_location_id_locations"), "appointments", type_="foreignkey")
    op.drop_column("appointments", "undo_location_id")
