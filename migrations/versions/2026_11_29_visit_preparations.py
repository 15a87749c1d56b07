"""What a client answers between booking and visit, and what a later version of answers carries on from the one before."""

import sqlalchemy as sa
from alembic import op

revision = "0042_visit_preparations"
down_revision = "0041_doors"
branch_labels = None
depends_on = None

PREPARATIONS = "visit_preparations"
SUBMISSIONS = "submissions"
CARRIED_ON = "ck_submissions_carries_on_what_was_sent"


def upgrade() -> None:
    op.add_column(SUBMISSIONS, sa.Column("parts_open", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(SUBMISSIONS, sa.Column("history_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column(SUBMISSIONS, sa.Column("safety_sent_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f(CARRIED_ON),
        SUBMISSIONS,
        "history_from <= submitted_at AND safety_sent_at <= submitted_at",
    )
    op.create_table(
        PREPARATIONS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=True),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("parts_done", sa.Integer(), nullable=False),
        sa.Column("parts_open", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "parts_done >= 0 AND parts_open >= 0", name=op.f(f"ck_{PREPARATIONS}_counts_parts")
        ),
        sa.CheckConstraint(
            "finished_at IS NULL OR submission_id IS NOT NULL",
            name=op.f(f"ck_{PREPARATIONS}_finished_is_a_version"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f(f"fk_{PREPARATIONS}_appointment_id_appointments"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f(f"fk_{PREPARATIONS}_client_id_clients")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f(f"fk_{PREPARATIONS}_submission_id_submissions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{PREPARATIONS}")),
        sa.UniqueConstraint("appointment_id", name=op.f(f"uq_{PREPARATIONS}_appointment_id")),
    )
    op.create_index(op.f(f"ix_{PREPARATIONS}_client_id"), PREPARATIONS, ["client_id"])
    op.create_index(op.f(f"ix_{PREPARATIONS}_changed_at"), PREPARATIONS, ["changed_at"])


def downgrade() -> None:
    op.drop_table(PREPARATIONS)
    op.drop_constraint(op.f(CARRIED_ON), SUBMISSIONS, type_="check")
    for column in ("safety_sent_at", "history_from", "parts_open"):
        op.drop_column(SUBMISSIONS, column)
