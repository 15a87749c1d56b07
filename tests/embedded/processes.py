"""Processes as the system sees them, and waiting for what they do."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import patience

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 240.0
"""So long a busy machine may take; nothing waits longer than it must."""


def eventually(happened: Callable[[], bool], *, within: float = PATIENCE_SECONDS) -> bool:
    """Whether it happens before patience runs out."""
    return patience.eventually(happened, within)


def lives(pid: int) -> bool:
    """Whether the process runs; one that ended and waits for its parent does not."""
    return state_of(pid) not in ("Z", "")


def state_of(pid: int) -> str:
    """What the process does, in the system's letter: `R` runs, `S` sleeps, `T` is stopped, `Z` has ended; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def mentioning(text: str) -> set[int]:
    """The running processes, ourselves apart, whose command line or environment holds a text."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(text) in told and lives(int(entry.name)):
                found.add(int(entry.name))
    return found


@contextmanager
def started(*words: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process of this project, killed at the end if need be."""
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
