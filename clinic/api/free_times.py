"""When a treatment can begin: the call that API callers and the slot picker make most.

The answer is cached with what it depends on (`availability_cache`). Only if that has changed does a request reach this
module, which reads the rota and the calendars and computes the times again.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from flask import Response, current_app, request

from clinic import clock
from clinic.api import request_parsing
from clinic.api.availability_cache import KEPT, READ, KeptAnswer
from clinic.api.blueprint import blueprint
from clinic.booking import availability, online_booking, search_criteria
from clinic.scheduling.hours import Days
from clinic.web.access import anyone, audience

PARAMETERS = ("treatment", "therapist", "location", "from", "to")


@dataclass(frozen=True, slots=True)
class FreeTimesQuery:
    """A query's parameters."""

    treatment: str
    therapist: str
    location: str | None
    days: Days


@blueprint.get("/availability")
@audience(anyone)
def free_times() -> Response:
    """The free starts of a treatment on local days, by location and day."""
    answer = _answer(_asked(), clock.now())
    current_app.extensions[KEPT].put(request.environ.get("QUERY_STRING", ""), answer)
    if request.if_none_match.contains_weak(answer.etag):
        return Response(status=304, headers=answer.headers)
    return Response(answer.body, mimetype="application/json", headers=answer.headers)


def _answer(asked: FreeTimesQuery, now: datetime) -> KeptAnswer:
    """A new answer. Raises Unbookable, NotFound and BookingClosed."""
    read = request.environ.get(READ) or availability.basis(asked.treatment, now, None)
    if isinstance(read, Exception):
        raise read
    basis, supply = read
    online_booking.require_open(supply.rules)
    with availability.without_transaction():
        criteria = search_criteria.from_slugs(supply, asked.therapist, asked.location)
        found = availability.find_offers(supply, criteria, asked.days, now, ranked=False)
    return KeptAnswer.of(asked.treatment, basis, supply, _written(asked, found))


def _asked() -> FreeTimesQuery:
    given = request_parsing.query(PARAMETERS)
    location = given.get("location")
    return FreeTimesQuery(
        treatment=request_parsing.name(given.get("treatment", "")),
        therapist=request_parsing.name(given.get("therapist", search_criteria.ANYBODY)),
        location=None if location is None else request_parsing.name(location),
        days=request_parsing.days(given),
    )


def _written(asked: FreeTimesQuery, found: availability.AvailabilityAnswer) -> bytes:
    sites = {site.location_id: site for site in found.supply.sites}
    places = [place.location for place in found.offers.question.places]
    content = {
        "treatment": asked.treatment,
        "therapist": asked.therapist,
        "from": asked.days.first_on.isoformat(),
        "to": asked.days.until_on.isoformat(),
        "locations": [
            {
                "location": sites[place].slug,
                "zone": sites[place].zone.key,
                "days": {on.isoformat(): times for on, times in found.offers.wall_times(place).items()},
            }
            for place in places
        ],
    }
    return json.dumps(content, separators=(",", ":")).encode()
