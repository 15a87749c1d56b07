"""Treatments that are not offered to a client, because a therapist decided on their answers and these do not suit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from clinic.booking import suitability
from clinic.booking.suitability import Mismatch
from clinic.intake import queries as intake
from clinic.language import N_
from clinic.plans import queries as plans
from clinic.practice import queries as practice
from clinic.practice.models import Treatment

WHY: Final = {
    Mismatch.LEFT_OUT: N_("Left out for your safety, after a therapist looked at your answers."),
    Mismatch.TOO_LONG: N_("Longer than the sessions that a therapist planned with you."),
    Mismatch.NOT_TRAINED: N_("Nobody here who gives it has the training that your answers call for."),
}


def why_missing(sold: Sequence[Treatment], client_id: UUID | None, now: datetime) -> dict[UUID, str]:
    """Why treatments are not offered to a signed-in client, by id. Before a therapist has decided, they may ask for all."""
    review = plans.newest_review(client_id) if client_id is not None else None
    if client_id is None or review is None or review.decided_at is None:
        return {}
    zone = practice.practice_zone(now.date())
    standing = intake.safety_standing(browser=None, client_id=client_id, now=now, zone=zone)
    return {id_: WHY[mismatch] for id_, mismatch in suitability.unsuitable(sold, standing, client_id).items()}
