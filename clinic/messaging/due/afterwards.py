"""Letters after a visit that took place."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from clinic.booking.models import CAME, OCCUPYING, Appointment
from clinic.messaging import preferences
from clinic.messaging.due.shape import DueQuery, DueRules, Row, due_query
from clinic.messaging.due.visits import ADDRESS, is_told, visits
from clinic.messaging.models import MessageKind
from clinic.plans import check_ins as after_visits
from clinic.plans.models import SessionNote

AFTERCARE_WORTH = timedelta(days=7)
REBOOKING_WORTH = timedelta(days=14)
CHECK_IN_WORTH = timedelta(days=3)
"""So long after it is due the question how somebody is still makes sense."""


def aftercare(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Visits that took place: once the note is signed, at the latest the next morning."""

    def due_at(row: Row) -> datetime:
        quiet = rules.quiet(row.zone)
        morning = quiet.next_morning(row.ends_at)
        if row.signed_at is None:
            return morning
        return min(morning, quiet.after(max(row.signed_at, row.ends_at)))

    ended = (
        visits(
            Appointment.state.in_(CAME),
            Appointment.starts_at > now - AFTERCARE_WORTH,
            Appointment.ends_at <= rules.until(now),
            ADDRESS.c.wants_reminders,
            ~is_told(MessageKind.AFTERCARE),
        )
        .add_columns(SessionNote.signed_at)
        .outerjoin(SessionNote, SessionNote.appointment_id == Appointment.id)
    )
    return [
        due_query(
            MessageKind.AFTERCARE,
            ended,
            rules.until(now),
            occasion=lambda row: "visit",
            due_at=due_at,
            expires_at=lambda row: row.ends_at + AFTERCARE_WORTH,
        )
    ]


def check_ins(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Visits that took place, two days after their end."""
    ended = visits(
        Appointment.state.in_(CAME),
        Appointment.ends_at <= rules.until(now) - after_visits.AFTER,
        Appointment.ends_at > now - after_visits.AFTER - CHECK_IN_WORTH,
        ADDRESS.c.wants_check_ins,
        ~is_told(MessageKind.CHECK_IN),
    )
    return [
        due_query(
            MessageKind.CHECK_IN,
            ended,
            rules.until(now),
            occasion=lambda row: "visit",
            due_at=lambda row: rules.quiet(row.zone).after(row.ends_at + after_visits.AFTER),
            expires_at=lambda row: row.ends_at + after_visits.AFTER + CHECK_IN_WORTH,
        )
    ]


def rebookings(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Last here some weeks ago, nothing booked since, and a yes to be invited again that still stands."""
    other = sa.orm.aliased(Appointment)
    came_or_comes = sa.exists().where(
        other.client_id == Appointment.client_id,
        other.starts_at > Appointment.starts_at,
        other.state.in_(OCCUPYING),
    )
    last = visits(
        Appointment.state.in_(CAME),
        Appointment.ends_at <= rules.until(now) - rules.rebooking_after,
        Appointment.ends_at > now - rules.rebooking_after - REBOOKING_WORTH,
        preferences.agreed_to_news(Appointment.client_id),
        ~came_or_comes,
        ~is_told(MessageKind.REBOOKING),
    )
    return [
        due_query(
            MessageKind.REBOOKING,
            last,
            rules.until(now),
            occasion=lambda row: "visit",
            due_at=lambda row: rules.quiet(row.zone).after(row.ends_at + rules.rebooking_after),
            expires_at=lambda row: row.ends_at + rules.rebooking_after + REBOOKING_WORTH,
        )
    ]
