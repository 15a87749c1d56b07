"""One draft for each browser: two tabs that begin at once share it. Of doubles the one changed last stays."""

from alembic import op

revision = "0013_one_draft"
down_revision = "0012_hold_networks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        DELETE FROM drafts AS older USING drafts AS newer
         WHERE older.browser = newer.browser AND (older.changed_at, older.id) < (newer.changed_at, newer.id)
        """
    )
    op.drop_index("ix_drafts_browser", "drafts")
    op.create_index("uq_drafts_browser", "drafts", ["browser"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_drafts_browser", "drafts")
    op.create_index("ix_drafts_browser", "drafts", ["browser"])
