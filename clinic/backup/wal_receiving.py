"""Receive the server's WAL without a pause: `pg_receivewal` takes it down, and each segment that is complete is encrypted into its line.

A replication slot makes the server keep what was not received yet, up to its `max_slot_wal_keep_size`. Where that was not enough, or where
it is another server or timeline than before, a new line begins, with a base backup of its own.
"""

import json
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg
from pyrage.x25519 import Recipient

from clinic import clock
from clinic.backup import archive, base_backups, postgres, wal_archive
from clinic.backup.making import BackupUnderWay, NoReaders, NotWritable
from clinic.backup.wal_archive import KeptBase, WalStatus
from clinic.embedded.cluster import SLOT
from clinic.embedded.process import AlreadyRunning, lock_folder
from clinic.refusal import Refusal

WORK: Final = "wal"
"""In the data folder: what is not encrypted yet, and which line it belongs to."""
INCOMING: Final = "incoming"
LINE: Final = "line.json"
LOG: Final = "pg_receivewal.log"
COMPLETE: Final = re.compile(r"[0-9A-F]{24}")
LOOK_SECONDS: Final = 1.0
SLOT_LOOKS: Final = 60
STOP_SECONDS: Final = 10.0
BASE_EVERY: Final = timedelta(days=7)
BASE_AGAIN_AFTER: Final = timedelta(hours=1)
"""After one that failed."""
FORGET_EVERY: Final = timedelta(hours=1)


class AnotherReceives(Refusal):
    """Another process receives into this folder, or from this slot."""

    code = "another-receives"
    sentence = "Another process receives this server’s WAL already."


class ReceivingEnded(Refusal):
    """`pg_receivewal` ended by itself; the sentence has its last words."""

    code = "receiving-ended"


class LineBroken(Refusal):
    """A segment is missing between two that were received; the next start begins a new line."""

    code = "line-broken"


class KeptWithoutLimit(Refusal):
    """The server keeps all WAL for a receiver that is away, and nobody said that this is meant."""

    code = "kept-without-limit"
    sentence = (
        "This server keeps WAL for a receiver that is away until its disk is full: set max_slot_wal_keep_size on it, 4GB say, or, "
        "if that is meant, start `receive-wal --unlimited`. It keeps none for this one now."
    )


class NoLine(Refusal):
    """Nothing is received, so there is no line that a base backup could begin."""

    code = "no-line"
    sentence = "No WAL is received: start `python -m clinic receive-wal` first."


@dataclass(frozen=True, slots=True)
class _Server:
    """The server as it is found: who it is, what it says of our slot, and its time."""

    number: int
    system: str
    timeline: str
    slot: str | None
    """How it stands, as `pg_replication_slots.wal_status`; None without one."""
    slot_is_taken: bool | None
    """Whether somebody receives from it."""
    now: datetime
    is_unlimited: bool
    """Whether it keeps WAL for a receiver that is away, however much that gets."""


def receive(
    url: str,
    folder: Path,
    work: Path,
    readers: Sequence[str],
    asked_to_stop: threading.Event,
    *,
    unlimited: bool = False,
) -> None:
    """Receive until asked to stop; call it in the thread that lives longest.

    `url` is of a role that may replicate, `folder` of the received WAL, `work` for what is not encrypted yet; `unlimited` accepts a server that
    keeps WAL without a limit. Raises NoReaders, NotWritable, AnotherReceives, KeptWithoutLimit, ReceivingEnded, LineBroken, archive.UnreadableKey, archive.UnreadableBackup, postgres.NoPrograms, postgres.ProgramFailed.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with lock_folder(work):
            # Before anything that may fail, so that a receiver that never comes to work is late.
            now, before = clock.now(), wal_archive.status(folder)
            wal_archive.note(folder, before.started_again(now) if before else WalStatus(now))
            keys = archive.recipients(readers)
            if not keys:
                raise NoReaders
            _Receiver(url, folder, work, list(readers), keys).run(asked_to_stop, unlimited=unlimited)
    except AlreadyRunning:
        raise AnotherReceives from None
    except OSError:
        raise NotWritable from None


def make_base(url: str, folder: Path, work: Path, readers: Sequence[str]) -> KeptBase:
    """Make a base backup of the line that is being received. Raises NoLine and what `base_backups.make` raises."""
    name = _known(work).get("line", "")
    if not name or not (folder / name).is_dir():
        raise NoLine
    return base_backups.make(url, folder / name, work, readers)


class _Receiver:
    """One run of `pg_receivewal`, and what happens with what it brings."""

    def __init__(
        self, url: str, folder: Path, work: Path, readers: Sequence[str], keys: list[Recipient]
    ) -> None:
        self.url, self.folder, self.work, self.readers, self.keys = url, folder, work, readers, keys
        self.incoming = work / INCOMING

    def run(self, asked_to_stop: threading.Event, *, unlimited: bool) -> None:
        server = _left_alone(self.url, asked_to_stop)
        if server.is_unlimited and not unlimited:
            _let_go_slot(self.url)
            raise KeptWithoutLimit
        self._clear_away()
        self.line = self._line(server)
        kept = wal_archive.bases(self.line)
        self.segment = max((path.stem for path in self.line.glob("*.wal")), default=None)
        known = wal_archive.status(self.folder) or WalStatus(clock.now())
        if kept and known.base_at is not None and kept[-1].made_at > known.base_at:
            known = replace(known, trouble=None, trouble_said=None)  # Somebody made one by hand meanwhile.
        self.status = known.in_line(kept[-1].made_at if kept else None, clock.now())
        self.forget_due = clock.system()
        self.base_due = kept[-1].made_at + BASE_EVERY if kept else server.now
        wal_archive.note(self.folder, self.status)
        self._keep_complete()  # What cannot encrypt must not receive: it would fill the disk.
        receiver = postgres.started(
            "pg_receivewal", self.url, server.number,
            f"--directory={self.incoming}", f"--slot={SLOT}", "--no-loop", "--no-password",
            log=self.work / LOG,
        )  # fmt: skip
        with ThreadPoolExecutor(1) as pool:
            try:
                self._watch(receiver, pool, asked_to_stop)
            finally:
                _end(receiver)
                self._keep_complete()

    def _watch(
        self, receiver: "subprocess.Popen[bytes]", pool: ThreadPoolExecutor, asked_to_stop: threading.Event
    ) -> None:
        base: Future[KeptBase] | None = None
        while not asked_to_stop.wait(LOOK_SECONDS):
            if receiver.poll() is not None:
                said = (self.work / LOG).read_text(errors="replace").strip().splitlines()[-2:]
                raise ReceivingEnded(f"pg_receivewal ended: {' '.join(said) or 'it said nothing'}")
            self._keep_complete()
            if base is None and clock.system() >= self.base_due:
                base = pool.submit(base_backups.make, self.url, self.line, self.work, self.readers)
            elif base is not None and base.done():
                self._note_base(base)
                base = None
            if clock.system() >= self.forget_due:
                self.forget_due = clock.system() + FORGET_EVERY
                wal_archive.forget_old(self.folder, self.line, clock.system())
                self._refuse_endless()

    def _keep_complete(self) -> None:
        for file in sorted(self.incoming.iterdir()):
            if not COMPLETE.fullmatch(file.name):
                continue
            if self.segment is None or file.name > self.segment:
                self._refuse_gap(file)
                closed_at = clock.now()
                wal_archive.keep_segment(file, self.line, self.keys, closed_at, self.work)
                self.segment = file.name
                self.status = replace(self.status, closed_at=closed_at)
                wal_archive.note(self.folder, self.status)
            file.unlink()

    def _refuse_gap(self, file: Path) -> None:
        if self.segment is None:
            return
        wanted = wal_archive.after(self.segment, file.stat().st_size)
        if file.name != wanted:
            (self.work / LINE).unlink(missing_ok=True)
            raise LineBroken(f"Segment {wanted} was never received: a new line begins.")

    def _refuse_endless(self) -> None:
        """Begin a new line once base backups have failed for long: what is received would be needed for ever, and grow."""
        if _is_too_long(self.status.base_at, clock.system()):
            (self.work / LINE).unlink(missing_ok=True)
            raise LineBroken("No base backup was made for four weeks: a new line begins.")

    def _note_base(self, base: "Future[KeptBase]") -> None:
        try:
            made = base.result()
        except Refusal as refusal:
            self.base_due = clock.system() + BASE_AGAIN_AFTER
            if not isinstance(refusal, BackupUnderWay):
                self.status = replace(self.status, trouble=refusal.code, trouble_said=str(refusal.sentence))
                wal_archive.note(self.folder, self.status)
            print(f"No base backup was made: {refusal.sentence}", flush=True)  # noqa: T201  # the receiver's log
            return
        self.base_due = made.made_at + BASE_EVERY
        self.status = replace(
            self.status.in_line(made.made_at, made.made_at), trouble=None, trouble_said=None
        )
        wal_archive.note(self.folder, self.status)
        wal_archive.forget_old(self.folder, self.line, made.made_at)

    def _clear_away(self) -> None:
        """What a killed receiver left on its way."""
        base_backups.clear_away(self.work)
        (self.work / wal_archive.PLAIN).unlink(missing_ok=True)

    def _line(self, server: _Server) -> Path:
        """The line to go on with; a new one, where this is another server or the slot lost something."""
        known = _known(self.work)
        same = (known.get("system"), known.get("timeline")) == (server.system, server.timeline)
        if same and server.slot not in (None, "lost") and (self.folder / known["line"]).is_dir():
            line = self.folder / known["line"]
            kept = wal_archive.bases(line)
            if not _is_too_long(kept[-1].made_at if kept else None, server.now):
                self.incoming.mkdir(exist_ok=True)
                return line
        (self.work / LINE).unlink(missing_ok=True)
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir()
        _new_slot(self.url, is_there=server.slot is not None)
        line = self.folder / wal_archive.line_name(server.now)
        line.mkdir(mode=0o700, exist_ok=True)
        words = {"system": server.system, "timeline": server.timeline, "line": line.name}
        (self.work / LINE).write_text(json.dumps(words))
        return line


def _is_too_long(base_at: datetime | None, now: datetime) -> bool:
    return base_at is not None and base_at < now - wal_archive.LINE_LASTS


def _known(work: Path) -> dict[str, str]:
    try:
        known = json.loads((work / LINE).read_text())
        return {name: str(known[name]) for name in ("system", "timeline", "line")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _asked(url: str) -> _Server:
    with postgres.connected(url) as connection:
        row = connection.execute(
            "SELECT (SELECT system_identifier::text FROM pg_control_system()), left(pg_walfile_name(pg_current_wal_lsn()), 8),"
            " (SELECT wal_status FROM pg_replication_slots WHERE slot_name = %(slot)s),"
            " (SELECT active FROM pg_replication_slots WHERE slot_name = %(slot)s), clock_timestamp(),"
            " (SELECT setting::int < 0 FROM pg_settings WHERE name = 'max_slot_wal_keep_size')",
            {"slot": SLOT},
        ).fetchone()
        assert row is not None
        return _Server(connection.info.server_version, *row)


def _left_alone(url: str, asked_to_stop: threading.Event) -> _Server:
    """The server, once nobody receives from the slot: one who was killed may still hold it for a moment. Raises AnotherReceives."""
    for _ in range(SLOT_LOOKS):
        server = _asked(url)
        if not server.slot_is_taken or asked_to_stop.wait(LOOK_SECONDS):
            return server
    raise AnotherReceives


def _let_go_slot(url: str) -> None:
    """Keep nothing for a receiver that does not come to work."""
    with postgres.connected(url) as connection:
        connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active",
            [SLOT],
        )


def _new_slot(url: str, *, is_there: bool) -> None:
    try:
        with postgres.connected(url) as connection:
            if is_there:
                connection.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])
            connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [SLOT])
    except psycopg.errors.ObjectInUse:
        raise AnotherReceives from None
    except psycopg.Error as error:
        raise postgres.ProgramFailed("The replication slot", str(error.diag.message_primary)) from None


def _end(receiver: "subprocess.Popen[bytes]") -> None:
    receiver.send_signal(signal.SIGINT)
    try:
        receiver.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        receiver.kill()
        receiver.wait()
