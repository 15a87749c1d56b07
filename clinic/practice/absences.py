"""Time off of a therapist, and closures of a location or the whole practice: local days that always override hours.

They cancel nothing: existing visits stay until somebody moves them (`booking.outside_hours` lists them).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.db import db
from clinic.practice import calendars
from clinic.practice.models import Closure, Therapist, TimeOff
from clinic.practice.premises import location
from clinic.practice.public_holidays import PublicHoliday
from clinic.practice.therapists import therapist
from clinic.practice.working_hours import EndsBeforeItBegins
from clinic.refusal import NotFound, Refusal

ONE_DAY = timedelta(days=1)
LONGEST = timedelta(days=3 * 366)


class AbsenceTooLong(Refusal):
    """Longer than three years."""

    code = "too-long"
    sentence = "That is longer than three years. For good, enter a last working day or a closing day instead."


@dataclass(frozen=True, kw_only=True)
class Away:
    """Local days on which somebody does not work; with minutes, only that part of each day.

    `until_on` is exclusive, minutes count from midnight.
    """

    from_on: date
    until_on: date
    from_minute: int | None = None
    until_minute: int | None = None
    note: str = ""


def time_off(time_off_id: UUID) -> TimeOff:
    """The time off; raises NotFound."""
    found = db.session.get(TimeOff, time_off_id)
    if found is None:
        raise NotFound
    return found


def all_time_off(since: date) -> list[tuple[TimeOff, Therapist]]:
    """Time off that is not over on a date, with its therapist, soonest first."""
    rows = sa.select(TimeOff, Therapist).join(Therapist, Therapist.id == TimeOff.therapist_id)
    ordered = rows.where(TimeOff.until_on > since).order_by(TimeOff.from_on, Therapist.position, TimeOff.id)
    return [(row, person) for row, person in db.session.execute(ordered)]


def take_off(therapist_id: UUID, away: Away, *, actor: str, now: datetime) -> TimeOff:
    """Enter time off. Raises EndsBeforeItBegins and AbsenceTooLong."""
    _require_range(away.from_on, away.until_on)
    if away.from_minute is not None and (away.until_minute or 0) <= away.from_minute:
        raise EndsBeforeItBegins("The end of the time lies before its beginning. Choose a later end.")
    with calendars.changing():
        entered = TimeOff(
            therapist_id=therapist(therapist_id).id,
            from_on=away.from_on,
            until_on=away.until_on,
            from_minute=away.from_minute,
            until_minute=away.until_minute,
            note=away.note,
        )
        db.session.add(entered)
        audit.record(actor, "create", entered, fields=["therapist_id", "from_on", "until_on"], now=now)
    return entered


def work_after_all(time_off_id: UUID, *, actor: str, now: datetime) -> TimeOff:
    """Withdraw time off. Raises NotFound if somebody already did."""
    with calendars.changing():
        entered = time_off(time_off_id)
        audit.record(actor, "delete", entered, fields=["therapist_id", "from_on", "until_on"], now=now)
        db.session.delete(entered)
    return entered


def closure(closure_id: UUID) -> Closure:
    """The closure; raises NotFound."""
    found = db.session.get(Closure, closure_id)
    if found is None:
        raise NotFound
    return found


def closures(since: date) -> list[Closure]:
    """Closures that are not over on a date, soonest first."""
    rows = sa.select(Closure).where(Closure.until_on > since)
    return list(db.session.scalars(rows.order_by(Closure.from_on, Closure.id)))


def close(
    *, name: str, from_on: date, until_on: date, location_id: UUID | None, actor: str, now: datetime
) -> Closure:
    """Close a location, or the whole practice if none is given. Raises EndsBeforeItBegins and AbsenceTooLong."""
    _require_range(from_on, until_on)
    with calendars.changing():
        entered = Closure(
            name=name,
            from_on=from_on,
            until_on=until_on,
            location_id=location(location_id).id if location_id else None,
        )
        db.session.add(entered)
        audit.record(actor, "create", entered, fields=["location_id", "from_on", "until_on"], now=now)
    return entered


def open_after_all(closure_id: UUID, *, actor: str, now: datetime) -> Closure:
    """Withdraw a closure. Raises NotFound if somebody already did."""
    with calendars.changing():
        entered = closure(closure_id)
        audit.record(actor, "delete", entered, fields=["location_id", "from_on", "until_on"], now=now)
        db.session.delete(entered)
    return entered


def closed_days(year: int) -> set[date]:
    """Days of a year on which the whole practice is already closed."""
    first, until = date(year, 1, 1), date(year + 1, 1, 1)
    rows = db.session.scalars(
        sa.select(Closure).where(
            Closure.location_id.is_(None), Closure.from_on < until, Closure.until_on > first
        )
    )
    return {
        row.from_on + number * ONE_DAY for row in rows for number in range((row.until_on - row.from_on).days)
    }


def close_on(days: Sequence[PublicHoliday], *, actor: str, now: datetime) -> list[Closure]:
    """Close the whole practice on public holidays; days on which it is already closed are skipped."""
    with calendars.changing():
        shut = {on for year in {day.on.year for day in days} for on in closed_days(year)}
        entered = [
            Closure(name=day.name, from_on=day.on, until_on=day.on + ONE_DAY)
            for day in days
            if day.on not in shut
        ]
        for each in entered:
            db.session.add(each)
            audit.record(actor, "create", each, fields=["from_on", "until_on"], now=now)
    return entered


def _require_range(from_on: date, until_on: date) -> None:
    if until_on <= from_on:
        raise EndsBeforeItBegins
    if until_on - from_on > LONGEST:
        raise AbsenceTooLong
