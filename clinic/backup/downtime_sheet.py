"""The downtime sheet: who comes on a day, encrypted, for the hours in which the server cannot be reached.

It says when, who, on which telephone, what, with whom and where, and has room to tick what happened; nothing about health. It
is one page of HTML in the age format, closed to this machine like a backup. The newest of each day lies in the database, for the
page of settings, and as a file beside the backups, for whatever carries those away; both go after two days.
"""

import logging
import os
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pyrage
import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import selectinload

from clinic import clock
from clinic.accounts.models import Client, ContactKind
from clinic.backup import archive
from clinic.backup.making import NoReaders
from clinic.backup.models import DowntimeSheet
from clinic.booking import queries as booking
from clinic.booking.models import Appointment
from clinic.db import RowsToDelete, db, new_id, transaction
from clinic.practice import queries as practice
from clinic.refusal import NotFound, Refusal
from clinic.scheduling import hours

EVENING: Final = time(19)
"""From when on, by the clock of the practice's first location, the next day's sheet is made."""
KEPT: Final = timedelta(days=2)
FILES: Final = "downtime-*.html.age"
BLANK_ROWS: Final = 8

log = logging.getLogger(__name__)


def file_name(day: date) -> str:
    """The name of a day's file; what is inside is named after `age -d` has opened it."""
    return f"downtime-{day.isoformat()}.html.age"


def make_downtime_sheet() -> None:
    """The worker's step: make tomorrow's sheet once it is evening, if there are public keys. Safe to repeat: each evening has one."""
    now = clock.now()
    if not readers():
        return
    try:
        with transaction():
            tomorrow = _tomorrow_if_due(now)
            if tomorrow is not None:
                write_file(make(tomorrow, now), now)
    except Refusal as refusal:
        log.error("no downtime sheet was made: %s", refusal.sentence)


def _tomorrow_if_due(now: datetime) -> date | None:
    """Tomorrow, if it is evening and there is no sheet of this evening yet."""
    if practice.find_practice() is None:
        return None
    zone = ZoneInfo(practice.practice_zone(now.date()))
    today = hours.local_day(now, zone)
    evening = hours.earliest_instant(datetime.combine(today, EVENING), zone)
    if now < evening:
        return None
    tomorrow = today + timedelta(days=1)
    made_at = db.session.scalar(sa.select(DowntimeSheet.made_at).where(DowntimeSheet.day == tomorrow))
    return tomorrow if made_at is None or made_at < evening else None


def readers() -> tuple[str, ...]:
    """The public keys that may read it: those set for it, or else those of the backups."""
    return tuple(current_app.config["DOWNTIME_RECIPIENTS"] or current_app.config["BACKUP_RECIPIENTS"])


def make(day: date, now: datetime) -> DowntimeSheet:
    """Make the sheet of a local day in place of an earlier one. The caller commits. Raises NoReaders and archive.UnreadableKey."""
    keys = archive.recipients(readers())
    if not keys:
        raise NoReaders
    visits = _visits(day)
    page = _page(day, visits, now)
    row = {
        "day": day,
        "made_at": now,
        "visits": len(visits),
        "encrypted": pyrage.encrypt(page.encode(), keys),
    }
    added = pg.insert(DowntimeSheet).values(id=new_id(), **row)
    stored = added.on_conflict_do_update(constraint="uq_downtime_sheets_day", set_=row)
    return db.session.scalars(
        stored.returning(DowntimeSheet), execution_options={"populate_existing": True}
    ).one()


def write_file(sheet: DowntimeSheet, now: datetime) -> bool:
    """Lay a copy beside the backups and clear older ones away; False, and a line in the log, if the folder cannot be written."""
    folder: Path = current_app.config["BACKUP_FOLDER"]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{file_name(sheet.day)}"
        draft.write_bytes(sheet.encrypted)
        os.utime(draft, (now.timestamp(), now.timestamp()))
        draft.rename(folder / file_name(sheet.day))
        delete_files(now - KEPT)
    except OSError:
        log.error("the downtime sheet was not written beside the backups")
        return False
    return True


def old_sheets(before: datetime) -> RowsToDelete:
    """Sheets made before an instant."""
    return RowsToDelete(DowntimeSheet, DowntimeSheet.made_at < before)


def delete_old(before: datetime) -> int:
    """Delete these sheets, here and beside the backups; returns how many there were here. The caller commits."""
    gone = old_sheets(before).delete()
    delete_files(before)
    return gone


def delete_files(before: datetime) -> None:
    """Delete the files that were written before an instant."""
    folder: Path = current_app.config["BACKUP_FOLDER"]
    if folder.is_dir():
        for path in folder.glob(FILES):
            if path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)


def sheets() -> Sequence[DowntimeSheet]:
    """The sheets that are kept, the latest day first, without their content."""
    return db.session.scalars(
        sa.select(DowntimeSheet)
        .order_by(DowntimeSheet.day.desc())
        .options(sa.orm.defer(DowntimeSheet.encrypted))
    ).all()


def find(sheet_id: object) -> DowntimeSheet:
    """One sheet. Raises NotFound."""
    found = db.session.get(DowntimeSheet, sheet_id)
    if found is None:
        raise NotFound
    return found


def _visits(day: date) -> list[Appointment]:
    """The visits of a local day with the telephones of who comes: two statements, however many there are."""
    visits = booking.visits_between(day, day + timedelta(days=1))
    people = {visit.client_id for visit in visits}
    db.session.scalars(
        sa.select(Client)
        .where(Client.id.in_(people))
        .options(selectinload(Client.contacts))
        .execution_options(populate_existing=True)
    ).all()
    return visits


def _page(day: date, visits: Sequence[Appointment], now: datetime) -> str:
    template = current_app.jinja_env.get_template("backup/downtime_sheet.html")
    return template.render(
        day=day,
        visits=[(visit, _telephones(visit)) for visit in visits],
        practice=practice.the_practice(),
        made_at=now,
        zone=practice.practice_zone(now.date()),
        blank_rows=BLANK_ROWS,
    )


def _telephones(visit: Appointment) -> list[str]:
    contacts = visit.client.contacts if visit.client else []
    return [one.value for one in contacts if one.kind == ContactKind.PHONE]
