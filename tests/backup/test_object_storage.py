"""Backups in object storage, with a real server of it: sent, read back, listed, fetched, and never good by half."""

import logging
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from clinic import clock
from clinic.backup import archive, making, nightly, object_storage, rotation, runs, sending
from clinic.backup.models import BackupDeed, BackupRun
from clinic.backup.object_storage import (
    PART,
    PROOF,
    NoBucket,
    NotAsSent,
    NotStored,
    StorageAddress,
    StorageKeyTooWeak,
    StorageRefusal,
    StorageUnreachable,
    UnknownStorageKey,
)
from clinic.backup.runs import BackupState
from clinic.db import db, transaction
from tests.backup.storage_server import BUCKET, SECRET, StorageServer, storage_server
from tests.ports import free_port
from tests.stage import ROOT, Stage

KeyPair = tuple[Path, str]
MADE_AT = datetime(2031, 3, 3, 2, 30, tzinfo=UTC)
KILLS = 20 if os.environ.get("LUMBAR_LONG") else 3


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageServer]:
    with storage_server(tmp_path_factory.mktemp("storage")) as running:
        yield running


@pytest.fixture
def address(server: StorageServer, tmp_path: Path) -> StorageAddress:
    return server.folder(tmp_path.name)


def written(folder: Path, content: bytes = b"a backup", at: datetime = MADE_AT) -> tuple[Path, str]:
    """A file with a backup's name, and its hash."""
    file = folder / rotation.file_name(at)
    file.write_bytes(content)
    return file, archive.digest(file)


def sent(address: StorageAddress, file: Path, sha256: str) -> None:
    with object_storage.connected(address) as storage:
        storage.send(file, sha256)


def listed(address: StorageAddress) -> list[str]:
    with object_storage.connected(address) as storage:
        return [backup.name for backup in storage.backups()]


def objects(server: StorageServer, address: StorageAddress) -> list[str]:
    """What lies there, as its administrator sees it."""
    client = server.client()
    found = client.list_objects_v2(Bucket=BUCKET, Prefix=address.folder).get("Contents", [])
    client.close()
    return [entry["Key"].removeprefix(address.folder) for entry in found]


def half_sent(server: StorageServer, address: StorageAddress) -> int:
    client = server.client()
    found = client.list_multipart_uploads(Bucket=BUCKET, Prefix=address.folder).get("Uploads", [])
    client.close()
    return len(found)


def test_a_file_of_several_parts_comes_back_as_it_was(
    address: StorageAddress, server: StorageServer, tmp_path: Path
) -> None:
    file, sha256 = written(tmp_path, os.urandom(PART + 12_345))
    sent(address, file, sha256)
    with object_storage.connected(address) as storage:
        (backup,) = storage.backups()
        assert (backup.name, backup.file_bytes) == (file.name, PART + 12_345)
        (tmp_path / "there").mkdir()
        back = storage.fetch(None, tmp_path / "there")
    assert (back.name, archive.digest(back)) == (file.name, sha256)
    client = server.client()
    proof = client.get_object(Bucket=BUCKET, Key=address.folder + file.name + PROOF)["Body"].read()
    client.close()
    assert proof == f"{sha256}  {file.name}\n".encode()


def test_what_comes_back_otherwise_is_taken_away_and_never_listed(
    address: StorageAddress, server: StorageServer, tmp_path: Path
) -> None:
    file, _ = written(tmp_path)
    with pytest.raises(NotAsSent, match="does not count as a backup"):
        sent(address, file, "0" * 64)
    assert (listed(address), objects(server, address)) == ([], [])


def test_a_whole_file_without_its_proof_is_no_backup(
    address: StorageAddress, server: StorageServer, tmp_path: Path
) -> None:
    good, sha256 = written(tmp_path)
    sent(address, good, sha256)
    client = server.client()
    later = rotation.file_name(MADE_AT + timedelta(days=1))
    client.put_object(Bucket=BUCKET, Key=address.folder + later, Body=b"never compared")
    client.close()
    assert listed(address) == [good.name]
    with object_storage.connected(address) as storage, pytest.raises(NotStored, match="the newest is"):
        storage.fetch(later, tmp_path)


def test_a_backup_that_changed_there_is_refused_and_leaves_no_file(
    address: StorageAddress, server: StorageServer, tmp_path: Path
) -> None:
    file, sha256 = written(tmp_path)
    sent(address, file, sha256)
    client = server.client()
    client.put_object(Bucket=BUCKET, Key=address.folder + file.name, Body=b"a backuq")
    client.close()
    (tmp_path / "there").mkdir()
    with object_storage.connected(address) as storage, pytest.raises(NotAsSent, match="as it was sent"):
        storage.fetch(file.name, tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


def test_seven_days_five_weeks_and_twelve_months_stay_there_too(
    address: StorageAddress, server: StorageServer, tmp_path: Path
) -> None:
    client = server.client()
    days = [MADE_AT - timedelta(days=day) for day in range(0, 420, 3)]
    for at in days:
        for name in (rotation.file_name(at), rotation.file_name(at) + PROOF):
            client.put_object(Bucket=BUCKET, Key=address.folder + name, Body=b"")
    unproved = rotation.file_name(MADE_AT + timedelta(hours=1))
    old_unproved = rotation.file_name(MADE_AT - timedelta(days=200, hours=1))
    for name in (unproved, old_unproved, "somebody else's"):
        client.put_object(Bucket=BUCKET, Key=address.folder + name, Body=b"")
    client.close()
    names = [rotation.file_name(at) for at in days]
    stay = sorted(set(names) - set(rotation.superfluous(names)))
    with object_storage.connected(address) as storage:
        gone = storage.delete_superfluous()
        assert [backup.name for backup in storage.backups()] == stay
    assert sorted(gone) == sorted({*names, old_unproved} - set(stay))
    assert set(objects(server, address)) == {
        *stay,
        *(name + PROOF for name in stay),
        unproved,
        "somebody else's",
    }


Wrong = Callable[[StorageAddress], StorageAddress]
WRONG: list[tuple[Wrong, type[StorageRefusal], str]] = [
    (lambda one: replace(one, secret="another"), UnknownStorageKey, "does not accept the key"),
    (lambda one: replace(one, key_id="nobody"), UnknownStorageKey, "does not accept the key"),
    (lambda one: replace(one, key_id="reader"), StorageKeyTooWeak, "list, read, write and delete"),
    (lambda one: replace(one, bucket="none"), NoBucket, "There is no bucket none at 127.0.0.1"),
    (
        lambda one: replace(one, endpoint=f"http://127.0.0.1:{free_port()}"),
        StorageUnreachable,
        "does not answer",
    ),
]


@pytest.mark.parametrize(("wrong", "refusal", "words"), WRONG)
def test_what_is_wrong_with_the_storage_is_said_and_no_secret_is(
    address: StorageAddress,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    wrong: Wrong,
    refusal: type[StorageRefusal],
    words: str,
) -> None:
    monkeypatch.setattr(object_storage, "TRIES", 1)
    caplog.set_level(logging.DEBUG)
    file, sha256 = written(tmp_path)
    other = wrong(address)
    with pytest.raises(refusal, match=words) as refused:
        sent(other, file, sha256)
    for secret in {SECRET, other.secret}:
        assert secret not in f"{refused.value.sentence}{other!r}{caplog.text}"


@contextmanager
def cut_after(address: StorageAddress, octets: int) -> Iterator[StorageAddress]:
    """A way to the storage that breaks once so many octets have gone there, and stays broken."""
    ended, gone = threading.Event(), [0]
    target = address.endpoint.removeprefix("http://").split(":")
    door = socket.create_server(("127.0.0.1", 0))

    def pass_on(source: socket.socket, sink: socket.socket, *, is_counted: bool) -> None:
        try:
            while not ended.is_set() and (data := source.recv(1 << 16)):
                gone[0] += len(data) if is_counted else 0
                if gone[0] > octets:
                    break
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            one.close()

    def serve() -> None:
        while not ended.is_set():
            try:
                here, _ = door.accept()
            except OSError:
                return
            if gone[0] > octets:
                here.close()
                continue
            there = socket.create_connection((target[0], int(target[1])))
            for source, sink, is_counted in ((here, there, True), (there, here, False)):
                threading.Thread(
                    target=pass_on, args=(source, sink), kwargs={"is_counted": is_counted}, daemon=True
                ).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield replace(address, endpoint=f"http://127.0.0.1:{door.getsockname()[1]}")
    finally:
        ended.set()
        door.shutdown(socket.SHUT_RDWR)
        door.close()


def test_a_network_that_breaks_in_the_middle_leaves_the_older_one_the_newest(
    address: StorageAddress, server: StorageServer, tmp_path: Path
) -> None:
    older, sha256 = written(tmp_path, at=MADE_AT - timedelta(days=1))
    sent(address, older, sha256)
    file, sha256 = written(tmp_path, os.urandom(2 * PART))
    with cut_after(address, PART * 3 // 2) as broken, pytest.raises(StorageUnreachable):
        sent(broken, file, sha256)
    assert listed(address) == [older.name]
    assert half_sent(server, address) == 1
    sent(address, file, sha256)
    assert listed(address) == [older.name, file.name]
    assert half_sent(server, address) == 0


SENDER = """
import sys
from pathlib import Path
from clinic.backup import object_storage
from clinic.backup.object_storage import StorageAddress
*address, file, sha256 = sys.argv[1:]
with object_storage.connected(StorageAddress(*address)) as storage:
    print("begins", flush=True)
    storage.send(Path(file), sha256)
"""


def test_a_sender_that_is_killed_anywhere_leaves_a_whole_backup_or_none(
    address: StorageAddress, server: StorageServer, tmp_path: Path
) -> None:
    rolls, seconds, finished = random.Random(5), 0.0, 0
    good: list[str] = []
    for number in range(KILLS + 1):
        file, sha256 = written(tmp_path, os.urandom(PART + 1_000_000), at=MADE_AT + timedelta(hours=number))
        words = [*(getattr(address, name) for name in StorageAddress.__slots__), str(file), sha256]
        with subprocess.Popen(
            [sys.executable, "-c", SENDER, *words], cwd=ROOT, stdout=subprocess.PIPE
        ) as sender:
            assert sender.stdout is not None
            assert sender.stdout.readline() == b"begins\n"
            begun = time.monotonic()
            try:
                # The first goes through, to know how long one takes.
                sender.wait(rolls.uniform(0.0, seconds) if number else None)
            except subprocess.TimeoutExpired:
                sender.kill()
                sender.wait()
            seconds = seconds or time.monotonic() - begun
        finished += sender.returncode == 0
        found = listed(address)
        assert found[: len(good)] == good
        for name in found[len(good) :]:
            assert name == file.name
            (tmp_path / "there").mkdir(exist_ok=True)
            with object_storage.connected(address) as storage:
                assert archive.digest(storage.fetch(name, tmp_path / "there")) == sha256
        good = found
    assert finished <= len(good)
    print(
        f"{KILLS + 1 - finished} of {KILLS} senders were killed; {len(good) - 1} of their backups are good, and these are whole"
    )
    sent(address, file, sha256)
    assert listed(address)[-1] == file.name
    assert half_sent(server, address) == 0


@pytest.fixture
def nothing_noted(product: Stage) -> None:
    with transaction():
        db.session.execute(sa.delete(BackupRun))


@pytest.fixture
def with_storage(
    product: Stage,
    key_pair: KeyPair,
    address: StorageAddress,
    tmp_path: Path,
    nothing_noted: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The product sends what it makes into a folder; returns that."""
    folder = tmp_path / "backups"
    monkeypatch.setitem(product.app.config, "BACKUP_FOLDER", folder)
    monkeypatch.setitem(product.app.config, "BACKUP_RECIPIENTS", (key_pair[1],))
    monkeypatch.setitem(product.app.config, "BACKUP_STORAGE", address)
    return folder


def newest_run() -> BackupRun:
    db.session.rollback()
    return db.session.scalars(sa.select(BackupRun).order_by(BackupRun.began_at.desc())).first() or BackupRun()


def test_each_night_a_backup_is_made_and_sent_once_and_erasures_go_with_it(
    with_storage: Path, address: StorageAddress, server: StorageServer, tmp_path: Path
) -> None:
    with_storage.mkdir()
    (with_storage / sending.ERASURE_LEDGER).write_text("one\ntwo\ncut o")
    nightly.back_up()
    nightly.send_backup()
    run = newest_run()
    assert (run.is_good, run.send_problem, listed(address)) == (True, None, [run.file_name])
    sent_at = run.sent_at
    assert sent_at
    (with_storage / sending.ERASURE_LEDGER).write_text("two\nthree\n")
    nightly.send_backup()
    assert newest_run().sent_at == sent_at
    with object_storage.connected(address) as storage:
        storage.fetch_lines(sending.ERASURE_LEDGER, tmp_path)
    assert (tmp_path / sending.ERASURE_LEDGER).read_text() == "one\ntwo\nthree\n"


def test_a_failed_sending_is_noted_beside_the_good_backup_and_made_good_in_the_next_hour(
    with_storage: Path, product: Stage, address: StorageAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(product.app.config, "BACKUP_STORAGE", replace(address, bucket="none"))
    nightly.back_up()
    nightly.send_backup()
    run = newest_run()
    assert (run.is_good, run.sent_at) == (True, None)
    assert run.send_problem is not None
    assert run.send_problem.startswith("There is no bucket none")
    monkeypatch.setitem(product.app.config, "BACKUP_STORAGE", address)
    nightly.send_backup()
    run = newest_run()
    assert (run.send_problem, listed(address)) == (None, [run.file_name])
    assert run.sent_at


def test_a_file_that_changed_on_this_machine_is_not_sent(
    with_storage: Path, product: Stage, address: StorageAddress, key_pair: KeyPair
) -> None:
    made = making.make(product.settings.database_url, with_storage, [key_pair[1]])
    made.write_bytes(made.read_bytes()[:-1] + b"x")
    with pytest.raises(sending.ChangedSince, match="no longer what was written"):
        sending.send_newest(with_storage, address)
    made.unlink()
    with pytest.raises(sending.ChangedSince, match="is gone"):
        sending.send_newest(with_storage, address)
    assert listed(address) == []


def test_copies_in_the_storage_are_late_after_26_hours_without_one(nothing_noted: None) -> None:
    now = clock.now()

    def state(after: float) -> BackupState:
        return runs.storage_state(now + timedelta(hours=after), is_on=True)

    def begun(after: float) -> runs.UnsentBackup:
        with transaction():
            run_id = runs.begin(BackupDeed.BACKUP, now + timedelta(hours=after)).id
            runs.end_well(run_id, file_name="a", file_bytes=1, sha256="0", now=now + timedelta(hours=after))
            unsent = runs.begin_sending(now + timedelta(hours=after))
        assert unsent
        return unsent

    assert runs.storage_state(now, is_on=False) is BackupState.OFF
    assert state(0) is BackupState.OK
    first = begun(0)
    assert (state(25), state(27)) == (BackupState.OK, BackupState.LATE)
    with transaction():
        assert runs.begin_sending(now + timedelta(hours=25)), "each hour it is tried again"
    assert state(27) is BackupState.LATE
    with transaction():
        runs.end_sending_well(first.run_id, now + timedelta(hours=1))
    assert (state(25), state(27)) == (BackupState.OK, BackupState.LATE)
    second = begun(24)
    assert state(27) is BackupState.LATE
    with transaction():
        runs.end_sending_badly(second.run_id, "No.")
    assert state(27) is BackupState.LATE
    with transaction():
        runs.end_sending_well(second.run_id, now + timedelta(hours=25))
        assert runs.begin_sending(now) is None
    assert (state(49), state(51)) == (BackupState.OK, BackupState.LATE)


def run(words: list[str], variables: dict[str, str]) -> tuple[int, str]:
    answer = subprocess.run(
        [sys.executable, "-m", "clinic", *words],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **variables}, capture_output=True, text=True,
    )  # fmt: skip
    assert SECRET not in answer.stdout + answer.stderr
    return answer.returncode, answer.stdout + answer.stderr


def test_made_listed_proved_and_restored_from_there_by_commands(
    product: Stage, key_pair: KeyPair, address: StorageAddress, tmp_path: Path, nothing_noted: None
) -> None:
    storage = {
        "BACKUP_S3_URL": f"{address.endpoint}/{address.bucket}/{address.folder}",
        "BACKUP_S3_KEY_ID": address.key_id,
        "BACKUP_S3_SECRET": address.secret,
    }
    variables = {
        "LUMBAR_DATA": str(tmp_path / "var"),
        "ENVIRONMENT": "test",
        "LUMBAR_KEYS": product.settings.keys.dumped(),
        "DATABASE_URL": product.settings.database_url,
        "REDIS_URL": "redis://127.0.0.1:1",
        "BACKUP_FOLDER": str(tmp_path / "backups"),
        "BACKUP_RECIPIENTS": key_pair[1],
        **storage,
    }
    status, said = run(["backup"], variables)
    assert (status, "Sent to 127.0.0.1, read back and found whole." in said) == (0, True), said
    (name,) = listed(address)
    status, said = run(["backups"], variables)
    assert (status, said.count(name)) == (0, 2), said
    # The machine burns: what is left are the storage, the keys and the private key.
    elsewhere = {
        "LUMBAR_DATA": str(tmp_path / "new"),
        "ENVIRONMENT": "test",
        "LUMBAR_KEYS": variables["LUMBAR_KEYS"],
        **storage,
    }
    status, said = run(
        ["drill", "--from-storage", "--key", str(key_pair[0])], {**variables, "BACKUP_FOLDER": "/none"}
    )
    assert (status, f"{name}: " in said) == (0, True), said
    status, said = run(["restore", "--key", str(key_pair[0])], elsewhere)
    assert (status, said) == (2, "Name the file of a backup, or say --from-storage.\n")
    words = ["restore", "--from-storage", "--key", str(key_pair[0])]
    status, said = run(words, {**elsewhere, "BACKUP_S3_SECRET": "another"})
    assert (status, said) == (1, f"{UnknownStorageKey.sentence}\n")
    status, said = run([words[0], "lumbar-20310303T023000Z.backup", *words[1:]], elsewhere)
    assert (status, f"the newest is {name}" in said) == (1, True), said
    status, said = run(words, elsewhere)
    assert (status, "rows are back as they were" in said) == (0, True), said
