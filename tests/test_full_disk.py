"""A disk that is full or refuses: each command ends in a sentence and a status, and leaves nothing half.

The disk is filled by a limit on the size of a file (`RLIMIT_FSIZE`), which the kernel enforces in the middle of a write, also for root.
"""

import io
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from clinic import clock, schema
from clinic.backup import archive, before_upgrade, making, rotation
from clinic.backup.models import BackupRun
from clinic.cli import main
from clinic.db import db
from clinic.refusal import Refusal
from config import InvalidSettings, Start
from secret_keys import Keys, key_file
from tests.backup.conftest import backup, key_pair, new_database, product
from tests.stage import ROOT, Stage

__all__ = ["backup", "key_pair", "new_database", "product"]
WORD = "a passphrase of some length"


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """While the block lasts no file grows beyond so many bytes, for this process and what it starts."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def ended_with(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command says that must end with status 1, in one line."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return said


def test_a_backup_that_does_not_fit_is_refused_wherever_the_room_ends(
    backup: Path, key_pair: tuple[Path, str], tmp_path: Path
) -> None:
    """In the archive, in the last block of it, and in the encrypted file, whose library hides what the disk said."""
    manifest, dump = archive.read(backup, archive.identities(key_pair[0]), tmp_path)
    dumped = dump.read_bytes()
    packed = len(pyrage.decrypt(backup.read_bytes(), archive.identities(key_pair[0])))
    for number, room in enumerate((10_000, packed - 1, packed)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / archive.DUMP).write_bytes(dumped)
        with room_for(room), pytest.raises(OSError, match="File too large"):
            archive.write(
                folder / "draft", manifest, folder / archive.DUMP, archive.recipients([key_pair[1]])
            )


def test_backup_on_a_full_disk_says_so_notes_it_and_leaves_the_older_ones(
    product: Stage, backup: Path, key_pair: tuple[Path, str]
) -> None:
    before = sorted(path.name for path in backup.parent.iterdir())
    with room_for(30_000), pytest.raises(Refusal) as refused:
        making.make(product.settings.database_url, backup.parent, [key_pair[1]])
    assert "pg_dump failed" in refused.value.sentence
    assert sorted(path.name for path in backup.parent.iterdir()) == before
    db.session.rollback()
    run = db.session.scalars(sa.select(BackupRun).order_by(BackupRun.began_at.desc()).limit(1)).one()
    assert (run.is_good, run.problem) == (False, refused.value.sentence)


def test_keys_that_cannot_be_written_stop_the_start_and_leave_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LUMBAR_KEYS", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("LUMBAR_DATA", str(tmp_path / "var"))
    with (
        room_for(100),
        pytest.raises(InvalidSettings, match=r"var\.keys cannot be written: File too large\."),
    ):
        Start.with_keys()
    assert list(tmp_path.iterdir()) == []


def test_a_command_about_keys_on_a_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "var"
    key_file(data).write_text(Keys.fresh().dumped())
    before = key_file(data).read_bytes()
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("LUMBAR_DATA", str(data))
    monkeypatch.delenv("LUMBAR_KEYS", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{WORD}\n"))
    with room_for(100):
        said = ended_with(["lock-keys"], capsys)
    assert "File too large" in said
    assert key_file(data).read_bytes() == before
    assert list(tmp_path.iterdir()) == [key_file(data)]


@pytest.mark.parametrize("keys", [None, Keys.fresh().dumped()], ids=["keys to be made", "keys given"])
def test_up_on_a_folder_that_cannot_be_made_says_which(tmp_path: Path, keys: str | None) -> None:
    (tmp_path / "a file").touch()
    variables = {"LUMBAR_DATA": str(tmp_path / "a file" / "var"), "ENVIRONMENT": "test"}
    answer = subprocess.run(
        [sys.executable, "-m", "clinic", "up"],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **variables, **({"LUMBAR_KEYS": keys} if keys else {})},
        capture_output=True, text=True,
    )  # fmt: skip
    assert answer.returncode == 1, answer.stderr
    assert f"{tmp_path / 'a file'}" in answer.stderr
    assert "cannot be" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_upgrade_whose_copy_gets_no_key_changes_nothing(
    product: Stage,
    new_database: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert callable(new_database)
    url = new_database()
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    newest = ScriptDirectory(str(schema.FOLDER)).get_revisions("heads")[0]
    assert newest is not None
    command.upgrade(schema.config(engine), str(newest.down_revision))
    folder = tmp_path / "var" / before_upgrade.FOLDER
    for second in range(600):  # Whenever the copy is made, something stands in its key's place.
        at = rotation.file_name(clock.now() + timedelta(seconds=second))
        (folder / at).with_suffix(before_upgrade.KEY_ENDS).mkdir(parents=True)
    for name, value in {
        "DATABASE_URL": url,
        "DATABASE_OWNER_URL": url,
        "REDIS_URL": product.settings.redis_url,
        "ENVIRONMENT": "test",
        "LUMBAR_DATA": str(tmp_path / "var"),
        "LUMBAR_KEYS": product.settings.keys.dumped(),
    }.items():
        monkeypatch.setenv(name, value)
    assert "cannot be written to" in ended_with(["migrate", "--copy-first"], capsys)
    assert schema.is_behind(url)
    assert list(folder.glob("*.backup")) == []
