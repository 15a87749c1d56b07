"""Cleaning a file in a process of its own, so that a bomb or a bug of a decoder costs that process alone.

The process gets no environment, so neither keys nor the address of the database; its limits are in `child`. What it prints is
believed only in form: one line, and then bytes that begin as a PDF or a JPEG does.
"""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from clinic.untrusted_files.kinds import FileKind, Flaw, UnfitFile

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30.0
"""Time by the clock; the process's own limit counts processor time."""
_one_at_a_time = threading.BoundedSemaphore(1)
"""Of each web process, so that several files sent at once do not need the memory of several."""


@dataclass(frozen=True)
class CleanFile:
    """A file that was written anew: a PDF of so many pages, or one JPEG."""

    content: bytes
    pages: int
    is_pdf: bool


def clean(sent: bytes, patience_seconds: float = PATIENCE_SECONDS) -> CleanFile:
    """The file without what hides in it. Raises UnfitFile; a process that died or took too long counts as too large inside."""
    command = [sys.executable, "-P", "-m", "clinic.untrusted_files.child"]
    if not _one_at_a_time.acquire(timeout=patience_seconds):
        raise UnfitFile(Flaw.TOO_LARGE_INSIDE)
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module; the file is only its input
            command,
            input=sent,
            capture_output=True,
            timeout=patience_seconds,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnfitFile(Flaw.TOO_LARGE_INSIDE) from None
    finally:
        _one_at_a_time.release()
    if done.returncode != 0:
        raise UnfitFile(Flaw.TOO_LARGE_INSIDE)
    line, _, content = done.stdout.partition(b"\n")
    answer = json.loads(line)
    if "flaw" in answer:
        raise UnfitFile(Flaw(answer["flaw"]))
    is_pdf = answer["kind"] == FileKind.PDF
    if not content.startswith(b"%PDF-" if is_pdf else b"\xff\xd8\xff"):
        raise UnfitFile(Flaw.UNREADABLE)
    return CleanFile(content, int(answer["pages"]), is_pdf)
