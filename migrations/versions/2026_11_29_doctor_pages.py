"""Where a client asked to have the page for their doctor sent."""

import sqlalchemy as sa
from alembic import op

revision = "0035_doctor_pages"
down_revision = "0034_therapist_decides"
branch_labels = None
depends_on = None

PAGES = "doctor_pages"


def upgrade() -> None:
    op.create_table(
        PAGES,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=True),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("mail_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(draft_id, submission_id) = 1", name=op.f(f"ck_{PAGES}_one_set_of_answers")
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f(f"fk_{PAGES}_draft_id_drafts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f(f"fk_{PAGES}_submission_id_submissions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{PAGES}")),
        sa.UniqueConstraint("draft_id", name=op.f(f"uq_{PAGES}_draft_id")),
        sa.UniqueConstraint("submission_id", name=op.f(f"uq_{PAGES}_submission_id")),
    )
    op.create_index(op.f(f"ix_{PAGES}_asked_at"), PAGES, ["asked_at"])


def downgrade() -> None:
    op.drop_table(PAGES)
