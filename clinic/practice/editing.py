"""How rows of the practice are changed: field audit, slugs, order, and the marks that detect an outdated page."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.db import db
from clinic.practice.models import Location, Room, Therapist, Treatment
from clinic.refusal import Stale

Ordered = Location | Room | Treatment | Therapist
SLUG_LENGTH = 60


class ChangedMeanwhile(Stale):
    """Somebody else saved the same thing after the page was opened."""

    sentence = (
        "Somebody else changed this while your page was open. Nothing of yours was saved. What you typed still "
        "stands here; compare it with how it is now before you save again."
    )


class Direction(StrEnum):
    """Which way something moves in its list."""

    EARLIER = "earlier"
    LATER = "later"


def amend(row: Ordered, values: Mapping[str, object], *, actor: str, now: datetime) -> list[str]:
    """Set these values and audit the names of those that changed; an unchanged row leaves no entry."""
    changed = sorted(name for name, value in values.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        audit.record(actor, "change", row, fields=changed, now=now)
    return changed


def print_of(*parts: object) -> str:
    """A short mark of what a page shows: equal for equal content, different otherwise."""
    return hashlib.sha256(repr([_plain(part) for part in parts]).encode()).hexdigest()[:24]


def print_of_rows(rows: Iterable[object], *columns: str) -> str:
    """The mark of some columns of rows, whatever their order."""
    return print_of(sorted(repr([_plain(getattr(row, column)) for column in columns]) for row in rows))


def require_unchanged(seen: str, present: str) -> None:
    """Raise ChangedMeanwhile if the page was made from anything but the present state."""
    if seen != present:
        raise ChangedMeanwhile


def _plain(part: object) -> object:
    if isinstance(part, UUID | date):
        return str(part)
    if isinstance(part, list | tuple):
        return [_plain(each) for each in part]
    return part


def slug_of(name: str, kind: type[Location | Treatment | Therapist]) -> str:
    """A slug for a new row, from its name; it stays when the name changes, so that links keep working."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    wanted = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:SLUG_LENGTH].strip("-")
    wanted = wanted or kind.__tablename__.removesuffix("s")
    taken = set(db.session.scalars(sa.select(kind.slug).where(kind.slug.startswith(wanted))))
    numbers = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (wanted, *numbers) if slug not in taken)


def put_last(row: Ordered, others: Sequence[Ordered]) -> None:
    """Put a new row last."""
    row.position = max((other.position for other in others), default=-1) + 1


def shift(row: Ordered, others: Sequence[Ordered], way: Direction) -> bool:
    """Swap a row with its neighbour and renumber the list; False at the end of the list."""
    ordered = list(others)
    place = ordered.index(row)
    beside = place - 1 if way is Direction.EARLIER else place + 1
    if not 0 <= beside < len(ordered):
        return False
    ordered[place], ordered[beside] = ordered[beside], ordered[place]
    for position, each in enumerate(ordered):
        each.position = position
    return True
