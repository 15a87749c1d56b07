"""Clients can be erased: who asked, what was decided, and what the law keeps back meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0100_erasures"
down_revision = "0097_unusual_readings"
branch_labels = None
depends_on = None

KINDS_BEFORE = (
    "review", "request", "call", "check_in", "look_back", "note", "came", "answers", "letter", "left", "backup", "drill", "unusual", "to_do",
)  # fmt: skip
TABLES = ("task_marks", "task_words")
SIGNED = (
    ("session_notes", "session_notes_signed", "refuse_change_of_signed_note", "OLD.client_id"),
    ("plan_versions", "plan_versions_kept", "refuse_change_of_plan_version", "OLD.client_id"),
    ("incidents", "incidents_signed", "refuse_change_of_incident", "OLD.client_id"),
    (
        "incident_addenda",
        "incident_addenda_signed",
        "refuse_change_of_incident",
        "client_of_incident(OLD.incident_id)",
    ),
)
"""Rows that never change: table, trigger, its function, and whose row it is. They go only with their client."""


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_erasures_client_id_clients")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name=op.f("fk_erasures_asked_by_id_users")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["users.id"], name=op.f("fk_erasures_decided_by_id_users")
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'granted', 'refused', 'taken_back', 'done')",
            name=op.f("ck_erasures_state_known"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_erasures_decided_whole")
        ),
        sa.CheckConstraint(
            "state NOT IN ('granted', 'refused') OR decided_at IS NOT NULL",
            name=op.f("ck_erasures_decided_by_somebody"),
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (reason_sealed IS NOT NULL)", name=op.f("ck_erasures_refused_with_reason")
        ),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name=op.f("ck_erasures_done_whole")),
    )
    op.create_index(op.f("ix_erasures_client_id"), "erasures", ["client_id"])
    op.create_index(
        "uq_erasures_one_open",
        "erasures",
        ["client_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('asked', 'granted')"),
    )
    op.create_table(
        "restricted_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restricted_records")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_restricted_records_client_id_clients")
        ),
        sa.UniqueConstraint("client_id", name=op.f("uq_restricted_records_client_id")),
    )
    op.create_index(op.f("ix_restricted_records_kept_until"), "restricted_records", ["kept_until"])
    _know((*KINDS_BEFORE, "erasure"))
    op.execute(
        """
        CREATE FUNCTION is_erased(client uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
          SELECT EXISTS (SELECT FROM clients WHERE id = client AND erased_at IS NOT NULL)
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION client_of_incident(incident uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
          SELECT client_id FROM incidents WHERE id = incident
        $$
        """
    )
    for table, trigger, function, client in SIGNED:
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW WHEN (NOT is_erased({client})) EXECUTE FUNCTION {function}()"
        )


def downgrade() -> None:
    op.execute("DELETE FROM task_marks WHERE kind = 'erasure'")
    op.execute("DELETE FROM task_words WHERE kind = 'erasure'")
    _know(KINDS_BEFORE)
    for table, trigger, function, _ in SIGNED:
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
    op.execute("DROP FUNCTION client_of_incident(uuid)")
    op.execute("DROP FUNCTION is_erased(uuid)")
    op.drop_table("restricted_records")
    op.drop_table("erasures")


def _know(kinds: tuple[str, ...]) -> None:
    known = ", ".join(f"'{kind}'" for kind in kinds)
    for table in TABLES:
        op.drop_constraint(op.f(f"ck_{table}_kind_known"), table)
        op.create_check_constraint(op.f(f"ck_{table}_kind_known"), table, f"kind IN ({known})")
