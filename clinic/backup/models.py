"""The tables of the backups: one row for each attempt to make one or to prove one, and the sheets for a day without the server."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Identified, Model


class BackupDeed(StrEnum):
    """What was attempted."""

    BACKUP = "backup"
    DRILL = "drill"


class BackupRun(Identified, Model):
    """One attempt. Without an end it is under way, or was killed; then its half-written file was never a backup."""

    __tablename__ = "backup_runs"

    deed: Mapped[str]
    began_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    is_good: Mapped[bool] = mapped_column(default=False)
    """Whether it ended with a backup that was read back, or a drill in which everything was found again."""
    file_name: Mapped[str | None]
    """Without its folder."""
    file_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    sha256: Mapped[str | None]
    """Of the file, in hexadecimal."""
    problem: Mapped[str | None]
    """Why it failed, in a sentence that names no value of any row."""
    send_began_at: Mapped[datetime | None]
    """When this backup was last begun to be sent to the object storage, if there is one."""
    sent_at: Mapped[datetime | None]
    """When it was read back there and found whole."""
    send_problem: Mapped[str | None]
    """Why the last sending failed, as in `problem`."""

    __table_args__ = (
        sa.CheckConstraint("deed IN ('backup', 'drill')", name="deed_known"),
        sa.CheckConstraint("ended_at >= began_at", name="ends_after_it_began"),
        sa.CheckConstraint(
            "NOT is_good OR (ended_at IS NOT NULL AND problem IS NULL AND file_name IS NOT NULL)",
            name="good_means_ended_well",
        ),
    )


class DowntimeSheet(Identified, Model):
    """The newest encrypted sheet of who comes on one day; deleted two days after it was made."""

    __tablename__ = "downtime_sheets"

    day: Mapped[date] = mapped_column(unique=True)
    """The local day it is for."""
    made_at: Mapped[datetime]
    visits: Mapped[int]
    encrypted: Mapped[bytes]
    """In the age format; this machine cannot open it."""

    __table_args__ = (sa.CheckConstraint("visits >= 0", name="counts_visits"),)
