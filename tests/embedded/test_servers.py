"""The laptop's servers: private, lasting, alone on their folder, and gone with the one that started them."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from clinic.embedded import cluster
from clinic.embedded.process import AlreadyRunning, ServerFailed, clear_pid_file
from clinic.embedded.servers import Servers, ServersWanted, Urls, scratch_servers, servers
from tests.embedded.processes import eventually, lives, mentioning, started

SCRIPT = ("-m", "tests.embedded.script")


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def asked(url: str, question: str) -> object:
    with connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def broker(urls: Urls) -> redis.Redis:
    return redis.Redis.from_url(urls.broker.replace("redis+socket", "unix"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(scope="module")
def pair() -> Iterator[Servers]:
    with scratch_servers() as running:
        yield running


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder on a short path that other accounts can reach, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="lumbar-"))
    path.chmod(0o711)
    yield path / "servers"
    shutil.rmtree(path)


def test_the_product_runs_as_a_role_that_owns_nothing(pair: Servers) -> None:
    assert asked(pair.urls.app, "SELECT current_user") == "lumbar_app"
    assert (
        asked(
            pair.urls.app,
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user",
        )
        is False
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        asked(pair.urls.app, "CREATE TABLE mine ()")


def test_migrations_run_as_the_owner_of_the_database_who_is_no_superuser(pair: Servers) -> None:
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert asked(pair.urls.owner, owner) == "lumbar_owner"
    assert asked(pair.urls.owner, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_the_extensions_are_there_before_the_first_migration(pair: Servers) -> None:
    found = asked(pair.urls.owner, "SELECT array_agg(extname::text) FROM pg_extension")
    assert isinstance(found, list)
    assert {"btree_gist", "pg_trgm"} <= set(found)


def test_the_database_asks_for_the_password_even_on_its_socket(pair: Servers) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        connect(pair.urls.app.replace("lumbar_app:", "lumbar_app:not"))


def test_nothing_listens_on_a_port_and_nobody_else_may_enter(pair: Servers) -> None:
    assert asked(pair.urls.superuser, "SHOW listen_addresses") == ""
    assert broker(pair.urls).config_get("port") == {"port": "0"}
    assert mode(pair.directory) == 0o700
    assert mode(pair.directory / "passwords.json") == 0o600


def test_the_database_keeps_time_in_utc_and_sorts_alike_everywhere(pair: Servers) -> None:
    assert asked(pair.urls.app, "SHOW timezone") == "UTC"
    assert asked(pair.urls.app, "SELECT datlocprovider FROM pg_database WHERE datname = 'lumbar'") == "b"


def test_values_of_a_refused_row_stay_out_of_the_log(pair: Servers) -> None:
    with connect(pair.urls.superuser) as connection:
        connection.execute("CREATE TABLE told (told text PRIMARY KEY)")
        connection.execute("INSERT INTO told VALUES ('canary')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO told VALUES ('canary')")
        connection.execute("DROP TABLE told")
    log = (pair.directory / "database.log").read_text()
    assert "told_pkey" in log
    assert "canary" not in log


def test_what_was_told_to_either_server_is_there_after_a_restart(folder: Path) -> None:
    with servers(folder) as urls:
        with connect(urls.owner) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 41 + 1 AS answer")
        broker(urls).set("kept", "42")
    with servers(folder) as again:
        assert again == urls
        assert asked(again.owner, "SELECT answer FROM kept") == 42
        assert broker(again).get("kept") == b"42"


def test_a_laptops_database_waits_for_its_disk(folder: Path) -> None:
    with servers(folder) as urls:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert asked(urls.superuser, f"SHOW {setting}") == "on"


def test_a_second_starter_is_told_who_holds_the_folder(pair: Servers) -> None:
    with pytest.raises(AlreadyRunning) as refused, servers(pair.directory):
        pass
    assert refused.value.pid == os.getpid()


def test_one_of_the_two_can_run_alone(folder: Path) -> None:
    with Servers(folder, wanted=ServersWanted(database=False)) as only:
        assert broker(only.urls).ping()
        assert not (folder / "data").exists()


def test_the_servers_stop_when_their_starter_is_killed_and_recover_what_was_committed(folder: Path) -> None:
    with started(*SCRIPT, "servers", str(folder)) as starter:
        assert starter.stdout is not None
        url = starter.stdout.readline().strip()
        with connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
            assert mentioning(str(folder))
            starter.kill()
            assert eventually(lambda: not mentioning(str(folder)))
    with servers(folder) as urls:
        assert asked(urls.superuser, "SELECT answer FROM kept") == 42


def test_a_new_starter_takes_over_at_once_from_a_killed_one(folder: Path) -> None:
    with started(*SCRIPT, "servers", str(folder)) as starter:
        assert starter.stdout is not None
        starter.stdout.readline()
        before = mentioning(str(folder)) - {starter.pid}
        starter.kill()
        starter.wait()
        with servers(folder) as urls:
            assert asked(urls.app, "SELECT 1") == 1
            assert broker(urls).ping()
            assert not any(map(lives, before))


def test_after_everything_was_killed_at_once_the_servers_recover(folder: Path) -> None:
    with Servers(folder) as pair:
        with connect(pair.urls.superuser) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        for pid in mentioning(str(folder)):
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: not mentioning(str(folder)))
    with servers(folder) as urls:
        assert asked(urls.superuser, "SELECT answer FROM kept") == 42


@pytest.mark.parametrize("left", [f"{os.getpid()}\n", ""], ids=["a stranger", "nobody"])
def test_a_pid_file_that_names_a_stranger_or_nobody_does_not_hinder(folder: Path, left: str) -> None:
    with servers(folder, durable=False):
        pass
    (folder / "data" / "postmaster.pid").write_text(left)
    (folder / "broker.pid").write_text(left)
    with servers(folder, durable=False) as urls:
        assert asked(urls.app, "SELECT 1") == 1


def test_a_lingering_server_of_an_earlier_life_is_ended_even_when_it_will_not_listen(tmp_path: Path) -> None:
    command = ["sh", "-c", "trap '' INT; echo ready; while :; do sleep 1; done", "lingering", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, process_group=0) as earlier:
        assert earlier.stdout is not None
        earlier.stdout.readline()
        (tmp_path / "pid").write_text(f"{earlier.pid}\n")
        marks = ["lingering", str(tmp_path)]
        clear_pid_file(tmp_path / "pid", marks=[*marks, "another"], stop_signal=signal.SIGKILL)
        assert earlier.poll() is None
        assert not (tmp_path / "pid").exists()
        (tmp_path / "pid").write_text(f"{earlier.pid}\n")
        clear_pid_file(tmp_path / "pid", marks=marks, stop_signal=signal.SIGKILL)
        assert earlier.wait(10) == -signal.SIGKILL


def test_a_first_start_that_was_cut_short_is_begun_anew(folder: Path) -> None:
    half = folder / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    with servers(folder, durable=False) as urls:
        assert asked(urls.app, "SELECT 1") == 1


def test_a_first_start_that_was_cut_short_before_the_roles_were_made_is_completed(folder: Path) -> None:
    with servers(folder, durable=False) as urls, connect(urls.superuser) as connection:
        connection.execute("DROP EXTENSION btree_gist")
        connection.execute("DROP ROLE lumbar_app")
    (folder / "furnished").unlink()
    with servers(folder, durable=False) as urls:
        assert asked(urls.app, "SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'") == 1


def test_a_long_folder_name_with_blanks_moves_the_sockets_to_a_private_place(folder: Path) -> None:
    long = folder / "a practice, with a long name, in some deep folder of somebody's laptop, and then some"
    with Servers(long, durable=False) as pair:
        assert asked(pair.urls.app, "SELECT 1") == 1
        assert broker(pair.urls).ping()
        sockets = Path(pair.urls.broker.removeprefix("redis+socket://")).parent
        assert mode(sockets) == 0o700
        assert long not in sockets.parents
    assert not sockets.exists()


def test_a_socket_folder_that_somebody_else_prepared_is_refused(folder: Path) -> None:
    long = folder / ("x" * 100)
    with Servers(long, durable=False) as pair:
        sockets = Path(pair.urls.broker.removeprefix("redis+socket://")).parent
    sockets.mkdir(mode=0o755)
    try:
        with pytest.raises(ServerFailed, match="not ours alone"), servers(long):
            pass
    finally:
        sockets.rmdir()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with servers(folder, durable=False):
        pass
    (folder / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with (
        pytest.raises(ServerFailed, match=r"the database did not start: .*no_such_setting"),
        servers(folder),
    ):
        pass
    assert not mentioning(str(folder))


def test_where_namespaces_are_forbidden_root_hands_the_database_to_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # As good as forbidden: there is no `unshare` to be found.
    nobody = pwd.getpwnam("nobody")
    root = os.geteuid() == 0
    reachable = subprocess.run(
        ["/usr/bin/test", "-x", cluster.binaries() / "postgres"],
        user="nobody" if root else None,
        extra_groups=[] if root else None,
    )
    if reachable.returncode:
        with pytest.raises(ServerFailed, match="another user"):
            cluster.fitting_identity()
        return
    with Servers(folder, durable=False) as pair:
        assert pair.database.process is not None
        owner = Path(f"/proc/{pair.database.process.pid}").stat().st_uid
        assert owner == (nobody.pw_uid if root else os.geteuid())
        assert asked(pair.urls.app, "SELECT 1") == 1
