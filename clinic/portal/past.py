"""A signed-in client's past visits: what became of each, its tips while they can be read, and the way to book it again."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from clinic.accounts import signed_links
from clinic.booking import past_visits
from clinic.booking.models import Appointment, State
from clinic.language import N_
from clinic.scheduling import hours

ON_A_PAGE = 20
LAST_PAGE = 500

WORDS: dict[State, str] = {
    State.ARRIVED: N_("Took place"),
    State.DONE: N_("Took place"),
    State.MISSED: N_("Missed"),
    State.CANCELLED: N_("Cancelled"),
    State.DECLINED: N_("Not confirmed"),
    State.REQUESTED: N_("Not confirmed"),
    # Nobody has recorded yet whether it took place.
    State.BOOKED: N_("Was booked"),
}
"""How a past visit ended. Reasons for cancelling or declining are not shown."""


@dataclass(frozen=True, kw_only=True)
class PastVisit:
    """A visit, how it ended, and the URLs of its tips and its treatment's times, if any."""

    visit: Appointment
    words: str
    took_place: bool
    tips: str | None
    again: str | None


@dataclass(frozen=True, kw_only=True)
class PastVisitsPage:
    """One page of past visits, newest first; `number` 1 is the newest page."""

    visits: list[PastVisit]
    number: int
    has_older: bool


def page(client_id: UUID, number: int, now: datetime, *, size: int = ON_A_PAGE) -> PastVisitsPage:
    """One page of a client's past visits; an invalid number gives the nearest page."""
    number = min(max(number, 1), LAST_PAGE)
    # Read one more than is shown, to know whether there are older ones.
    found = past_visits.past(client_id, now, skip=(number - 1) * size, limit=size + 1)
    return PastVisitsPage(
        visits=[_shown(visit, now) for visit in found[:size]],
        number=number,
        has_older=len(found) > size,
    )


def _shown(visit: Appointment, now: datetime) -> PastVisit:
    return PastVisit(
        visit=visit,
        words=WORDS[State(visit.state)],
        took_place=past_visits.took_place(visit),
        tips=signed_links.aftercare_path(visit.id, visit.link_epoch)
        if past_visits.keeps_tips(visit, now)
        else None,
        again=_again(visit, hours.local_day(now, ZoneInfo(visit.zone))),
    )


def _again(visit: Appointment, today: date) -> str | None:
    """The times of the same treatment, with the same therapist and location if they are still there."""
    sold, person, place = visit.treatment, visit.therapist, visit.location
    if sold.retired_at is not None:
        return None
    gives_it = person in sold.therapists and (person.left_on is None or person.left_on > today)
    is_open = place.closed_on is None or place.closed_on > today
    return url_for(
        "booking.choose",
        slug=sold.slug,
        therapist=person.slug if gives_it else None,
        location=place.slug if is_open else None,
    )
