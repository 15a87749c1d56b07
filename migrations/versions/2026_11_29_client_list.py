"""Addresses are found by any part of them, and clients listed by name or by their visits, without reading whole tables."""

from alembic import op

revision = "0045_client_list"
down_revision = "0044_documents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_contacts_normalised_trgm",
        "contacts",
        ["normalised"],
        postgresql_using="gin",
        postgresql_ops={"normalised": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_clients_listed",
        "clients",
        ["search_name", "id"],
        postgresql_where="erased_at IS NULL AND merged_into_id IS NULL",
    )
    op.create_index(
        "ix_appointments_client_time",
        "appointments",
        ["client_id", "starts_at"],
        postgresql_include=["state"],
    )
    op.drop_index("ix_appointments_client_id_starts_at", table_name="appointments")


def downgrade() -> None:
    op.create_index("ix_appointments_client_id_starts_at", "appointments", ["client_id", "starts_at"])
    op.drop_index("ix_appointments_client_time", table_name="appointments")
    op.drop_index("ix_clients_listed", table_name="clients")
    op.drop_index("ix_contacts_normalised_trgm", table_name="contacts")
