"""What a page may promise about a letter, asked of the same queries that make letters due.

A sentence such as "A letter tells Ada" is true because the queries of the pass, run over the settling time ahead, find that
letter; nothing here repeats their rules.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import due
from clinic.messaging.due.shape import DueRules
from clinic.messaging.due.visits import TELLS_REQUEST, TELLS_TIME, address_of, is_told, visits
from clinic.messaging.kinds.bookings import (
    changes,
    confirmations,
    is_known_already,
    requests_confirmed,
    requests_moved,
    requests_received,
)
from clinic.messaging.models import MessageKind

ABOUT_TIMES = (confirmations, requests_received, requests_moved, requests_confirmed, changes)
"""The questions of all letters that tell when a visit is."""


def letter_to_come(visit: Appointment, now: datetime) -> MessageKind | None:
    """The letter that will tell the client of this visit's present time, as things stand; None if none will go.

    Changes may still wait for the settling time; what is written already counts as told.
    """
    rules = due.rules(now)
    if rules is None:
        return None
    found = _found(visit.id, replace(rules, ahead=rules.settle), now)
    if found in (MessageKind.CHANGE, MessageKind.REQUEST_MOVED) and is_known_already(visit):
        return None
    return found


def is_leaving(visit: Appointment, now: datetime) -> bool:
    """Whether a letter about the present time is queued, sent, or due at this moment, so that it cannot be stopped any
    more."""
    told = visits(
        Appointment.id == visit.id,
        is_told(*TELLS_TIME, *TELLS_REQUEST, since=Appointment.time_revision),
    )
    if db.session.execute(told).first() is not None:
        return True
    rules = due.rules(now)
    return rules is not None and _found(visit.id, rules, now) is not None


def has_address(client_id: UUID) -> bool:
    """Whether a letter reaches this client: one of their addresses takes mail."""
    address = address_of(sa.literal(client_id, sa.Uuid()))
    return db.session.execute(sa.select(address.c.id)).first() is not None


def _found(visit_id: UUID, rules: DueRules, now: datetime) -> MessageKind | None:
    for question in ABOUT_TIMES:
        for asked in question(rules, now):
            owed = asked.messages(db.session.execute(asked.question.where(Appointment.id == visit_id)))
            if owed:
                return owed[0].kind
    return None
