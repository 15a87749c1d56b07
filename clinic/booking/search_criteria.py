"""What a client can search free times by: a treatment, perhaps with one therapist or at one location."""

from dataclasses import dataclass
from uuid import UUID

from clinic.practice.supply import Supply
from clinic.refusal import NotFound


@dataclass(frozen=True)
class SearchCriteria:
    """What to search for: a treatment, perhaps with one therapist or at one location.

    `own_therapist` is preferred, never required. `moving` are appointments that are about to move: their present times
    count as free.
    """

    treatment_id: UUID
    therapist_id: UUID | None = None
    location_id: UUID | None = None
    own_therapist: UUID | None = None
    moving: tuple[UUID, ...] = ()


ANYBODY = "any"


def from_slugs(supply: Supply, therapist: str = ANYBODY, location: str | None = None) -> SearchCriteria:
    """Search criteria for a supply, from slugs.

    Raises NotFound for a therapist who does not give the treatment, and for an unknown location.
    """
    people = {slug: id_ for id_, slug in supply.therapist_slugs.items()}
    places = {site.slug: site.location_id for site in supply.sites}
    if therapist != ANYBODY and therapist not in people:
        raise NotFound("No such therapist gives this treatment.")
    if location is not None and location not in places:
        raise NotFound("There is no such location.")
    return SearchCriteria(
        supply.treatment_id,
        therapist_id=people.get(therapist),
        location_id=None if location is None else places[location],
    )
