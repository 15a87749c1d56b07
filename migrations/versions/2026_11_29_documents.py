"""Clients send letters and reports: sealed, erased with the client, and deleted if nobody opens them."""

import sqlalchemy as sa
from alembic import op

revision = "0044_documents"
down_revision = "0043_address_changes"
branch_labels = None
depends_on = None

TABLE = "documents"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("is_pdf", sa.Boolean(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sent_from", sa.Text(), nullable=False),
        sa.Column("consent_version", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sent_from IN ('portal', 'link')", name=op.f(f"ck_{TABLE}_sent_from_known")),
        sa.CheckConstraint("pages >= 1 AND size_bytes >= 1", name=op.f(f"ck_{TABLE}_holds_something")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f(f"fk_{TABLE}_client_id_clients"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f(f"fk_{TABLE}_appointment_id_appointments"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_client_id"), TABLE, ["client_id"])
    op.create_index(op.f(f"ix_{TABLE}_appointment_id"), TABLE, ["appointment_id"])


def downgrade() -> None:
    op.drop_table(TABLE)
