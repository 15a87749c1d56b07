"""The rule book: texts of a rule set that were signed, and who signed them. Both stay as they are; a signature can be withdrawn."""

import sqlalchemy as sa
from alembic import op

revision = "0029_rule_book"
down_revision = "0028_kept_times"
branch_labels = None
depends_on = None

TEXTS, SIGNATURES = "signed_texts", "rule_book_signatures"


def upgrade() -> None:
    op.create_table(
        TEXTS,
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("rule_set", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "text_hash = encode(sha256(convert_to(text, 'UTF8')), 'hex')",
            name=op.f(f"ck_{TEXTS}_hash_is_of_text"),
        ),
        sa.PrimaryKeyConstraint("text_hash", name=op.f(f"pk_{TEXTS}")),
    )
    op.create_table(
        SIGNATURES,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("signed_by_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 120", name=op.f(f"ck_{SIGNATURES}_has_name")),
        sa.CheckConstraint("length(licence) BETWEEN 1 AND 60", name=op.f(f"ck_{SIGNATURES}_has_licence")),
        sa.CheckConstraint("withdrawn_at >= signed_at", name=op.f(f"ck_{SIGNATURES}_withdrawn_after")),
        sa.ForeignKeyConstraint(
            ["text_hash"], [f"{TEXTS}.text_hash"], name=op.f(f"fk_{SIGNATURES}_text_hash_{TEXTS}")
        ),
        sa.ForeignKeyConstraint(
            ["signed_by_id"], ["users.id"], name=op.f(f"fk_{SIGNATURES}_signed_by_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{SIGNATURES}")),
    )
    op.create_index(
        f"uq_{SIGNATURES}_standing",
        SIGNATURES,
        ["text_hash", "signed_by_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    _guards()


def _guards() -> None:
    op.execute(
        f"CREATE TRIGGER {TEXTS}_append_only BEFORE UPDATE OR DELETE ON {TEXTS} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_signature() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'DELETE' OR OLD.withdrawn_at IS NOT NULL
            OR (NEW.id, NEW.text_hash, NEW.signed_by_id, NEW.name, NEW.licence, NEW.signed_at)
               IS DISTINCT FROM (OLD.id, OLD.text_hash, OLD.signed_by_id, OLD.name, OLD.licence, OLD.signed_at)
          THEN
            RAISE EXCEPTION 'a signature does not change' USING ERRCODE = 'restrict_violation';
          END IF;
          RETURN NEW;
        END
        $$
        """
    )
    op.execute(
        f"CREATE TRIGGER {SIGNATURES}_signed BEFORE UPDATE OR DELETE ON {SIGNATURES} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_signature()"
    )


def downgrade() -> None:
    op.drop_table(SIGNATURES)
    op.execute("DROP FUNCTION refuse_change_of_signature()")
    op.drop_table(TEXTS)
