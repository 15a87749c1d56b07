"""While a practice is upgraded, the previous version of the code still serves pages: so a migration adds, and takes nothing away."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import Script, ScriptDirectory

from clinic import schema
from clinic.cli import main
from clinic.embedded.servers import Servers

SINCE = "0100_erasures"
"""The newest revision that was there before this was checked."""
LISTED: dict[str, str] = {
    "0102_consent_ledger": "code from before gives consents by the web alone, fills none of the new columns, and changes no consent that was given",
    "0122_photo_texts": "the check is on a new column, which code from before leaves at its default",
    "0130_news": "the triggers refuse and change nothing; they tell who listens that something was written",
    "0140_added_documents": "the checks refuse nothing that code from before writes: it sends from two places, with a consent and without the new columns",
    "0117_coming": "the check is on two new columns, and code from before writes neither",
}
"""Revisions that take something away, with the reason why the previous version of the code does not miss it."""
TAKES_AWAY = {
    "drop_column": "drops a column",
    "drop_table": "drops a table",
    "rename_table": "renames a table",
    "create_check_constraint": "refuses rows that were allowed",
    "create_unique_constraint": "refuses rows that were allowed",
    "create_foreign_key": "refuses rows that were allowed",
    "create_exclude_constraint": "refuses rows that were allowed",
}
SQL = re.compile(
    r"\bDROP (TABLE|COLUMN|VIEW)\b|\bRENAME\b|\bSET NOT NULL\b|\bALTER COLUMN \w+ (SET DATA )?TYPE\b|\bREVOKE\b|\bCREATE TRIGGER\b",
    re.I,
)


def revisions() -> list[Script]:
    script = ScriptDirectory(str(schema.FOLDER))
    return [each for each in script.iterate_revisions("heads", SINCE) if each.revision != SINCE]


def taken_away(source: str) -> list[str]:
    """What the upgrade of a revision does that code from before it could miss."""
    return [fault for node in ast.walk(ast.parse(source)) if is_upgrade(node) for fault in faults(node)]


def is_upgrade(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == "upgrade"


def faults(upgrade: ast.AST) -> Iterator[str]:
    for node in ast.walk(upgrade):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and (found := SQL.search(node.value))
        ):
            yield found[0]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            given = {word.arg: word.value for word in node.keywords}
            is_never_null = isinstance(never := given.get("nullable"), ast.Constant) and never.value is False
            match node.func.attr:
                case "alter_column" if is_never_null or {"new_column_name", "type_"} & set(given):
                    yield "changes a column"
                case "add_column" if any(needs_a_value(word) for word in node.args):
                    yield "adds a column that needs a value"
                case name if name in TAKES_AWAY:
                    yield TAKES_AWAY[name]


def needs_a_value(column: ast.expr) -> bool:
    words = {word.arg: word.value for word in column.keywords} if isinstance(column, ast.Call) else {}
    never = words.get("nullable")
    return isinstance(never, ast.Constant) and never.value is False and "server_default" not in words


def test_every_revision_only_adds_or_says_why_not() -> None:
    found = {
        each.revision: faults
        for each in revisions()
        if (faults := taken_away(Path(each.path).read_text("utf-8")))
    }
    assert {name: what for name, what in found.items() if name not in LISTED} == {}
    assert set(LISTED) <= set(found), "a reason for what is no longer there"


@pytest.mark.parametrize(
    "step",
    [
        'op.drop_column("clients", "born_on")',
        'op.drop_table("phrases")',
        'op.rename_table("phrases", "sentences")',
        'op.alter_column("clients", "born_on", new_column_name="birthday")',
        'op.alter_column("clients", "born_on", nullable=False)',
        'op.alter_column("clients", "note", type_=sa.Integer())',
        'op.add_column("clients", sa.Column("born_on", sa.Date(), nullable=False))',
        'op.create_check_constraint("c", "clients", "true")',
        'op.execute("ALTER TABLE clients RENAME TO people")',
        'op.execute("ALTER TABLE clients ALTER COLUMN note SET NOT NULL")',
        'op.execute("DROP TABLE phrases")',
        'op.execute("CREATE TRIGGER stays BEFORE DELETE ON clients EXECUTE FUNCTION refuse()")',
        'op.execute("REVOKE UPDATE ON clients FROM lumbar_app")',
    ],
)
def test_what_takes_something_away_is_noticed(step: str) -> None:
    assert taken_away(f"def upgrade():\n    {step}\n\n\ndef downgrade():\n    pass\n") != []


@pytest.mark.parametrize(
    "step",
    [
        'op.create_table("phrases", sa.Column("id", sa.Uuid(), nullable=False))',
        'op.add_column("clients", sa.Column("born_on", sa.Date(), nullable=True))',
        'op.add_column("clients", sa.Column("n", sa.Integer(), nullable=False, server_default="1"))',
        'op.alter_column("clients", "note", nullable=True)',
        'op.create_index("ix", "clients", ["note"])',
    ],
)
def test_what_adds_is_let_through(step: str) -> None:
    assert (
        taken_away(f'def upgrade():\n    {step}\n\n\ndef downgrade():\n    op.drop_table("phrases")\n') == []
    )


def test_a_database_of_a_newer_version_is_refused_in_a_sentence(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = sa.create_engine(servers.urls.superuser, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE newer OWNER lumbar_owner"))

    def there(url: str) -> str:
        return sa.make_url(url).set(database="newer").render_as_string(hide_password=False)

    with sa.create_engine(there(servers.urls.owner), poolclass=sa.NullPool).begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num text)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('9999_from_the_future')"))
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("LUMBAR_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("DATABASE_URL", there(servers.urls.app))
    monkeypatch.setenv("DATABASE_OWNER_URL", there(servers.urls.owner))
    monkeypatch.setenv("REDIS_URL", servers.urls.broker)
    with pytest.raises(SystemExit) as ended:
        main(["migrate"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        "A newer Lumbar brought this database to revision 9999_from_the_future, which this one does not know. "
        "Start the newer one, or restore a backup that this one made. Nothing was changed.\n"
    )
