"""What the practice types for clients can stand in each language of its pages; a language is a catalogue and no code.

Which languages there are is a matter of the catalogues, so the constraints that named two of them ask for the form of a code.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0071_own_texts"
down_revision = "0070_outcome_by_mail"
branch_labels = None
depends_on = None

TRANSLATED = ("treatments", "locations", "practice")
BY_LANGUAGE = ("letter_texts", "legal_texts")


def upgrade() -> None:
    for table in TRANSLATED:
        op.add_column(
            table,
            sa.Column("translations", pg.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        )
        op.create_check_constraint(
            op.f(f"ck_{table}_translations_are_objects"), table, "jsonb_typeof(translations) = 'object'"
        )
    for table in BY_LANGUAGE:
        op.drop_constraint(op.f(f"ck_{table}_language_known"), table)
        op.create_check_constraint(
            op.f(f"ck_{table}_language_is_code"), table, "language ~ '^[a-z]{2,3}(_[A-Za-z]{2,4})?$'"
        )


def downgrade() -> None:
    op.execute("DELETE FROM letter_texts WHERE language NOT IN ('en', 'de')")
    op.execute("DELETE FROM legal_texts WHERE language NOT IN ('en', 'de')")
    for table in BY_LANGUAGE:
        op.drop_constraint(op.f(f"ck_{table}_language_is_code"), table)
        op.create_check_constraint(op.f(f"ck_{table}_language_known"), table, "language IN ('en', 'de')")
    for table in TRANSLATED:
        op.drop_constraint(op.f(f"ck_{table}_translations_are_objects"), table)
        op.drop_column(table, "translations")
