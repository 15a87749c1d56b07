"""Scores before sessions, look backs and check-ins, and a staff browser that is in a client's hands."""

import sqlalchemy as sa
from alembic import op

revision = "0003_check_ins"
down_revision = "0002_guards"
branch_labels = None
depends_on = None

INSTRUMENTS = "instrument IN ('nrs', 'peg', 'psfs', 'global_change'{more})"


def upgrade() -> None:
    op.add_column("staff_sessions", sa.Column("spent_proof", sa.Float(), nullable=True))
    _scores()
    _look_backs()
    _check_ins()


def _scores() -> None:
    op.add_column("outcome_entries", sa.Column("submission_id", sa.Uuid(), nullable=True))
    op.add_column(
        "outcome_entries", sa.Column("source", sa.Text(), nullable=False, server_default=sa.text("'client'"))
    )
    op.alter_column("outcome_entries", "source", server_default=None)
    op.create_foreign_key(
        "fk_outcome_entries_submission_id_submissions",
        "outcome_entries",
        "submissions",
        ["submission_id"],
        ["id"],
    )
    op.create_unique_constraint(
        "uq_outcome_entries_submission_id_instrument", "outcome_entries", ["submission_id", "instrument"]
    )
    op.create_check_constraint(
        op.f("ck_outcome_entries_source_known"), "outcome_entries", "source IN ('client', 'therapist')"
    )
    _know_instruments(", 'reaction'")


def _know_instruments(more: str) -> None:
    op.drop_constraint(op.f("ck_outcome_entries_instrument_known"), "outcome_entries", type_="check")
    op.create_check_constraint(
        op.f("ck_outcome_entries_instrument_known"), "outcome_entries", INSTRUMENTS.format(more=more)
    )


def _look_backs() -> None:
    op.create_table(
        "look_backs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name="fk_look_backs_appointment_id_appointments"
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_look_backs_client_id_clients"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name="fk_look_backs_decided_by_id_users"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name="fk_look_backs_plan_id_plans"),
        sa.PrimaryKeyConstraint("id", name="pk_look_backs"),
        sa.UniqueConstraint("appointment_id", name="uq_look_backs_appointment_id"),
    )
    op.create_index("ix_look_backs_client_id", "look_backs", ["client_id"])
    op.create_index("ix_look_backs_plan_id", "look_backs", ["plan_id"])


def _check_ins() -> None:
    op.create_table(
        "check_ins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asks_for_therapist", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Uuid(), nullable=True),
        sa.Column("done_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(seen_at IS NULL) = (seen_by_id IS NULL)", name=op.f("ck_check_ins_seen_whole")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name="fk_check_ins_appointment_id_appointments"
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_check_ins_client_id_clients"),
        sa.ForeignKeyConstraint(["seen_by_id"], ["users.id"], name="fk_check_ins_seen_by_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_check_ins"),
    )
    op.create_index("ix_check_ins_appointment_id", "check_ins", ["appointment_id"])
    op.create_index("ix_check_ins_client_id", "check_ins", ["client_id"])
    op.create_index(
        "ix_check_ins_waiting",
        "check_ins",
        ["answered_at"],
        postgresql_where=sa.text("asks_for_therapist AND seen_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("check_ins")
    op.drop_table("look_backs")
    op.execute("DELETE FROM outcome_entries WHERE instrument = 'reaction'")
    _know_instruments("")
    op.drop_constraint(op.f("ck_outcome_entries_source_known"), "outcome_entries", type_="check")
    op.drop_constraint("uq_outcome_entries_submission_id_instrument", "outcome_entries", type_="unique")
    op.drop_constraint("fk_outcome_entries_submission_id_submissions", "outcome_entries", type_="foreignkey")
    op.drop_column("outcome_entries", "source")
    op.drop_column("outcome_entries", "submission_id")
    op.drop_column("staff_sessions", "spent_proof")
