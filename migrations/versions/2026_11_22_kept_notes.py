"""Notes that were sent when the session of who typed them had just ended, kept sealed until they sign in again."""

import sqlalchemy as sa
from alembic import op

revision = "0014_kept_notes"
down_revision = "0013_one_draft"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("fields_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name="fk_kept_notes_appointment_id_appointments"
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_kept_notes_client_id_clients"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_kept_notes_user_id_users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_notes")),
        sa.UniqueConstraint("user_id", "appointment_id", name="uq_kept_notes_user_id_appointment_id"),
    )
    op.create_index("ix_kept_notes_client_id", "kept_notes", ["client_id"])
    op.create_index("ix_kept_notes_appointment_id", "kept_notes", ["appointment_id"])


def downgrade() -> None:
    op.drop_table("kept_notes")
