"""Whether clients can book online, and what they read while they cannot: a new practice opens when its owner says so."""

import sqlalchemy as sa
from alembic import op

revision = "0021_online_booking"
down_revision = "0020_sns_errands"
branch_labels = None
depends_on = None

KNOWN = "online_booking IN ('not_open', 'open', 'closed')"


def upgrade() -> None:
    # The defaults serve the code that ran before, which does not name the columns; a practice that works goes on working.
    op.add_column("practice", sa.Column("online_booking", sa.Text(), nullable=False, server_default="open"))
    op.add_column("practice", sa.Column("closed_words", sa.Text(), nullable=False, server_default=""))
    op.create_check_constraint(op.f("ck_practice_online_booking_known"), "practice", KNOWN)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_practice_online_booking_known"), "practice", type_="check")
    op.drop_column("practice", "closed_words")
    op.drop_column("practice", "online_booking")
