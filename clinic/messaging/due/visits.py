"""Visits as the questions of `due` see them: with the one address that counts, and with what was told about them."""

from typing import Any

import sqlalchemy as sa

from clinic.accounts.models import Client, Contact, ContactKind, Relation
from clinic.booking.models import Appointment
from clinic.messaging.models import Message, MessageKind
from clinic.practice.models import Location


def address_of(client_id: sa.orm.InstrumentedAttribute[Any]) -> sa.sql.selectable.LateralFromClause:
    """The one address that counts of the client a column names."""
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
"""Kinds that tell a booked client when and where."""

ADDRESS = address_of(Appointment.client_id)
"""The one address of an appointment's client that counts."""


def visits(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Appointments under these conditions, each with the one address that counts."""
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
            ADDRESS.c.id.label("recipient_id"),
        )
        .join(Client, Client.id == Appointment.client_id)
        .join(Location, Location.id == Appointment.location_id)
        .join(ADDRESS, sa.true())
        .where(Client.erased_at.is_(None), *conditions)
    )


def is_told(
    *kinds: MessageKind, since: sa.orm.InstrumentedAttribute[int] | None = None
) -> sa.ColumnElement[bool]:
    """Whether a letter of one of these kinds is owed, or went, about this appointment, at this revision or a later one.

    A letter that could not be delivered told nothing: a new address gets its own.
    """
    about = [
        Message.kind.in_(kinds),
        Message.channel == "mail",
        Message.subject_id == Appointment.id,
    ]
    if since is not None:
        about.append(number(r"^r(\d+)") >= since)
    # Two questions rather than one with an OR, which the database could only answer row by row.
    return sa.or_(
        sa.exists().where(*about, Message.given_up_at.is_(None)),
        sa.exists().where(*about, Message.given_up_at.is_not(None), Message.recipient_id == ADDRESS.c.id),
    )


def told_in_series() -> sa.ColumnElement[bool]:
    """Whether a letter about the whole series is owed, or went, and so told of this appointment too."""
    return sa.exists().where(
        Message.kind == MessageKind.SERIES,
        Message.channel == "mail",
        Message.subject_id == Appointment.series_id,
        Message.given_up_at.is_(None),
    )


def number(pattern: str) -> sa.ColumnElement[int]:
    """A number within the occasion; NULL for the occasions of other kinds, which may be looked at first."""
    return sa.cast(sa.func.substring(Message.occasion, pattern), sa.Integer)
