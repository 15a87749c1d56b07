"""Guards: what the product's own role may not do, whatever its code says.

Audit entries and seals can be added and read only; a signed note cannot change. The triggers hold for every role, the
grants for `lumbar_app`, the role the product runs as where two roles are used (they are when `make run` made them).
"""

from alembic import op

revision = "0002_guards"
down_revision = "0001_first_tables"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_entries", "audit_seals")

GRANTS = """
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lumbar_app') THEN
    GRANT USAGE ON SCHEMA public TO lumbar_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO lumbar_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO lumbar_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO lumbar_app;
    REVOKE UPDATE, DELETE ON audit_entries, audit_seals FROM lumbar_app;
    REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM lumbar_app;
  END IF;
END
$$
"""

REVOKES = """
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lumbar_app') THEN
    ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM lumbar_app;
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM lumbar_app;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM lumbar_app;
    REVOKE USAGE ON SCHEMA public FROM lumbar_app;
  END IF;
END
$$
"""


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END
        $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    # Re-sealing a signed note under a new key changes its bytes and nothing else a person could see; the key id is the
    # first byte, so only such a change passes.
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_signed_note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF OLD.signed_at IS NOT NULL AND (
            TG_OP = 'DELETE'
            OR NEW.signed_at IS DISTINCT FROM OLD.signed_at
            OR NEW.author_id <> OLD.author_id
            OR NEW.appointment_id <> OLD.appointment_id
            OR (NEW.content_sealed <> OLD.content_sealed
                AND get_byte(NEW.content_sealed, 0) <= get_byte(OLD.content_sealed, 0))
          ) THEN
            RAISE EXCEPTION 'a signed note does not change' USING ERRCODE = 'restrict_violation';
          END IF;
          RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        END
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER session_notes_signed BEFORE UPDATE OR DELETE ON session_notes "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_signed_note()"
    )
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute(REVOKES)
    op.execute("DROP TRIGGER session_notes_signed ON session_notes")
    op.execute("DROP FUNCTION refuse_change_of_signed_note()")
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_not_truncated ON {table}")
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute("DROP FUNCTION refuse_change()")
