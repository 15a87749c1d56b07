"""The outcome of the answers can be mailed as a one-time link, as the page for the doctor is.

The table keeps its name for the version of the code that runs before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0070_outcome_by_mail"
down_revision = "0077_review_acts"
branch_labels = None
depends_on = None

PAGES = "doctor_pages"


def upgrade() -> None:
    op.add_column(PAGES, sa.Column("shows", sa.Text(), server_default="doctor", nullable=False))
    op.add_column(PAGES, sa.Column("language", sa.Text(), nullable=True))
    op.create_check_constraint(op.f(f"ck_{PAGES}_shows_known"), PAGES, "shows IN ('doctor', 'outcome')")
    for column in ("draft_id", "submission_id"):
        op.create_unique_constraint(op.f(f"uq_{PAGES}_{column}_shows"), PAGES, [column, "shows"])
        op.drop_constraint(op.f(f"uq_{PAGES}_{column}"), PAGES)


def downgrade() -> None:
    op.execute("DELETE FROM doctor_pages WHERE shows <> 'doctor'")
    for column in ("draft_id", "submission_id"):
        op.create_unique_constraint(op.f(f"uq_{PAGES}_{column}"), PAGES, [column])
        op.drop_constraint(op.f(f"uq_{PAGES}_{column}_shows"), PAGES)
    op.drop_constraint(op.f(f"ck_{PAGES}_shows_known"), PAGES)
    op.drop_column(PAGES, "language")
    op.drop_column(PAGES, "shows")
