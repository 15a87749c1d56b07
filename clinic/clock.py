"""The present moment: the only call to the system clock in the product.

Everything else takes `now` as an argument. Outside production a file may shift all processes by the same
number of seconds, so that a whole journey of days can be walked in a test.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

_offset_file: Path | None = None


def follow(offset_file: Path | None) -> None:
    """Let a file shift the clock of this process; None goes back to the system's time.

    The file holds one number: seconds to add. It is read at each call of `now`, a missing file counts as zero.
    """
    global _offset_file
    _offset_file = offset_file


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return system() + _offset()


def system() -> datetime:
    """The instant this host believes in, UTC, whatever a file adds: for comparing hosts with one another."""
    return datetime.now(UTC)


def _offset() -> timedelta:
    if _offset_file is None:
        return timedelta()
    try:
        return timedelta(seconds=float(_offset_file.read_text().strip() or 0))
    except FileNotFoundError:
        return timedelta()
