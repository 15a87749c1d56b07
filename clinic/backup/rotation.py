"""Which backup files stay: the newest of each of the last seven days, five weeks and twelve months that have one."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

DAYS, WEEKS, MONTHS = 7, 5, 12
NAME: Final = "lumbar-%Y%m%dT%H%M%SZ.backup"


def file_name(made_at: datetime) -> str:
    """The name of the backup made at an instant; names sort by age."""
    return made_at.astimezone(UTC).strftime(NAME)


def made_at(name: str) -> datetime | None:
    """The instant (UTC) in a backup file's name; None if it is no such name."""
    try:
        return datetime.strptime(name, NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def superfluous(names: Iterable[str]) -> list[str]:
    """The backup files that no day, week or month needs, oldest first. Other files are never among them."""
    by_age = sorted((at, name) for name in names if (at := made_at(name)) is not None)
    kept: set[str] = set()
    for count, period in (
        (DAYS, lambda at: at.date()),
        (WEEKS, lambda at: at.isocalendar()[:2]),
        (MONTHS, lambda at: (at.year, at.month)),
    ):
        newest_of = {period(at): name for at, name in by_age}
        kept.update([newest_of[key] for key in sorted(newest_of)][-count:])
    return [name for _, name in by_age if name not in kept]
