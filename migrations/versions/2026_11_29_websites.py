"""The practice lists the websites of its own that may show its booking pages in a frame."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0065_websites"
down_revision = "0062_earlier_answers"
branch_labels = None
depends_on = None

ORIGIN = r"(https://[a-z0-9.-]+(:[0-9]{1,5})?|http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?)"


def upgrade() -> None:
    op.add_column(
        "practice",
        sa.Column("websites", pg.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_practice_websites_are_origins"),
        "practice",
        f"cardinality(websites) <= 10 AND array_to_string(websites, ' ', '?') ~ '^({ORIGIN}( {ORIGIN})*)?$'",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_practice_websites_are_origins"), "practice")
    op.drop_column("practice", "websites")
