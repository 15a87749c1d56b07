"""What *Today* shows beside the visits: to the desk what waits and which gaps can be sold, to the owner five numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from clinic.accounts.models import User
from clinic.booking import coming
from clinic.booking import queries as booking
from clinic.booking.models import Appointment
from clinic.booking.queries import PeriodNumbers
from clinic.booking.waiting import matching
from clinic.booking.waiting.matching import RankedEntry
from clinic.language.reading import wall_time
from clinic.practice import queries as practice
from clinic.staff import tasks
from clinic.staff.calendar.gaps import CalendarGap, first_fit
from clinic.staff.calendar.pages import gaps_of_day
from clinic.tasks import queries as task_queries
from clinic.tasks.queries import OpenTask, TaskFilter

SHOWN: Final = 5
SOON: Final = timedelta(days=2)
"""How far ahead the desk sees who has not said that they come."""
WORTH_SELLING: Final = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class SaleableGap:
    """A gap of today, and how many people on the waiting list would come then."""

    gap: CalendarGap
    waiting: int

    @property
    def hours(self) -> str:
        """From when to when, by the clock of its place."""
        return f"{wall_time(self.gap.begins.time())} to {wall_time(self.gap.ends.time())}"


@dataclass(frozen=True, kw_only=True)
class DeskDay:
    """What the desk has to do today besides the visits."""

    tasks: Sequence[OpenTask]
    asked_for: Sequence[Appointment]
    """Requests that a therapist has not confirmed yet."""
    not_said: Sequence[Appointment]
    """Visits of the next two days whose client was asked and has not said that they come."""
    gaps: Sequence[SaleableGap]


def desk_day(on: date, *, reader: User, now: datetime) -> DeskDay:
    """The desk's day. A fixed number of statements; the caller commits."""
    gaps = [gap for gap in gaps_of_day(on, reader=reader, now=now) if gap.ends - gap.begins >= WORTH_SELLING]
    people = matching.in_order(now) if gaps else []
    gives = {one.id: {person.id for person in one.therapists} for one in practice.treatments()}
    found = task_queries.page(TaskFilter(), tasks.reader(reader, now)).tasks
    tasks.record_looks(found[:SHOWN], reader, now)
    return DeskDay(
        tasks=found[:SHOWN],
        asked_for=booking.asked_for(now, SHOWN),
        not_said=coming.not_said(now + SOON, SHOWN, now=now),
        gaps=[
            _saleable(gap, [one for one in people if gap.person.id in gives.get(one.treatment_id, ())])
            for gap in gaps
        ],
    )


def _saleable(gap: CalendarGap, people: Sequence[RankedEntry]) -> SaleableGap:
    waiting = {one.client_id for one in people if first_fit(gap, one) is not None}
    return SaleableGap(gap=gap, waiting=len(waiting))


@dataclass(frozen=True, kw_only=True)
class OwnerNumbers:
    """Yesterday and this week so far, each in five numbers."""

    yesterday: PeriodNumbers
    week: PeriodNumbers


def owner_numbers(today: date) -> OwnerNumbers:
    """The numbers by local days; the week begins on Monday and ends with today."""
    midnight = datetime.combine(today, time())
    monday = midnight - timedelta(days=today.weekday())
    yesterday, week = booking.numbers_of(
        (midnight - timedelta(days=1), midnight), (monday, midnight + timedelta(days=1))
    )
    return OwnerNumbers(yesterday=yesterday, week=week)
