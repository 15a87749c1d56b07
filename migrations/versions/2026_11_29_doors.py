"""A draft knows what the client came for, which decides what is asked before a booking.

Drafts under way go on asking everything, as they began.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0041_doors"
down_revision = "0040_backup_runs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("door", sa.Text(), nullable=False, server_default="whole"))
    op.add_column("drafts", sa.Column("types", ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.add_column(
        "drafts",
        sa.Column("completes_id", sa.Uuid(), sa.ForeignKey("submissions.id", ondelete="CASCADE")),
    )
    op.create_check_constraint(
        op.f("ck_drafts_door_known"), "drafts", "door IN ('chosen', 'suggestion', 'whole')"
    )


def downgrade() -> None:
    op.drop_column("drafts", "completes_id")
    op.drop_column("drafts", "types")
    op.drop_column("drafts", "door")
