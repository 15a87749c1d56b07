"""The practice writes its own privacy page, terms, imprint and accessibility statement; every version stays."""

import sqlalchemy as sa
from alembic import op

revision = "0039_legal_texts"
down_revision = "0038_people_pages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "legal_texts",
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "page IN ('privacy', 'terms', 'imprint', 'accessibility')", name=op.f("ck_legal_texts_page_known")
        ),
        sa.CheckConstraint("language IN ('en', 'de')", name=op.f("ck_legal_texts_language_known")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_legal_texts_version_counts")),
        sa.CheckConstraint("words <> '' AND length(words) <= 20000", name=op.f("ck_legal_texts_words_fit")),
        sa.PrimaryKeyConstraint("page", "language", "version", name=op.f("pk_legal_texts")),
    )


def downgrade() -> None:
    op.drop_table("legal_texts")
