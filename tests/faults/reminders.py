"""Many reminders due at once, what was to become of each, and the mail server that takes them."""

import os
import signal
import subprocess
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic import clock
from clinic.booking.models import Appointment
from clinic.db import db, transaction
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import STILL_OPEN
from tests import make
from tests.patience import eventually
from tests.ports import free_port
from tests.stage import Stage

SLOT = timedelta(minutes=5)
PER_THERAPIST = 6
A_WEEK = timedelta(days=7)


@dataclass
class Post:
    """The mail server: a process on a port that stays the same, and the ledger of what it accepted."""

    stage: Stage
    refuses: bool = False
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def ledger(self) -> Path:
        return self.stage.settings.lumbar_data.parent / "accepted"

    @property
    def accepted(self) -> list[tuple[float, UUID]]:
        """When each mail was accepted, by the machine's monotonic clock, and whose Message-ID it carried."""
        if not self.ledger.exists():
            return []
        whole = self.ledger.read_text().rpartition("\n")[0]
        lines = (line.split() for line in whole.splitlines())
        return [(float(at), UUID(name)) for at, name in lines]

    def count(self) -> int:
        """How many mails were accepted, copies included."""
        return self.ledger.stat().st_size // LEDGER_LINE if self.ledger.exists() else 0

    def open(self) -> None:
        words = ["refuse"] if self.refuses else []
        self.process = self.stage.start("tests.faults.mail_server", str(self.port), str(self.ledger), *words)

    def kill(self) -> None:
        """In the middle of whatever it is doing."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


LEDGER_LINE = 17 + 1 + 36 + 1
"""Bytes of a line of the ledger: a moment, an id, and what parts them."""


@dataclass(frozen=True)
class Due:
    """Ids of visits by what must come of them."""

    live: frozenset[UUID]
    cancelled: frozenset[UUID]
    moved: frozenset[UUID]
    unwanted: frozenset[UUID]


def many_due(live: int, *, cancelled: int = 0, moved: int = 0, unwanted: int = 0) -> Due:
    """Visits in less than two days, agreed a week ago and confirmed then, whose reminders are due now."""
    now = clock.now()
    # No quiet hours: what is due must not depend on the time of day the test runs at.
    make.practice(quiet_from_hour=0, quiet_until_hour=0)
    house = make.location(zone="UTC")
    sold = make.treatment(minutes=5, therapists=[make.therapist()])
    total = live + cancelled + moved + unwanted
    therapists = _therapists(total // PER_THERAPIST + 1)
    # Due within the last half hour: what is due for longer than an hour would be caught up with slowly, on purpose.
    first = now + timedelta(hours=47, minutes=30)
    rows = [
        _visit(
            number,
            sold,
            house,
            therapists[number // PER_THERAPIST],
            first + number % PER_THERAPIST * SLOT,
            now - A_WEEK,
        )
        for number in range(total)
    ]
    _insert(rows, wanted=live + cancelled + moved, then=now - A_WEEK)
    ids = [row["id"] for row in rows]
    edges = (0, live, live + cancelled, live + cancelled + moved, total)
    groups = [frozenset(ids[start:end]) for start, end in pairwise(edges)]
    return Due(*groups)


def cancel(ids: frozenset[UUID]) -> None:
    """Somebody cancels; letters about it are not what these tests count, so they fall due tomorrow."""
    _change(ids, state="cancelled", cancelled_by="client", revision=2)


def move(ids: frozenset[UUID]) -> None:
    """Somebody moves the visits ten days on."""
    later = timedelta(days=10)
    names = ("starts_at", "ends_at", "occupied_from", "occupied_until", "wall_start")
    times = {name: getattr(Appointment, name) + later for name in names}
    _change(ids, revision=2, time_revision=2, time_agreed_at=clock.now(), **times)


def _change(ids: frozenset[UUID], **columns: Any) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    change = sa.update(Appointment).where(Appointment.id.in_(ids)).values(changed_at=tomorrow, **columns)
    with transaction():
        db.session.execute(change.execution_options(synchronize_session=False))


def _therapists(count: int) -> list[UUID]:
    numbers = [UUID(int=(0xB << 64) + number) for number in range(count)]
    table = Appointment.metadata.tables["therapists"]
    rows = [
        {
            "id": number,
            "given_name": "Thea",
            "family_name": f"T{number.int}",
            "slug": f"t{number.int}",
            "position": 1,
        }
        for number in numbers
    ]
    with transaction():
        db.session.execute(sa.insert(table), rows)
    return numbers


def _insert(rows: list[dict[str, Any]], *, wanted: int, then: datetime) -> None:
    clients = [
        {
            "id": row["client_id"],
            "given_name": f"C{number}",
            "search_name": "",
            "language": "en",
            "created_at": then,
        }
        for number, row in enumerate(rows)
    ]
    contacts = [
        {
            "id": UUID(int=row["client_id"].int ^ 1),
            "client_id": row["client_id"],
            "kind": "mail",
            "relation": "self",
            "value": f"c{number}@client.example",
            "normalised": f"c{number}@client.example",
            "created_at": then,
            "wants_reminders": number < wanted,
        }
        for number, row in enumerate(rows)
    ]
    told = [
        {
            "id": UUID(int=row["id"].int ^ 1),
            "kind": MessageKind.CONFIRMATION,
            "channel": "mail",
            "subject_id": row["id"],
            "recipient_id": contact["id"],
            "occasion": "r1",
            "owed_at": then,
            "due_at": then,
            "sent_at": then,
            "attempts": 1,
            "fence": 1,
        }
        for row, contact in zip(rows, contacts, strict=True)
    ]
    with transaction():
        for table, values in (
            ("clients", clients),
            ("contacts", contacts),
            ("appointments", rows),
            ("messages", told),
        ):
            db.session.execute(sa.insert(Appointment.metadata.tables[table]), values)


def _visit(
    number: int, sold: Any, house: Any, therapist_id: UUID, starts_at: datetime, then: datetime
) -> dict[str, Any]:
    return {
        "id": UUID(int=(0xA << 64) + number * 2), "client_id": UUID(int=(0xC << 64) + number * 2),
        "reference": f"{number:08d}", "therapist_id": therapist_id, "location_id": house.id, "treatment_id": sold.id,
        "starts_at": starts_at, "ends_at": starts_at + SLOT, "occupied_from": starts_at, "occupied_until": starts_at + SLOT,
        "wall_start": starts_at.replace(tzinfo=None), "zone": "UTC", "tzdata": "test", "length_minutes": 5,
        "buffer_before_minutes": 0, "buffer_after_minutes": 0, "price_cents": 6000, "state": "booked",
        "cancelled_by": None, "revision": 1, "time_revision": 1, "link_epoch": 1, "hold_extended": False,
        "cancelled_late": False, "booked_at": then, "time_agreed_at": then, "created_at": then, "changed_at": then,
    }  # fmt: skip


def reminders() -> dict[UUID, Message]:
    """The reminder of each visit, by the id of the visit; raises when a visit has two."""
    db.session.rollback()
    found = db.session.scalars(sa.select(Message).where(Message.kind == MessageKind.REMINDER)).all()
    assert len({message.subject_id for message in found}) == len(found)
    return {message.subject_id: message for message in found}


def sent() -> int:
    """How many reminders are noted as sent."""
    db.session.rollback()
    count = sa.select(sa.func.count()).where(
        Message.kind == MessageKind.REMINDER, Message.sent_at.is_not(None)
    )
    return db.session.scalar(count) or 0


def left_open() -> bool:
    """Whether any reminder is still to be sent, dropped or given up."""
    db.session.rollback()
    left = sa.select(Message.id).where(STILL_OPEN, Message.kind == MessageKind.REMINDER)
    return bool(db.session.scalar(sa.select(left.exists())))


def shift_clock(stage: Stage, by: timedelta) -> None:
    """Put every process's clock forward. Only while no sender holds a message: its lease would run out under it."""
    before = float(stage.clock.read_text()) if stage.clock.exists() else 0.0
    stage.clock.write_text(str(before + by.total_seconds()))


def all_are_sent(due: int, within: float) -> bool:
    """Whether so many reminders were sent within so many seconds."""
    return eventually(lambda: sent() == due, within)
