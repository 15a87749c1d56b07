"""Everything comes into a new server, the old one stays until it is let go, and a renewal that is killed is done or not done.

There is one major version of PostgreSQL here, so both folders are of it; the way is the same for two.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from clinic.backup import server_renewal
from clinic.embedded import cluster
from clinic.embedded.process import ServerFailed
from clinic.embedded.servers import Servers, ServersWanted
from secret_keys import Keys
from tests.backup.test_commands_for_backups import ROOT, run
from tests.migrated import migrated_servers
from tests.patience import slowness

DATABASE = ServersWanted(broker=False)
KILLED_AFTER_SECONDS = (1, 4, 8, 12)
COUNT = "SELECT count(*) FROM alembic_version"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of servers that have stopped, with a migrated database."""
    folder = tmp_path_factory.mktemp("renewal") / "servers"
    with migrated_servers(durable=True) as pair:
        pair.stop()
        shutil.copytree(pair.directory, folder)
    return folder


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "var"
    shutil.copytree(template, folder / "servers")
    yield folder
    shutil.rmtree(folder)


def variables(data: Path, keys: str) -> dict[str, str]:
    return {"LUMBAR_DATA": str(data), "ENVIRONMENT": "test", "LUMBAR_KEYS": keys}


def is_whole(data: Path) -> bool:
    """Whether the database starts and holds what it held."""
    with Servers(data / "servers", wanted=DATABASE) as pair:
        url = pair.urls.app.replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            found = connection.execute(COUNT).fetchone()
    return found == (1,)


def system(data: Path) -> str:
    program = [str(cluster.binaries() / "pg_controldata"), str(data)]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    return next(line for line in said.splitlines() if line.startswith("Database system identifier"))


def test_everything_comes_into_a_new_server_and_the_old_one_stays_until_it_is_let_go(data: Path) -> None:
    servers, told = data / "servers", variables(data, Keys.fresh().dumped())
    before = system(servers / "data")
    status, said = run(["renew-server"], told)
    assert status == 0, said
    assert "rows came from PostgreSQL 18 into PostgreSQL 18, each table as it was." in said
    (old,) = server_renewal.old_folders(servers)
    assert system(old) == before
    assert system(servers / "data") != before
    assert {
        path.name for path in servers.iterdir() if "renewing" in path.name or "ready" in path.name
    } == set()
    assert is_whole(data)
    status, said = run(["let-go-old-server"], told)
    assert (status, said) == (0, f"{old} is deleted.\n")
    assert not old.exists()
    assert run(["let-go-old-server"], told) == (0, "No old server lies here.\n")
    assert is_whole(data)


def test_another_major_version_is_refused_with_the_way_on_and_with_the_wrong_programs(data: Path) -> None:
    servers = data / "servers"
    (servers / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(
        ServerFailed, match="is of PostgreSQL 17, and this Lumbar brings PostgreSQL 18: run `python"
    ) as refusal:
        Servers(servers, wanted=DATABASE).__enter__()
    assert "renew-server --old-programs FOLDER" in str(refusal.value)
    told = variables(data, Keys.fresh().dumped())
    status, said = run(["renew-server"], told)
    assert (status, "name the folder of those of PostgreSQL 17 with --old-programs" in said) == (1, True), (
        said
    )
    status, said = run(["renew-server", "--old-programs", str(data)], told)
    assert (status, "is no program of PostgreSQL that runs here" in said) == (1, True), said
    (servers / "data" / "PG_VERSION").write_text("18\n")
    assert is_whole(data)


def test_where_there_is_nothing_or_somebody_elses_server_it_says_so(data: Path, tmp_path: Path) -> None:
    keys = Keys.fresh().dumped()
    status, said = run(["renew-server"], variables(tmp_path / "none", keys))
    assert (status, said) == (1, "There is no database in this data folder, so there is none to renew.\n")
    told = {
        **variables(data, keys),
        "DATABASE_URL": "postgresql://a@127.0.0.1:1/lumbar",
        "REDIS_URL": "redis://a",
    }
    status, said = run(["renew-server"], told)
    assert (status, "whoever runs that server renews it" in said) == (2, True), said
    assert run(["let-go-old-server"], variables(tmp_path / "none", keys))[0] == 1


def test_an_exchange_that_was_killed_is_done_once_the_old_folder_is_aside_and_else_not(
    tmp_path: Path,
) -> None:
    ready, data = tmp_path / cluster.READY, tmp_path / "data"
    for path in (ready, data):
        path.mkdir()
        (path / path.name).touch()
    cluster.settle(tmp_path)
    assert [path.name for path in data.iterdir()] == ["data"]
    assert not ready.exists()
    data.rename(tmp_path / "aside")
    ready.mkdir()
    (ready / "new").touch()
    cluster.settle(tmp_path)
    assert [path.name for path in data.iterdir()] == ["new"]
    assert not ready.exists()


def test_a_renewal_that_is_killed_is_done_or_not_done(data: Path) -> None:
    servers, told = data / "servers", variables(data, Keys.fresh().dumped())
    before = system(servers / "data")
    for seconds in KILLED_AFTER_SECONDS:
        program = subprocess.Popen(
            [sys.executable, "-m", "clinic", "renew-server"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **told},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            program.wait(seconds * slowness())
        except subprocess.TimeoutExpired:
            program.send_signal(signal.SIGKILL)
            program.wait()
        assert is_whole(data)
        olds = server_renewal.old_folders(servers)
        assert (system(servers / "data") == before) == (olds == [])
        if olds:
            break
