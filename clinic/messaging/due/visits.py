"""Visits for the queries in `due`: with the one address to use, and with what letters have already said about them.

What does not depend on the moment is built once: a pass asks many times a minute.
"""

from functools import cache
from typing import Any

import sqlalchemy as sa

from clinic.accounts.models import Client, Contact, ContactKind, Relation
from clinic.booking.models import Appointment
from clinic.messaging.models import Message, MessageKind
from clinic.practice.models import Location


def address_of(
    client_id: sa.orm.InstrumentedAttribute[Any] | sa.ColumnElement[Any],
) -> sa.sql.selectable.LateralFromClause:
    """The address to use for the client in a column, or with this id."""
    return (
        sa.select(
            Contact.id,
            Contact.wants_reminders,
            Contact.wants_check_ins,
            Contact.reminder_offsets_minutes,
        )
        .where(
            Contact.client_id == client_id,
            Contact.kind == ContactKind.MAIL,
            Contact.bounced_at.is_(None),
        )
        .order_by(
            Contact.relation != Relation.GUARDIAN,
            Contact.relation == Relation.CARER,
            Contact.verified_at.is_(None),
            Contact.created_at.desc(),
            Contact.id,
        )
        .limit(1)
        .lateral("recipient")
    )


TELLS_TIME = (MessageKind.CONFIRMATION, MessageKind.REQUEST_CONFIRMED, MessageKind.CHANGE)
"""Kinds that tell a client with a booking when and where."""
TELLS_REQUEST = (MessageKind.REQUEST_RECEIVED, MessageKind.REQUEST_MOVED)
"""Kinds that tell a client for which time we have a request of theirs."""

ADDRESS = address_of(Appointment.client_id)
"""The address to use for an appointment's client."""


PHONE = sa.orm.aliased(Contact)
"""A telephone whose owner agreed to text messages."""


def visits(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Appointments under these conditions, each with the address to use."""
    return _mailed_visits().where(*conditions)


def texted_visits(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The same for text messages: one row for each telephone, whether or not the client has an address."""
    return _texted_visits().where(*conditions)


@cache
def _mailed_visits() -> sa.Select[Any]:
    return _visits(ADDRESS.c.id).join(ADDRESS, sa.true())


@cache
def _texted_visits() -> sa.Select[Any]:
    agreed = (
        PHONE.client_id == Client.id,
        PHONE.kind == ContactKind.PHONE,
        PHONE.sms_agreed_at.is_not(None),
        PHONE.bounced_at.is_(None),
    )
    return _visits(PHONE.id).join(PHONE, sa.and_(*agreed)).outerjoin(ADDRESS, sa.true())


def _visits(recipient_id: sa.ColumnElement[Any] | sa.orm.InstrumentedAttribute[Any]) -> sa.Select[Any]:
    return (
        sa.select(
            Appointment.id,
            Appointment.client_id,
            Appointment.revision,
            Appointment.time_revision,
            Appointment.time_agreed_at,
            Appointment.changed_at,
            Appointment.starts_at,
            Appointment.ends_at,
            Location.zone,
            recipient_id.label("recipient_id"),
        )
        .join(Client, Client.id == Appointment.client_id)
        .join(Location, Location.id == Appointment.location_id)
        .where(Client.erased_at.is_(None))
    )


@cache
def is_told(
    *kinds: MessageKind, since: sa.orm.InstrumentedAttribute[int] | None = None
) -> sa.ColumnElement[bool]:
    """Whether a letter of one of these kinds about this appointment is queued or sent, at this revision or a later one.

    An undelivered letter does not count: a new address gets its own.
    """
    about = [
        Message.kind.in_(kinds),
        Message.channel == "mail",
        Message.subject_id == Appointment.id,
    ]
    if since is not None:
        about.append(number(r"^r(\d+)") >= since)
    # Two subqueries rather than one with an OR, which the database could only evaluate row by row.
    return sa.or_(
        sa.exists().where(*about, Message.given_up_at.is_(None)),
        sa.exists().where(*about, Message.given_up_at.is_not(None), Message.recipient_id == ADDRESS.c.id),
    )


@cache
def told_in_series() -> sa.ColumnElement[bool]:
    """Whether a letter about the whole series, which includes this appointment, is queued or sent."""
    return sa.exists().where(
        Message.kind == MessageKind.SERIES,
        Message.channel == "mail",
        Message.subject_id == Appointment.series_id,
        Message.given_up_at.is_(None),
    )


def number(pattern: str) -> sa.ColumnElement[int]:
    """The number within the occasion; NULL for occasions of other kinds, which the database may evaluate first."""
    return sa.cast(sa.func.substring(Message.occasion, pattern), sa.Integer)
