"""The practice's own words in letters, in every language; what a client wishes to be written about, and when."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0009_letters"
down_revision = "0008_desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter_texts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("heading", sa.Text(), nullable=True),
        sa.Column("opening", sa.Text(), nullable=True),
        sa.Column("closing", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language IN ('en', 'de')", name=op.f("ck_letter_texts_language_known")),
        sa.CheckConstraint(
            "length(subject) <= 200 AND length(heading) <= 200", name=op.f("ck_letter_texts_lines_short")
        ),
        sa.CheckConstraint(
            "length(opening) <= 2000 AND length(closing) <= 2000", name=op.f("ck_letter_texts_words_short")
        ),
        sa.PrimaryKeyConstraint("kind", "language", name=op.f("pk_letter_texts")),
    )
    op.add_column(
        "contacts", sa.Column("wants_check_ins", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    # Who wanted no reminders was not asked either, until now.
    op.execute("UPDATE contacts SET wants_check_ins = wants_reminders")
    op.add_column("contacts", sa.Column("reminder_offsets_minutes", pg.ARRAY(sa.Integer()), nullable=True))
    op.add_column(
        "practice",
        sa.Column("rebooking_after_days", sa.Integer(), server_default=sa.text("28"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_practice_rebooking_plausible"), "practice", "rebooking_after_days BETWEEN 1 AND 730"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_practice_rebooking_plausible"), "practice", type_="check")
    op.drop_column("practice", "rebooking_after_days")
    op.drop_column("contacts", "reminder_offsets_minutes")
    op.drop_column("contacts", "wants_check_ins")
    op.drop_table("letter_texts")
