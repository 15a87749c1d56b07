"""What a therapist sets aside although a client's answers speak against it, is kept sealed with its reason."""

import sqlalchemy as sa
from alembic import op

revision = "0030_safety_waivers"
down_revision = "0029_rule_book"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "safety_waivers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("whole_course", sa.Boolean(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "CASE WHEN whole_course THEN submission_id IS NOT NULL ELSE appointment_id IS NOT NULL END",
            name=op.f("ck_safety_waivers_about_something"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_safety_waivers_client_id_clients")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_safety_waivers_appointment_id_appointments"),
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_safety_waivers_submission_id_submissions")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_safety_waivers_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_waivers")),
    )
    for column in ("client_id", "appointment_id", "submission_id"):
        op.create_index(op.f(f"ix_safety_waivers_{column}"), "safety_waivers", [column])


def downgrade() -> None:
    for column in ("submission_id", "appointment_id", "client_id"):
        op.drop_index(op.f(f"ix_safety_waivers_{column}"), "safety_waivers")
    op.drop_table("safety_waivers")
