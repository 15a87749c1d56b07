"""What was chosen so far on the way to a booking for a caller, as an address holds it: ids and slugs, nobody's own words.

Nothing of an address is trusted: what it names and does not exist is not found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from flask import request, url_for

from clinic import clock
from clinic.accounts.models import Client
from clinic.booking import client_search
from clinic.booking.availability import SearchCriteria
from clinic.booking.models import Appointment
from clinic.practice import queries as practice
from clinic.practice.models import Location, Therapist, Treatment
from clinic.practice.supply import Supply
from clinic.refusal import NotFound
from clinic.web import time_values
from clinic.web.slot_picker import SlotChoice

CARRIED = ("client", "treatment", "therapist", "location", "day", "start")
"""What an address of these pages may hold; nothing of it is a person's own words."""


@dataclass(frozen=True, kw_only=True)
class BookingChoices:
    """What was chosen so far."""

    treatment: Treatment
    location: Location
    therapist: Therapist | None
    client: Client | None

    def slots(self, supply: Supply, therapist: Therapist | None) -> SlotChoice:
        """What the slot picker shows of a supply, of one therapist or of all who give the treatment."""
        return SlotChoice(
            supply=supply,
            search=SearchCriteria(
                self.treatment.id,
                therapist_id=therapist.id if therapist else None,
                location_id=self.location.id,
            ),
            location=self.location,
            therapists={one.id: one for one in self.treatment.therapists},
            day=time_values.read_day(request.args.get("day")),
            start=time_values.read_day(request.args.get("from")),
            is_past_horizon_shown=True,
        )


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The time somebody is about to be booked for."""

    starts_at: datetime
    therapist: Therapist


Named = TypeVar("Named", Therapist, Location, Treatment)


def named(among: Sequence[Named], slug: str | None) -> Named | None:
    """The one whose address part this is; raises NotFound when there is none."""
    if not slug:
        return None
    found = next((each for each in among if each.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def choice() -> BookingChoices:
    """What the address names; where it names nothing, the first treatment at its usual place, by anybody."""
    treatments = practice.treatments()
    places = practice.locations(clock.now().date())
    person = client(request.args.get("client"))
    treatment = named(treatments, request.args.get("treatment")) or next(iter(treatments), None)
    if treatment is None or not places:
        raise NotFound("Nothing can be booked here yet: there is no treatment or no place.")
    therapist = named(practice.therapists(clock.now().date()), request.args.get("therapist"))
    if therapist is not None and therapist not in treatment.therapists:
        therapist = None
    location = named(places, request.args.get("location")) or practice.usual_place(
        treatment, clock.now().date()
    )
    return BookingChoices(
        treatment=treatment, location=location or places[0], therapist=therapist, client=person
    )


def client(text: str | None) -> Client | None:
    """The client of this id; raises NotFound when there is none to book for."""
    if not text:
        return None
    try:
        return client_search.client(UUID(text))
    except ValueError:
        raise NotFound from None


def moment() -> Moment:
    """The start and the therapist the address names; raises NotFound."""
    starts_at, therapist_id = time_values.read_value(request.args.get("start", ""))
    therapist = next((one for one in practice.therapists(date.min) if one.id == therapist_id), None)
    if therapist is None:
        raise NotFound
    return Moment(starts_at=starts_at, therapist=therapist)


def carried_choices(besides: str = "") -> dict[str, str]:
    """The parts of this address that the next one takes along, besides one that its form asks anew."""
    return {name: request.args[name] for name in CARRIED if request.args.get(name) and name != besides}


def address(endpoint: str, **changed: Any) -> str:
    """An address of these pages with everything chosen so far, and this instead; None leaves a thing out."""
    return url_for(endpoint, **{**carried_choices(), **changed})


def book_again_address(visit: Appointment) -> str:
    """Where the same client is booked the same visit once more; what is no longer sold is left open."""
    sold, therapist = visit.treatment, visit.therapist
    return url_for(
        "staff.book_for",
        client=visit.client_id,
        treatment=sold.slug if sold.retired_at is None else None,
        therapist=therapist.slug if therapist.left_on is None else None,
        location=visit.location.slug if visit.location.closed_on is None else None,
    )
