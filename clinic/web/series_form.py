"""The sessions on the pages of a series: available times, choices, and reading both back from a form.

A page sends back what it showed. Anything that no page sends gives NotFound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request

from clinic.booking.models import Appointment
from clinic.booking.series.new_series import WEEK, Lost, NoSeries, Proposal, Rhythm, Slot
from clinic.booking.series.series_changes import SeriesShift
from clinic.practice.models import Therapist
from clinic.refusal import Refusal
from clinic.scheduling import hours
from clinic.web import time_values


@dataclass(frozen=True, kw_only=True)
class SessionRow:
    """One session on the page: the wanted time, and the choices; `chosen` is the value of the choice."""

    proposal: Proposal
    slots: Sequence[tuple[str, Slot, str]]
    """(value, slot, given name of the therapist): the wished time, or the alternatives."""
    chosen: str
    lost: bool = False
    member: Appointment | None = None
    alone: bool = False
    """Moved by itself before, so it stays unless chosen."""


def next_start(after: Appointment, every_weeks: int, now: datetime) -> datetime:
    """The local time at which sessions go on from a visit: in its rhythm, the first that is still to come."""
    first, here = after.wall_start, hours.wall(now, ZoneInfo(after.zone))
    while first <= max(here, after.wall_start):
        first += every_weeks * WEEK
    return first


def row(proposal: Proposal, people: Mapping[UUID, Therapist]) -> SessionRow:
    """One session as first shown: the wanted time is chosen if it is free."""
    found = (proposal.slot,) if proposal.slot else proposal.alternatives
    slots = [(value(one), one, people[one.therapist_id].given_name) for one in found]
    return SessionRow(proposal=proposal, slots=slots, chosen=slots[0][0] if proposal.slot else "")


def rebuilt_rows(
    proposals: Sequence[Proposal],
    people: Mapping[UUID, Therapist],
    picked: Mapping[int, str],
    refusal: Refusal | None,
) -> list[SessionRow]:
    """The rows with what is available now, the choices that are still valid, and a mark where one was lost."""
    lost = refusal.starts if isinstance(refusal, Lost) else frozenset()
    rows = []
    for fresh in (row(one, people) for one in proposals):
        wanted = picked.get(fresh.proposal.number, "")
        stands = wanted in {value for value, _, _ in fresh.slots}
        gone = bool(wanted) and slot(wanted).starts_at in lost
        rows.append(
            SessionRow(
                proposal=fresh.proposal,
                slots=fresh.slots,
                chosen=wanted if stands and not gone else "",
                lost=gone or (bool(wanted) and not stands),
            )
        )
    return rows


def chosen(most: int) -> dict[int, str]:
    """Each session's choice, by its number; raises NotFound for anything that no page sends."""
    found = {number: request.form.get(f"session-{number}", "") for number in range(1, most + 1)}
    picked = {number: value for number, value in found.items() if value}
    for value in picked.values():
        time_values.read_value(value)
    return picked


def rhythm() -> Rhythm:
    """The requested times of a series, from the URL; raises NoSeries."""
    asked = request.args
    try:
        first = datetime.combine(
            time_values.day(asked.get("on", "")), time_values.time_of_day(asked.get("at", ""))
        )
        return Rhythm(first=first, every_weeks=int(asked.get("every", "")), count=int(asked.get("count", "")))
    except ValueError:
        raise NoSeries("Enter a first day, a time of day, how often and how many.") from None


def shift() -> SeriesShift:
    """Where sessions move, from the URL; raises NoSeries."""
    asked = request.args
    try:
        return SeriesShift(
            weekday=int(asked.get("weekday", "")),
            at=time_values.time_of_day(asked.get("at", "")),
            weeks_later=int(asked.get("weeks", "")),
        )
    except ValueError:
        raise NoSeries("Choose a day of the week, a time, and at most eight weeks.") from None


def value(of: Slot) -> str:
    """A slot as a form sends it back."""
    return time_values.value(of.starts_at, of.therapist_id)


def slot(sent: str) -> Slot:
    """The slot a form sent back; raises NotFound for anything `value` does not give."""
    starts_at, therapist_id = time_values.read_value(sent)
    return Slot(starts_at=starts_at, therapist_id=therapist_id)
