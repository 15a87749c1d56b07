"""Staff add letters and reports on paper to a client's record: who added each, and what it is."""

import sqlalchemy as sa
from alembic import op

revision = "0140_added_documents"
down_revision = "0139_sent_backups"
branch_labels = None
depends_on = None

TABLE = "documents"
KINDS = "kind IN ('letter', 'report', 'referral', 'form', 'picture', 'other')"
ADDED = (
    "(sent_from = 'staff') = (kind IS NOT NULL) AND (sent_from = 'staff') = (added_by_id IS NOT NULL)"
    " AND (sent_from = 'staff') = (consent_version IS NULL)"
)


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("kind", sa.Text(), nullable=True))
    op.add_column(TABLE, sa.Column("added_by_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f(f"fk_{TABLE}_added_by_id_users"), TABLE, "users", ["added_by_id"], ["id"])
    op.alter_column(TABLE, "consent_version", nullable=True)
    op.drop_constraint(op.f(f"ck_{TABLE}_sent_from_known"), TABLE)
    op.create_check_constraint(
        op.f(f"ck_{TABLE}_sent_from_known"), TABLE, "sent_from IN ('portal', 'link', 'staff')"
    )
    op.create_check_constraint(op.f(f"ck_{TABLE}_kind_known"), TABLE, KINDS)
    op.create_check_constraint(op.f(f"ck_{TABLE}_added_by_somebody"), TABLE, ADDED)


def downgrade() -> None:
    # The column cannot be made to hold a consent again while there are such documents, and a way back deletes no record.
    for name in ("added_by_somebody", "kind_known", "sent_from_known"):
        op.drop_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE)
    op.create_check_constraint(op.f(f"ck_{TABLE}_sent_from_known"), TABLE, "sent_from IN ('portal', 'link')")
    op.alter_column(TABLE, "consent_version", nullable=False)
    op.drop_constraint(op.f(f"fk_{TABLE}_added_by_id_users"), TABLE)
    for name in ("added_by_id", "kind"):
        op.drop_column(TABLE, name)
