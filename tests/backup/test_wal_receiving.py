"""What is received has no gap, whoever is killed; where something was lost a new line begins; what no moment needs goes."""

import os
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from clinic import clock
from clinic.backup import archive, wal_archive, wal_receiving
from clinic.backup.wal_archive import WalStatus
from clinic.embedded.cluster import SLOT
from tests.backup.test_commands_for_backups import run
from tests.backup.test_point_in_time import (
    WAIT_SECONDS,
    asked,
    base_is_there,
    log_of,
    receiving,
    written_down,
)
from tests.patience import eventually
from tests.stage import Stage, staged

NOON = datetime(2031, 3, 20, 12, tzinfo=UTC)
SEGMENT_BYTES = 16 << 20


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
    assert run(["receive-wal"], variables) == (1, "Another process receives this server’s WAL already.\n")
    status, said = run(["base-backup"], variables)
    assert status == 0, said
    assert [len(each.bases) for each in wal_archive.lines(wal)] == [1, 2]
    status, said = run(["receive-wal"], {**variables, "DATABASE_REPLICATION_URL": ""})
    assert (status, "DATABASE_REPLICATION_URL is not set" in said) == (2, True)


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
