"""What was chosen so far in a booking for a caller, as the URL holds it: ids and slugs, no personal text.

Nothing in a URL is trusted: a name that does not exist raises NotFound.
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
from clinic.booking.models import Appointment
from clinic.booking.placing import require_length
from clinic.booking.search_criteria import SearchCriteria
from clinic.practice import queries as practice
from clinic.practice.models import Location, Therapist, Treatment
from clinic.practice.supply import Supply
from clinic.refusal import NotFound
from clinic.web import time_values
from clinic.web.slot_picker import SlotChoice

CARRIED = ("client", "treatment", "therapist", "location", "day", "start", "minutes")
"""What a URL of these pages may contain; no personal text."""


@dataclass(frozen=True, kw_only=True)
class BookingChoices:
    """What was chosen so far."""

    treatment: Treatment
    location: Location
    therapist: Therapist | None
    client: Client | None

    def slots(
        self, supply: Supply, therapist: Therapist | None, left_out: frozenset[UUID] = frozenset()
    ) -> SlotChoice:
        """What the slot picker shows of a supply, of one therapist or of all who give the treatment but those left out."""
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
            left_out=left_out,
            is_past_horizon_shown=True,
            is_every_time_shown=True,
        )


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The time somebody is about to be booked for."""

    starts_at: datetime
    therapist: Therapist


Named = TypeVar("Named", Therapist, Location, Treatment)


def named(among: Sequence[Named], slug: str | None) -> Named | None:
    """The one with this slug; raises NotFound if there is none."""
    if not slug:
        return None
    found = next((each for each in among if each.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def choice() -> BookingChoices:
    """The URL's choices; by default the first treatment that can be given, at its usual location, with anybody."""
    treatments = practice.treatments()
    places = practice.locations(clock.now().date())
    person = client(request.args.get("client"))
    treatment = named(treatments, request.args.get("treatment")) or _first_given(treatments)
    if treatment is None or not places:
        raise NotFound("Nothing can be booked here yet: there is no treatment or no place.")
    therapist = named(practice.therapists(clock.now().date()), request.args.get("therapist"))
    if therapist is not None and therapist not in treatment.therapists:
        therapist = None
    location = named(places, request.args.get("location")) or practice.usual_place(
        treatment.therapists, clock.now().date()
    )
    return BookingChoices(
        treatment=treatment, location=location or places[0], therapist=therapist, client=person
    )


def _first_given(treatments: Sequence[Treatment]) -> Treatment | None:
    """The first treatment that whoever stands in the URL's start gives; without a start the first of all."""
    if not request.args.get("start"):
        return next(iter(treatments), None)
    _, therapist_id = time_values.read_value(request.args["start"])
    given = (one for one in treatments if any(who.id == therapist_id for who in one.therapists))
    return next(given, next(iter(treatments), None))


def client(text: str | None) -> Client | None:
    """The client with this id; raises NotFound if there is none to book for."""
    if not text:
        return None
    try:
        return client_search.client(UUID(text))
    except ValueError:
        raise NotFound from None


def moment() -> Moment:
    """The start and the therapist in the URL; raises NotFound."""
    starts_at, therapist_id = time_values.read_value(request.args.get("start", ""))
    therapist = next((one for one in practice.therapists(date.min) if one.id == therapist_id), None)
    if therapist is None:
        raise NotFound
    return Moment(starts_at=starts_at, therapist=therapist)


def minutes() -> int | None:
    """Another length than is usual, in minutes, as the URL or a form of these pages names it. Raises NoSuchLength."""
    sent = request.values.get("minutes", "").strip()
    if not sent:
        return None
    return require_length(int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 6 else 0)


def carried_choices(without: str = "") -> dict[str, str]:
    """The URL's choices that the next URL keeps, except one that its form asks again."""
    return {name: request.args[name] for name in CARRIED if request.args.get(name) and name != without}


def sent_treatment() -> dict[str, str]:
    """The treatment that a form chose beside the name that it asks for; raises NotFound for one that is not on offer."""
    found = (
        named(practice.treatments(), request.form.get("treatment")) if request.form.get("treatment") else None
    )
    return {"treatment": found.slug} if found is not None else {}


def address(endpoint: str, **changed: Any) -> str:
    """A URL of these pages with everything chosen so far and these changes; None removes a choice."""
    return url_for(endpoint, **{**carried_choices(), **changed})


def book_again_address(visit: Appointment) -> str:
    """The URL for booking the same visit again; what is no longer offered is left open."""
    sold, therapist = visit.treatment, visit.therapist
    return url_for(
        "staff.book_for",
        client=visit.client_id,
        treatment=sold.slug if sold.retired_at is None else None,
        therapist=therapist.slug if therapist.left_on is None else None,
        location=visit.location.slug if visit.location.closed_on is None else None,
    )
