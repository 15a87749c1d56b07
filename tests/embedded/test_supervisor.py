"""`up` as a person meets it: one command that starts everything, keeps it going, and leaves nothing behind."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from clinic.backup import archive
from clinic.embedded.process import Program, Server
from clinic.embedded.servers import Servers, scratch_servers
from clinic.embedded.supervisor import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    SOUND_SECONDS,
    WatchedProcess,
)
from tests.embedded.processes import eventually, lives, mentioning, started
from tests.ports import free_port

UP = ("-m", "clinic", "up")
READY = "Stop it with Ctrl-C."


@dataclass
class House:
    """A running `up`, and what it said up to being ready."""

    process: subprocess.Popen[str]
    port: int
    data: Path
    said: list[str]

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return bool(json.load(answer)["status"] in ("ok", "degraded"))
        except OSError:
            return False

    def members(self, words: str) -> set[int]:
        """The processes of this house whose command line holds some words."""
        return {
            pid
            for pid in mentioning(str(self.data)) - {self.process.pid}
            if words in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        }

    def replace(self, words: str) -> None:
        """Kill the oldest process with these words, and wait until another has taken its place."""
        before = self.members(words)
        os.kill(min(before), signal.SIGKILL)
        assert eventually(lambda: not lives(min(before)))
        assert eventually(lambda: bool(self.members(words) - before))

    def rest(self) -> list[str]:
        """What it says from now to its end."""
        assert self.process.stdout is not None
        return [line.rstrip() for line in self.process.stdout]


def maps(pid: int) -> str:
    """The files that a process has in its memory."""
    return Path(f"/proc/{pid}/maps").read_text()


@contextmanager
def everybody_gone(data: Path) -> Iterator[None]:
    """Leave only when no process of the folder is left, also when a test failed on the way."""
    try:
        yield
    finally:
        assert eventually(lambda: not mentioning(str(data)))


@contextmanager
def house(data: Path, **variables: str) -> Iterator[House]:
    """Everything, started on a data folder, and ready."""
    port = free_port()
    with everybody_gone(data), started(*UP, LUMBAR_DATA=str(data), PORT=str(port), **variables) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line.rstrip())
            if said[-1] == READY:
                break
        assert said[-1:] == [READY], "\n".join(said)
        yield House(process, port, data, said)


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """One data folder for the whole story, filled by its first start."""
    folder = Path(tempfile.mkdtemp(prefix="lumbar-"))
    folder.chmod(0o711)
    yield folder / "var"
    shutil.rmtree(folder)


def test_one_command_starts_everything_and_its_death_leaves_no_process_behind(data: Path) -> None:
    with house(data) as up:
        assert f"Lumbar is ready: http://localhost:{up.port}" in up.said
        assert any("Loading the demo" in line for line in up.said)
        assert any("sign in" in line for line in up.said)
        assert up.healthy()
        for words in ("gunicorn", "celery"):
            for pid in up.members(words):
                told = Path(f"/proc/{pid}/environ").read_bytes()
                assert b"DATABASE_URL=" in told
                assert b"OWNER" not in told, words
                assert "/sqlalchemy/" in maps(pid), words
        assert "/sqlalchemy/" not in maps(up.process.pid), "the supervisor stays, and carries no product"
        second = subprocess.run(
            [sys.executable, *UP],
            env={**os.environ, "LUMBAR_DATA": str(data), "PORT": str(free_port())},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert second.stderr.strip() == (
            f"Lumbar is already running on this data folder (pid {up.process.pid})."
        )
        assert up.healthy()
        assert eventually(lambda: len(up.members("gunicorn")) == 3)
        assert eventually(lambda: len(up.members("celery")) == 4)
        everybody = mentioning(str(data))
        up.process.kill()
        assert eventually(lambda: not any(map(lives, everybody)))
        assert eventually(lambda: not mentioning(str(data)))


def test_after_that_it_starts_as_ever_whoever_dies_is_started_again_and_ctrl_c_stops_it_in_order(
    data: Path,
) -> None:
    with house(data) as up:
        assert not any("Loading the demo" in line for line in up.said)
        assert any("sign in" in line for line in up.said)
        for words in ("gunicorn", "celery --quiet -A worker:celery beat", "valkey-server", "bin/postgres -D"):
            up.replace(words)
            assert eventually(up.healthy)
        up.process.send_signal(signal.SIGINT)
        told = up.rest()
        assert up.process.wait(60) == 0
    assert sum("it starts again in" in line for line in told) == 4
    end = told[told.index("Stopping (SIGINT) ...") :]
    assert [line for line in end if line.endswith(("stopped.", "..."))] == [
        "Stopping (SIGINT) ...",
        "web has stopped.",
        "beat has stopped.",
        "worker has stopped.",
        "Lumbar has stopped.",
    ]
    assert not mentioning(str(data))
    assert not (data / "servers" / "data" / "postmaster.pid").exists()


def test_given_addresses_are_used_and_their_servers_left_alone(tmp_path: Path) -> None:
    with scratch_servers() as elsewhere:
        urls = elsewhere.urls
        with house(
            tmp_path / "var",
            DATABASE_URL=urls.app,
            DATABASE_OWNER_URL=urls.owner,
            REDIS_URL=urls.broker,
            ENVIRONMENT="test",
        ) as up:
            assert up.healthy()
            assert not (tmp_path / "var" / "servers").exists()
            up.process.send_signal(signal.SIGTERM)
            assert "Stopping (SIGTERM) ..." in up.rest()
            assert up.process.wait(60) == 0
        with psycopg.connect(urls.app.replace("+psycopg", "")) as connection:
            practices = connection.execute("SELECT count(*) FROM practice").fetchone()
        assert practices == (0,)  # The demo belongs to demos.


def test_a_database_that_cannot_be_migrated_ends_it_with_a_reason(tmp_path: Path) -> None:
    nowhere = f"postgresql+psycopg://lumbar@/lumbar?host={tmp_path}"
    variables = {"DATABASE_URL": nowhere, "REDIS_URL": "redis://127.0.0.1:1/0"}
    with started(*UP, LUMBAR_DATA=str(tmp_path / "var"), PORT=str(free_port()), **variables) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        assert process.wait(60) == 1
    assert "migrate failed" in said
    assert not mentioning(str(tmp_path / "var"))


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with started(*UP, LUMBAR_DATA=str(tmp_path / "var"), PORT=str(port)) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            assert process.wait(60) == 1
    assert said.strip() == f"Another program listens on port {port}: stop it, or choose another with PORT."


def short_lived() -> WatchedProcess:
    program = Program(name="short", command=["false"], environment=os.environ)
    server = Server(program)
    return WatchedProcess(server, server.launch, launched=0.0)


def ended(watched: WatchedProcess) -> None:
    assert eventually(lambda: not watched.server.running)


def test_the_pause_before_a_new_start_doubles_up_to_half_a_minute() -> None:
    watched, now, pauses = short_lived(), 0.0, []
    watched.server.launch()
    for _ in range(8):
        ended(watched)
        watched.look(now)
        assert watched.due is not None
        pauses.append(watched.due - now)
        watched.look(watched.due - 0.01)
        assert watched.server.process is None
        now = watched.due
        watched.look(now)
        assert watched.server.process is not None
    watched.server.stop()
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert pauses[0] == FIRST_PAUSE_SECONDS
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_after_a_sound_minute_the_pause_is_short_again() -> None:
    watched = short_lived()
    watched.pause = LONGEST_PAUSE_SECONDS
    watched.server.launch()
    ended(watched)
    watched.look(SOUND_SECONDS + 1)
    assert watched.due == SOUND_SECONDS + 1 + FIRST_PAUSE_SECONDS


def test_where_it_is_asked_for_wal_is_received_by_a_process_that_alone_knows_the_role_for_it(
    data: Path,
) -> None:
    _, public = archive.fresh_identity()
    slots = "SELECT active FROM pg_replication_slots WHERE slot_name = 'lumbar'"

    def asked() -> list[tuple[object, ...]]:
        password = json.loads((data / "servers" / "passwords.json").read_text())["superuser"]
        with psycopg.connect(
            host=str(data / "servers"), dbname="lumbar", user="postgres", password=password
        ) as line:
            return line.execute(slots).fetchall()

    with house(data, BACKUP_RECIPIENTS=public, BACKUP_WAL="1") as up:
        assert eventually(lambda: asked() == [(True,)])
        assert eventually(lambda: bool(list((data / "backups" / "wal").glob("line-*/base-*.base"))))
        for words in ("gunicorn", "celery", "receive-wal"):
            for pid in up.members(words):
                told = Path(f"/proc/{pid}/environ").read_bytes()
                assert (b"DATABASE_REPLICATION_URL=" in told) == (words == "receive-wal"), words
        up.process.send_signal(signal.SIGTERM)
        assert "wal has stopped." in up.rest()
    with Servers(data / "servers"):
        assert asked() == [(False,)], "only the supervisor knows that no receiver is wanted"
    with house(data, BACKUP_RECIPIENTS=public) as up:
        assert asked() == [], "a slot that nobody reads keeps what is written"
        assert not up.members("receive-wal")
        up.process.send_signal(signal.SIGTERM)
        up.rest()
