"""Extensions: btree_gist for the exclusion constraints, pg_trgm for the search by name.

Both are trusted extensions: the owner of the database may create them without being superuser.
"""

from alembic import op

revision = "0000_extensions"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")


def downgrade() -> None:
    op.execute("DROP EXTENSION IF EXISTS pg_trgm")
    op.execute("DROP EXTENSION IF EXISTS btree_gist")
