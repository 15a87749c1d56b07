"""The database itself keeps a visit from a client who is erased: none is booked for them, moved to them, or comes back to life."""

from alembic import op

revision = "0150_visits_of_erased"
down_revision = "0159_requests_waiting"
branch_labels = None
depends_on = None

ALIVE = "('held', 'requested', 'booked')"


def upgrade() -> None:
    # The lock is the one of the reference to the client: an erasure holds the stronger one, so whoever comes second waits and sees the first.
    op.execute(
        """
        CREATE FUNCTION refuse_visit_of_erased() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          gone timestamptz;
        BEGIN
          SELECT erased_at INTO gone FROM clients WHERE id = NEW.client_id FOR KEY SHARE;
          IF gone IS NOT NULL THEN
            RAISE EXCEPTION 'a visit needs a client who is not erased'
              USING ERRCODE = 'check_violation', TABLE = 'appointments', CONSTRAINT = 'visit_of_erased';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER visits_of_erased_added BEFORE INSERT ON appointments FOR EACH ROW"
        " WHEN (NEW.client_id IS NOT NULL) EXECUTE FUNCTION refuse_visit_of_erased()"
    )
    op.execute(
        "CREATE TRIGGER visits_of_erased_changed BEFORE UPDATE OF client_id, state ON appointments FOR EACH ROW"
        " WHEN (NEW.client_id IS NOT NULL AND (NEW.client_id IS DISTINCT FROM OLD.client_id"
        f" OR NEW.state IN {ALIVE} AND OLD.state NOT IN {ALIVE})) EXECUTE FUNCTION refuse_visit_of_erased()"
    )


def downgrade() -> None:
    for name in ("added", "changed"):
        op.execute(f"DROP TRIGGER visits_of_erased_{name} ON appointments")
    op.execute("DROP FUNCTION refuse_visit_of_erased()")
