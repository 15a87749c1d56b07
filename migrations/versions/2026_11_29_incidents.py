"""Incidents of visits: signed records, sealed, that are added to and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0031_incidents"
down_revision = "0030_safety_waivers"
branch_labels = None
depends_on = None

INCIDENTS, ADDENDA = "incidents", "incident_addenda"


def upgrade() -> None:
    op.create_table(
        INCIDENTS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f(f"fk_{INCIDENTS}_appointment_id_appointments")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f(f"fk_{INCIDENTS}_client_id_clients")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f(f"fk_{INCIDENTS}_author_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{INCIDENTS}")),
    )
    op.create_index(op.f(f"ix_{INCIDENTS}_appointment_id"), INCIDENTS, ["appointment_id"])
    op.create_index(op.f(f"ix_{INCIDENTS}_client_id"), INCIDENTS, ["client_id"])
    op.create_table(
        ADDENDA,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f(f"fk_{ADDENDA}_incident_id_incidents")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f(f"fk_{ADDENDA}_author_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{ADDENDA}")),
    )
    op.create_index(op.f(f"ix_{ADDENDA}_incident_id"), ADDENDA, ["incident_id"])
    _guards()


def _guards() -> None:
    # As for signed notes: sealing anew under a newer key (its id is the first byte) passes, and so does joining two records
    # of one client.
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_incident() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'DELETE'
            OR (to_jsonb(NEW) - 'content_sealed' - 'client_id')
               IS DISTINCT FROM (to_jsonb(OLD) - 'content_sealed' - 'client_id')
            OR (NEW.content_sealed <> OLD.content_sealed
                AND get_byte(NEW.content_sealed, 0) <= get_byte(OLD.content_sealed, 0))
          THEN
            RAISE EXCEPTION 'a signed incident does not change' USING ERRCODE = 'restrict_violation';
          END IF;
          RETURN NEW;
        END
        $$
        """
    )
    for table in (INCIDENTS, ADDENDA):
        op.execute(
            f"CREATE TRIGGER {table}_signed BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_incident()"
        )


def downgrade() -> None:
    op.drop_table(ADDENDA)
    op.drop_table(INCIDENTS)
    op.execute("DROP FUNCTION refuse_change_of_incident()")
