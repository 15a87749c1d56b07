"""The form of weekly hours as typed: its lines are parsed into spans, each with a sentence if it cannot be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from clinic.practice.models import Location
from clinic.practice.working_hours import Span, clock_label
from clinic.staff.settings.fields import END_OF_DAY, LONGEST_CLOCK, parsed_clock

MOST_LINES = 60


@dataclass(frozen=True)
class WeekLine:
    """One line: from and until as typed, on a weekday at a location. Empty times say nothing."""

    weekday: int
    opens: str = ""
    closes: str = ""
    place: str = ""
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether no time was entered."""
        return not self.opens and not self.closes


def typed(sent: Mapping[str, str]) -> list[WeekLine]:
    """The lines of a form, in order; anything else is ignored."""
    found = []
    for number in range(MOST_LINES):
        weekday = sent.get(f"day-{number}", "")
        if weekday in tuple("0123456"):
            found.append(
                WeekLine(
                    weekday=int(weekday),
                    opens=sent.get(f"from-{number}", "").strip()[:LONGEST_CLOCK],
                    closes=sent.get(f"until-{number}", "").strip()[:LONGEST_CLOCK],
                    place=sent.get(f"place-{number}", "")[:36],
                )
            )
    return found


def week_lines(spans: Iterable[Span]) -> list[WeekLine]:
    """The lines of existing hours."""
    return [
        WeekLine(
            span.weekday, clock_label(span.from_minute), clock_label(span.until_minute), str(span.location_id)
        )
        for span in sorted(spans)
    ]


def read_lines(lines: Sequence[WeekLine], where: Sequence[Location]) -> tuple[list[Span], list[WeekLine]]:
    """The spans of the lines, and the lines again, with a sentence on each that could not be read."""
    places = {str(each.id): each.id for each in where}
    spans, checked = [], []
    for line in lines:
        try:
            span = None if line.is_empty else _span(line, places)
        except ValueError as problem:
            checked.append(replace(line, problem=str(problem)))
            continue
        checked.append(line)
        if span is not None:
            spans.append(span)
    return spans, checked


def _span(line: WeekLine, places: Mapping[str, UUID]) -> Span:
    if not line.opens or not line.closes:
        raise ValueError("Enter both times, or clear both.")
    begin, end = parsed_clock(line.opens), parsed_clock(line.closes) or END_OF_DAY
    if end <= begin:
        raise ValueError("The end lies before the beginning. Until midnight is written 24:00.")
    if line.place not in places:
        raise ValueError("Choose a location.")
    return Span(line.weekday, begin, end, places[line.place])


def without(lines: Sequence[WeekLine], number: int) -> list[WeekLine]:
    """The lines without one."""
    return [line for place, line in enumerate(lines) if place != number]


def with_one_more(lines: Sequence[WeekLine], weekday: int) -> list[WeekLine]:
    """The lines with an empty one added to this day, at the location of the day's last line."""
    if len(lines) >= MOST_LINES:
        return list(lines)
    places = (
        [line.place for line in lines if line.weekday == weekday] or [line.place for line in lines] or [""]
    )
    return sorted([*lines, WeekLine(weekday, place=places[-1])], key=lambda line: line.weekday)


def copied(lines: Sequence[WeekLine], weekday: int, onto: Iterable[int]) -> list[WeekLine]:
    """The lines with one day copied onto others."""
    targets = set(onto) - {weekday}
    kept = [line for line in lines if line.weekday not in targets]
    source = [line for line in lines if line.weekday == weekday and not line.is_empty]
    new = [replace(line, weekday=target, problem="") for target in sorted(targets) for line in source]
    return sorted([*kept, *new], key=lambda line: line.weekday)[:MOST_LINES]
