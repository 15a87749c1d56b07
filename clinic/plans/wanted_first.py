"""What a therapist wants before a visit, as far as the client is to be told: a call, or a doctor's word."""

from enum import StrEnum

import sqlalchemy as sa

from clinic.booking.models import Appointment
from clinic.db import db
from clinic.plans.models import DeclineReason, Review


class WantedFirst(StrEnum):
    """What is wanted first."""

    CALL = "call"
    DOCTOR = "doctor"


def wanted_first(visit: Appointment) -> WantedFirst | None:
    """What the client of this visit is told about; None if nothing is wanted, or the therapist did not want it told."""
    review = db.session.scalars(
        sa.select(Review)
        .where(Review.appointment_id == visit.id, Review.tells_client)
        .order_by(Review.id.desc())
        .limit(1)
    ).first()
    if review is None:
        return None
    if review.decided_at is None:
        return WantedFirst.CALL
    return WantedFirst.DOCTOR if review.reason_kind == DeclineReason.DOCTOR_FIRST else None
