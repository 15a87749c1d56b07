"""What staff do for a client: who booked, rules set aside with their reason, and acts on a whole series."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0008_desk"
down_revision = "0007_sending"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "appointments", sa.Column("booked_by", sa.Text(), server_default=sa.text("'client'"), nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_appointments_booked_by_known"), "appointments", "booked_by IN ('client', 'staff')"
    )
    op.add_column("appointments", sa.Column("act_revision", sa.Integer(), nullable=True))
    op.add_column("appointments", sa.Column("series_revision", sa.Integer(), nullable=True))
    op.add_column("appointments", sa.Column("series_wall_start", sa.DateTime(), nullable=True))
    op.add_column("series", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    # No code before this one makes a series, so no default is needed for it.
    op.execute("UPDATE series SET changed_at = created_at")
    op.alter_column("series", "changed_at", nullable=False)
    op.create_index(op.f("ix_series_changed_at"), "series", ["changed_at"])
    op.create_table(
        "waivers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("rules", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cardinality(rules) > 0", name=op.f("ck_waivers_names_a_rule")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name="fk_waivers_appointment_id_appointments"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_waivers_user_id_users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waivers")),
    )
    op.create_index(op.f("ix_waivers_appointment_id"), "waivers", ["appointment_id"])


def downgrade() -> None:
    op.drop_table("waivers")
    op.drop_index(op.f("ix_series_changed_at"), "series")
    op.drop_column("series", "changed_at")
    for column in ("series_wall_start", "series_revision", "act_revision", "booked_by"):
        op.drop_column("appointments", column)
