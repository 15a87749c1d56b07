"""Starting within a moment of the database's own kill, while a backend of its earlier life still goes on."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from clinic.embedded import stale_shared_memory
from clinic.embedded.process import clear_pid_file
from clinic.embedded.servers import Servers, servers
from tests.embedded.processes import eventually, lives, started

SCRIPT = ("-m", "tests.embedded.script")
ANSWER = "CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer"


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="lumbar-"))
    path.chmod(0o711)
    yield path / "servers"
    shutil.rmtree(path)


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    try:
        yield connection
    finally:
        connection.close()


def answer(url: str) -> object:
    with connected(url) as connection:
        return connection.execute("SELECT answer FROM kept").fetchone()


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


@contextmanager
def a_backend_that_hangs(url: str) -> Iterator[int]:
    """One that cannot notice the end of its server, because it is stopped."""
    with connected(url) as connection:
        connection.execute(ANSWER.encode())
        os.kill(connection.info.backend_pid, signal.SIGSTOP)
        yield connection.info.backend_pid


@pytest.mark.parametrize("pid_file_is_left", [True, False])
def test_the_database_starts_again_although_a_backend_of_its_killed_life_hangs(
    folder: Path, pid_file_is_left: bool
) -> None:
    with Servers(folder) as pair, a_backend_that_hangs(pair.urls.superuser) as backend:
        assert pair.database.process is not None
        pair.database.process.kill()
        pair.database.process.wait()
        assert eventually(lambda: stale_shared_memory.holders(folder / "data") == {backend})
        if not pid_file_is_left:
            (folder / "data" / "postmaster.pid").unlink()
        pair.launch_database()
        pair.database.wait_until_ready()
        assert not lives(backend)
        assert answer(pair.urls.superuser) == (42,)
        assert stale_shared_memory.holders(folder) == set()
        marked = stale_shared_memory.marked_segment(folder / "data")
        assert stale_shared_memory.holders(folder, marked) == set(), (
            "who works in another folder is not ours to end"
        )


def test_another_starter_finds_the_hanging_backend_of_a_killed_one(folder: Path) -> None:
    with started(*SCRIPT, "servers", str(folder)) as starter:
        assert starter.stdout is not None
        with a_backend_that_hangs(starter.stdout.readline().strip()) as backend:
            os.kill(postmaster(folder), signal.SIGKILL)
            starter.kill()
            starter.wait()
            with servers(folder, durable=False) as urls:
                assert answer(urls.superuser) == (42,)
                assert not lives(backend)


def test_a_dead_server_that_nobody_has_taken_note_of_does_not_hinder(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as dead:
        assert eventually(lambda: not lives(dead.pid))
        (tmp_path / "pid").write_text(f"{dead.pid}\n")
        clear_pid_file(tmp_path / "pid", marks=["true"], stop_signal=signal.SIGINT)
        assert not (tmp_path / "pid").exists()


def test_a_folder_that_was_never_used_is_free(tmp_path: Path) -> None:
    assert stale_shared_memory.marked_segment(tmp_path) is None
    assert stale_shared_memory.holders(tmp_path) == set()
    assert stale_shared_memory.holders(tmp_path / "not made yet") == set()
    stale_shared_memory.wait_until_free(tmp_path)
