"""Versions of plans: what a course planned from when on, who decided it and why. Sealed, added to and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0080_plan_versions"
down_revision = "0075_cosigning"
branch_labels = None
depends_on = None

VERSIONS = "plan_versions"


def upgrade() -> None:
    op.create_table(
        VERSIONS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f(f"fk_{VERSIONS}_plan_id_plans")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f(f"fk_{VERSIONS}_client_id_clients")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f(f"fk_{VERSIONS}_author_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{VERSIONS}")),
        sa.UniqueConstraint("plan_id", "number", name=op.f(f"uq_{VERSIONS}_plan_id_number")),
        sa.CheckConstraint("number > 0", name=op.f(f"ck_{VERSIONS}_counts_from_one")),
    )
    op.create_index(op.f(f"ix_{VERSIONS}_client_id"), VERSIONS, ["client_id"])
    # As for incidents: sealing anew under a newer key (its id is the first byte) passes, and so does joining two records of
    # one client.
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_plan_version() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'DELETE'
            OR (to_jsonb(NEW) - 'content_sealed' - 'client_id')
               IS DISTINCT FROM (to_jsonb(OLD) - 'content_sealed' - 'client_id')
            OR (NEW.content_sealed <> OLD.content_sealed
                AND get_byte(NEW.content_sealed, 0) <= get_byte(OLD.content_sealed, 0))
          THEN
            RAISE EXCEPTION 'a version of a plan does not change' USING ERRCODE = 'restrict_violation';
          END IF;
          RETURN NEW;
        END
        $$
        """
    )
    op.execute(
        f"CREATE TRIGGER {VERSIONS}_kept BEFORE UPDATE OR DELETE ON {VERSIONS} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_plan_version()"
    )


def downgrade() -> None:
    op.drop_table(VERSIONS)
    op.execute("DROP FUNCTION refuse_change_of_plan_version()")
