"""What a booking for a known client begins with: the treatment and the therapist of last time, where both can be had."""

from collections.abc import Sequence
from uuid import UUID

from clinic.booking.client_search import Caller
from clinic.booking.models import Appointment
from clinic.practice.models import Therapist, Treatment


def usual_treatment(
    sold: Sequence[Treatment],
    *,
    known: Caller | None = None,
    therapist_id: UUID | None = None,
    minutes: int | None = None,
) -> Treatment | None:
    """The treatment of a client's last visit, or of the next if there was none; else the first on offer.

    Only what the therapist gives; None if that is nothing. With `minutes`, the same treatment of that length is preferred.
    """
    given = [
        one for one in sold if therapist_id is None or therapist_id in {who.id for who in one.therapists}
    ]
    before = {visit.treatment_id for visit in _visits(known)[:1]}
    usual = next((one for one in given if one.id in before), None)
    lasting = [one for one in given if one.length_minutes == minutes]
    if usual is None:
        return next(iter(lasting), next(iter(given), None))
    return next((one for one in lasting if one.name == usual.name), usual)


def usual_therapist(known: Caller, treatment: Treatment) -> Therapist | None:
    """Who gave a client's last visit, if they give this treatment and still work here."""
    before = {visit.therapist_id for visit in _visits(known)[:1]}
    return next((one for one in treatment.therapists if one.id in before and one.left_on is None), None)


def _visits(known: Caller | None) -> list[Appointment]:
    return [visit for visit in (known.last, known.next) if visit is not None] if known is not None else []
