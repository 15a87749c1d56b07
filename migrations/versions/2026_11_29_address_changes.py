"""Email addresses that clients want in place of theirs, until a link sent there was followed."""

import sqlalchemy as sa
from alembic import op

revision = "0043_address_changes"
down_revision = "0042_visit_preparations"
branch_labels = None
depends_on = None

CHANGES = "address_changes"


def upgrade() -> None:
    op.create_table(
        CHANGES,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("mail_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f(f"fk_{CHANGES}_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{CHANGES}")),
        sa.UniqueConstraint("contact_id", name=op.f(f"uq_{CHANGES}_contact_id")),
    )
    op.create_index(op.f(f"ix_{CHANGES}_asked_at"), CHANGES, ["asked_at"])


def downgrade() -> None:
    op.drop_table(CHANGES)
