"""`/health`, as a balancer or a watcher reads it."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import audit
from clinic.app import create_app
from clinic.backup import runs, wal_archive
from clinic.backup.models import BackupDeed
from clinic.backup.object_storage import StorageAddress
from clinic.backup.wal_archive import WalStatus
from clinic.db import db, dispose
from clinic.messaging import heartbeat
from clinic.messaging.heartbeat import DeliveryPart
from clinic.messaging.models import Heartbeat, Message, Sending
from config import Settings
from tests import make
from tests.accounts.conftest import Tamper, tamper
from tests.health import AUTHORIZED

__all__ = ["tamper"]


def lived(*parts: DeliveryPart, ago: int = 0, state: str = "") -> None:
    """Heartbeats of these parts, so many seconds ago by the database's clock."""
    for part in parts:
        heartbeat.beat(part, state)
        older = sa.func.clock_timestamp() - timedelta(seconds=ago)
        db.session.execute(sa.update(Heartbeat).where(Heartbeat.name == part.value).values(at=older))
    db.session.commit()


def test_before_a_worker_ever_ran_people_are_served_and_the_answer_says_what_is_missing(
    client: FlaskClient, tamper: Tamper
) -> None:
    answer = client.get("/health", headers=AUTHORIZED)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = answer.get_json()
    assert found.pop("version")
    assert found == {
        "status": "degraded",
        "database": "ok",
        "worker": "never",
        "beat": "never",
        "pass": "never",
        "mail": "ok",
        "sending": "ok",
        "clock": "ok",
        "audit": "ok",
        "backup": "off",
        "backup_storage": "off",
        "backup_wal": "off",
        "arrears": {"due_unsent": 0, "sending_too_long": 0, "unreminded": 0},
    }


def test_all_is_well_while_every_part_lives(client: FlaskClient, tamper: Tamper) -> None:
    lived(DeliveryPart.WORKER, DeliveryPart.BEAT, DeliveryPart.PASS, ago=20)
    assert client.get("/health", headers=AUTHORIZED).get_json()["status"] == "ok"


def test_a_day_without_a_good_backup_shows_where_backups_are_made(
    app: Flask, client: FlaskClient, tamper: Tamper, clock_at_now: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(*DeliveryPart)
    runs.begin(BackupDeed.BACKUP, make.NOW - timedelta(hours=27))
    db.session.commit()
    assert client.get("/health").get_json() == {"status": "ok"}
    monkeypatch.setitem(app.config, "BACKUP_RECIPIENTS", ("age1",))
    found = client.get("/health", headers=AUTHORIZED).get_json()
    assert (found["status"], found["backup"]) == ("degraded", "late")


def test_a_day_without_a_copy_in_the_object_storage_shows_where_there_is_one(
    app: Flask, client: FlaskClient, tamper: Tamper, clock_at_now: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(*DeliveryPart)
    run = runs.begin(BackupDeed.BACKUP, make.NOW - timedelta(hours=27))
    runs.end_well(run.id, file_name="a", file_bytes=1, sha256="0", now=make.NOW - timedelta(hours=26))
    runs.begin_sending(make.NOW - timedelta(hours=27))
    fresh = runs.begin(BackupDeed.BACKUP, make.NOW)
    runs.end_well(fresh.id, file_name="b", file_bytes=1, sha256="0", now=make.NOW)
    db.session.commit()
    monkeypatch.setitem(app.config, "BACKUP_RECIPIENTS", ("age1",))
    found = client.get("/health", headers=AUTHORIZED).get_json()
    assert (found["status"], found["backup"], found["backup_storage"]) == ("ok", "ok", "off")
    address = StorageAddress.read("https://s3.example/b", region="r", key_id="k", secret="s")
    monkeypatch.setitem(app.config, "BACKUP_STORAGE", address)
    found = client.get("/health", headers=AUTHORIZED).get_json()
    assert (found["status"], found["backup"], found["backup_storage"]) == ("degraded", "ok", "late")


def test_three_minutes_without_a_segment_of_wal_show_where_it_is_received(
    app: Flask,
    client: FlaskClient,
    tamper: Tamper,
    clock_at_now: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    lived(*DeliveryPart)
    run = runs.begin(BackupDeed.BACKUP, make.NOW)
    runs.end_well(run.id, file_name="b", file_bytes=1, sha256="0", now=make.NOW)
    db.session.commit()
    monkeypatch.setitem(app.config, "BACKUP_RECIPIENTS", ("age1",))
    monkeypatch.setitem(app.config, "WAL_FOLDER", tmp_path)
    (tmp_path / wal_archive.STATUS).write_text("nonsense")
    assert client.get("/health", headers=AUTHORIZED).get_json()["backup_wal"] == "off"
    monkeypatch.setitem(app.config, "BACKUP_WAL", True)
    early = make.NOW - timedelta(days=1)
    for minutes, base_at, word in ((2, early, "ok"), (4, early, "late"), (2, None, "late")):
        closed_at = make.NOW - timedelta(minutes=minutes)
        wal_archive.note(tmp_path, WalStatus(began_at=early, closed_at=closed_at, base_at=base_at))
        found = client.get("/health", headers=AUTHORIZED).get_json()
        status = "ok" if word == "ok" else "degraded"
        assert (found["status"], found["backup_wal"]) == (status, word), (minutes, base_at)
    for trouble, word in (("no-room", "no_room"), ("program-failed", "no_base")):
        wal_archive.note(
            tmp_path, WalStatus(early, make.NOW, early, trouble=trouble, trouble_said="It failed.")
        )
        found = client.get("/health", headers=AUTHORIZED).get_json()
        assert (found["status"], found["backup_wal"]) == ("degraded", word)
    (tmp_path / wal_archive.STATUS).write_text("nonsense")
    assert client.get("/health", headers=AUTHORIZED).get_json()["backup_wal"] == "late"
    (tmp_path / wal_archive.STATUS).unlink()
    assert client.get("/health", headers=AUTHORIZED).get_json()["backup_wal"] == "late", "it never began"


def test_entries_that_nobody_seals_show(client: FlaskClient, tamper: Tamper, clock_at_now: None) -> None:
    lived(DeliveryPart.WORKER, DeliveryPart.BEAT, DeliveryPart.PASS)
    audit.record(audit.SYSTEM, "tried", now=make.NOW - timedelta(minutes=11))
    db.session.commit()
    found = client.get("/health", headers=AUTHORIZED).get_json()
    assert (found["status"], found["audit"]) == ("degraded", "late")


@pytest.mark.parametrize("part", [DeliveryPart.WORKER, DeliveryPart.BEAT, DeliveryPart.PASS])
def test_a_part_that_fell_silent_shows_within_two_minutes(client: FlaskClient, part: DeliveryPart) -> None:
    lived(DeliveryPart.WORKER, DeliveryPart.BEAT, DeliveryPart.PASS)
    lived(part, ago=90)
    found = client.get("/health", headers=AUTHORIZED).get_json()
    assert (found["status"], found[part.value]) == ("degraded", "stale")


def test_a_mail_server_that_is_away_shows(client: FlaskClient) -> None:
    lived(DeliveryPart.WORKER, DeliveryPart.BEAT, DeliveryPart.PASS)
    lived(DeliveryPart.MAIL, ago=1, state="unreachable")
    found = client.get("/health", headers=AUTHORIZED).get_json()
    assert (found["status"], found["mail"]) == ("degraded", "unreachable")


def test_without_the_database_the_answer_is_down_and_quick(settings: Settings) -> None:
    lost: Flask = create_app(
        settings.model_copy(update={"database_url": "postgresql+psycopg://nobody@127.0.0.1:1/none"})
    )
    answer = lost.test_client().get("/health")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.get_json()["status"] == "down"
    with lost.app_context():
        dispose()


def test_messages_held_after_a_restore_show(client: FlaskClient) -> None:
    lived(DeliveryPart.WORKER, DeliveryPart.BEAT, DeliveryPart.PASS)
    held = sa.insert(Sending).values(id=1, incarnation="x", held_why="restored", held_since=make.NOW)
    db.session.execute(held)
    db.session.commit()
    found = client.get("/health", headers=AUTHORIZED).get_json()
    assert (found["status"], found["sending"]) == ("degraded", "restored")


def test_messages_in_arrears_are_counted(client: FlaskClient, clock_at_now: None) -> None:
    lived(DeliveryPart.WORKER, DeliveryPart.BEAT, DeliveryPart.PASS)
    ada = make.client()
    long_ago = make.NOW - timedelta(minutes=6)
    row = Message(
        kind="sign_in",
        subject_id=ada.id,
        recipient_id=ada.contacts[0].id,
        occasion="x",
        owed_at=long_ago,
        due_at=long_ago,
    )
    db.session.add(row)
    db.session.commit()
    found = client.get("/health", headers=AUTHORIZED).get_json()
    assert (found["status"], found["arrears"]["due_unsent"]) == ("degraded", 1)


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}, {"Authorization": "Bearer wrong"},
    {"X-Forwarded-For": "127.0.0.1"},
])  # fmt: skip
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "203.0.113.9"])
def test_without_the_token_the_answer_is_one_word_wherever_it_is_asked_from(
    client: FlaskClient, headers: dict[str, str], address: str
) -> None:
    lived(DeliveryPart.WORKER)
    answer = client.get("/health", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert list(answer.get_json()) == ["status"]


def test_without_a_token_in_the_settings_nobody_reads_details(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "HEALTH_TOKEN", None)
    for sent in ("Bearer None", "Bearer ", AUTHORIZED["Authorization"]):
        assert list(client.get("/health", headers={"Authorization": sent}).get_json()) == ["status"]
