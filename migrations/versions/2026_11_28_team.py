"""The team: invitations to join it, passwords that an owner reset, and sessions that their owner can tell apart and end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022_team"
down_revision = "0021_online_booking"
branch_labels = None
depends_on = None

OPEN = sa.text("accepted_at IS NULL AND withdrawn_at IS NULL")


def upgrade() -> None:
    _invitations()
    op.create_table(
        "password_resets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_password_resets_user_id_users"),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name="fk_password_resets_asked_by_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_password_resets"),
    )
    op.create_index("ix_password_resets_user_id", "password_resets", ["user_id"])
    # The defaults serve the code that ran before, which does not name these columns.
    op.add_column(
        "staff_sessions",
        sa.Column("id", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")),
    )
    op.create_unique_constraint("uq_staff_sessions_id", "staff_sessions", ["id"])
    op.add_column(
        "staff_sessions", sa.Column("device", sa.Text(), nullable=False, server_default=sa.text("''"))
    )


def _invitations() -> None:
    op.create_table(
        "staff_invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role_names", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=True),
        sa.Column("is_new_therapist", sa.Boolean(), nullable=False),
        sa.Column("invited_by_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_staff_invitations_email_is_lower_case")),
        sa.CheckConstraint(
            "cardinality(role_names) > 0 AND role_names <@ ARRAY['front_desk', 'therapist', 'owner']",
            name=op.f("ck_staff_invitations_roles_known"),
        ),
        sa.CheckConstraint(
            "(therapist_id IS NULL AND NOT is_new_therapist) OR role_names @> ARRAY['therapist']",
            name=op.f("ck_staff_invitations_rota_is_for_therapists"),
        ),
        sa.CheckConstraint(
            "therapist_id IS NULL OR NOT is_new_therapist",
            name=op.f("ck_staff_invitations_one_place_in_rota"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(accepted_at, withdrawn_at) <= 1", name=op.f("ck_staff_invitations_one_end")
        ),
        sa.CheckConstraint(
            "(accepted_at IS NULL) = (user_id IS NULL)", name=op.f("ck_staff_invitations_accepted_whole")
        ),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapists.id"], name="fk_staff_invitations_therapist_id_therapists"
        ),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["users.id"], name="fk_staff_invitations_invited_by_id_users"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_staff_invitations_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_invitations"),
    )
    op.create_index(
        "uq_staff_invitations_open_email", "staff_invitations", ["email"], unique=True, postgresql_where=OPEN
    )
    op.create_index(
        "uq_staff_invitations_open_therapist",
        "staff_invitations",
        ["therapist_id"],
        unique=True,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.drop_column("staff_sessions", "device")
    op.drop_column("staff_sessions", "id")
    op.drop_table("password_resets")
    op.drop_table("staff_invitations")
