"""An owner reads how the backups stand, here and in the object storage."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from clinic.backup import runs, wal_archive
from clinic.backup.models import BackupDeed
from clinic.backup.object_storage import StorageAddress
from clinic.backup.wal_archive import WalStatus
from clinic.db import transaction
from tests import make
from tests.visitor import Visitor, as_staff

DATA, NOW = "/staff/settings/data", make.NOW
SECRET = "nobody-may-read-this"  # pragma: allowlist secret


@pytest.fixture
def owner(app: Flask, database: object, the_clock_says: Callable[[datetime], None]) -> Visitor:
    the_clock_says(NOW)
    return Visitor(as_staff(app, make.user(roles=["owner"], email="olive@alderlane.example")))


@pytest.fixture
def storage(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    address = StorageAddress.read(
        "https://s3.provider.example/bucket", region="r", key_id="key-id", secret=SECRET
    )
    monkeypatch.setitem(app.config, "BACKUP_RECIPIENTS", ("age1",))
    monkeypatch.setitem(app.config, "BACKUP_STORAGE", address)


def backup(hours_ago: int) -> None:
    at = NOW - timedelta(hours=hours_ago)
    with transaction():
        run = runs.begin(BackupDeed.BACKUP, at)
        runs.end_well(run.id, file_name=f"{hours_ago}.backup", file_bytes=1, sha256="0", now=at)
        runs.begin_sending(at)


def test_it_says_which_moments_can_be_brought_back_and_when_none_is_added(
    app: Flask, owner: Visitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(app.config, "BACKUP_RECIPIENTS", ("age1",))
    monkeypatch.setitem(app.config, "WAL_FOLDER", tmp_path)
    early = NOW - timedelta(days=3)
    wal_archive.note(tmp_path, WalStatus(began_at=early, closed_at=NOW - timedelta(minutes=1)))
    assert "can be brought back" not in owner.open(DATA).text, "nobody asked for it"
    monkeypatch.setitem(app.config, "BACKUP_WAL", True)
    text = owner.open(DATA).text
    assert "No moment can be brought back between two backups." in text, "there is no base backup"
    line = tmp_path / wal_archive.line_name(early)
    line.mkdir()
    (line / wal_archive.base_name(early, "000000010000000000000002")).touch()
    for minutes, says in (
        (2, "Any moment since"),
        (4, "Changes are not being recorded for recovery."),
    ):
        closed_at = NOW - timedelta(minutes=minutes)
        wal_archive.note(tmp_path, WalStatus(began_at=early, closed_at=closed_at, base_at=early))
        assert says in owner.open(DATA).text
    without_room = WalStatus(
        early, NOW, early, trouble="no-room", trouble_said="There is too little room: 1 GB."
    )
    wal_archive.note(tmp_path, without_room)
    text = owner.open(DATA).text
    assert "can no longer be copied for recovery. There is too little room: 1 GB." in text
    assert "can still be brought back." in text


def test_without_object_storage_it_says_that_backups_lie_on_this_machine(
    app: Flask, owner: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "BACKUP_RECIPIENTS", ("age1",))
    backup(1)
    text = owner.open(DATA).text
    assert "The newest backup is of" in text
    assert "They lie on this machine" in text
    assert "away from this machine" not in text.replace("Keep both away from this machine", "")


def test_a_copy_that_was_sent_and_one_that_failed_are_said_and_no_secret_is(
    owner: Visitor, storage: None
) -> None:
    backup(30)
    text = owner.open(DATA).text
    assert "None has reached the object storage yet." in text
    assert "Began to be sent away" in text
    with transaction():
        sent = runs.begin_sending(NOW)
        assert sent
        runs.end_sending_well(sent.run_id, NOW - timedelta(hours=29))
    text = owner.open(DATA).text
    assert "The object storage has no backup from the last 26 hours." in text
    backup(2)
    with transaction():
        unsent = runs.begin_sending(NOW)
        assert unsent
        runs.end_sending_badly(unsent.run_id, "There is no bucket here.")
    text = owner.open(DATA).text
    assert "The newest in the object storage is of" in text
    assert "Not sent away: There is no bucket here." in text
    assert "drill --from-storage --key FILE" in text
    with transaction():
        again = runs.begin_sending(NOW)
        assert again
        runs.end_sending_well(again.run_id, NOW)
    page = owner.open(DATA)
    assert "lies away from this machine, at s3.provider.example. It was read back and is whole." in page.text
    assert "There is no bucket here." not in page.text
    for secret in (SECRET, "key-id"):
        assert secret not in page.text
