"""A consent holds the words that were read, in their language, by which way and by whom it was given and withdrawn, and never changes otherwise."""

import sqlalchemy as sa
from alembic import op

revision = "0102_consent_ledger"
down_revision = "0101_retention_periods"
branch_labels = None
depends_on = None

TEXTS = ("language", "words", "withdrawn_way", "withdrawn_by")
WAYS = "('web', 'tablet', 'desk', 'link')"
PURPOSES = "'health_data', 'share_with_clinician', 'news'"


def upgrade() -> None:
    for name in (*TEXTS, "given_by"):
        op.add_column("consents", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("consents", sa.Column("contact_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_consents_contact_id_contacts"),
        "consents",
        "contacts",
        ["contact_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(op.f("ix_consents_contact_id"), "consents", ["contact_id"])
    _know(f"{PURPOSES}, 'text_messages'")
    op.create_check_constraint(
        op.f("ck_consents_ways_known"), "consents", f"channel IN {WAYS} AND withdrawn_way IN {WAYS}"
    )
    op.create_check_constraint(
        op.f("ck_consents_withdrawn_whole"),
        "consents",
        "withdrawn_at IS NOT NULL OR withdrawn_way IS NULL AND withdrawn_by IS NULL",
    )
    for name in TEXTS:
        op.add_column("guardian_consents", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("guardian_consents", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("uq_guardian_consents_submission_id"), "guardian_consents")
    op.create_index(
        "uq_guardian_consents_standing",
        "guardian_consents",
        ["submission_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_check_constraint(
        op.f("ck_guardian_consents_withdrawn_whole"),
        "guardian_consents",
        f"withdrawn_way IN {WAYS} AND (withdrawn_at IS NOT NULL OR withdrawn_way IS NULL AND withdrawn_by IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_guardian_consents_agreed_before_withdrawn"),
        "guardian_consents",
        "withdrawn_at IS NULL OR agreed_at IS NOT NULL AND withdrawn_at >= agreed_at",
    )
    op.execute(
        "INSERT INTO consents (id, client_id, contact_id, purpose, text_version, text_sha256, channel, given_at) "
        "SELECT gen_random_uuid(), client_id, id, 'text_messages', '', '', 'desk', sms_agreed_at "
        "FROM contacts WHERE sms_agreed_at IS NOT NULL"
    )
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_consent() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'a consent stays as it was given and withdrawn' USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER consents_given BEFORE UPDATE ON consents FOR EACH ROW WHEN (
          (NEW.purpose, NEW.text_version, NEW.text_sha256, NEW.language, NEW.words, NEW.channel, NEW.given_by, NEW.given_at)
            IS DISTINCT FROM
            (OLD.purpose, OLD.text_version, OLD.text_sha256, OLD.language, OLD.words, OLD.channel, OLD.given_by, OLD.given_at)
          OR OLD.withdrawn_at IS NOT NULL AND (NEW.withdrawn_at, NEW.withdrawn_way, NEW.withdrawn_by)
            IS DISTINCT FROM (OLD.withdrawn_at, OLD.withdrawn_way, OLD.withdrawn_by)
        ) EXECUTE FUNCTION refuse_change_of_consent()
        """
    )
    op.execute(
        "CREATE TRIGGER consents_stay BEFORE DELETE ON consents FOR EACH ROW "
        "WHEN (NOT is_erased(OLD.client_id)) EXECUTE FUNCTION refuse_change_of_consent()"
    )
    op.execute(
        """
        CREATE TRIGGER guardian_consents_given BEFORE UPDATE ON guardian_consents FOR EACH ROW WHEN (
          OLD.agreed_at IS NOT NULL AND (NEW.submission_id, NEW.agreed_at, NEW.text_version, NEW.language, NEW.words)
            IS DISTINCT FROM (OLD.submission_id, OLD.agreed_at, OLD.text_version, OLD.language, OLD.words)
          OR OLD.withdrawn_at IS NOT NULL AND (NEW.withdrawn_at, NEW.withdrawn_way, NEW.withdrawn_by)
            IS DISTINCT FROM (OLD.withdrawn_at, OLD.withdrawn_way, OLD.withdrawn_by)
        ) EXECUTE FUNCTION refuse_change_of_consent()
        """
    )
    op.execute(
        """
        CREATE FUNCTION client_of_submission(submission uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
          SELECT client_id FROM submissions WHERE id = submission
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER guardian_consents_stay BEFORE DELETE ON guardian_consents FOR EACH ROW "
        "WHEN (OLD.agreed_at IS NOT NULL AND NOT is_erased(client_of_submission(OLD.submission_id))) "
        "EXECUTE FUNCTION refuse_change_of_consent()"
    )


def downgrade() -> None:
    for table, trigger in (
        ("guardian_consents", "guardian_consents_stay"),
        ("guardian_consents", "guardian_consents_given"),
        ("consents", "consents_stay"),
        ("consents", "consents_given"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    op.execute("DROP FUNCTION client_of_submission(uuid)")
    op.execute("DROP FUNCTION refuse_change_of_consent()")
    op.execute("DELETE FROM consents WHERE purpose = 'text_messages'")
    op.execute("DELETE FROM guardian_consents WHERE withdrawn_at IS NOT NULL")
    op.drop_constraint(op.f("ck_guardian_consents_agreed_before_withdrawn"), "guardian_consents")
    op.drop_constraint(op.f("ck_guardian_consents_withdrawn_whole"), "guardian_consents")
    op.drop_index("uq_guardian_consents_standing", "guardian_consents")
    op.create_unique_constraint(
        op.f("uq_guardian_consents_submission_id"), "guardian_consents", ["submission_id"]
    )
    for name in ("withdrawn_at", *TEXTS):
        op.drop_column("guardian_consents", name)
    op.drop_constraint(op.f("ck_consents_withdrawn_whole"), "consents")
    op.drop_constraint(op.f("ck_consents_ways_known"), "consents")
    _know(PURPOSES)
    op.drop_index(op.f("ix_consents_contact_id"), "consents")
    op.drop_constraint(op.f("fk_consents_contact_id_contacts"), "consents")
    for name in ("contact_id", "given_by", *TEXTS):
        op.drop_column("consents", name)


def _know(purposes: str) -> None:
    op.drop_constraint(op.f("ck_consents_purpose_known"), "consents")
    op.create_check_constraint(op.f("ck_consents_purpose_known"), "consents", f"purpose IN ({purposes})")
