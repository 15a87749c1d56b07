"""A letter tells what was decided about an erasure, so the day until which a record of treatment stays is kept with the decision."""

import sqlalchemy as sa
from alembic import op

revision = "0127_erasure_letters"
down_revision = "0123_holds_by_browser"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("erasures", sa.Column("kept_until", sa.Date()))


def downgrade() -> None:
    op.drop_column("erasures", "kept_until")
