"""A client, or staff for them, can ask for a copy of everything that is kept about the client."""

import sqlalchemy as sa
from alembic import op

revision = "0096_data_exports"
down_revision = "0093_kept_plans"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("password_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_exports")),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["clients.id"],
            name=op.f("fk_data_exports_client_id_clients"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["users.id"], name=op.f("fk_data_exports_asked_by_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_data_exports_contact_id_contacts"),
            ondelete="SET NULL",
        ),
        sa.CheckConstraint(
            "(ready_at IS NOT NULL) = (encrypted IS NOT NULL) AND (encrypted IS NULL) = (size_bytes IS NULL)",
            name=op.f("ck_data_exports_ready_means_whole"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(password_sealed, ready_at, failed_at) = 1",
            name=op.f("ck_data_exports_password_until_it_ended"),
        ),
        sa.CheckConstraint("attempts >= 0 AND steps_done >= 0", name=op.f("ck_data_exports_counts")),
    )
    for column in ("client_id", "contact_id", "ready_at"):
        op.create_index(op.f(f"ix_data_exports_{column}"), "data_exports", [column])


def downgrade() -> None:
    op.drop_table("data_exports")
