"""A client says that they will come to a visit at its present time.

It stands beside the visit as the time's revision it was said about: whatever gives the visit another time, or undoes that, raises that
revision, so what was said before no longer counts. Cancelling deletes it, and so can the client. Saying it decides nothing: a visit stands without it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.booking.models import Appointment, State
from clinic.booking.placing import lock_appointment
from clinic.booking.queries import WITH_ALL
from clinic.booking.states import NotNow, require_current
from clinic.db import db

OPENS_BEFORE: Final = timedelta(days=7)
"""How long before its start a visit's page asks; earlier, few know."""
JUST_AGREED: Final = timedelta(days=1)
"""Anyone who agreed to the time within the last day is not asked for it on the first page, and is not missed by the desk."""


def may_say(visit: Appointment, now: datetime) -> bool:
    """Whether the client can say now that they come: booked, to come, and within a week."""
    return visit.state == State.BOOKED and now < visit.starts_at <= now + OPENS_BEFORE


def is_asked(visit: Appointment, now: datetime) -> bool:
    """Whether the client is asked now: they can say it, have not, and agreed to the time more than a day ago."""
    is_old = visit.time_agreed_at is not None and visit.time_agreed_at <= now - JUST_AGREED
    return may_say(visit, now) and is_old and not visit.is_coming


def say(appointment_id: UUID, *, revision: int, actor: str, now: datetime) -> Appointment:
    """Store that the client comes to the visit at the time the page showed; saying it again changes nothing.

    It raises no revision and writes no letter. Raises Stale, NotNow unless the visit is booked and to come.
    """
    visit = lock_appointment(appointment_id)
    require_current(visit, revision)
    if visit.state != State.BOOKED or visit.starts_at <= now:
        raise NotNow
    if visit.is_coming:
        return visit
    visit.coming_said_at, visit.coming_revision = now, visit.time_revision
    audit.record(actor, "say_coming", visit, client_id=visit.client_id, fields=["coming_said_at"], now=now)
    return visit


def take_back(appointment_id: UUID, *, revision: int, actor: str, now: datetime) -> Appointment:
    """Delete what was said about the visit's present time; taking back nothing changes nothing.

    It raises no revision and writes no letter. Raises Stale, NotNow unless the visit is booked and to come.
    """
    visit = lock_appointment(appointment_id)
    require_current(visit, revision)
    if visit.state != State.BOOKED or visit.starts_at <= now:
        raise NotNow
    if not visit.is_coming:
        return visit
    visit.coming_said_at = visit.coming_revision = None
    audit.record(
        actor, "take_back_coming", visit, client_id=visit.client_id, fields=["coming_said_at"], now=now
    )
    return visit


def not_said(until: datetime, limit: int, *, now: datetime) -> Sequence[Appointment]:
    """Booked visits that begin before `until` whose client was asked and has not said that they come, earliest first."""
    wanted = sa.select(Appointment).where(
        Appointment.state == State.BOOKED,
        Appointment.starts_at > now,
        Appointment.starts_at < until,
        Appointment.time_agreed_at <= now - JUST_AGREED,
        Appointment.coming_revision.is_distinct_from(Appointment.time_revision),
    )
    shown = wanted.order_by(Appointment.starts_at, Appointment.id).limit(limit)
    return db.session.scalars(shown.options(*WITH_ALL)).all()
