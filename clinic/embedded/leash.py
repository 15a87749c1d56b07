"""Processes that do not outlive the one that started them, not even after `kill -9`.

Two ties, because each has a gap. The kernel's death signal (Linux) is immediate but reaches only direct children, and
belongs to the *thread* that started them. A watcher process that holds a pipe reaches whole process groups on every
system, but only from the moment a group was named to it.

This file is also run as a script, by path and without site packages, so it imports nothing of ours.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

SCRIPT = [sys.executable, "-I", "-S", __file__]
PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 5.0


def tied(command: list[str], *, by: signal.Signals) -> list[str]:
    """The command, so wrapped that it receives the signal `by` when the thread that starts it dies.

    On systems without a death signal the command is returned as it is; name its group to a `Leash` instead.
    """
    if not sys.platform.startswith("linux"):
        return command
    return [*SCRIPT, "tie", str(int(by)), str(os.getpid()), *command]


class Leash:
    """A watcher that ends the named process groups as soon as this process is gone, however it went.

    The groups are asked with the signal they were named with, and killed when they still stand five seconds later.
    """

    def __init__(self) -> None:
        self.watcher = subprocess.Popen([*SCRIPT, "watch"], stdin=subprocess.PIPE, start_new_session=True)

    def hold(self, group: int, *, by: signal.Signals) -> None:
        """End this process group with the signal `by` when we die."""
        self._say(f"hold {group} {int(by)}")

    def release(self, group: int) -> None:
        """Forget a group that has ended, before its number can belong to somebody else."""
        self._say(f"release {group}")

    def close(self) -> None:
        """End the watcher. Groups still held are ended as if we had died."""
        if self.watcher.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.watcher.stdin.close()
        self.watcher.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _say(self, line: str) -> None:
        if self.watcher.stdin is not None:
            # A watcher that was killed cannot listen; the kernel's tie still holds the direct children.
            with contextlib.suppress(BrokenPipeError):
                self.watcher.stdin.write(f"{line}\n".encode())
                self.watcher.stdin.flush()


def _tie(by: int, parent: int, command: list[str]) -> None:
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, by, 0, 0, 0)
    if os.getppid() != parent:
        return  # The parent died before the kernel knew of the tie.
    os.execvp(command[0], command)  # noqa: S606  # no shell is wanted


def _watch() -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    held: dict[int, int] = {}
    for line in sys.stdin:
        verb, group, *by = line.split()
        if verb == "hold":
            held[int(group)] = int(by[0])
        else:
            held.pop(int(group), None)
    _end(held)


def _end(held: dict[int, int]) -> None:
    standing = {group for group, by in held.items() if _signalled(group, by)}
    deadline = time.monotonic() + GRACE_SECONDS
    while standing and time.monotonic() < deadline:
        time.sleep(0.02)
        standing = {group for group in standing if _signalled(group, 0)}
    for group in standing:
        _signalled(group, signal.SIGKILL)


def _signalled(group: int, by: int) -> bool:
    try:
        os.killpg(group, by)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    if sys.argv[1] == "tie":
        _tie(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    else:
        _watch()
