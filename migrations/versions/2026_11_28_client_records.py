"""A client's record: birth date, sealed further details, and mail addresses that were replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0023_client_records"
down_revision = "0022_team"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clients", sa.Column("birth_on", sa.Date(), nullable=True))
    op.add_column("clients", sa.Column("further_sealed", sa.LargeBinary(), nullable=True))
    op.create_table(
        "replaced_addresses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("normalised", sa.Text(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name="fk_replaced_addresses_client_id_clients"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_replaced_addresses_contact_id_contacts"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_replaced_addresses"),
    )
    for column in ("client_id", "contact_id", "replaced_at"):
        op.create_index(f"ix_replaced_addresses_{column}", "replaced_addresses", [column])


def downgrade() -> None:
    op.drop_table("replaced_addresses")
    op.drop_column("clients", "further_sealed")
    op.drop_column("clients", "birth_on")
