"""The public home page: what the practice offers, who works there, where and when; and its privacy page."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Blueprint, render_template

from clinic import clock
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db
from clinic.language import gettext
from clinic.language.reading import weekday_name
from clinic.practice import queries as practice
from clinic.practice.models import Location, Therapist, Treatment, WeeklyHours
from clinic.practice.supply import supply_of
from clinic.scheduling import hours
from clinic.scheduling.hours import Days
from clinic.web import slot_picker
from clinic.web.access import anyone, audience
from clinic.web.slot_picker import SlotChoice, SlotTime

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True)
class OpeningTimes:
    """A location with its staffed hours, as rows of (days, hours)."""

    location: Location
    hours: list[tuple[str, str]]


@dataclass(frozen=True)
class NextFree:
    """The first time of the first treatment that can be booked."""

    treatment: Treatment
    time: SlotTime
    location: Location


@blueprint.get("/")
@audience(anyone)
def home() -> str:
    """Treatments with prices, therapists with licences, where and when, and the two ways to begin.

    Owners may enter treatments and hours before they describe the practice; until then nothing is shown as bookable.
    """
    now = clock.now()
    sold = practice.treatments() if practice.find_practice() else []
    people = practice.therapists(now.date())
    return render_template(
        "public/home.html",
        treatments=sold,
        therapists=people,
        houses=_houses(now),
        next_free=_next_free(sold, people, now) if _is_open() else None,
    )


@blueprint.get("/privacy")
@audience(anyone)
def privacy() -> str:
    """Who sees what, how long it stays, and how to have it corrected or deleted."""
    return render_template("public/privacy.html")


@blueprint.get("/accessibility")
@audience(anyone)
def accessibility() -> str:
    """The accessibility statement, and whom to tell about problems."""
    return render_template("public/accessibility.html")


def _is_open() -> bool:
    present = practice.find_practice()
    return present is not None and present.is_open


def _next_free(sold: list[Treatment], people: list[Therapist], now: datetime) -> NextFree | None:
    """The first free time of the first treatment within a week: one query, not one for each treatment."""
    place = practice.usual_place(sold[0], now.date()) if sold else None
    if place is None:
        return None
    today = hours.local_day(now, ZoneInfo(place.zone))
    choice = SlotChoice(
        supply=supply_of(sold[0].id),
        search=SearchCriteria(sold[0].id, location_id=place.id),
        location=place,
        therapists={person.id: person for person in people},
    )
    first = slot_picker.first_time(choice, Days(today, today + hours.ONE_DAY * 7), now)
    return NextFree(sold[0], first, place) if first else None


def _houses(now: datetime) -> list[OpeningTimes]:
    found = []
    for location in practice.locations(now.date()):
        today = hours.local_day(now, ZoneInfo(location.zone))
        rows = db.session.scalars(
            sa.select(WeeklyHours).where(
                WeeklyHours.location_id == location.id,
                WeeklyHours.valid_from <= today,
                sa.or_(WeeklyHours.valid_until.is_(None), WeeklyHours.valid_until > today),
            )
        )
        found.append(OpeningTimes(location, _opening(rows)))
    return found


def _opening(rows: Iterable[WeeklyHours]) -> list[tuple[str, str]]:
    """When anybody is there, from the first opening to the last closing, with equal consecutive days joined."""
    spans: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        spans[row.weekday] += [row.from_minute, row.until_minute]
    by_day = [
        (_from_to(_clock(min(spans[day])), _clock(max(spans[day]))) if day in spans else gettext("Closed"))
        for day in range(7)
    ]
    found: list[tuple[str, str]] = []
    first = 0
    for day in range(1, 8):
        if day == 7 or by_day[day] != by_day[first]:
            found.append((_names(first, day - 1), by_day[first]))
            first = day
    return found


def _from_to(start: str, end: str) -> str:
    return gettext("%(start)s to %(end)s") % {"start": start, "end": end}


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _names(first: int, last: int) -> str:
    if first == last:
        return weekday_name(first)
    return gettext("%(first)s to %(last)s") % {"first": weekday_name(first), "last": weekday_name(last)}
