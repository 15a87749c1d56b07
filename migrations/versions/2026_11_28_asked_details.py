"""Which details of a record a practice asks its clients for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027_asked_details"
down_revision = "0026_typed_details"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default serves the code that ran before, which does not name this column.
    op.add_column(
        "practice",
        sa.Column("asked_details", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
    )
    op.create_check_constraint(
        op.f("ck_practice_asked_details_known"),
        "practice",
        "asked_details <@ ARRAY['birth_date', 'address', 'emergency', 'doctor']",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_practice_asked_details_known"), "practice", type_="check")
    op.drop_column("practice", "asked_details")
