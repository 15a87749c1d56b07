"""The rota as rows: local dates and local times, without zones or conversions."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Generic

from clinic.scheduling.grid import Key

MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Days:
    """The local days from `first_on` up to, not including, `until_on`; at least one. Raises ValueError otherwise."""

    first_on: date
    until_on: date

    def __post_init__(self) -> None:
        if self.first_on >= self.until_on:
            raise ValueError("a range of days holds at least one day")

    def __contains__(self, day: date) -> bool:
        return self.first_on <= day < self.until_on


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaWeeklyHours(Generic[Key]):
    """Every week on `weekday` (0 is Monday) the therapist works at the location from `opens` until `closes`.

    Local wall times; `closes` is not included, and midnight as `closes` is the end of the day. The rule holds on
    days from `valid_from` up to, not including, `valid_until`; None leaves that side without a limit.
    Raises ValueError when it would close before it opens, or on an eighth day of the week.
    """

    therapist: Key
    location: Key
    weekday: int
    opens: time
    closes: time
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError("weekdays run from 0, Monday, to 6, Sunday")
        _check_order(self.opens, self.closes)

    def holds_on(self, on: date) -> bool:
        """Whether the rule speaks of this day."""
        return on.weekday() == self.weekday and self.in_force_on(on)

    def in_force_on(self, on: date) -> bool:
        """Whether the rule is valid on this day, whatever its weekday."""
        begun = self.valid_from is None or self.valid_from <= on
        return begun and (self.valid_until is None or on < self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaSpecialDay(Generic[Key]):
    """On one local day these hours replace the therapist's weekly ones at this location; no hours means not there.

    `hours` are (opens, closes) wall times under the rules of `WeeklyHours`. Several special days for one date add up.
    """

    therapist: Key
    location: Key
    on: date
    hours: tuple[tuple[time, time], ...]

    def __post_init__(self) -> None:
        for opens, closes in self.hours:
            _check_order(opens, closes)


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaTimeOff(Generic[Key]):
    """The therapist is away from one local wall time until, not including, another, on the clock of each location."""

    therapist: Key
    away_from: datetime
    away_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaClosure(Generic[Key]):
    """The location is closed from one local wall time until, not including, another."""

    location: Key
    closed_from: datetime
    closed_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota(Generic[Key]):
    """The rules that say when therapists work: rows as they stand in the database, in any order."""

    weekly: tuple[RotaWeeklyHours[Key], ...] = ()
    special: tuple[RotaSpecialDay[Key], ...] = ()
    time_off: tuple[RotaTimeOff[Key], ...] = ()
    closures: tuple[RotaClosure[Key], ...] = ()


def _check_order(opens: time, closes: time) -> None:
    if closes != MIDNIGHT and opens >= closes:
        raise ValueError("hours open before they close")
