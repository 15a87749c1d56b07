"""One child process: started, waited for, stopped, and recognised if an earlier one of its kind still runs."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from clinic.embedded import leash
from clinic.embedded.leash import Leash

START_SECONDS = 60.0  # A crash may have left much to recover.
LINGER_SECONDS = 20.0
POLL_SECONDS = 0.01
LOG_TAIL_BYTES = 2000


class AlreadyRunning(RuntimeError):
    """Another process, with this id (0 when it left none), uses the folder."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"the folder is in use by process {pid}")
        self.pid = pid


class ServerFailed(RuntimeError):
    """A server did not come up; the message names it and carries the end of its log."""


def disk_refusal(error: OSError) -> str:
    """What a machine that refuses to read or write says, as a sentence for whoever runs it: a full disk, a folder of somebody else."""
    why = error.strerror or "no reason given"
    return f"{error.filename} cannot be used: {why}." if error.filename else f"The machine refused it: {why}."


def _at_once() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run, whom to run it as, and how to tell that it works.

    `command` is complete but for the tie to our life. What it says goes to the file `log`, or line by line to our own
    output with its name in front when `log` is None. `ready` answers without raising. `user` is an account, None for our
    own. `stop_signal` asks for a quick but clean stop; after `stop_seconds` the whole group is killed.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path | None = None
    folder: Path | None = None
    ready: Callable[[], bool] = _at_once
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0

    def end_of_log(self) -> str:
        """The last it said, for people."""
        if self.log is None:
            return "it said why above"
        return self.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()


class Server:
    """A running (or not yet, or no longer running) program; `process` is None then."""

    def __init__(self, program: Program, *, held_by: Leash | None = None) -> None:
        self.program = program
        self.held_by = held_by
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process has been started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def launch(self) -> None:
        """Start the process and return at once; it stops when the calling thread ends."""
        program = self.program
        with contextlib.ExitStack() as stack:
            output = subprocess.PIPE if program.log is None else stack.enter_context(program.log.open("wb"))
            self.process = subprocess.Popen(
                self._command(),
                cwd=program.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(program.environment),
                user=program.user,
                extra_groups=None if program.user is None else [],
                process_group=0,  # Ctrl-C in a terminal is for the supervisor, which stops things in order.
            )
        if self.held_by is not None:
            self.held_by.hold(self.process.pid, by=program.stop_signal)
        if self.process.stdout is not None:
            threading.Thread(target=_repeat, args=(program.name, self.process.stdout), daemon=True).start()

    def wait_until_ready(self) -> None:
        """Return when the server answers. Raises ServerFailed when it ends first or takes a minute."""
        deadline = time.monotonic() + START_SECONDS
        while not self.program.ready():
            if not self.running or time.monotonic() > deadline:
                raise ServerFailed(f"{self.program.name} did not start: {self.program.end_of_log()}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Ask the process to end and wait, then kill what is left of its group. Does nothing if it is not running."""
        if self.process is None:
            return
        if self.running:
            self.process.send_signal(self.program.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.program.stop_seconds)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.held_by is not None:
            self.held_by.release(self.process.pid)
        self.process = None

    def _command(self) -> list[str]:
        # Another account may not be able to run our Python, which ties the knot; there the leash alone must hold.
        program = self.program
        return (
            leash.tied(program.command, by=program.stop_signal) if program.user is None else program.command
        )


def _repeat(name: str, lines: IO[bytes]) -> None:
    with lines:
        for line in lines:
            say(f"{name:9}| {line.decode(errors='replace').rstrip()}")


def say(text: str) -> None:
    """Print a line; a terminal that is gone must not stop us from going on, or from stopping in order."""
    with contextlib.suppress(OSError):
        print(f"{text}\n", end="", flush=True)  # One write: several threads say what their programs write.


@contextlib.contextmanager
def lock_folder(directory: Path) -> Iterator[None]:
    """The folder, made if need be, for this process alone while the block runs. Raises AlreadyRunning.

    The lock goes with the process, however it ends; the number in the file only serves the message.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(_number(directory / "lock")) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def clear_pid_file(path: Path, *, marks: list[str], stop_signal: signal.Signals) -> None:
    """See to it that a pid file left by an earlier life of a server does not hinder the next.

    When the process it names is that server (its command line holds every mark), it is on its way out, or forgotten:
    it is asked to stop and waited for. When the number belongs to a stranger by now, or was never written, or to a process
    that is dead but that its parent has not collected yet, the file is removed, because PostgreSQL would take the number for
    a running server and refuse to start. When nobody bears the number the file stays: the server itself
    knows best what a dead owner means. Call it only with the folder locked.
    """
    if not path.exists():
        return
    pid = _number(path)
    command = _command_line(pid) if pid else ""
    ours = all(mark in command for mark in marks)
    if command and ours:
        _end(pid, stop_signal)
    if (pid and _is_dead(pid)) or (command and not ours) or not pid:
        path.unlink(missing_ok=True)


def _number(path: Path) -> int:
    try:
        first, *_ = path.read_text().split()
    except (FileNotFoundError, ValueError):
        return 0
    return int(first) if first.isdigit() else 0


def _command_line(pid: int) -> str:
    if not sys.platform.startswith("linux"):
        answer = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
        return answer.stdout
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return words.replace(b"\0", b" ").decode(errors="replace")


def _is_dead(pid: int) -> bool:
    """Whether a process has ended and only its number is left, until its parent collects it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state == "Z"


def _end(pid: int, by: signal.Signals) -> None:
    for each, seconds in ((by, LINGER_SECONDS), (signal.SIGKILL, LINGER_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, each)
        deadline = time.monotonic() + seconds
        while _command_line(pid) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
