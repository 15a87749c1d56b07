"""Who commits something that a letter may follow from tells the workers with that commit."""

from alembic import op

revision = "0130_news"
down_revision = "0122_photo_texts"
branch_labels = None
depends_on = None

NEWS = {
    "drafts": "UPDATE OF resume_asked_at ON {} FOR EACH ROW",
    "password_resets": "INSERT OR UPDATE ON {} FOR EACH ROW",
    "address_changes": "INSERT OR UPDATE ON {} FOR EACH ROW",
    "guardian_consents": "INSERT OR UPDATE ON {} FOR EACH ROW",
    "doctor_pages": "INSERT OR UPDATE ON {} FOR EACH ROW",
    "data_exports": "UPDATE OF ready_at ON {} FOR EACH ROW",
    "messages": "INSERT ON {} FOR EACH ROW",
    "audit_entries": "INSERT ON {} FOR EACH ROW WHEN (NEW.action NOT IN ('read', 'open_with_reason', 'open_for_colleague'))",
}
"""What is news: every act that is recorded, and what people ask for that is not. By row, because a statement may write none; in the
order in which requests write them, so that nobody waits in a circle while the triggers are made."""


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION tell_news() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_notify('news_for_letters', '');
          RETURN NULL;
        END $$
        """
    )
    for table, when in NEWS.items():
        op.execute(f"CREATE TRIGGER tells_news AFTER {when.format(table)} EXECUTE FUNCTION tell_news()")


def downgrade() -> None:
    for table in NEWS:
        op.execute(f"DROP TRIGGER tells_news ON {table}")
    op.execute("DROP FUNCTION tell_news()")
