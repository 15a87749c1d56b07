"""Backups, restores, copies of a record and erasures that are killed at random moments: each is done or not done, never in between.

Changes of keys are killed in `test_changing_keys.py`, senders to an object storage in `tests/backup/test_object_storage.py`.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import pyzipper
import sqlalchemy as sa

from clinic import clock
from clinic.accounts import audit, data_exports, erasures
from clinic.accounts.data_exports import DataExport
from clinic.accounts.erasures import Erasure, ErasureState
from clinic.accounts.models import Client, Role, User
from clinic.backup import archive, making, postgres
from clinic.backup.models import BackupRun
from clinic.db import db, transaction
from clinic.embedded.cluster import EXTENSIONS
from clinic.maintenance import erasure, erasure_ledger
from tests.faults.killable import Killable, killable
from tests.patience import eventually
from tests.stage import ROOT, Stage, staged

pytestmark = pytest.mark.faults
KILLS = pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.long)])
MOMENT = clock.now().replace(microsecond=0)


@dataclass(frozen=True)
class Practice:
    """The people and visits of the demo, and what runs steps on them."""

    stage: Stage
    killable: Killable
    key_file: Path
    public: str

    @property
    def backups(self) -> Path:
        return self.stage.settings.backups

    def empty_database(self, name: str) -> str:
        """The address of another database on the same server, for the owner of its tables."""
        superuser = self.stage.servers.urls.superuser.replace("+psycopg", "")
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}" OWNER lumbar_owner')
        with psycopg.connect(superuser.replace("/lumbar?", f"/{name}?"), autocommit=True) as connection:
            for extension in EXTENSIONS:
                connection.execute(f"CREATE EXTENSION {extension}")
        return self.stage.servers.urls.owner.replace("/lumbar?", f"/{name}?")

    def clients(self) -> list[UUID]:
        """Everybody who was not erased."""
        with transaction():
            return list(db.session.scalars(sa.select(Client.id).where(Client.erased_at.is_(None))))


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("killed")
    private, public = archive.fresh_identity()
    key_file = folder / "backup.key"
    key_file.write_text(private)
    with staged(folder, demo_at=MOMENT, backup_recipients=public) as stage:
        environment = {
            **stage.environment(),
            "BACKUP_RECIPIENTS": public,
            "LUMBAR_KEYS": stage.settings.keys.dumped(),
            "PYTHONPATH": str(ROOT),
        }
        with killable(environment, seed=7) as steps:
            yield Practice(stage, steps, key_file, public)


@KILLS
def test_a_backup_that_is_killed_is_whole_or_no_backup(
    practice: Practice, tmp_path: Path, kills: int
) -> None:
    assert practice.killable.run("backup") == 0
    known = {path.name for path in making.backups(practice.backups)}
    keys, before, came = archive.identities(practice.key_file), practice.killable.killed, 0
    for number in range(kills):
        practice.killable.kill("backup")
        fresh = [path for path in making.backups(practice.backups) if path.name not in known]
        for path in fresh:
            folder = tmp_path / str(number)
            folder.mkdir()
            manifest, _ = archive.read(path, keys, folder)
            assert manifest.tables["clients"].rows == len(practice.clients())
        known |= {path.name for path in fresh}
        came += len(fresh)
        with transaction():
            good = set(db.session.scalars(sa.select(BackupRun.file_name).where(BackupRun.is_good)))
        assert good <= known
        assert making.newest(practice.backups).name in known
    print(f"{practice.killable.killed - before} of {kills} backups were killed; {came} left one, each whole")
    assert practice.killable.run("backup") == 0
    left = {path.name for path in practice.backups.iterdir()}
    assert not [name for name in left if name.startswith(making.WORK)]


@KILLS
def test_a_restore_that_is_killed_leaves_all_or_nothing_and_nobody_who_was_erased(
    practice: Practice, tmp_path: Path, kills: int
) -> None:
    assert practice.killable.run("backup") == 0
    backup = making.newest(practice.backups)
    (tmp_path / "here").mkdir()
    manifest, dump = archive.read(backup, archive.identities(practice.key_file), tmp_path / "here")
    dump.unlink()
    # Beside the backup lies who was erased since; the machine that restores knew nothing of it.
    erased = practice.clients()[0]
    carried = tmp_path / backup.name
    carried.write_bytes(backup.read_bytes())
    line = json.dumps({"client": str(erased), "erased_at": clock.now().isoformat()})
    (tmp_path / erasure_ledger.FILE).write_text(line + "\n")
    before, done = practice.killable.killed, 0
    for number in range(kills + 1):
        url = practice.empty_database(f"killed_{number % 2}")
        there = {"DATABASE_URL": url, "LUMBAR_DATA": str(tmp_path / f"there-{number}")}
        words = ("restore", str(carried), "--key", str(practice.key_file))
        if number == 0:
            assert practice.killable.run(*words, **there) == 0
        else:
            practice.killable.kill(*words, **there)
        assert is_left_alone(url)
        with postgres.connected(url) as connection:
            if postgres.is_empty(connection):
                continue
            found = postgres.contents(connection)
        done += 1
        assert {name: found[name] for name in UNTOUCHED} == {
            name: manifest.tables[name] for name in UNTOUCHED
        }
        # Whoever had been erased goes with the worker's next step, if the restore could not do it any more.
        assert practice.killable.run("erasure", **there) == 0
        with postgres.connected(url) as connection:
            query = "SELECT erased_at IS NOT NULL FROM clients WHERE id = %s"
            assert connection.execute(query, (erased,)).fetchone() == (True,)
    killed = practice.killable.killed - before
    print(
        f"{killed} of {kills} restores were killed; {done - 1} had brought everything back, the others nothing"
    )


UNTOUCHED = {"locations", "rooms", "treatments", "therapists", "users"}
"""Tables that erasing a client does not touch."""


def is_left_alone(url: str) -> bool:
    """Whether, before long, nobody else works in this database any more."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def is_alone() -> bool:
        with postgres.connected(url) as connection:
            return connection.execute(query).fetchone() == (0,)

    return eventually(is_alone, 60)


@KILLS
def test_a_copy_of_a_record_that_is_killed_is_whole_or_still_to_be_made(
    practice: Practice, kills: int
) -> None:
    before, ready = practice.killable.killed, 0
    for number in range(kills + 1):
        client_id = practice.clients()[number % 10]
        with transaction():
            _, password = data_exports.ask(
                client_id, by_staff=None, contact_id=None, actor=audit.SYSTEM, now=clock.now()
            )
        if number == 0:
            assert practice.killable.run("export") == 0
        else:
            practice.killable.kill("export")
        with transaction():
            export = db.session.scalars(sa.select(DataExport).with_for_update()).one()
            ready += number > 0 and export.encrypted is not None
            # Nobody else takes it up before its lease is over.
            export.claimed_until = clock.now() - timedelta(seconds=1) if export.claimed_until else None
        assert practice.killable.run("export") == 0
        with transaction():
            export = db.session.scalars(sa.select(DataExport).with_for_update()).one()
            assert export.encrypted is not None
            with pyzipper.AESZipFile(io.BytesIO(export.encrypted)) as file:
                file.setpassword(password.encode())
                assert file.testzip() is None
                assert len(file.namelist()) >= 3
            data_exports.delete(client_id, actor=audit.SYSTEM, now=clock.now())
    print(
        f"{practice.killable.killed - before} of {kills} copies were killed; {ready} were ready, the others were made by the next"
    )


@KILLS
def test_an_erasure_that_is_killed_leaves_the_client_whole_or_gone(practice: Practice, kills: int) -> None:
    before, gone = practice.killable.killed, 0
    with transaction():
        owner = next(user for user in db.session.scalars(sa.select(User)) if Role.OWNER in user.role_names)
        owner_id = owner.id
    for number, client_id in enumerate(practice.clients()[: kills + 1]):
        long_ago = clock.now() - timedelta(days=4)
        with transaction():
            asked = erasures.ask(client_id, actor=audit.SYSTEM, by_id=owner_id, now=long_ago)
            erasures.grant(asked.id, kept_until=None, by_id=owner_id, now=long_ago)
            erasure_id = asked.id
        with transaction():
            had = counts(client_id)
        if number == 0:
            assert practice.killable.run("erasure") == 0
        else:
            practice.killable.kill("erasure")
        with transaction():
            asked = db.session.get_one(Erasure, erasure_id, with_for_update=True, populate_existing=True)
            is_gone = db.session.get_one(Client, client_id, populate_existing=True).erased_at is not None
            assert is_gone == (asked.state == ErasureState.DONE)
            assert is_gone or counts(client_id) == had
            gone += number > 0 and is_gone
        assert practice.killable.run("erasure") == 0
        with transaction():
            assert db.session.get_one(Client, client_id, populate_existing=True).erased_at is not None
        assert client_id in erasure_ledger.read(practice.backups)
    print(
        f"{practice.killable.killed - before} of {kills} erasures were killed; {gone} clients were gone, the others untouched until the next"
    )


def counts(client_id: UUID) -> dict[str, int]:
    """How many rows of each table are about a client."""
    return {name: len(rows) for name, rows in erasure.rows_of(client_id).items()}
