"""Clients who may not book online, or not with one therapist."""

import sqlalchemy as sa
from alembic import op

revision = "0025_client_bars"
down_revision = "0024_keyed_seals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client_bars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("barred_by_id", sa.Uuid(), nullable=False),
        sa.Column("barred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_client_bars_client_id_clients"),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapists.id"], name="fk_client_bars_therapist_id_therapists"
        ),
        sa.ForeignKeyConstraint(["barred_by_id"], ["users.id"], name="fk_client_bars_barred_by_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_client_bars"),
    )
    op.create_index("ix_client_bars_client_id", "client_bars", ["client_id"])
    op.create_index(
        "uq_client_bars_standing",
        "client_bars",
        ["client_id", "therapist_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("client_bars")
