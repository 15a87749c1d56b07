"""A therapist's public page and its QR code; and a location's page: the address, the ways to it, photos.

A therapist has a page only if they chose to. Both pages work for anybody, say nothing about any client, and may be shared.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template

from clinic import clock, language
from clinic.booking import barring
from clinic.booking.search_criteria import SearchCriteria
from clinic.practice import opening_hours, own_texts, photos, profiles
from clinic.practice import queries as practice
from clinic.practice.models import IntakeRule, Location, Therapist, Treatment
from clinic.practice.supply import supply_of
from clinic.public import opening_times, structured_data
from clinic.public.menu import items
from clinic.refusal import NotFound
from clinic.scheduling import hours
from clinic.scheduling.hours import Days
from clinic.web import slot_picker
from clinic.web.access import anyone, audience
from clinic.web.compression import compressed
from clinic.web.sharing import qr_svg, therapist_url
from clinic.web.signed_in_client import signed_in_client_id
from clinic.web.slot_picker import SlotChoice, SlotTime

blueprint = Blueprint("people", __name__)

SHOWN_TIMES = 4
LOOK_AHEAD = hours.ONE_DAY * 28


@dataclass(frozen=True)
class NextTimes:
    """The next free times of one treatment with one therapist, at one location."""

    treatment: Treatment
    location: Location
    times: list[SlotTime]


@blueprint.get("/therapists/<slug>")
@audience(anyone)
@compressed
def therapist(slug: str) -> str:
    """What a therapist says about themself, what they give, and their next free times. Raises NotFound."""
    now = clock.now()
    present = practice.the_practice()
    person = profiles.therapist_with_page(slug, opening_hours.today(now))
    given = [each for each in practice.treatments() if person in each.therapists]
    place = practice.usual_place([person], now.date())
    portrait = photos.portrait(person.id)
    profile = profiles.profile_of(person)
    return render_template(
        "public/therapist.html",
        person=person,
        profile=profile,
        likes=profiles.in_language(person, "likes", language.current()),
        training=profiles.in_language(person, "training", language.current()),
        spoken_languages=profiles.words(own_texts.said(profile, "languages")),
        portrait=portrait,
        picture=structured_data.photo_url(portrait) if portrait else None,
        page_kind="profile",
        structured=structured_data.graph(structured_data.person(present, person, portrait)),
        treatments=given,
        items=items(given),
        where=place,
        weekdays=opening_times.day_names(practice.weekdays_of([person], now.date())),
        next_times=(times := _next_times(person, given, place, now)),
        asks_first=times is not None and times.treatment.intake == IntakeRule.BEFORE_BOOKING,
        address=therapist_url(person),
    )


@blueprint.get("/therapists/<slug>/qr.svg")
@audience(anyone)
@compressed
def qr_code(slug: str) -> Response:
    """The address of a therapist's page as a QR code, dark on white, with four modules of margin. Raises NotFound."""
    person = profiles.therapist_with_page(slug, opening_hours.today(clock.now()))
    return Response(qr_svg(therapist_url(person)), mimetype="image/svg+xml")


@blueprint.get("/locations/<slug>")
@audience(anyone)
@compressed
def location(slug: str) -> str:
    """Where a location is, how to get there, when somebody is there, and what it looks like. Raises NotFound."""
    now = clock.now()
    present = practice.the_practice()
    here = next((place for place in practice.locations(now.date()) if place.slug == slug), None)
    if here is None:
        raise NotFound
    pictures = photos.of_location(here.id)
    return render_template(
        "public/location.html",
        picture=structured_data.photo_url(pictures[0]) if pictures else None,
        structured=structured_data.graph(structured_data.business(present, here, now, pictures)),
        where=here,
        hours=opening_times.rows_of(here, now),
        photos=pictures,
        maps=map_links(here),
        people=[each for each in practice.therapists_at(here, now.date()) if profiles.has_page(each)],
    )


def map_links(place: Location) -> list[tuple[str, str]]:
    """Names of map services with their URLs for a location's address; the page itself asks none of them."""
    address = place.address
    return [
        ("OpenStreetMap", f"https://www.openstreetmap.org/search?{urlencode({'query': address})}"),
        ("Apple Maps", f"https://maps.apple.com/?{urlencode({'q': address})}"),
        (
            "Google Maps",
            f"https://www.google.com/maps/search/?{urlencode({'api': 1, 'query': address})}",
        ),
        ("", f"geo:0,0?q={quote(address)}"),
    ]


def _next_times(
    person: Therapist, given: list[Treatment], place: Location | None, now: datetime
) -> NextTimes | None:
    """The next times of the treatment that stands first; None if nothing can be booked online or is free."""
    present = practice.find_practice()
    if present is None or not present.is_open or not given or place is None:
        return None
    today = hours.local_day(now, ZoneInfo(place.zone))
    choice = SlotChoice(
        supply=barring.shown_to(supply_of(given[0].id), signed_in_client_id()),
        search=SearchCriteria(given[0].id, therapist_id=person.id, location_id=place.id),
        location=place,
        therapists={person.id: person},
    )
    times = slot_picker.first_of_days(choice, Days(today, today + LOOK_AHEAD), now, SHOWN_TIMES)
    return NextTimes(given[0], place, times)
