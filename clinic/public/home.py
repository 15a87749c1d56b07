"""The public home page: what the practice offers, who works there, where and when."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template

from clinic import clock
from clinic.booking.search_criteria import SearchCriteria
from clinic.practice import photos, profiles
from clinic.practice import queries as practice
from clinic.practice.models import Location, Therapist, Treatment
from clinic.practice.supply import supply_of
from clinic.public import opening_times, question_time, structured_data
from clinic.public.menu import menu
from clinic.scheduling import hours
from clinic.scheduling.hours import Days
from clinic.web import slot_picker
from clinic.web.access import anyone, audience
from clinic.web.compression import compressed
from clinic.web.slot_picker import SlotChoice, SlotTime

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True)
class NextFree:
    """The first time of the first treatment that can be booked."""

    treatment: Treatment
    time: SlotTime
    location: Location


@blueprint.get("/")
@audience(anyone)
@compressed
def home() -> str:
    """Treatments with prices, therapists with licences, where and when, and the two ways to begin.

    Owners may enter treatments and hours before they describe the practice; until then nothing is shown as bookable.
    """
    now = clock.now()
    sold = practice.treatments() if practice.find_practice() else []
    people = practice.therapists(now.date())
    present, places = practice.find_practice(), practice.locations(now.date())
    pictures = photos.of_location(places[0].id) if places else []
    return render_template(
        "public/home.html",
        picture=structured_data.photo_url(pictures[0]) if pictures else None,
        structured=structured_data.graph(
            *(structured_data.business(present, place, now) for place in places if present)
        ),
        menu=menu(sold),
        therapists=people,
        has_page=profiles.has_page,
        portraits=photos.portraits(people),
        houses=opening_times.of_locations(now),
        next_free=_next_free(sold, people, now) if _is_open() else None,
    )


@blueprint.app_context_processor
def minutes_of_questions() -> dict[str, object]:
    """How long the health questions take, for every page that leads to them."""
    return {"question_minutes": question_time.MINUTES}


def _is_open() -> bool:
    present = practice.find_practice()
    return present is not None and present.is_open


def _next_free(sold: list[Treatment], people: list[Therapist], now: datetime) -> NextFree | None:
    """The first free time of the first treatment within a week: one query, not one for each treatment."""
    place = practice.usual_place(sold[0].therapists, now.date()) if sold else None
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
