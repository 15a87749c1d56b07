"""`up` starts, watches and stops, in order, everything that Lumbar needs on one machine.

Servers are started only when no address for them is given. Each process has a group of its own, so that Ctrl-C reaches
only us; all groups hang on a leash, so that nothing stays behind even when we are killed.
"""

import contextlib
import http.client
import os
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

from clinic.embedded import running as running_servers
from clinic.embedded.leash import Leash
from clinic.embedded.process import (
    AlreadyRunning,
    Program,
    Server,
    ServerFailed,
    disk_refusal,
    lock_folder,
    say,
)
from clinic.embedded.servers import Servers, ServersWanted

PROJECT = Path(__file__).parents[2]
HOST = "127.0.0.1"
START_LOOK_SECONDS = 0.1
LOOK_SECONDS = 1.0
"""How often the supervisor looks whether a process has ended, once everything runs."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
SOUND_SECONDS = 60.0  # A process that ran this long has recovered, so the next pause is the shortest again.
WEB_WORKERS, WEB_THREADS = 2, 8
DEMO = "demo"
UNHEARD = ("--without-gossip", "--without-mingle", "--without-heartbeat")
"""What workers would tell each other through the broker; nobody listens."""


class StartOptions(Protocol):
    """The options of `up`; a server without a URL is started here."""

    @property
    def environment(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def lumbar_data(self) -> Path: ...
    @property
    def public_url(self) -> str | None: ...
    @property
    def database_url(self) -> str | None: ...
    @property
    def redis_url(self) -> str | None: ...
    @property
    def backup_wal(self) -> bool: ...


def up(start: StartOptions) -> int:
    """Run everything until Ctrl-C or SIGTERM; returns the exit status. Call it in the main thread.

    Status 1, with a sentence on standard error, when the data folder or the port is in use, when a server, the
    migrations or the demo fail, or when the disk refuses.
    """
    data = start.lumbar_data.resolve()
    try:
        data.mkdir(mode=0o711, parents=True, exist_ok=True)
        with lock_folder(data), Leash() as leash:
            _refuse_a_used_port(start.port)
            return _Household(start, data, leash).run()
    except AlreadyRunning as error:
        print(f"Lumbar is already running on this data folder (pid {error.pid}).", file=sys.stderr)
    except (ServerFailed, PortInUse) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(disk_refusal(error), file=sys.stderr)
    return 1


class PortInUse(RuntimeError):
    """Another program listens on the port."""


@dataclass
class WatchedProcess:
    """A process that is started again when it ends, after a pause that grows while it keeps ending."""

    server: Server
    launch: Callable[[], None]
    launched: float = field(default_factory=time.monotonic)
    pause: float = FIRST_PAUSE_SECONDS
    due: float | None = None

    def look(self, now: float) -> None:
        """Notice that the process ended, or start it again once the pause is over; `now` is in monotonic seconds."""
        if self.due is not None:
            if now >= self.due:
                self.due, self.launched = None, now
                try:
                    self.launch()
                except ServerFailed as error:
                    say(str(error))
                    self._plan_anew(now)
        elif not self.server.running:
            self._plan_anew(now)

    def _plan_anew(self, now: float) -> None:
        process = self.server.process
        status = process.returncode if process is not None else None
        if now - self.launched > SOUND_SECONDS:
            self.pause = FIRST_PAUSE_SECONDS
        self.server.stop()  # What is left of its group must not hold the port or a job.
        self.due = now + self.pause
        say(f"{self.server.program.name} ended (status {status}); it starts again in {self.pause:.0f} s.")
        self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS)


class _Household:
    """One run of everything, from the first start to the last stop."""

    def __init__(self, start: StartOptions, data: Path, leash: Leash) -> None:
        self.start, self.data, self.leash = start, data, leash
        self.environment = {
            **os.environ,
            "LUMBAR_DATA": str(data),
            "PORT": str(start.port),
            "PYTHONUNBUFFERED": "1",  # Show what a process prints at once.
        }
        # Only migrations get the owner's credentials, so that somebody who breaks into the web or the worker does not
        # get them.
        owner = self.environment.pop("DATABASE_OWNER_URL", None)
        self.of_owner = {} if owner is None else {"DATABASE_OWNER_URL": owner}
        # Likewise, only the worker gets the sealing role's credentials.
        sealer = self.environment.pop("DATABASE_SEAL_URL", None)
        self.of_sealer = {} if sealer is None else {"DATABASE_SEAL_URL": sealer}
        # And only who receives the WAL gets those of the role that may copy the whole server.
        receiver = self.environment.pop("DATABASE_REPLICATION_URL", None)
        self.of_receiver = {} if receiver is None else {"DATABASE_REPLICATION_URL": receiver}
        self.watched: list[WatchedProcess] = []
        self.asked_to_stop = threading.Event()
        self.heard = ""  # Which signal asked, to explain why it stopped.

    def run(self) -> int:
        """Start in order, watch until somebody asks to stop, stop in the opposite order."""
        with _signals(self._ask_to_stop), contextlib.ExitStack() as running:
            self._start_servers(running)
            if self._prepare():
                self._start_product(running)
                self._watch()
            say(f"Stopping ({self.heard}) ...")
        say("Lumbar has stopped.")
        return 0

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.heard = signal.Signals(number).name
        self.asked_to_stop.set()

    def _start_servers(self, running: contextlib.ExitStack) -> None:
        wanted = ServersWanted(database=self.start.database_url is None, broker=self.start.redis_url is None)
        if not (wanted.database or wanted.broker):
            return
        handed_over = {
            "ENVIRONMENT": str(self.start.environment),
            "PORT": str(self.start.port),
            "PUBLIC_URL": self.start.public_url or "",
        }
        say("Starting the database and the broker ...")
        pair = running.enter_context(
            Servers(
                self.data / "servers",
                wanted=wanted,
                held_by=self.leash,
                receives_wal=self.start.backup_wal,
            )
        )
        if wanted.database:
            if not self.start.backup_wal:
                pair.let_go_wal()
            self.environment |= {"DATABASE_URL": pair.urls.app}
            self.of_owner = {"DATABASE_OWNER_URL": pair.urls.owner}
            handed_over |= {"DATABASE_URL": pair.urls.app, **self.of_owner}
            self.of_sealer = {"DATABASE_SEAL_URL": pair.urls.sealer}
            self.of_receiver = {"DATABASE_REPLICATION_URL": pair.urls.receiver}
            handed_over |= self.of_receiver
            self.watched.append(WatchedProcess(pair.database, pair.launch_database))
        if wanted.broker:
            self.environment |= {"REDIS_URL": pair.urls.broker}
            handed_over |= {"REDIS_URL": pair.urls.broker}
            self.watched.append(WatchedProcess(pair.broker, pair.launch_broker))
        running.enter_context(running_servers.announced(self.data, handed_over))

    def _prepare(self) -> bool:
        """Bring the database up to date, and fill it on the very first start; false when somebody asked to stop."""
        say("Bringing the database to the newest revision ...")
        words = ["-m", "clinic", "migrate"]
        if self.start.database_url is None:  # A server of one's own is copied by whoever runs it.
            words.append("--copy-first")
        if not self._finish(self._command("migrate", words, more=self.of_owner)):
            return False
        if self.start.environment != DEMO or self._sign_ins.exists():
            return True
        say("Loading the demo practice ...")
        draft = self._sign_ins.with_suffix(".new")
        done = self._finish(self._command("load-demo", ["-m", "clinic", "load-demo"], log=draft))
        if done:
            draft.rename(self._sign_ins)
        return done

    @property
    def _sign_ins(self) -> Path:
        """What loading the demo printed: its existence means "done", and it is shown at every start."""
        return self.data / "demo.txt"

    def _finish(self, program: Program) -> bool:
        """Run a command to its end; false when somebody asked to stop meanwhile. Raises ServerFailed when it fails."""
        step = Server(program, held_by=self.leash)
        step.launch()
        while step.running and not self.asked_to_stop.wait(START_LOOK_SECONDS):
            continue
        ended = not step.running
        status = step.process.returncode if step.process is not None else None
        step.stop()
        if ended and status:
            raise ServerFailed(f"{program.name} failed: {program.end_of_log()}")
        return ended

    def _start_product(self, running: contextlib.ExitStack) -> None:
        say("Starting the web, the worker and its scheduler ...")
        celery = ["-m", "celery", "--quiet", "-A", "worker:celery"]
        schedule = f"--schedule={self.data / 'beat-schedule'}"
        commands = {
            "worker": [*celery, "worker", "--loglevel=WARNING", *UNHEARD],
            "beat": [*celery, "beat", "--loglevel=WARNING", schedule],
            "web": [
                *("-m", "gunicorn", "clinic.app:web()", f"--bind={HOST}:{self.start.port}"),
                *("--worker-class=gthread", f"--workers={WEB_WORKERS}", f"--threads={WEB_THREADS}"),
                *("--preload", "--graceful-timeout=10", "--log-level=warning", "--no-control-socket"),
            ],
        }
        if self.start.backup_wal and self.of_receiver:
            commands["wal"] = ["-m", "clinic", "receive-wal"]
        told = {"worker": self.of_sealer, "wal": self.of_receiver}
        for name, words in commands.items():
            more = told.get(name, {})
            server = Server(self._command(name, words, more=more), held_by=self.leash)
            running.callback(_stop, server)
            server.launch()
            self.watched.append(WatchedProcess(server, server.launch))

    def _command(
        self, name: str, words: list[str], *, log: Path | None = None, more: Mapping[str, str] | None = None
    ) -> Program:
        return Program(
            name=name,
            command=[sys.executable, *words],
            environment={**self.environment, **(more or {})},
            folder=PROJECT,
            log=log,
        )

    def _watch(self) -> None:
        announced = False
        while not self.asked_to_stop.wait(LOOK_SECONDS if announced else START_LOOK_SECONDS):
            for each in self.watched:
                each.look(time.monotonic())
            if not announced and _is_healthy(self.start.port):
                announced = True
                self._announce()

    def _announce(self) -> None:
        say(f"\nLumbar is ready: {self.start.public_url or f'http://localhost:{self.start.port}'}")
        if self._sign_ins.exists():
            say(self._sign_ins.read_text().rstrip())
        say("Stop it with Ctrl-C.\n")


def _stop(server: Server) -> None:
    server.stop()
    say(f"{server.program.name} has stopped.")


@contextlib.contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle the signals that ask us to stop, while the block runs."""
    before = {each: signal.signal(each, handler) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, previous in before.items():
            signal.signal(each, previous)


def _refuse_a_used_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise PortInUse(
                f"Another program listens on port {port}: stop it, or choose another with PORT."
            ) from None


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=1) as answer:  # our own
            return bool(answer.status == http.HTTPStatus.OK)
    except (OSError, http.client.HTTPException):
        return False
