"""The database as it was a second before somebody deleted its rows: received, encrypted, and replayed, or refused with the reason."""

import json
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from clinic import sealed
from clinic.accounts.models import Client
from clinic.backup import archive, point_in_time, postgres, wal_archive
from clinic.backup.archive import UnreadableBackup
from clinic.backup.point_in_time import OutOfReach
from clinic.backup.restoring import OtherSealingKeys
from clinic.booking import services
from clinic.booking.models import Appointment
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.embedded.servers import WAL_OPTIONS, Servers, ServersWanted
from clinic.maintenance import erasure_ledger
from clinic.messaging import pause
from clinic.messaging.models import Sending
from clinic.practice.models import Treatment
from clinic.refusal import Refusal
from secret_keys import Keys
from tests import make
from tests.backup.test_commands_for_backups import run
from tests.booking.visits import ME, THURSDAY_TEN
from tests.patience import eventually, slowness
from tests.stage import Stage, staged

LONG = bool(os.environ.get("LUMBAR_LONG"))
RPO = timedelta(seconds=60 if LONG else 12)
STORY_SECONDS, PAUSE_SECONDS = (150, 2.0) if LONG else (20, 0.5)
BEFORE, AFTER = 5, 2
"""Bookings before and after the moment."""
WAIT_SECONDS = 60


@dataclass(frozen=True)
class Story:
    """What happened, and what is left of it: the received WAL, and the keys."""

    wal: Path
    keys: str
    key_file: Path
    began_at: datetime
    at: datetime
    """The second before the rows were deleted."""
    ended_at: datetime
    acknowledged: list[UUID]
    """The bookings up to then, each told to whoever booked."""
    erased: UUID

    def restored(self, into: Path, at: str, *words: str) -> tuple[int, str]:
        """What `restore --at` says and answers, for the data folder `into`."""
        return run(
            ["restore", str(self.wal), *words, "--at", at, "--key", str(self.key_file)], self.variables(into)
        )

    def variables(self, data: Path) -> dict[str, str]:
        return {"LUMBAR_DATA": str(data), "ENVIRONMENT": "test", "LUMBAR_KEYS": self.keys}

    @property
    def segments(self) -> list[Path]:
        return sorted(self.wal.glob("line-*/*.wal"))

    def copied(self, to: Path) -> "Story":
        shutil.copytree(self.wal, to / "wal")
        return replace(self, wal=to / "wal")


def superuser(stage: Stage) -> psycopg.Connection:
    return psycopg.connect(stage.servers.urls.superuser.replace("+psycopg", ""), autocommit=True)


def asked(stage: Stage, statement: str) -> list[tuple[object, ...]]:
    with superuser(stage) as connection:
        return connection.execute(statement.encode()).fetchall()


def booked(sold: Treatment, number: int) -> UUID:
    """A visit booked as a visitor does it, and told to them."""
    start = THURSDAY_TEN + timedelta(hours=number % 6, days=7 * (number // 6))
    with transaction():
        kept = services.hold(SearchCriteria(sold.id), start, browser=ME, client_id=None, now=make.NOW)
    with transaction():
        visit = services.book(
            kept.id, browser=ME, client=make.stranger(f"V{number}"), actor="visitor", now=make.NOW
        )
        return visit.id


def now_there(stage: Stage) -> datetime:
    ((now,),) = asked(stage, "SELECT clock_timestamp()")
    assert isinstance(now, datetime)
    return now


def receiving(stage: Stage, public: str) -> None:
    stage.start(
        "clinic",
        "receive-wal",
        "--unlimited",
        DATABASE_REPLICATION_URL=stage.servers.urls.receiver,
        BACKUP_RECIPIENTS=public,
    )


def base_is_there(wal: Path) -> bool:
    status = wal_archive.status(wal)
    return status is not None and status.base_at is not None


def written_down(stage: Stage, wal: Path) -> None:
    """Wait until everything the database wrote so far is encrypted."""
    asked(
        stage, "SELECT pg_logical_emit_message(true, '', 'a segment with nothing in it is not closed')::text"
    )
    ((segment,),) = asked(stage, "SELECT pg_walfile_name(pg_current_wal_lsn())")
    asked(stage, "SELECT pg_switch_wal()")
    assert eventually(lambda: bool(list(wal.glob(f"line-*/{segment}.wal"))), WAIT_SECONDS), log_of(stage)


def log_of(stage: Stage) -> str:
    return "\n".join(path.read_text() for path in stage.settings.lumbar_data.parent.glob("program-*.log"))


def options() -> dict[str, str]:
    """What `up` tells its server; in the everyday suite a segment is closed after 4 seconds instead of 50."""
    return WAL_OPTIONS if LONG else {**WAL_OPTIONS, "archive_timeout": "4s"}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("received")) as product:
        yield product


@pytest.fixture(scope="module")
def story(stage: Stage, key_pair: tuple[Path, str]) -> Story:
    sealed.use(stage.settings.keys.sealing_bytes)
    sold = make.offering()
    erased = make.client(given_name="Eve").id
    assert not pause.is_held(make.NOW, asked=False)
    db.session.commit()
    wal = stage.settings.wal
    receiving(stage, key_pair[1])
    assert eventually(lambda: base_is_there(wal), WAIT_SECONDS), log_of(stage)
    began_at = now_there(stage)
    acknowledged = [booked(sold, number) for number in range(BEFORE - 1)]
    written_down(stage, wal)
    acknowledged.append(booked(sold, BEFORE - 1))
    at = now_there(stage)
    assert eventually(lambda: now_there(stage) > at + timedelta(seconds=1), WAIT_SECONDS)
    with superuser(stage) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM appointments")
    written_down(stage, wal)
    for number in range(BEFORE, BEFORE + AFTER):
        booked(sold, number)
    written_down(stage, wal)
    return Story(
        wal, stage.settings.keys.dumped(), key_pair[0], began_at, at, now_there(stage), acknowledged, erased
    )


def test_every_acknowledged_booking_is_back_as_of_the_second_before_its_rows_were_deleted(
    story: Story, tmp_path: Path
) -> None:
    into = tmp_path / "var"
    (into / "backups").mkdir(parents=True)
    line = {"client": str(story.erased), "erased_at": "2031-03-01T09:00:00+00:00"}
    (into / "backups" / erasure_ledger.FILE).write_text(json.dumps(line) + "\n")
    status, said = story.restored(into, story.at.isoformat())
    assert status == 0, said
    assert f"The database is as it was at {point_in_time.said(story.at)}" in said
    assert "Erased again, as they had been since: 1." in said
    assert "No message leaves until an owner has read what waits" in said
    with Servers(into / "servers", wanted=ServersWanted(broker=False)) as pair:
        engine = sa.create_engine(pair.urls.app, poolclass=sa.NullPool)
        with engine.connect() as there:
            kept = set(there.scalars(sa.select(Appointment.id)))
            assert kept == set(story.acknowledged)
            assert there.scalar(sa.select(Client.given_name).where(Client.id == story.erased)) != "Eve"
            known = there.scalar(sa.select(Sending.incarnation))
            assert known != there.scalar(pause.INCARNATION), (
                "the sender takes it for the database it knew, and sends"
            )
    status, said = story.restored(into, story.at.isoformat())
    assert (status, "This database is not empty" in said) == (1, True), said


def flip(file: Path) -> None:
    text = bytearray(file.read_bytes())
    text[len(text) // 2] ^= 1
    file.write_bytes(text)


def exchange(one: Path, other: Path) -> None:
    text = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(text)


Harm = Callable[[Path, Path], object]
"""What is done to the segment in the middle, given it and the one after it."""
HARM: dict[str, tuple[Harm, str]] = {
    "missing": (
        lambda one, _: one.unlink(),
        r"Segment {} is missing in line-\S+\. It can be restored up to ",
    ),
    "a flipped bit": (lambda one, _: flip(one), "Segment {} in .* cannot be used. The backup is damaged"),
    "cut short": (
        lambda one, _: one.write_bytes(one.read_bytes()[:-20]),
        "Segment {} in .* cannot be used. The backup is damaged",
    ),
    "another's": (exchange, "Segment {} in .* cannot be used. By its name it is {}, but it holds"),
    "no file of ours": (lambda one, _: one.write_bytes(b"x"), "Segment {} in .* cannot be used. This is not"),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_segment_in_the_middle_that_is_missing_or_changed_is_refused_and_named(
    story: Story, tmp_path: Path, harm: str
) -> None:
    sealed.use(keys_of(story))
    there = story.copied(tmp_path)
    (base,) = wal_archive.lines(there.wal)[0].bases
    middle = base.file.parent / f"{wal_archive.after(base.first_segment, 16 << 20)}.wal"
    following = base.file.parent / f"{wal_archive.after(middle.stem, 16 << 20)}.wal"
    do, says = HARM[harm]
    do(middle, following)
    # What is missing or changed is found in one place; two kinds are enough to see that PostgreSQL does not get past it.
    for at in (story.at, None) if harm in ("missing", "a flipped bit") else (None,):
        with pytest.raises(point_in_time.OutOfReach, match=says.format(middle.stem, middle.stem)):
            point_in_time.restore(there.wal, there.key_file, at, tmp_path / "servers")
        assert not (tmp_path / "servers" / "data").exists()
        assert not (tmp_path / "servers" / "recovering").exists()


def keys_of(story: Story) -> dict[int, bytes]:
    return Keys.model_validate_json(story.keys).sealing_bytes


def test_a_damage_after_the_moment_does_not_stand_in_its_way(story: Story, tmp_path: Path) -> None:
    sealed.use(keys_of(story))
    there = story.copied(tmp_path)
    flip(there.segments[-1])
    found = point_in_time.restore(there.wal, there.key_file, story.at, tmp_path / "servers")
    assert found.last_at is not None
    assert found.last_at <= story.at


def test_moments_out_of_reach_other_keys_and_a_damaged_base_are_refused_with_nothing_changed(
    story: Story, tmp_path: Path
) -> None:
    sealed.use(keys_of(story))
    (tmp_path / "other.key").write_text(archive.fresh_identity()[0])
    (tmp_path / "damaged").mkdir()
    damaged = story.copied(tmp_path / "damaged")
    flip(next(damaged.wal.glob("line-*/*.base")))
    cases: list[tuple[Path, Path, datetime, type[Refusal], str]] = [
        (story.wal, story.key_file, story.began_at - timedelta(hours=1), OutOfReach, "no earlier moment"),
        (
            story.wal,
            story.key_file,
            story.ended_at + timedelta(hours=1),
            OutOfReach,
            "The WAL there ends before",
        ),
        (story.wal, tmp_path / "other.key", story.at, UnreadableBackup, "This key does not open"),
        (tmp_path / "none", story.key_file, story.at, OutOfReach, "There is no base backup in"),
        (damaged.wal, story.key_file, story.at, UnreadableBackup, "The backup is damaged"),
    ]
    for wal, key, at, kind, says in cases:
        with pytest.raises(kind, match=says):
            point_in_time.restore(wal, key, at, tmp_path / "servers", before_writing=pytest.fail)
        assert not (tmp_path / "servers" / "data").exists()
    sealed.use(Keys.fresh().sealing_bytes)
    with pytest.raises(OtherSealingKeys):
        point_in_time.restore(story.wal, story.key_file, story.at, tmp_path / "servers")
    assert not (tmp_path / "servers" / "data").exists()
    sealed.use(keys_of(story))


def test_a_base_backup_of_another_major_version_is_refused_before_anything_is_written(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed.use(keys_of(story))
    monkeypatch.setattr(postgres, "server_here", lambda: 17)
    with pytest.raises(point_in_time.OtherPostgres, match="of the same major version: PostgreSQL 18 made"):
        point_in_time.restore(story.wal, story.key_file, story.at, tmp_path / "servers")
    assert not (tmp_path / "servers").exists()


def test_a_drill_brings_back_the_newest_moment_too_and_says_what_would_be_lost(
    story: Story, stage: Stage, key_pair: tuple[Path, str]
) -> None:
    variables = {
        **stage.environment(),
        "LUMBAR_KEYS": story.keys,
        "BACKUP_RECIPIENTS": key_pair[1],
        "BACKUP_WAL": "1",
    }
    status, said = run(["backup"], variables)
    assert status == 0, said
    words = ["drill", "--key", str(story.key_file)]
    status, said = run(words, variables)
    assert status == 0, said
    assert re.search(r"base-\S+: with \d+ segments of WAL the newest moment came back\.", said)
    (lost,) = re.findall(r"Lost would be the last (\d+) seconds \(recovery point\)", said)
    assert int(lost) < WAIT_SECONDS * slowness() * 2
    (line,) = story.wal.glob("line-*")
    shutil.copytree(line, story.wal.parent / "kept")
    try:
        flip(sorted(line.glob("*.wal"))[-3])
        status, said = run(words, variables)
        assert (status, "cannot be used" in said) == (1, True), said
    finally:
        shutil.copytree(story.wal.parent / "kept", line, dirs_exist_ok=True)
        shutil.rmtree(story.wal.parent / "kept")
    asked_of = "SELECT is_good, file_name LIKE 'line-%/base-%' FROM backup_runs WHERE deed = 'drill' ORDER BY began_at"
    assert asked(stage, asked_of) == [(True, False), (True, True), (True, False), (False, None)]


def test_a_server_elsewhere_is_left_alone_and_the_zone_of_a_moment_is_kept(
    story: Story, tmp_path: Path
) -> None:
    words = ["restore", str(story.wal), "--at", "2026-12-01 09:41:30", "--key", str(story.key_file)]
    elsewhere = {**story.variables(tmp_path / "var"), "DATABASE_URL": "postgresql://a@127.0.0.1:1/lumbar"}
    status, said = run(words, elsewhere)
    assert (status, "take DATABASE_URL away" in said) == (2, True), said
    early = story.began_at - timedelta(hours=1)
    for zone in (UTC, timezone(timedelta(hours=5))):
        status, said = story.restored(tmp_path / "var", early.astimezone(zone).isoformat())
        assert (status, "no earlier moment can be brought back" in said) == (1, True), said
    assert not (tmp_path / "var" / "servers" / "data").exists()


def test_what_lies_there_is_told_and_opens_for_nobody_without_the_key(story: Story) -> None:
    status, said = run(
        ["backups"], {**story.variables(story.wal.parents[1]), "BACKUP_FOLDER": str(story.wal.parent)}
    )
    assert status == 0
    assert "Any moment from" in said
    assert f"{len(story.segments)} segments of WAL" in said
    kept = [*story.segments, *story.wal.glob("line-*/*.base")]
    assert all(file.read_bytes().startswith(archive.FIRST_LINE) for file in kept)
    assert not any(b"V1" in file.read_bytes() and b"Sample" in file.read_bytes() for file in kept)


def test_what_was_committed_a_minute_ago_is_safe_from_the_loss_of_the_machine(
    key_pair: tuple[Path, str], tmp_path: Path
) -> None:
    """Everything is killed at once and only the folder of the backups is left; the server closes segments as often as `up` tells it to."""
    with staged(tmp_path) as stage:
        sold = make.offering()
        db.session.commit()
        with superuser(stage) as connection:
            for name, value in options().items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            connection.execute("SELECT pg_reload_conf()")
        wal = stage.settings.wal
        receiving(stage, key_pair[1])
        assert eventually(lambda: base_is_there(wal), WAIT_SECONDS), log_of(stage)
        booked_at: list[tuple[UUID, datetime]] = []
        ends_at = now_there(stage) + timedelta(seconds=STORY_SECONDS)
        while now_there(stage) < ends_at:
            booked_at.append((booked(sold, len(booked_at)), now_there(stage)))
            threading.Event().wait(PAUSE_SECONDS)
        lost_at = now_there(stage)
        for program in (stage.programs[0], stage.servers.database.process):
            assert program is not None
            os.kill(program.pid, signal.SIGKILL)
        shutil.copytree(wal, tmp_path / "left")
        keys, key_file = stage.settings.keys.dumped(), key_pair[0]
    words = ["restore", str(tmp_path / "left"), "--at", "newest", "--key", str(key_file)]
    into = tmp_path / "new"
    status, said = run(words, {"LUMBAR_DATA": str(into), "ENVIRONMENT": "test", "LUMBAR_KEYS": keys})
    assert status == 0, said
    with Servers(into / "servers", wanted=ServersWanted(broker=False)) as pair:
        engine = sa.create_engine(pair.urls.app, poolclass=sa.NullPool)
        with engine.connect() as there:
            kept = set(there.scalars(sa.select(Appointment.id)))
    lost = [lost_at - at for id_, at in booked_at if id_ not in kept]
    print(
        f"{len(booked_at)} bookings, {len(lost)} lost, the oldest {max(lost, default=timedelta())} before the end"
    )
    assert max(lost, default=timedelta()) <= RPO * (1 if LONG else slowness())
    assert kept
