"""A backup comes back whole, or not at all and with the reason."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pyrage
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic import sealed
from clinic.accounts.models import Client
from clinic.backup import archive, making, postgres, restoring
from clinic.backup.archive import UnreadableBackup, UnreadableKey
from clinic.backup.restoring import NewerSchema, NotEmpty, NotTheSame, OtherSealingKeys
from clinic.intake.models import Submission
from tests.stage import Stage

KeyPair = tuple[Path, str]


def holds_nothing(url: str) -> bool:
    with postgres.connected(url) as connection:
        return postgres.is_empty(connection)


def test_everything_is_back_and_what_was_sealed_opens(
    product: Stage, backup: Path, key_pair: KeyPair, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    found = restoring.restore(backup, key_pair[0], url)
    assert found.rows == sum(table.rows for table in found.manifest.tables.values()) > 10
    with Session(sa.create_engine(url, poolclass=sa.NullPool)) as there:
        names = there.scalars(sa.select(Client.given_name).order_by(Client.given_name)).all()
        assert names == ["Ada", "Eve", "Zoë O’Neil"]
        submission = there.scalars(sa.select(Submission)).one()
        assert submission.answers["age_years"]


def test_who_serves_pages_may_do_there_what_they_may_do_here(
    product: Stage, backup: Path, key_pair: KeyPair, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    restoring.restore(backup, key_pair[0], url)
    rights = (
        "SELECT relname, relacl::text FROM pg_class WHERE relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    with postgres.connected(url) as there, postgres.connected(product.servers.urls.owner) as here:
        assert there.execute(rights).fetchall() == here.execute(rights).fetchall()


def test_a_database_that_holds_something_is_left_alone(
    backup: Path, key_pair: KeyPair, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    with postgres.connected(url) as connection:
        connection.execute("CREATE TABLE notes (text text)")
    with pytest.raises(NotEmpty):
        restoring.restore(backup, key_pair[0], url)
    with postgres.connected(url) as connection:
        assert connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() == (1,)


@pytest.mark.parametrize(
    "text", ["", "# only a remark\n", "age1public", "AGE-SECRET-KEY-1NOTREALLY", "\udcff"]
)
def test_a_key_file_without_a_key_is_said(backup: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "backup.key"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UnreadableKey, match="holds no private key"):
        restoring.restore(backup, file, "postgresql://nowhere/none")


def test_missing_files_are_named(backup: Path, key_pair: KeyPair, tmp_path: Path) -> None:
    with pytest.raises(UnreadableKey, match=re.escape(str(tmp_path / "none.key"))):
        restoring.restore(backup, tmp_path / "none.key", "postgresql://nowhere/none")
    with pytest.raises(UnreadableBackup, match=re.escape(str(tmp_path / "none.backup"))):
        restoring.restore(tmp_path / "none.backup", key_pair[0], "postgresql://nowhere/none")


def test_health_data_that_the_keys_here_do_not_open_stay_where_they_are(
    product: Stage, backup: Path, key_pair: KeyPair, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    sealed.use({1: os.urandom(32)})
    try:
        with pytest.raises(OtherSealingKeys):
            restoring.restore(backup, key_pair[0], url)
    finally:
        sealed.use(product.settings.keys.sealing_bytes)
    assert holds_nothing(url)


def altered(backup: Path, key_pair: KeyPair, folder: Path, old: bytes, new: bytes) -> Path:
    """The same backup with another manifest, as somebody with the public key could make it."""
    clear = pyrage.decrypt(backup.read_bytes(), archive.identities(key_pair[0]))
    assert clear.count(old) == 1
    assert len(old) == len(new)
    file = folder / backup.name
    file.write_bytes(pyrage.encrypt(clear.replace(old, new), archive.recipients([key_pair[1]])))
    return file


def test_a_newer_release_s_backup_is_refused(
    product: Stage, backup: Path, key_pair: KeyPair, empty_database: Callable[[], str], tmp_path: Path
) -> None:
    url = empty_database()
    with postgres.snapshot(product.settings.database_url) as seen:
        known = seen.revision.encode()
    head = b'"revision": "' + known
    newer = altered(backup, key_pair, tmp_path, head, b'"revision": "9' + known[1:])
    with pytest.raises(NewerSchema, match="newer than the one here"):
        restoring.restore(newer, key_pair[0], url)
    assert holds_nothing(url)


def test_a_table_that_differs_from_the_manifest_is_named(
    product: Stage, backup: Path, key_pair: KeyPair, empty_database: Callable[[], str], tmp_path: Path
) -> None:
    head = b'"clients": {\n   "rows": '
    other = altered(backup, key_pair, tmp_path, head + b"3", head + b"4")
    with pytest.raises(NotTheSame, match="These tables differ from the backup: clients"):
        restoring.restore(other, key_pair[0], empty_database())


def test_a_restore_that_is_killed_in_the_middle_leaves_the_database_empty(
    product: Stage, backup: Path, key_pair: KeyPair, empty_database: Callable[[], str], tmp_path: Path
) -> None:
    url = empty_database()
    manifest, dump = archive.read(backup, archive.identities(key_pair[0]), tmp_path)
    half = tmp_path / "half.dump"
    shutil.copy(dump, half)
    with half.open("r+b") as file:
        file.truncate(dump.stat().st_size * 9 // 10)
    with pytest.raises(postgres.ProgramFailed):
        postgres.restore(url, half, manifest.postgres)
    assert holds_nothing(url)


def test_no_password_stands_among_a_program_s_words(
    product: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words: list[str] = []
    run = postgres.subprocess.run

    def noted(command: list[object], **options: object) -> object:
        words.extend(str(word) for word in command)
        return run(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(postgres.subprocess, "run", noted)
    with postgres.snapshot(product.settings.database_url) as seen:
        postgres.dump(product.settings.database_url, seen, tmp_path / "dump")
    password = psycopg.conninfo.conninfo_to_dict(product.settings.database_url.replace("+psycopg", ""))[
        "password"
    ]
    assert len(words) > 5
    assert not any(str(password) in word for word in words)


def test_nothing_of_a_client_can_be_read_in_the_file_or_is_left_in_the_folder(
    backup: Path, key_pair: KeyPair
) -> None:
    assert "O’Neil".encode() not in backup.read_bytes()
    assert sorted(path.name for path in backup.parent.iterdir()) == [making.LOCK, backup.name]
