"""When therapists work: weekly hours from a day on, and special days that replace one day.

Times are minutes after local midnight at the location; 1440 is the end of the day. Breaks are the gaps between two spans.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.db import db, violates
from clinic.practice import calendars
from clinic.practice.editing import print_of_rows, require_unchanged
from clinic.practice.models import Location, SpecialDay, WeeklyHours
from clinic.practice.therapists import therapist
from clinic.refusal import Refusal

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
COLUMNS = ("location_id", "weekday", "from_minute", "until_minute", "valid_from", "valid_until")


class HoursOverlap(Refusal):
    """A therapist would be in two places, or twice in one, at the same time."""

    code = "hours-overlap"
    sentence = "Two of these times overlap. Nobody can be in two places at once."


class HoursInThePast(Refusal):
    """Past hours are not rewritten."""

    code = "hours-in-the-past"
    sentence = "Hours can be changed from today on. Days that are over stay as they were."


class EndsBeforeItBegins(Refusal):
    """A range of days whose end is not after its beginning."""

    code = "ends-before-it-begins"
    sentence = "The last day lies before the first. Choose a later last day."


@dataclass(frozen=True, order=True)
class Span:
    """From one local time until another (excluded) at a location; `weekday` 0 is Monday."""

    weekday: int
    from_minute: int
    until_minute: int
    location_id: UUID

    @property
    def words(self) -> str:
        """`09:00 to 12:15`."""
        return f"{clock_label(self.from_minute)} to {clock_label(self.until_minute)}"


@dataclass(frozen=True)
class Phase:
    """The dates from one day until another (excluded) on which one set of weekly hours applies; None means no end."""

    from_on: date
    until_on: date | None
    spans: tuple[Span, ...]

    @property
    def weekly_minutes(self) -> int:
        """Open time in one week."""
        return sum(span.until_minute - span.from_minute for span in self.spans)


def clock_label(minute: int) -> str:
    """A minute of the day as a clock time: `08:30`, and `24:00` for the end of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def rows_of(therapist_id: UUID) -> list[WeeklyHours]:
    """All weekly hours of a therapist, past and future."""
    rows = sa.select(WeeklyHours).where(WeeklyHours.therapist_id == therapist_id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def page_mark(therapist_id: UUID) -> str:
    """The mark of a page that shows this therapist's weekly hours."""
    return print_of_rows(rows_of(therapist_id), *COLUMNS)


def phases(therapist_id: UUID, today: date) -> list[Phase]:
    """Which weekly hours apply from today and after each planned change, earliest first; at least one."""
    rows = rows_of(therapist_id)
    edges = {row.valid_from for row in rows} | {row.valid_until for row in rows if row.valid_until}
    begins = [today, *sorted(edge for edge in edges if edge > today)]
    ends = [*begins[1:], None]
    found = [Phase(begin, end, _in_force(rows, begin)) for begin, end in zip(begins, ends, strict=True)]
    merged = found[:1]
    for phase in found[1:]:
        if phase.spans == merged[-1].spans:
            merged[-1] = Phase(merged[-1].from_on, phase.until_on, phase.spans)
        else:
            merged.append(phase)
    return merged


def _in_force(rows: Iterable[WeeklyHours], on: date) -> tuple[Span, ...]:
    return tuple(
        sorted(
            Span(row.weekday, row.from_minute, row.until_minute, row.location_id)
            for row in rows
            if row.valid_from <= on and (row.valid_until is None or on < row.valid_until)
        )
    )


def set_week(
    therapist_id: UUID,
    spans: Sequence[Span],
    *,
    from_on: date,
    until_on: date | None,
    seen_as: str,
    today: date,
    actor: str,
    now: datetime,
) -> None:
    """Set the weekly hours from a day on, until another (excluded) or for good.

    Earlier hours still apply outside these days. Raises HoursInThePast, EndsBeforeItBegins, HoursOverlap and
    ChangedMeanwhile.
    """
    if from_on < today:
        raise HoursInThePast
    if until_on is not None and until_on <= from_on:
        raise EndsBeforeItBegins
    with calendars.changing():
        person = therapist(therapist_id)
        rows = rows_of(therapist_id)
        require_unchanged(seen_as, print_of_rows(rows, *COLUMNS))
        # From the very beginning: before the first hours there are none to keep.
        begin = date.min if from_on == today and not rows else from_on
        _clear(rows, begin, until_on)
        with violates("ex_weekly_hours_therapist", _overlap(spans)):
            for span in spans:
                db.session.add(_row(therapist_id, span, begin, until_on))
        audit.record(actor, "change", person, fields=["weekly_hours"], now=now)


def _clear(rows: Iterable[WeeklyHours], begin: date, end: date | None) -> None:
    """Remove the days [begin, end) from these rows, leaving what lies before and after."""
    left_after = []
    for row in rows:
        was_until = row.valid_until
        if (was_until is not None and was_until <= begin) or (end is not None and row.valid_from >= end):
            continue
        if end is not None and (was_until is None or was_until > end):
            span = Span(row.weekday, row.from_minute, row.until_minute, row.location_id)
            left_after.append(_row(row.therapist_id, span, end, was_until))
        if row.valid_from < begin:
            row.valid_until = begin
        else:
            db.session.delete(row)
    db.session.flush()  # A session inserts before it deletes, so the new row for what is left would conflict with the old one.
    db.session.add_all(left_after)
    db.session.flush()


def _row(therapist_id: UUID, span: Span, begin: date, end: date | None) -> WeeklyHours:
    return WeeklyHours(
        therapist_id=therapist_id,
        location_id=span.location_id,
        weekday=span.weekday,
        from_minute=span.from_minute,
        until_minute=span.until_minute,
        valid_from=begin,
        valid_until=end,
    )


def _overlap(spans: Sequence[Span], on: str | None = None) -> HoursOverlap:
    """The refusal that names the first two overlapping spans."""
    for one, other in pairwise(sorted(spans)):
        if one.weekday == other.weekday and other.from_minute < one.until_minute:
            day = on or WEEKDAYS[one.weekday]
            if one.location_id == other.location_id:
                return HoursOverlap(f"On {day}, {one.words} and {other.words} overlap.")
            return HoursOverlap(
                f"On {day}, {one.words} at {_name_of(one.location_id)} and {other.words} at "
                f"{_name_of(other.location_id)} overlap. Nobody can be in two places at once."
            )
    return HoursOverlap()


def _name_of(location_id: UUID) -> str:
    where = db.session.get(Location, location_id)
    return where.name if where else "another location"


def special_days(therapist_id: UUID, from_on: date) -> dict[date, list[SpecialDay]]:
    """A therapist's special days from a date on, earliest first, each with its hours in order."""
    rows = sa.select(SpecialDay).where(SpecialDay.therapist_id == therapist_id, SpecialDay.on >= from_on)
    found: dict[date, list[SpecialDay]] = {}
    for row in db.session.scalars(rows.order_by(SpecialDay.on, SpecialDay.from_minute)):
        found.setdefault(row.on, []).append(row)
    return found


def seen_day(therapist_id: UUID, on: date) -> str:
    """The mark of a page that shows the special hours of one day, or that there are none."""
    rows = special_days(therapist_id, on).get(on, [])
    return print_of_rows(rows, "location_id", "from_minute", "until_minute")


def set_day(
    therapist_id: UUID,
    on: date,
    spans: Sequence[Span],
    *,
    seen_as: str | None = None,
    today: date,
    actor: str,
    now: datetime,
) -> None:
    """Replace the weekly hours on one day; without hours, the weekly ones apply again.

    Raises HoursInThePast, HoursOverlap, and, if the page gives its mark, ChangedMeanwhile.
    """
    if on < today:
        raise HoursInThePast
    with calendars.changing():
        person = therapist(therapist_id)
        if seen_as is not None:
            require_unchanged(seen_as, seen_day(therapist_id, on))
        db.session.execute(
            sa.delete(SpecialDay).where(SpecialDay.therapist_id == therapist_id, SpecialDay.on == on)
        )
        with violates("ex_special_days_therapist", _overlap(spans, on.isoformat())):
            for span in spans:
                db.session.add(
                    SpecialDay(
                        therapist_id=therapist_id,
                        location_id=span.location_id,
                        on=on,
                        from_minute=span.from_minute,
                        until_minute=span.until_minute,
                    )
                )
        audit.record(actor, "change", person, fields=["special_days"], now=now)
