"""Waits until no process of a killed database server holds its shared memory any more.

A killed postmaster leaves its backends behind. Each ends by itself once it notices, which a busy one does only after
its statement or its write. Until the last is gone a new postmaster refuses to start ("pre-existing shared memory block
… is still in use"), because two sets of processes must never write the same files.

1. PostgreSQL marks a data folder with one small System V segment. Its key is the folder's inode number, or the next free number;
   key and id stand on line 7 of `postmaster.pid`.
2. The kernel counts who is attached to it (`/proc/sysvipc/shm`). A new postmaster asks for the same count; so do we.
3. An attached process maps the segment (`/proc/<pid>/maps` shows its id). Only one whose working directory is this data
   folder is ours.
4. They get some time to end by themselves. Then they are ended as in an immediate shutdown, because their work is lost
   anyway: recovery reads what was committed from the log on disk.

On systems without these Linux files it does not wait.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from clinic.embedded.process import POLL_SECONDS, ServerFailed

SEGMENTS = Path("/proc/sysvipc/shm")
PROCESSES = Path("/proc")
KEY_BITS = (
    0xFFFFFFFF  # PostgreSQL keeps the lower half of a long inode number, and the kernel prints it signed.
)
PID_FILE_LINE = 6
BY_ITSELF_SECONDS, WHEN_ASKED_SECONDS, AT_MOST_SECONDS = 2.0, 2.0, 60.0


def marked_segment(data: Path) -> int | None:
    """The id of the segment that the pid file names; none if there is no such file or it was never completed.

    Read it before anybody removes that file.
    """
    try:
        words = (data / "postmaster.pid").read_text().splitlines()[PID_FILE_LINE].split()
        return int(words[1])
    except (OSError, IndexError, ValueError):
        return None


def holders(data: Path, marked: int | None = None) -> set[int]:
    """The processes that still hold the memory of an earlier database server on this data folder.

    `marked` is what `marked_segment` gave; without it the folder's inode number finds the segment.
    """
    if not data.exists():
        return set()
    in_use = {segment for segment, key in _attached() if segment == marked or key == _key(data)}
    return {pid for pid in _working_in(data) if not in_use.isdisjoint(_mapped(pid))} if in_use else set()


def wait_until_free(data: Path, marked: int | None = None) -> None:
    """Return as soon as no process holds the memory of an earlier server on this data folder.

    Those that do not end by themselves are ended. Raises ServerFailed, with their numbers, if one still stands after a minute.
    Call it only with the folder locked and its postmaster gone.
    """
    began = time.monotonic()
    steps = [
        (BY_ITSELF_SECONDS, signal.SIGQUIT),
        (BY_ITSELF_SECONDS + WHEN_ASKED_SECONDS, signal.SIGKILL),
    ]
    while left := holders(data, marked):
        waited = time.monotonic() - began
        if waited > AT_MOST_SECONDS:
            numbers = ", ".join(map(str, sorted(left)))
            raise ServerFailed(
                f"the database cannot start: processes {numbers} of an earlier one do not end, not even when killed"
            )
        if steps and waited > steps[0][0]:
            _, sent = steps.pop(0)
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, sent)
        time.sleep(POLL_SECONDS)


def _attached() -> list[tuple[int, int]]:
    """The id and the key of each segment that somebody is attached to."""
    try:
        names, *rows = (line.split() for line in SEGMENTS.read_text().splitlines())
    except (OSError, ValueError):
        return []
    columns = [names.index(name) for name in ("shmid", "key", "nattch")]
    found = [[int(row[column]) for column in columns] for row in rows]
    return [(segment, key & KEY_BITS) for segment, key, attached in found if attached]


def _key(data: Path) -> int:
    return data.stat().st_ino & KEY_BITS


def _working_in(data: Path) -> set[int]:
    found = set()
    for entry in PROCESSES.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "cwd").samefile(data):
                    found.add(int(entry.name))
    return found


def _mapped(pid: int) -> set[int]:
    """The ids of the System V segments that a process maps: their inode numbers in the kernel's list."""
    try:
        lines = (PROCESSES / str(pid) / "maps").read_text(errors="replace").splitlines()
    except OSError:
        return set()
    return {int(line.split()[4]) for line in lines if "/SYSV" in line}
