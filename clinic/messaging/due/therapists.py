"""Letters to therapists: what waits for them."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from clinic.accounts.models import Role, User
from clinic.booking.models import Appointment
from clinic.messaging.due.shape import Row, Rules, never_owed, owed
from clinic.messaging.models import Kind, Message
from clinic.messaging.services import Owed
from clinic.plans.models import CheckIn, Review
from clinic.practice.models import Therapist

REVIEW_WORTH = timedelta(days=7)

LOOKS_AFTER = sa.and_(
    User.active,
    sa.or_(
        User.id == Therapist.user_id,
        sa.and_(Therapist.user_id.is_(None), User.role_names.contains([Role.THERAPIST.value])),
    ),
)
"""Who is told about a visit's client: its therapist, or all therapists when that one never signs in."""


def reviews_waiting(rules: Rules, now: datetime) -> list[Owed]:
    """A suggestion waits: told to the visit's therapist, or to all therapists when the visit has none who signs in."""

    def due_at(row: Row) -> datetime:
        zone = row.zone or next(iter(rules.zones), None)
        at: datetime = row.opened_at
        return rules.quiet(zone).after(at) if zone else at

    waiting = (
        sa.select(
            Review.id, Review.client_id, Review.opened_at, Appointment.zone, User.id.label("recipient_id")
        )
        .outerjoin(Appointment, Appointment.id == Review.appointment_id)
        .outerjoin(Therapist, Therapist.id == Appointment.therapist_id)
        .join(User, LOOKS_AFTER)
        .where(
            Review.decided_at.is_(None),
            Review.opened_at > now - REVIEW_WORTH,
            never_owed(Kind.REVIEW_WAITING, Review.id, Message.recipient_id == User.id),
        )
    )
    return owed(
        Kind.REVIEW_WAITING,
        waiting,
        now,
        occasion=lambda row: "first",
        due_at=due_at,
        expires_at=lambda row: row.opened_at + REVIEW_WORTH,
    )


def check_ins_answered(rules: Rules, now: datetime) -> list[Owed]:
    """An answer after a visit that a therapist should see: told like a review.

    The message names no client: that it exists says how somebody is, and the list of messages is open to the front desk.
    """
    waiting = (
        sa.select(CheckIn.id, CheckIn.answered_at, Appointment.zone, User.id.label("recipient_id"))
        .join(Appointment, Appointment.id == CheckIn.appointment_id)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .join(User, LOOKS_AFTER)
        .where(
            CheckIn.asks_for_therapist,
            CheckIn.seen_at.is_(None),
            CheckIn.answered_at > now - REVIEW_WORTH,
            never_owed(Kind.CHECK_IN_ANSWERED, CheckIn.id, Message.recipient_id == User.id),
        )
    )
    return owed(
        Kind.CHECK_IN_ANSWERED,
        waiting,
        now,
        occasion=lambda row: "first",
        due_at=lambda row: rules.quiet(row.zone).after(row.answered_at),
        expires_at=lambda row: row.answered_at + REVIEW_WORTH,
    )
