"""Letters of the waiting list: that one is on it, that a time is free, that it is gone, that one's last day is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.booking.waiting.models import EntryEnd, Offer, OfferEnd, Offering, WaitingListEntry
from clinic.messaging.due.shape import DueQuery, DueRules, Row, due_query, never_owed
from clinic.messaging.due.visits import address_of
from clinic.messaging.models import Message, MessageKind
from clinic.practice.models import Location

WORTH = timedelta(days=1)
"""So long it makes sense to say that one is on the list, or no longer, or that a time is gone."""

ADDRESS = address_of(WaitingListEntry.client_id)


def joined(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Somebody waits: where it can be changed and withdrawn. A visit that should be earlier has its own page for that."""
    waiting = _wishes(
        WaitingListEntry.ended_at.is_(None),
        WaitingListEntry.replaces_id.is_(None),
        WaitingListEntry.created_at > now - WORTH,
        never_owed(MessageKind.WAITING_JOINED, WaitingListEntry.id),
    )
    return [
        due_query(
            MessageKind.WAITING_JOINED,
            waiting,
            rules.until(now),
            occasion=lambda row: "first",
            due_at=lambda row: row.created_at,
            expires_at=lambda row: row.created_at + WORTH,
        )
    ]


def offers(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A time is kept for somebody: told at once, for it is kept for minutes only."""
    waiting = _offers(
        Offer.ended_at.is_(None), Offer.expires_at > now, never_owed(MessageKind.WAITING_OFFER, Offer.id)
    )
    return [
        due_query(
            MessageKind.WAITING_OFFER,
            waiting,
            rules.until(now),
            occasion=lambda row: "first",
            due_at=lambda row: row.offered_at,
            expires_at=lambda row: row.expires_at,
        )
    ]


def outcomes(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Somebody who was told of a time, and still waits, lost it to another, or it was taken back."""
    told = sa.exists().where(
        Message.kind == MessageKind.WAITING_OFFER,
        Message.channel == "mail",
        Message.subject_id == Offer.id,
        Message.sent_at.is_not(None),
    )
    lost = _offers(
        Offer.end.in_([OfferEnd.MISSED, OfferEnd.STOPPED]),
        Offer.ended_at > now - WORTH,
        WaitingListEntry.ended_at.is_(None),
        Appointment.starts_at > now,
        told,
        never_owed(MessageKind.WAITING_OUTCOME, Offer.id),
    )
    return [
        due_query(
            MessageKind.WAITING_OUTCOME,
            lost,
            rules.until(now),
            occasion=lambda row: "first",
            due_at=lambda row: rules.quiet(row.zone).after(row.ended_at),
            expires_at=lambda row: row.starts_at,
        )
    ]


def over(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Somebody's last day passed without a time that suited."""

    def due_at(row: Row) -> datetime:
        zone = row.zone or next(iter(rules.zones), None)
        at: datetime = row.ended_at
        return rules.quiet(zone).after(at) if zone else at

    ended = _wishes(
        WaitingListEntry.end == EntryEnd.OVER,
        WaitingListEntry.ended_at > now - WORTH,
        never_owed(MessageKind.WAITING_OVER, WaitingListEntry.id),
    )
    return [
        due_query(
            MessageKind.WAITING_OVER,
            ended,
            rules.until(now),
            occasion=lambda row: "last",
            due_at=due_at,
            expires_at=lambda row: row.ended_at + WORTH,
        )
    ]


def _wishes(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(
            WaitingListEntry.id,
            WaitingListEntry.client_id,
            WaitingListEntry.created_at,
            WaitingListEntry.ended_at,
            Location.zone,
            ADDRESS.c.id.label("recipient_id"),
        )
        .join(Client, Client.id == WaitingListEntry.client_id)
        .outerjoin(Location, Location.id == WaitingListEntry.location_id)
        .join(ADDRESS, sa.true())
        .where(Client.erased_at.is_(None), *conditions)
    )


def _offers(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(
            Offer.id,
            WaitingListEntry.client_id,
            Offer.offered_at,
            Offer.expires_at,
            Offer.ended_at,
            Appointment.starts_at,
            Appointment.zone,
            ADDRESS.c.id.label("recipient_id"),
        )
        .join(WaitingListEntry, WaitingListEntry.id == Offer.wish_id)
        .join(Offering, Offering.id == Offer.offering_id)
        .join(Appointment, Appointment.id == Offering.hold_id)
        .join(Client, Client.id == WaitingListEntry.client_id)
        .join(ADDRESS, sa.true())
        .where(Client.erased_at.is_(None), *conditions)
    )
