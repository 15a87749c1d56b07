"""A client can say that they come to a visit at its present time."""

import sqlalchemy as sa
from alembic import op

revision = "0117_coming"
down_revision = "0127_erasure_letters"
branch_labels = None
depends_on = None

VISITS = "appointments"


def upgrade() -> None:
    op.add_column(VISITS, sa.Column("coming_said_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(VISITS, sa.Column("coming_revision", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f(f"ck_{VISITS}_coming_whole"), VISITS, "(coming_said_at IS NULL) = (coming_revision IS NULL)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f(f"ck_{VISITS}_coming_whole"), VISITS)
    op.drop_column(VISITS, "coming_said_at")
    op.drop_column(VISITS, "coming_revision")
