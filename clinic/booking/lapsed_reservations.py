"""The end of reservations that nobody booked. It stands above the waiting list, whose offers refer to them."""

from datetime import datetime

import sqlalchemy as sa

from clinic.booking.models import Appointment, State
from clinic.booking.waiting.models import Offering
from clinic.db import db


def delete_lapsed(before: datetime) -> int:
    """Delete reservations that lapsed before an instant and never had a client; returns how many.

    One that kept a time for the waiting list stays as long as the offers of that time do.
    """
    gone = sa.delete(Appointment).where(
        Appointment.state == State.LAPSED,
        Appointment.client_id.is_(None),
        Appointment.changed_at < before,
        ~sa.exists().where(Offering.hold_id == Appointment.id),
    )
    return db.session.execute(gone).rowcount  # type: ignore[attr-defined, no-any-return]  # a DELETE gives a cursor
