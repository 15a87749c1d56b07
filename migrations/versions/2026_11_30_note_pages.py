"""Which open page wrote the draft of a note last, so that a page is not refused because of its own save."""

import sqlalchemy as sa
from alembic import op

revision = "0073_note_pages"
down_revision = "0071_own_texts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session_notes", sa.Column("page_key", sa.Uuid(), nullable=True))
    op.add_column("session_notes", sa.Column("page_save", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_session_notes_page_whole"), "session_notes", "(page_key IS NULL) = (page_save IS NULL)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_session_notes_page_whole"), "session_notes")
    op.drop_column("session_notes", "page_save")
    op.drop_column("session_notes", "page_key")
