"""What therapists write about themselves can stand in each language of the pages, like the practice's own texts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0085_therapists_own_texts"
down_revision = "0078_call_tries"
branch_labels = None
depends_on = None

TRANSLATED = ("therapists", "therapist_profiles")


def upgrade() -> None:
    for table in TRANSLATED:
        op.add_column(
            table,
            sa.Column("translations", pg.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        )
        op.create_check_constraint(
            op.f(f"ck_{table}_translations_are_objects"), table, "jsonb_typeof(translations) = 'object'"
        )


def downgrade() -> None:
    for table in TRANSLATED:
        op.drop_constraint(op.f(f"ck_{table}_translations_are_objects"), table)
        op.drop_column(table, "translations")
