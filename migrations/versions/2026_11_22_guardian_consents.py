"""A parent's or guardian's yes to visits of somebody under 18, given by a link sent to their own address."""

import sqlalchemy as sa
from alembic import op

revision = "0005_guardian_consents"
down_revision = "0004_override_counts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guardian_consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("mail_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_revision", sa.Integer(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.CheckConstraint("agreed_at >= asked_at", name=op.f("ck_guardian_consents_asked_before_agreed")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_guardian_consents_submission_id_submissions"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardian_consents")),
        sa.UniqueConstraint("submission_id", name="uq_guardian_consents_submission_id"),
    )


def downgrade() -> None:
    op.drop_table("guardian_consents")
