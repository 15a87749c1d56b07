"""The end of reservations that nobody booked. It stands above the waiting list, whose offers refer to them."""

from datetime import datetime

import sqlalchemy as sa

from clinic.booking.models import Appointment, State
from clinic.booking.waiting.models import Offering
from clinic.db import RowsToDelete


def old_reservations(before: datetime) -> RowsToDelete:
    """Reservations that lapsed before an instant and never had a client.

    One that kept a time for the waiting list stays as long as the offers of that time do.
    """
    return RowsToDelete(
        Appointment,
        sa.and_(
            Appointment.state == State.LAPSED,
            Appointment.client_id.is_(None),
            Appointment.changed_at < before,
            ~sa.exists().where(Offering.hold_id == Appointment.id),
        ),
    )
