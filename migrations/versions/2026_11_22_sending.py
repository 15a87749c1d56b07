"""Whether the sender may send, and what it last knew of the database it runs on; which messages could not be delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0007_sending"
down_revision = "0006_practice_rules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sending",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incarnation", sa.Text(), nullable=False),
        sa.Column("held_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_why", sa.Text(), nullable=True),
        sa.Column("asked_release_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_sending_one_row")),
        sa.CheckConstraint(
            "(held_since IS NULL) = (held_why IS NULL)", name=op.f("ck_sending_held_for_a_reason")
        ),
        sa.CheckConstraint("held_why IN ('asked', 'restored')", name=op.f("ck_sending_reason_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending")),
    )
    op.create_index(
        "ix_messages_given_up",
        "messages",
        ["id"],
        postgresql_where=sa.text("given_up_at IS NOT NULL"),
    )
    op.add_column("contacts", sa.Column("sms_agreed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_contacts_sms_to_phones"), "contacts", "sms_agreed_at IS NULL OR kind = 'phone'"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_contacts_sms_to_phones"), "contacts", type_="check")
    op.drop_column("contacts", "sms_agreed_at")
    op.drop_index("ix_messages_given_up", "messages")
    op.drop_table("sending")
