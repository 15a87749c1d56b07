"""Promises about the whole code and schema that no single module can keep."""

import re
import subprocess
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

import clinic.app  # noqa: F401 - composing it imports every model
from clinic import schema
from clinic.db import Base
from clinic.embedded.servers import Servers

ROOT = Path(__file__).parent.parent

PERSONAL = {
    "clients": {"given_name", "family_name", "preferred_name", "search_name"},
    "contacts": {"value", "normalised"},
    "replaced_addresses": {"normalised"},
    "rule_book_signatures": {"name", "licence"},
    "users": {
        "email",
        "given_name",
        "family_name",
        "password",
        "tf_totp_secret",
        "tf_phone_number",
        "mf_recovery_codes",
        "last_login_ip",
        "current_login_ip",
    },
    "staff_sessions": {"pin_hash"},
    "webauthn": {"name"},
    "therapists": {"given_name", "family_name", "slug", "licence", "about"},
    "therapist_profiles": {"languages", "training", "likes", "gender"},
    "photos": {"alt", "translations"},
    "staff_invitations": {"email"},
}
"""Text columns that may hold something about a person; everything else is a code, an id or the practice's own words."""

CODES = {
    "appointments": {
        "reference",
        "zone",
        "tzdata",
        "state",
        "request_reason",
        "cancelled_by",
        "cancel_reason",
        "booked_by",
    },
    "audit_entries": {"actor", "action", "subject_type", "purpose", "fields", "network"},
    "clients": {"language"},
    "closures": {"name"},
    "consents": {
        "purpose",
        "text_version",
        "channel",
        "language",
        "words",
        "given_by",
        "withdrawn_way",
        "withdrawn_by",
    },
    "contacts": {"kind", "relation"},
    "erasures": {"state"},
    "doctor_pages": {"language", "shows"},
    "documents": {"sent_from", "consent_version", "kind"},
    "backup_runs": {"deed", "file_name", "problem", "send_problem", "sha256"},
    "drafts": {"consent_version", "door", "types"},
    "guardian_consents": {"text_version", "language", "words", "withdrawn_way", "withdrawn_by"},
    "heartbeats": {"name", "state"},
    "idempotency_keys": {"key", "location"},
    "legal_texts": {"page", "language", "words"},
    "letter_texts": {"kind", "language", "subject", "heading", "opening", "closing"},
    "limits": {"name", "key"},
    "locations": {
        "name",
        "slug",
        "zone",
        "street",
        "town",
        "getting_here",
        "parking",
        "step_free",
        "translations",
    },
    "login_links": {"purpose"},
    "messages": {"kind", "channel", "occasion", "why"},
    "override_counts": {"rule"},
    "note_templates": {"headings", "name"},
    "outcome_entries": {"instrument", "source"},
    "score_sheets": {"way"},
    "outcomes": {"level", "disposition", "rule_set"},
    "phrases": {"name"},
    "photo_files": {"format", "digest"},
    "practice": {
        "websites",
        "name",
        "legal_name",
        "phone",
        "mail",
        "country",
        "region",
        "currency",
        "language",
        "approval",
        "emergency_number",
        "advice_line",
        "support_line",
        "policy",
        "online_booking",
        "closed_words",
        "asked_details",
        "about",
        "modalities_off",
        "translations",
    },
    "raised_levels": {"level", "disposition"},
    "recounts": {"name"},
    "retention_periods": {"kind"},
    "reviews": {"decision", "reason_kind"},
    "rooms": {"name"},
    "sending": {"incarnation", "held_why"},
    "sns_errands": {"path", "answer"},
    "submissions": {"kind", "source"},
    "unusual_readings": {"kind"},
    "rule_book_signatures": {"text_hash"},
    "experiences": {"kind", "name", "reasons"},
    "signed_texts": {"text_hash", "rule_set", "text"},
    "task_marks": {"kind"},
    "task_words": {"kind"},
    "therapist_profiles": {"translations"},
    "therapists": {"skills", "translations"},
    "time_off": {"note"},
    "treatments": {
        "name",
        "slug",
        "mail_name",
        "description",
        "modalities",
        "intake",
        "new_clients",
        "approval",
        "translations",
    },
    "waiting_offerings": {"end"},
    "waiting_offers": {"end"},
    "waiting_wishes": {"end", "therapist_gender"},
    "waivers": {"rules"},
    "staff_invitations": {"role_names"},
    "staff_sessions": {"device"},
    "users": {"role_names", "fs_uniquifier", "tf_primary_method", "fs_webauthn_user_handle"},
    "webauthn": {"transports", "device_type", "extensions", "usage"},
}


def text_columns() -> set[tuple[str, str]]:
    texts = (sa.Text, sa.String, sa.JSON, pg.JSONB)
    return {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(getattr(column.type, "item_type", column.type), texts) or "AsaList" in repr(column.type)
    }


def test_personal_data_stands_only_where_erasing_finds_it() -> None:
    """A new text column must be listed: is it about a person, or a code?"""
    listed = {(table, name) for each in (PERSONAL, CODES) for table, names in each.items() for name in names}
    listed |= {("client_merges", "moved"), ("client_merges", "undone")} & text_columns()
    assert text_columns() == listed


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in (ROOT / folder).rglob("*.py")]


def test_no_sql_asks_the_database_for_the_time() -> None:
    """`clock.now()` is the only clock; heartbeats say when a process lived, and WAL bears the server's time."""
    clocks = re.compile(r"\bnow\(\)|CURRENT_TIMESTAMP|clock_timestamp|func\.now\b|statement_timestamp")
    allowed = {
        "clinic/clock.py",
        "clinic/messaging/heartbeat.py",
        "clinic/backup/base_backups.py",
        "clinic/backup/wal_receiving.py",
    }
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources("clinic", "migrations")
        if str(path.relative_to(ROOT)) not in allowed
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if clocks.search(line.replace("clock.now()", "")) and "`now" not in line and "clock.now" not in line
    ]
    assert found == []


def test_no_sql_converts_a_zone() -> None:
    found = [
        str(path) for path in sources("clinic", "migrations") if "AT TIME ZONE" in path.read_text().upper()
    ]
    assert found == []


def test_only_the_clock_reads_the_system_clock() -> None:
    reading = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time\(")
    found = [
        str(path.relative_to(ROOT))
        for path in sources("clinic")
        if reading.search(path.read_text()) and path.name != "clock.py"
    ]
    assert found == []


def test_no_request_talks_to_the_broker() -> None:
    """Surfaces never enqueue: what is owed follows from committed rows."""
    talking = re.compile(r"\.delay\(|apply_async|send_task|import redis|from redis|import celery|from celery")
    surfaces = (
        "clinic/public",
        "clinic/portal",
        "clinic/staff",
        "clinic/api",
        "clinic/web",
        "clinic/booking",
    )
    assert [str(path) for path in sources(*surfaces) if talking.search(path.read_text())] == []


def test_templates_carry_no_inline_style_script_or_unescaped_text() -> None:
    inline = re.compile(r'<[^>{]*\sstyle="|<[^>{]*\son[a-z]+="|<script>|\|\s*safe\b|javascript:')
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        if "messages" not in path.parts and inline.search(path.read_text())
    ]
    assert found == []


def test_the_project_names_no_registry_and_no_machine() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    hosts = re.compile(
        "|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs", "deb" + r"\.debian"])
    )
    found = []
    for name in tracked.split():
        path = ROOT / name
        if path.is_file() and hosts.search(path.read_text(errors="ignore")):
            found.append(name)
    assert found == []


@pytest.fixture(scope="module")
def migrations(servers: Servers) -> sa.Engine:
    """An empty database of its own, as the role that owns it."""
    admin = sa.create_engine(servers.urls.superuser, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE migrations OWNER lumbar_owner"))
    url = sa.make_url(servers.urls.owner).set(database="migrations")
    return sa.create_engine(url, poolclass=sa.NullPool)


def test_migrations_make_exactly_what_the_models_say_and_go_down_and_up(migrations: sa.Engine) -> None:
    from alembic import command
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    config = schema.config(migrations)
    command.upgrade(config, "head")
    with migrations.connect() as connection:
        assert schema.is_current(connection)
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    command.downgrade(config, "base")
    with migrations.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
    command.upgrade(config, "head")


def test_names_that_stood_are_folded_anew(migrations: sa.Engine) -> None:
    from alembic import command

    config = schema.config(migrations)
    command.upgrade(config, "head")
    command.downgrade(config, "0017_no_address_at_rest")
    names = [("Søren", "Müller", "søren muller"), ("Ada", "Sample", "ada sample"), (None, None, "")]
    with migrations.begin() as connection:
        for number, (given, family, before) in enumerate(names):
            connection.execute(
                sa.text(
                    "INSERT INTO clients (id, given_name, family_name, search_name, language, created_at)"
                    " VALUES (:id, :given, :family, :before, 'en', '2031-03-03 09:00+00')"
                ),
                {"id": UUID(int=number), "given": given, "family": family, "before": before},
            )
    command.upgrade(config, "head")
    with migrations.begin() as connection:
        folded = connection.scalars(sa.text("SELECT search_name FROM clients ORDER BY id")).all()
        connection.execute(sa.text("DELETE FROM clients"))
    assert folded == ["soren muller", "ada sample", ""]
