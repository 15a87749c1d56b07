"""What is received has no gap, whoever is killed; where something was lost a new line begins; what no moment needs goes."""

import fcntl
import json
import os
import re
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from clinic import clock, sealed
from clinic.backup import archive, base_backups, wal_archive, wal_receiving
from clinic.backup.wal_archive import WalStatus
from clinic.embedded.cluster import SLOT
from tests.backup.test_commands_for_backups import run
from tests.backup.test_point_in_time import (
    WAIT_SECONDS,
    asked,
    base_is_there,
    log_of,
    receiving,
    superuser,
    written_down,
)
from tests.patience import eventually
from tests.stage import Stage, staged

NOON = datetime(2031, 3, 20, 12, tzinfo=UTC)
SEGMENT_BYTES = 16 << 20
GIGABYTE = 1_000_000_000


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as product:
        yield product


def test_a_killed_receiver_goes_on_without_a_gap_and_a_lost_slot_begins_a_new_line(
    stage: Stage, key_pair: tuple[Path, str]
) -> None:
    wal = stage.settings.wal
    receiving(stage, key_pair[1])
    assert eventually(lambda: base_is_there(wal), WAIT_SECONDS), log_of(stage)
    for _ in range(2):
        os.kill(stage.programs[-1].pid, signal.SIGKILL)
        stage.programs[-1].wait()
        for _ in range(2):
            asked(stage, "SELECT pg_logical_emit_message(true, '', repeat('x', 1000))::text")
            asked(stage, "SELECT pg_switch_wal()::text")
        receiving(stage, key_pair[1])
        written_down(stage, wal)
    (line,) = wal_archive.lines(wal)
    assert len(line.segments) >= 7
    assert all(wal_archive.after(one, SEGMENT_BYTES) == other for one, other in pairwise(line.segments))

    os.kill(stage.programs[-1].pid, signal.SIGKILL)
    stage.programs[-1].wait()
    slot_is_free = f"SELECT NOT active FROM pg_replication_slots WHERE slot_name = '{SLOT}'"
    assert eventually(lambda: asked(stage, slot_is_free) == [(True,)], WAIT_SECONDS)
    asked(stage, f"SELECT pg_drop_replication_slot('{SLOT}')::text")
    asked(stage, "SELECT pg_switch_wal()::text")
    receiving(stage, key_pair[1])
    assert eventually(lambda: [len(each.bases) for each in wal_archive.lines(wal)] == [1, 1], WAIT_SECONDS)

    variables = {
        **stage.environment(),
        "DATABASE_REPLICATION_URL": stage.servers.urls.receiver,
        "BACKUP_RECIPIENTS": key_pair[1],
    }
    words = ["receive-wal", "--unlimited"]
    assert run(words, variables) == (1, "Another process receives this server’s WAL already.\n")
    status, said = run(["base-backup"], variables)
    assert status == 0, said
    assert [len(each.bases) for each in wal_archive.lines(wal)] == [1, 2]
    status, said = run(["receive-wal"], {**variables, "DATABASE_REPLICATION_URL": ""})
    assert (status, "DATABASE_REPLICATION_URL is not set" in said) == (2, True)


def test_without_room_no_base_backup_begins_which_is_said_by_name_while_segments_still_come(
    stage: Stage, key_pair: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wal, work = stage.settings.wal, stage.settings.lumbar_data / wal_receiving.WORK
    sealed.use(stage.settings.keys.sealing_bytes)
    real, free = shutil.disk_usage, [base_backups.SPARE_BYTES]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(free=free[0]))
    monkeypatch.setattr(wal_receiving, "BASE_AGAIN_AFTER", timedelta(seconds=1))
    asked_to_stop = threading.Event()
    receiver = threading.Thread(
        target=wal_receiving.receive,
        args=(stage.servers.urls.receiver, wal, work, [key_pair[1]], asked_to_stop),
        kwargs={"unlimited": True},
    )
    receiver.start()
    try:
        assert eventually(lambda: standing(wal) == "no_room", WAIT_SECONDS)
        written_down(stage, wal)
        written_down(stage, wal)
        found = wal_archive.overview(wal, clock.now(), is_on=True)
        assert found.state == "no_room"
        assert re.search(
            r"it needs \d\.\d GB of free space on the disk of the data folder", found.trouble or ""
        )
        asking = {**stage.environment(), "BACKUP_WAL": "1", "BACKUP_RECIPIENTS": key_pair[1]}
        status, said = run(["doctor"], asking)
        assert (status, "There is too little room for a base backup" in said) == (1, True), said
        assert not list(work.glob("base-*"))
        assert not list(wal.glob("line-*/*base*"))
        free[0] = real(wal).free
        assert eventually(lambda: standing(wal) == "ok", WAIT_SECONDS)
        assert wal_archive.overview(wal, clock.now(), is_on=True).trouble is None
    finally:
        asked_to_stop.set()
        receiver.join()


def standing(wal: Path) -> str:
    return wal_archive.state(wal, clock.now(), is_on=True)


def test_a_disk_of_its_own_for_the_backups_is_asked_for_room_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, line = tmp_path / "work", tmp_path / "line"
    work.mkdir()
    line.mkdir()
    real_stat = Path.stat
    monkeypatch.setattr(
        Path, "stat", lambda self, **words: real_stat(Path("/proc") if self == line else self, **words)
    )
    real = shutil.disk_usage(tmp_path)
    free = {work: 2 * GIGABYTE + base_backups.SPARE_BYTES, line: GIGABYTE}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real._replace(free=free[path]))
    with pytest.raises(base_backups.NoRoomForBase, match="of the folder of the backups, and there"):
        base_backups._refuse_without_room(GIGABYTE, work, line)
    free[line] += base_backups.SPARE_BYTES
    base_backups._refuse_without_room(GIGABYTE, work, line)


def test_what_a_running_base_backup_has_stays_and_what_a_killed_one_left_goes(tmp_path: Path) -> None:
    (tmp_path / "base-x" / "data").mkdir(parents=True)
    with (tmp_path / base_backups.LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        base_backups.clear_away(tmp_path)
        assert (tmp_path / "base-x").exists()
    base_backups.clear_away(tmp_path)
    assert not (tmp_path / "base-x").exists()


def test_a_server_that_keeps_wal_without_a_limit_is_refused_unless_it_is_meant(
    stage: Stage, key_pair: tuple[Path, str]
) -> None:
    asked(stage, f"SELECT pg_create_physical_replication_slot('{SLOT}', true)::text")
    only = {
        "PATH": os.environ["PATH"],
        "LUMBAR_DATA": str(stage.settings.lumbar_data.parent / "of-the-receiver"),
        "BACKUP_FOLDER": str(stage.settings.backups),
        "BACKUP_RECIPIENTS": key_pair[1],
        "DATABASE_REPLICATION_URL": stage.servers.urls.receiver,
    }
    status, said = run(["receive-wal"], only)
    assert (status, "set max_slot_wal_keep_size on it" in said) == (1, True), said
    assert asked(stage, "SELECT slot_name FROM pg_replication_slots") == [], "nothing is kept for nobody"
    assert standing(stage.settings.wal) == "ok", "it began a moment ago"
    with superuser(stage) as connection:
        connection.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '4GB'")
        connection.execute("SELECT pg_reload_conf()")
    only_these = dict.fromkeys(stage.environment(), "") | only
    stage.start("clinic", "receive-wal", **only_these)
    assert eventually(lambda: base_is_there(stage.settings.wal), WAIT_SECONDS), log_of(stage)
    assert not list(stage.settings.lumbar_data.parent.rglob("of-the-receiver*.keys")), "it makes no keys"


def test_the_segment_after_another_follows_over_the_end_of_its_log() -> None:
    for one, other in (
        ("000000010000000000000002", "000000010000000000000003"),
        ("0000000200000001000000FF", "000000020000000200000000"),
    ):
        assert wal_archive.after(one, SEGMENT_BYTES) == other
    assert wal_archive.after("0000000100000000000000FF", 1 << 20) == "000000010000000000000100"


def laid(folder: Path, line: str, bases: dict[int, str], segments: range) -> Path:
    """A line whose base backups are so many days old, and whose segments have these numbers."""
    path = folder / line
    path.mkdir()
    for days, first in bases.items():
        (path / wal_archive.base_name(NOON - timedelta(days=days), first)).touch()
    for number in segments:
        file = path / f"{number:024X}.wal"
        file.touch()
        os.utime(file, ((NOON - timedelta(days=20)).timestamp(),) * 2)
    return path


def test_what_a_moment_of_the_last_week_needs_stays_and_the_rest_goes(tmp_path: Path) -> None:
    gone = laid(tmp_path, "line-20310220T000000Z", {28: f"{1:024X}"}, range(1, 4))
    bases = {16: f"{2:024X}", 9: f"{5:024X}", 2: f"{8:024X}"}
    now = laid(tmp_path, "line-20310304T000000Z", bases, range(2, 10))
    wal_archive.forget_old(tmp_path, now, NOON)
    assert not gone.exists()
    (line,) = wal_archive.lines(tmp_path)
    assert [base.first_segment for base in line.bases] == [f"{5:024X}", f"{8:024X}"]
    assert line.segments == [f"{number:024X}" for number in range(5, 10)]
    wal_archive.forget_old(tmp_path, now, NOON)
    assert wal_archive.lines(tmp_path) == [line]


def test_the_last_line_that_opens_a_moment_stays_until_a_newer_one_does(tmp_path: Path) -> None:
    old = laid(tmp_path, "line-20310204T000000Z", {28: f"{1:024X}"}, range(1, 4))
    new = laid(tmp_path, "line-20310224T000000Z", {}, range(1, 4))
    wal_archive.forget_old(tmp_path, new, NOON)
    assert old.exists()
    (new / wal_archive.base_name(NOON, f"{3:024X}")).touch()
    wal_archive.forget_old(tmp_path, new, NOON)
    assert not old.exists()


def test_while_base_backups_fail_the_folder_does_not_grow_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = laid(tmp_path, "line-20310304T000000Z", {}, range(1, 8))
    for number, hours in ((5, 25), (6, 23), (7, 22)):
        os.utime(line / f"{number:024X}.wal", ((NOON - timedelta(hours=hours)).timestamp(),) * 2)
    wal_archive.forget_old(tmp_path, line, NOON)
    assert wal_archive.lines(tmp_path)[0].segments == [f"{number:024X}" for number in (6, 7)]
    wal_archive.forget_old(tmp_path, line, NOON + timedelta(days=9))
    assert wal_archive.lines(tmp_path)[0].segments == [f"{7:024X}"], "the next must follow the newest"

    receiver = wal_receiving._Receiver("", tmp_path, tmp_path / "work", [], [])
    monkeypatch.setattr(clock, "system", lambda: NOON)
    for days, is_over in ((27, False), (29, True)):
        receiver.status = WalStatus(NOON, base_at=NOON - timedelta(days=days))
        with pytest.raises(wal_receiving.LineBroken) if is_over else nullcontext():
            receiver._refuse_endless()


def test_a_line_whose_newest_base_backup_is_of_four_weeks_ago_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal_receiving, "_new_slot", lambda url, *, is_there: None)
    work = tmp_path / "work"
    work.mkdir()
    server = wal_receiving._Server(180000, "1", "00000001", "reserved", False, NOON, False)
    for days in (27, 29):
        line = laid(tmp_path, f"line-203103{days}T000000Z", {days: f"{1:024X}"}, range(1, 3))
        words = {"system": "1", "timeline": "00000001", "line": line.name}
        (work / wal_receiving.LINE).write_text(json.dumps(words))
        found = wal_receiving._Receiver("", tmp_path, work, [], [])._line(server)
        assert (found == line) == (days == 27)


def test_a_receiver_whose_short_lives_each_close_a_segment_but_never_make_a_base_backup_is_late(
    tmp_path: Path,
) -> None:
    found = WalStatus(NOON)
    for minutes, state in ((0, "ok"), (2, "ok"), (4, "late"), (60, "late")):
        now = NOON + timedelta(minutes=minutes)
        found = replace(found.started_again(now).in_line(None, now), closed_at=now)
        wal_archive.note(tmp_path, found)
        assert wal_archive.state(tmp_path, now, is_on=True) == state, minutes
    made = found.in_line(NOON + timedelta(minutes=61), NOON)
    wal_archive.note(tmp_path, made)
    assert wal_archive.state(tmp_path, NOON + timedelta(minutes=62), is_on=True) == "ok"
    later = NOON + timedelta(days=1)
    assert made.in_line(None, later).baseless_since == later, "another line begins"


def test_a_receiver_that_starts_again_and_again_without_a_segment_is_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = WalStatus(NOON - timedelta(days=1), NOON - timedelta(minutes=1), NOON - timedelta(days=1))
    for minutes, state in ((0, "ok"), (2, "ok"), (4, "late"), (6, "late")):
        now = NOON + timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        with pytest.raises(archive.UnreadableKey):
            wal_receiving.receive("", tmp_path, tmp_path / "work", ["no key"], threading.Event())
        assert wal_archive.state(tmp_path, now, is_on=True) == state, minutes
    wal_archive.note(tmp_path, closed)
    again = closed.started_again(NOON)
    assert again == WalStatus(NOON, closed.closed_at, closed.base_at)
    assert again.started_again(NOON + timedelta(minutes=4)) == again


def test_a_base_backup_of_more_than_eight_days_ago_is_late(tmp_path: Path) -> None:
    for hours, state in ((-1, "ok"), (1, "late")):
        base_at = NOON - timedelta(days=8, hours=hours)
        wal_archive.note(tmp_path, WalStatus(base_at, NOON, base_at))
        assert wal_archive.state(tmp_path, NOON, is_on=True) == state


def test_what_the_receiver_noted_is_read_again_and_nonsense_is_late(tmp_path: Path) -> None:
    noted = WalStatus(NOON, NOON + timedelta(seconds=50))
    wal_archive.note(tmp_path, noted)
    assert wal_archive.status(tmp_path) == noted
    assert wal_archive.state(tmp_path, NOON, is_on=False) == "off"
    (tmp_path / wal_archive.STATUS).write_text("[]")
    assert wal_archive.state(tmp_path, NOON, is_on=True) == "late"
