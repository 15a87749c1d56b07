"""A draft and a submission know which warning signs were answered together, by one press of "None of these".

Empty for what was given before, when each sign was answered by itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036_answered_as_group"
down_revision = "0035_doctor_pages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("as_group_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("submissions", sa.Column("as_group_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("submissions", "as_group_sealed")
    op.drop_column("drafts", "as_group_sealed")
