"""Received WAL as files that this machine cannot read: base backups of the whole server, and every segment written since.

    wal/line-20261201T093000Z/base-20261201T093012Z-000000010000000000000002.base
    wal/line-20261201T093000Z/000000010000000000000002.wal

A line is one run of segments of one server without a gap, and the base backups it can be replayed upon. Each file is a line of
JSON that says what it is, then what was compressed, encrypted in the age format (`archive`). A base backup's name has its instant
and the segment it begins with, because whoever deletes old files can read nothing else.
"""

import gzip
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pyrage.x25519 import Identity, Recipient

from clinic.backup import archive
from clinic.backup.archive import UnreadableBackup
from clinic.backup.runs import BackupState

LINE: Final = "line-%Y%m%dT%H%M%SZ"
STAMP: Final = "%Y%m%dT%H%M%SZ"
BASE: Final = re.compile(r"base-(\d{8}T\d{6}Z)-([0-9A-F]{24})\.base")
SEGMENT: Final = re.compile(r"([0-9A-F]{24})\.wal")
STATUS: Final = "status.json"
PLAIN: Final = "plain"
PLAIN_BASE: Final = "plain-base"
LATE_AFTER: Final = timedelta(minutes=3)
"""Without another segment; the worker alone writes something every minute."""
BASE_LATE_AFTER: Final = timedelta(days=8)
"""Without another base backup; one is made each week."""
KEPT: Final = timedelta(days=7)
"""Any moment of so long ago can be brought back."""
LINE_LASTS: Final = timedelta(days=28)
"""After its newest base backup; then a new line begins, so that the folder does not grow while base backups fail."""
BASELESS_KEPT: Final = timedelta(days=1)
"""Segments of a line without a base backup stay so long: one that is being made begins with one of them."""
NO_ROOM: Final = "no-room"
"""The code of the refusal of a base backup for which there is too little free space."""
WAL_ADDRESSES: Final = 1 << 32
"""So many bytes of WAL share the first two parts of a segment's name."""


@dataclass(frozen=True, slots=True)
class BaseHead:
    """What a base backup says of itself."""

    name: str
    version: str
    """Of Lumbar."""
    postgres: int
    """The server's version number, such as 180006."""
    segment_bytes: int
    sealing_keys: dict[int, str]
    """The keys its health data are sealed with, as key id to fingerprint."""

    @property
    def first_segment(self) -> str:
        """The segment its replay begins with."""
        found = BASE.fullmatch(self.name)
        assert found is not None
        return found[2]


@dataclass(frozen=True, slots=True)
class KeptBase:
    """A base backup's file."""

    file: Path
    made_at: datetime
    """By the database's clock, when it was complete: moments from here on can be reached."""
    first_segment: str


@dataclass(frozen=True, slots=True)
class WalLine:
    """One line: its folder, its base backups, oldest first, and the names of its segments in order."""

    folder: Path
    bases: list[KeptBase]
    segments: list[str]


@dataclass(frozen=True, slots=True)
class WalStatus:
    """What the receiver last noted."""

    began_at: datetime
    """When it was started, first of all starts since a segment was closed."""
    closed_at: datetime | None = None
    """When the newest segment was closed: everything until then lies there."""
    base_at: datetime | None = None
    """When the newest base backup of its line was complete."""
    baseless_since: datetime | None = None
    """Since when its lines have had no base backup, through however many starts; None if there is one."""
    trouble: str | None = None
    """Why the last base backup was not made, as the code of a refusal; None once one was made."""
    trouble_said: str | None = None
    """The same as a sentence, which names no value of any row."""

    def started_again(self, now: datetime) -> "WalStatus":
        """How it stands at another start; one start after another without a segment wins no time."""
        has_closed = self.closed_at is not None and self.closed_at >= self.began_at
        return replace(self, began_at=now) if has_closed else self

    def in_line(self, base_at: datetime | None, now: datetime) -> "WalStatus":
        """How it stands in a line whose newest base backup is of then; without one, since when there has been none is kept."""
        if base_at is not None:
            return replace(self, base_at=base_at, baseless_since=None)
        since = self.baseless_since or (now if self.base_at else self.began_at)
        return replace(self, base_at=None, baseless_since=since)


@dataclass(frozen=True, slots=True)
class WalOverview:
    """Which moments can be brought back."""

    state: BackupState
    since: datetime | None = None
    until: datetime | None = None
    trouble: str | None = None
    """Why the last base backup was not made, in a sentence."""


@dataclass(frozen=True, slots=True)
class WalSizes:
    """What lies there, in bytes."""

    bases: int
    base_bytes: int
    segments: int
    segment_bytes: int
    bytes_a_day: int | None
    """At the rate of the newest day of segments; None before there is half an hour of them."""


def lines(folder: Path) -> list[WalLine]:
    """The lines in a folder, oldest first."""
    found = sorted(folder.glob("line-*")) if folder.is_dir() else []
    return [WalLine(path, bases(path), _segments(path)) for path in found if path.is_dir()]


def bases(line: Path) -> list[KeptBase]:
    """The base backups of a line, oldest first."""
    names = [
        (found, path) for path in sorted(line.glob("base-*.base")) if (found := BASE.fullmatch(path.name))
    ]
    return [KeptBase(path, _stamped(found[1]), found[2]) for found, path in names]


def _segments(line: Path) -> list[str]:
    return sorted(found[1] for path in line.iterdir() if (found := SEGMENT.fullmatch(path.name)))


def _stamped(text: str) -> datetime:
    return datetime.strptime(text, STAMP).replace(tzinfo=UTC)


def line_name(began_at: datetime) -> str:
    """The folder of a line that begins at an instant."""
    return began_at.astimezone(UTC).strftime(LINE)


def base_name(made_at: datetime, first_segment: str) -> str:
    """The file of a base backup; its instant is rounded up, so that nobody asks it for a moment before it was complete."""
    whole = made_at.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    return f"base-{whole.strftime(STAMP)}-{first_segment}.base"


def after(segment: str, segment_bytes: int) -> str:
    """The name of the segment that follows on the same timeline."""
    per_log = WAL_ADDRESSES // segment_bytes
    number = int(segment[8:16], 16) * per_log + int(segment[16:], 16) + 1
    return f"{segment[:8]}{number // per_log:08X}{number % per_log:08X}"


def keep_segment(file: Path, line: Path, readers: list[Recipient], closed_at: datetime, work: Path) -> Path:
    """Put a complete segment into its line and wait until the disk has it. Raises UnreadableBackup and OSError as `archive` does."""
    content = file.read_bytes()
    head = {"segment": file.name, "bytes": len(content), "closed_at": closed_at.isoformat()}
    plain = work / PLAIN
    # A segment that was closed early ends in zeros, sixteen million of them at most.
    plain.write_bytes(_as_line(head) + zlib.compress(content.rstrip(b"\0")))
    return _kept(plain, line / f"{file.name}.wal", readers)


def open_segment(file: Path, keys: list[Identity], work: Path, to: Path) -> datetime:
    """Write a segment as PostgreSQL reads it; returns when it was closed. Raises UnreadableBackup, and OSError for a full disk."""
    plain = work / PLAIN
    archive.open_to(file, keys, plain)
    line, _, body = plain.read_bytes().partition(b"\n")
    plain.unlink()
    try:
        head = json.loads(line)
        name, size, closed_at = head["segment"], int(head["bytes"]), datetime.fromisoformat(head["closed_at"])
        content = zlib.decompressobj().decompress(body, size)  # Never more than a segment has.
    except (ValueError, KeyError, TypeError, zlib.error):
        raise UnreadableBackup("This is not WAL of Lumbar.") from None
    if f"{name}.wal" != file.name:
        raise UnreadableBackup(f"By its name it is {file.stem}, but it holds {name}: files were exchanged.")
    with to.open("wb") as out:
        to.chmod(0o600)
        out.write(content)
        out.truncate(size)
    return closed_at


def keep_base(data: Path, head: BaseHead, line: Path, readers: list[Recipient], work: Path) -> Path:
    """Put a server's folder into its line. Raises UnreadableBackup and OSError as `archive` does."""
    plain = work / PLAIN
    with plain.open("wb") as out:
        out.write(_as_line(asdict(head)))
        with (
            gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6, mtime=0) as small,
            tarfile.open(fileobj=small, mode="w|") as tar,
        ):
            tar.add(data, ".", filter=archive.nameless)
    return _kept(plain, line / head.name, readers)


def open_base(file: Path, keys: list[Identity], work: Path) -> BaseHead:
    """Open a base backup into the folder `work`, for `unpack_base`. Raises UnreadableBackup, and OSError for a full disk."""
    plain = work / PLAIN_BASE
    archive.open_to(file, keys, plain)
    try:
        with plain.open("rb") as source:
            known = json.loads(source.readline())
            known["sealing_keys"] = {int(key): print_ for key, print_ in known["sealing_keys"].items()}
            head = BaseHead(**known)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableBackup("This is not a base backup of Lumbar.") from None
    if head.name != file.name:
        raise UnreadableBackup(
            f"By its name it is {file.name}, but it holds {head.name}: files were exchanged."
        )
    return head


def unpack_base(work: Path, to: Path) -> None:
    """Unpack what `open_base` opened into an empty folder. Raises UnreadableBackup, and OSError for a full disk."""
    plain = work / PLAIN_BASE
    try:
        with plain.open("rb") as source:
            source.readline()
            with gzip.GzipFile(fileobj=source) as large, tarfile.open(fileobj=large, mode="r|") as tar:
                tar.extractall(to, filter="data")
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError):
        raise UnreadableBackup("This is not a base backup of Lumbar.") from None
    plain.unlink()


def _as_line(head: Mapping[str, Any]) -> bytes:
    return json.dumps(head).encode() + b"\n"


def _kept(plain: Path, to: Path, readers: list[Recipient]) -> Path:
    draft = to.with_name(f".{to.name}.draft")
    draft.unlink(missing_ok=True)
    archive.enclose(plain, draft, readers)
    plain.unlink()
    draft.rename(to)
    folder = os.open(to.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return to


def forget_old(folder: Path, line_in_use: Path, now: datetime) -> None:
    """Delete base backups that no moment since `now` less KEPT needs, and the segments before the oldest that is left.

    In a line without a base backup, segments older than BASELESS_KEPT lead nowhere and go, but for the newest. A line that ended
    stays until a line has a base backup that is newer: until then it is all that can be brought back.
    """
    found = lines(folder)
    newest = max((line.bases[-1].made_at for line in found if line.bases), default=None)
    for line in found:
        for base, next_base in pairwise(line.bases):
            if next_base.made_at <= now - KEPT:
                base.file.unlink(missing_ok=True)
        is_followed = not line.bases or (newest is not None and line.bases[-1].made_at < newest)
        if line.folder != line_in_use and is_followed and _ended_before(line, now - KEPT):
            _remove(line.folder)
            continue
        left = bases(line.folder)
        for segment in line.segments[:-1]:
            file = line.folder / f"{segment}.wal"
            is_needed = (
                segment[8:] >= left[0].first_segment[8:]
                if left
                else file.stat().st_mtime >= (now - BASELESS_KEPT).timestamp()
            )
            if not is_needed:
                file.unlink(missing_ok=True)


def _ended_before(line: WalLine, instant: datetime) -> bool:
    """Whether nothing was added to a line since; one without a base backup opens no moment at all."""
    if not line.bases:
        return True
    newest = (line.folder / f"{line.segments[-1]}.wal") if line.segments else line.bases[-1].file
    return newest.stat().st_mtime < instant.timestamp()


def _remove(line: Path) -> None:
    for path in line.iterdir():
        path.unlink()
    line.rmdir()


def note(folder: Path, status: WalStatus) -> None:
    """Write down how the receiver stands, for those who ask."""
    draft = folder / f".{STATUS}.draft"
    words = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(status).items()
        if value is not None
    }
    draft.write_text(json.dumps(words))
    draft.rename(folder / STATUS)


def status(folder: Path) -> WalStatus | None:
    """What the receiver last noted; None if none ever ran, or if it cannot be read."""
    try:
        known = json.loads((folder / STATUS).read_text())
        read: dict[str, Any] = {
            name: str(text) if name.startswith("trouble") else datetime.fromisoformat(text)
            for name, text in known.items()
        }
        return WalStatus(**read)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def state(folder: Path, now: datetime, *, is_on: bool) -> BackupState:
    """How the received WAL stands: off unless it is asked for, late without a segment or a base backup; or why there is no new one."""
    if not is_on:
        return BackupState.OFF
    found = status(folder)
    if found is None:
        return BackupState.LATE
    seen = max(found.began_at, found.closed_at or found.began_at)
    is_on_time = seen > now - LATE_AFTER
    if found.base_at is None:
        has_base = (found.baseless_since or found.began_at) > now - LATE_AFTER
    else:
        has_base = found.base_at > now - BASE_LATE_AFTER
    if is_on_time and found.trouble is not None:
        return BackupState.NO_ROOM if found.trouble == NO_ROOM else BackupState.NO_BASE
    return BackupState.OK if is_on_time and has_base else BackupState.LATE


def overview(folder: Path, now: datetime, *, is_on: bool) -> WalOverview:
    """How the received WAL stands, and from when to when a moment can be brought back: in the line that is received now.

    Between two lines something is missing.
    """
    found, newest = status(folder), max(folder.glob("line-*"), default=None)
    first = min((base.made_at for base in bases(newest)), default=None) if newest else None
    return WalOverview(
        state(folder, now, is_on=is_on),
        first,
        found.closed_at if found else None,
        found.trouble_said if found else None,
    )


def sizes(folder: Path) -> WalSizes:
    """What lies in a folder of received WAL."""
    base_sizes = [base.file.stat().st_size for line in lines(folder) for base in line.bases]
    segments = sorted((each.st_mtime, each.st_size) for each in _segment_stats(folder))
    last_day = [
        (at, size) for at, size in segments if at > segments[-1][0] - timedelta(days=1).total_seconds()
    ]
    seconds = last_day[-1][0] - last_day[0][0] if last_day else 0.0
    a_day = None
    if seconds >= timedelta(minutes=30).total_seconds():
        # The first was written before the span begins.
        a_day = int(sum(size for _, size in last_day[1:]) / seconds * timedelta(days=1).total_seconds())
    return WalSizes(len(base_sizes), sum(base_sizes), len(segments), sum(size for _, size in segments), a_day)


def _segment_stats(folder: Path) -> Iterator[os.stat_result]:
    for line in lines(folder):
        for segment in line.segments:
            yield (line.folder / f"{segment}.wal").stat()
