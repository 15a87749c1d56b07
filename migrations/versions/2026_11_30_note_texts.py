"""Templates of headings for notes, and phrases that therapists put into them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0074_note_texts"
down_revision = "0073_note_pages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "note_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("headings", pg.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_templates")),
        sa.UniqueConstraint("name", name=op.f("uq_note_templates_name")),
        sa.CheckConstraint(
            "cardinality(headings) BETWEEN 1 AND 12", name=op.f("ck_note_templates_has_headings")
        ),
    )
    op.create_table(
        "phrases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phrases")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_phrases_user_id_users")),
        sa.UniqueConstraint(
            "user_id", "name", name=op.f("uq_phrases_user_id_name"), postgresql_nulls_not_distinct=True
        ),
    )


def downgrade() -> None:
    op.drop_table("phrases")
    op.drop_table("note_templates")
