"""What a photo shows can be said in each language of the pages, for whoever cannot see it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0122_photo_texts"
down_revision = "0118_visits_of_messages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "photos", sa.Column("translations", pg.JSONB(), server_default=sa.text("'{}'"), nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_photos_translations_are_objects"), "photos", "jsonb_typeof(translations) = 'object'"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_photos_translations_are_objects"), "photos")
    op.drop_column("photos", "translations")
