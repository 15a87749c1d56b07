"""Students' notes wait for the co-signature of whoever supervises them, which does not change either once it is given."""

import sqlalchemy as sa
from alembic import op

revision = "0075_cosigning"
down_revision = "0074_note_texts"
branch_labels = None
depends_on = None

GUARD = """
CREATE OR REPLACE FUNCTION refuse_change_of_signed_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.signed_at IS NOT NULL AND (
    TG_OP = 'DELETE'
    OR NEW.signed_at IS DISTINCT FROM OLD.signed_at
    OR NEW.author_id <> OLD.author_id
    OR NEW.appointment_id <> OLD.appointment_id
    {cosigning}
    OR (NEW.content_sealed <> OLD.content_sealed
        AND get_byte(NEW.content_sealed, 0) <= get_byte(OLD.content_sealed, 0))
  ) THEN
    RAISE EXCEPTION 'a signed note does not change' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$
"""
COSIGNING = """OR NEW.needs_cosigning <> OLD.needs_cosigning
    OR (OLD.cosigned_at IS NOT NULL
        AND (NEW.cosigned_at, NEW.cosigned_by_id) IS DISTINCT FROM (OLD.cosigned_at, OLD.cosigned_by_id))"""


def upgrade() -> None:
    op.add_column("users", sa.Column("supervisor_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_users_supervisor_id_users"), "users", "users", ["supervisor_id"], ["id"])
    op.create_check_constraint(op.f("ck_users_supervised_by_another"), "users", "supervisor_id <> id")
    op.add_column(
        "session_notes",
        sa.Column("needs_cosigning", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("session_notes", sa.Column("cosigned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("session_notes", sa.Column("cosigned_by_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_session_notes_cosigned_by_id_users"), "session_notes", "users", ["cosigned_by_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_session_notes_cosigned_whole"),
        "session_notes",
        "(cosigned_at IS NULL) = (cosigned_by_id IS NULL) AND (cosigned_at IS NULL OR (needs_cosigning AND signed_at IS NOT NULL)) "
        "AND (cosigned_by_id IS NULL OR cosigned_by_id <> author_id)",
    )
    op.create_index(
        "ix_session_notes_to_cosign",
        "session_notes",
        ["author_id"],
        postgresql_where=sa.text("needs_cosigning AND cosigned_at IS NULL"),
    )
    op.execute(GUARD.format(cosigning=COSIGNING))


def downgrade() -> None:
    op.execute(GUARD.format(cosigning=""))
    op.drop_index("ix_session_notes_to_cosign", "session_notes")
    op.drop_constraint(op.f("ck_session_notes_cosigned_whole"), "session_notes")
    op.drop_column("session_notes", "cosigned_by_id")
    op.drop_column("session_notes", "cosigned_at")
    op.drop_column("session_notes", "needs_cosigning")
    op.drop_constraint(op.f("ck_users_supervised_by_another"), "users")
    op.drop_column("users", "supervisor_id")
