"""Making a backup: noted, alone, and never half."""

import fcntl
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from clinic import clock
from clinic.backup import archive, making, nightly, postgres, runs
from clinic.backup.models import BackupDeed, BackupRun
from clinic.backup.runs import BackupState
from clinic.db import db, transaction
from tests.ports import free_port
from tests.stage import Stage

KeyPair = tuple[Path, str]


@pytest.fixture(autouse=True)
def nothing_noted(product: Stage) -> None:
    with transaction():
        db.session.execute(sa.delete(BackupRun))


def noted() -> list[tuple[str, bool, str | None]]:
    db.session.rollback()
    found = db.session.scalars(sa.select(BackupRun).order_by(BackupRun.began_at))
    return [(run.deed, run.is_good, run.problem) for run in found]


def test_a_backup_is_noted_with_its_size_and_hash(product: Stage, key_pair: KeyPair, tmp_path: Path) -> None:
    made = making.make(product.settings.database_url, tmp_path / "new", [key_pair[1]])
    (run,) = db.session.scalars(sa.select(BackupRun))
    assert (run.is_good, run.file_name, run.file_bytes) == (True, made.name, made.stat().st_size)
    assert run.sha256 == archive.digest(made)
    assert made.parent.stat().st_mode & 0o777 == 0o700


def test_two_people_with_keys_of_their_own_can_read_it(
    product: Stage, key_pair: KeyPair, tmp_path: Path
) -> None:
    other, public = archive.fresh_identity()
    (tmp_path / "other.key").write_text(other)
    made = making.make(product.settings.database_url, tmp_path, [key_pair[1], public])
    for number, file in enumerate((key_pair[0], tmp_path / "other.key")):
        (tmp_path / str(number)).mkdir()
        manifest, _ = archive.read(made, archive.identities(file), tmp_path / str(number))
        assert manifest.tables["clients"].rows == 3


def test_without_a_key_none_is_made_and_that_is_noted(product: Stage, tmp_path: Path) -> None:
    with pytest.raises(making.NoReaders):
        making.make(product.settings.database_url, tmp_path, [])
    assert noted() == [("backup", False, making.NoReaders.sentence)]
    assert list(tmp_path.iterdir()) == []


def test_one_at_a_time(product: Stage, key_pair: KeyPair, tmp_path: Path) -> None:
    with (tmp_path / making.LOCK).open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(making.BackupUnderWay):
            making.make(product.settings.database_url, tmp_path, [key_pair[1]])
    assert [path.name for path in tmp_path.iterdir()] == [making.LOCK]


def test_a_database_that_is_away_leaves_no_file_and_the_old_ones(
    product: Stage, key_pair: KeyPair, tmp_path: Path
) -> None:
    before = making.make(product.settings.database_url, tmp_path, [key_pair[1]])
    with pytest.raises(postgres.ProgramFailed, match="it does not answer"):
        making.make(f"postgresql://lumbar@127.0.0.1:{free_port()}/none", tmp_path, [key_pair[1]])
    assert making.newest(tmp_path) == before
    assert [good for _, good, _ in noted()] == [True, False]
    assert sorted(path.name for path in tmp_path.iterdir()) == [making.LOCK, before.name]


def test_what_a_killed_one_left_behind_is_cleared_and_was_never_a_backup(
    product: Stage, key_pair: KeyPair, tmp_path: Path
) -> None:
    left = tmp_path / f"{making.WORK}killed"
    left.mkdir()
    (left / "draft").write_bytes(b"half")
    with pytest.raises(archive.UnreadableBackup, match="There is no backup"):
        making.newest(tmp_path)
    made = making.make(product.settings.database_url, tmp_path, [key_pair[1]])
    assert sorted(path.name for path in tmp_path.iterdir()) == [making.LOCK, made.name]


def test_a_folder_that_cannot_be_made_is_said(product: Stage, key_pair: KeyPair, tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("")
    with pytest.raises(making.NotWritable):
        making.make(product.settings.database_url, tmp_path / "in-the-way" / "backups", [key_pair[1]])


def test_a_disk_that_gives_back_something_else_is_noticed(
    product: Stage, key_pair: KeyPair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "digest", lambda file: "0" * 64)
    with pytest.raises(archive.UnreadableBackup, match="does not give back"):
        making.make(product.settings.database_url, tmp_path, [key_pair[1]])
    assert [path.name for path in tmp_path.iterdir()] == [making.LOCK]


def test_the_nightly_step_needs_keys_and_never_fails_loudly(
    product: Stage, key_pair: KeyPair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(product.app.config, "BACKUP_FOLDER", tmp_path)
    nightly.back_up()
    assert noted() == []
    monkeypatch.setitem(product.app.config, "BACKUP_RECIPIENTS", (key_pair[1],))
    nightly.back_up()
    assert [good for _, good, _ in noted()] == [True]
    monkeypatch.setitem(product.app.config, "BACKUP_RECIPIENTS", ("age1nonsense",))
    nightly.back_up()
    assert [good for _, good, _ in noted()] == [True, False]


def test_backups_are_late_after_26_hours_without_a_good_one(product: Stage) -> None:
    now = clock.now()

    def state(after: timedelta) -> BackupState:
        return runs.state(now + after, are_on=True)

    assert runs.state(now, are_on=False) is BackupState.OFF
    assert state(timedelta()) is BackupState.OK
    with transaction():
        bad = runs.begin(BackupDeed.BACKUP, now).id
        runs.end_badly(bad, "No.", now)
    assert state(timedelta(hours=25)) is BackupState.OK
    assert state(timedelta(hours=27)) is BackupState.LATE
    with transaction():
        drill = runs.begin(BackupDeed.DRILL, now).id
        runs.end_well(drill, file_name="a", file_bytes=1, sha256="0", now=now)
    assert state(timedelta(hours=27)) is BackupState.LATE
    with transaction():
        good = runs.begin(BackupDeed.BACKUP, now + timedelta(hours=24)).id
        runs.end_well(good, file_name="a", file_bytes=1, sha256="0", now=now + timedelta(hours=25))
    assert state(timedelta(hours=49)) is BackupState.OK
    assert state(timedelta(hours=51)) is BackupState.LATE
