"""When the next hold runs out is part of every kept answer about free times, so it is found without a search."""

import sqlalchemy as sa
from alembic import op

revision = "0011_holds_by_end"
down_revision = "0010_waiting_list"
branch_labels = None
depends_on = None

INDEX = "ix_appointments_held_until"


def upgrade() -> None:
    op.create_index(INDEX, "appointments", ["held_until"], postgresql_where=sa.text("state = 'held'"))


def downgrade() -> None:
    op.drop_index(INDEX, "appointments")
