"""Reads of the waiting list worth a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from clinic.accounts.models import Client
from clinic.booking import availability
from clinic.booking.models import Appointment
from clinic.booking.placing import supply_as_agreed
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.waiting import entries, matching
from clinic.booking.waiting.matching import WaitingListTime
from clinic.booking.waiting.models import EntryEnd, Offer, OfferEnd, Offering, WaitingListEntry
from clinic.db import db
from clinic.practice.queries import Unbookable
from clinic.practice.supply import supply_of
from clinic.refusal import NotFound
from clinic.scheduling.hours import Days

WHOLE_ENTRY = (
    joinedload(WaitingListEntry.client),
    joinedload(WaitingListEntry.treatment),
    joinedload(WaitingListEntry.therapist),
    joinedload(WaitingListEntry.location),
    joinedload(WaitingListEntry.replaces),
)
_HOLD = joinedload(Offer.offering).joinedload(Offering.hold)
WHOLE_OFFER = (
    joinedload(Offer.entry).options(*WHOLE_ENTRY),
    _HOLD.joinedload(Appointment.therapist),
    _HOLD.joinedload(Appointment.treatment),
    _HOLD.joinedload(Appointment.location),
)


def entry_of(entry_id: UUID) -> WaitingListEntry:
    """An entry with everything its page shows; raises NotFound."""
    found = db.session.scalar(
        sa.select(WaitingListEntry).where(WaitingListEntry.id == entry_id).options(*WHOLE_ENTRY)
    )
    if found is None:
        raise NotFound
    return found


def of_client(client_id: UUID, now: datetime) -> list[WaitingListEntry]:
    """A client's entries that are live, or were withdrawn and can be put back; longest waiting first."""
    was_withdrawn = sa.and_(
        WaitingListEntry.end == EntryEnd.WITHDRAWN, WaitingListEntry.ended_at > now - entries.BACK_WITHIN
    )
    wanted = sa.select(WaitingListEntry).where(
        WaitingListEntry.client_id == client_id,
        sa.or_(WaitingListEntry.ended_at.is_(None), was_withdrawn),
    )
    found = db.session.scalars(
        wanted.order_by(WaitingListEntry.created_at, WaitingListEntry.id).options(*WHOLE_ENTRY)
    )
    return [entry for entry in found if entry.is_live or entries.can_come_back(entry, now)]


def offer(offer_id: UUID) -> Offer:
    """An offer with everything its page shows; raises NotFound."""
    found = db.session.scalar(sa.select(Offer).where(Offer.id == offer_id).options(*WHOLE_OFFER))
    if found is None:
        raise NotFound
    return found


def open_offer(entry_id: UUID, now: datetime) -> Offer | None:
    """The open offer of an entry, if any."""
    waiting = sa.select(Offer).where(
        Offer.entry_id == entry_id, Offer.ended_at.is_(None), Offer.expires_at > now
    )
    return db.session.scalar(waiting.options(*WHOLE_OFFER))


def only_offer(offering_id: UUID) -> Offer:
    """The offer of a time that was offered to one person alone."""
    return db.session.scalars(sa.select(Offer).where(Offer.offering_id == offering_id)).one()


def open_offers(client_id: UUID, now: datetime) -> dict[UUID, Offer]:
    """A client's open offers, by entry id."""
    waiting = (
        sa.select(Offer)
        .join(Offer.entry)
        .where(WaitingListEntry.client_id == client_id, Offer.ended_at.is_(None), Offer.expires_at > now)
    )
    return {offer.entry_id: offer for offer in db.session.scalars(waiting.options(*WHOLE_OFFER))}


def earlier_than(visit_id: UUID) -> WaitingListEntry | None:
    """The live entry for an earlier time than a visit."""
    return db.session.scalar(
        sa.select(WaitingListEntry).where(
            WaitingListEntry.replaces_id == visit_id, WaitingListEntry.ended_at.is_(None)
        )
    )


def won_with(hold_id: UUID) -> Offer | None:
    """The offer that a browser's hold came from, until it is booked."""
    return db.session.scalar(
        sa.select(Offer)
        .join(Offering, Offering.id == Offer.offering_id)
        .join(WaitingListEntry, WaitingListEntry.id == Offer.entry_id)
        .where(
            Offering.hold_id == hold_id, Offer.end == OfferEnd.ACCEPTED, WaitingListEntry.ended_at.is_(None)
        )
        .options(joinedload(Offer.entry))
    )


def is_busy(entry_id: UUID, now: datetime) -> bool:
    """Whether an entry has an open offer, or a taken time to complete."""
    return bool(db.session.scalar(sa.select(matching.is_busy(now)).where(WaitingListEntry.id == entry_id)))


def fitting(
    waited_for: WaitingListEntry, now: datetime, count: int, *, apart: timedelta
) -> list[WaitingListTime]:
    """The next times that are free for everybody and suit an entry, earliest first, at least `apart` apart.

    For an earlier time of a visit, they fit the visit as agreed. None if the treatment is retired.
    """
    (one,) = matching.ranked([waited_for], now)
    visit = waited_for.replaces
    try:
        supply = supply_of(waited_for.treatment_id)
    except Unbookable:
        return []
    supply = supply_as_agreed(supply, visit) if visit is not None else supply
    around = availability.days_around(now, supply)
    days = Days(around.first_on, max(waited_for.last_on + timedelta(days=1), around.until_on))
    asked = SearchCriteria(
        waited_for.treatment_id,
        therapist_id=waited_for.therapist_id,
        location_id=waited_for.location_id,
        own_therapist=visit.therapist_id if visit is not None else None,
    )
    offers = availability.find_offers(supply, asked, days, now).offers
    zones = {site.zone for site in supply.sites}
    found: list[WaitingListTime] = []
    for starts_at in offers.instants():
        if len(found) == count:
            break
        is_near = bool(found) and starts_at < found[-1].starts_at + apart
        if not is_near and any(one.wants(starts_at, zone) for zone in zones):
            start = offers.at(starts_at)
            times = [
                WaitingListTime(starts_at, each.therapist, each.location, supply.zone_of(each.location))
                for each in (start.candidates if start else ())
            ]
            found += [time for time in times if one.suits(time)][:1]
    return found


def free_with(
    waited_for: WaitingListEntry, starts_at: datetime, therapist_id: UUID, now: datetime
) -> WaitingListTime | None:
    """This start with this therapist for an entry, if it is free for everybody; None otherwise."""
    try:
        supply = supply_of(waited_for.treatment_id)
    except Unbookable:
        return None
    if waited_for.replaces is not None:
        supply = supply_as_agreed(supply, waited_for.replaces)
    asked = SearchCriteria(
        waited_for.treatment_id, therapist_id=therapist_id, location_id=waited_for.location_id
    )
    days = availability.days_around(starts_at, supply)
    start = availability.find_offers(supply, asked, days, now).offers.at(starts_at)
    for one in start.candidates if start is not None else ():
        return WaitingListTime(starts_at, one.therapist, one.location, supply.zone_of(one.location))
    return None


@dataclass(frozen=True, kw_only=True)
class WaitingListLine:
    """An entry as staff see it in the list."""

    entry: WaitingListEntry
    asked: int
    """How many times it was offered."""
    is_reachable: bool
    """Whether a letter reaches the client; otherwise staff call."""
    is_busy: bool
    """Whether there is an open offer, or a taken time to complete."""


def listed(
    *,
    treatment_id: UUID | None = None,
    therapist_id: UUID | None = None,
    limit: int,
    offset: int = 0,
    now: datetime,
) -> tuple[list[WaitingListLine], int]:
    """Entries for a treatment and a therapist (or any), longest waiting first, and their total number."""
    conditions: list[sa.ColumnElement[bool]] = [WaitingListEntry.ended_at.is_(None)]
    if treatment_id is not None:
        conditions.append(WaitingListEntry.treatment_id == treatment_id)
    if therapist_id is not None:
        conditions.append(
            sa.or_(WaitingListEntry.therapist_id.is_(None), WaitingListEntry.therapist_id == therapist_id)
        )
    count = (
        db.session.scalar(sa.select(sa.func.count()).select_from(WaitingListEntry).where(*conditions)) or 0
    )
    rows = _lines(now, *conditions).limit(limit).offset(offset)
    return [_line(row) for row in db.session.execute(rows)], count


def whom_it_suits(treatment_id: UUID, time: WaitingListTime, now: datetime) -> list[WaitingListLine]:
    """Entries for a treatment that may be offered this time now, longest waiting first."""
    rows = _lines(
        now,
        WaitingListEntry.ended_at.is_(None),
        WaitingListEntry.treatment_id == treatment_id,
        ~matching.is_busy(now),
    )
    lines = [_line(row) for row in db.session.execute(rows)]
    people = matching.ranked([line.entry for line in lines], now)
    return [line for line, one in zip(lines, people, strict=True) if one.suits(time)]


def _lines(now: datetime, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    asked = (
        sa.select(sa.func.count())
        .where(Offer.entry_id == WaitingListEntry.id)
        .correlate(WaitingListEntry)
        .scalar_subquery()
    )
    return (
        sa.select(
            WaitingListEntry,
            asked.label("asked"),
            matching.is_reachable().label("is_reachable"),
            matching.is_busy(now).label("is_busy"),
        )
        .where(*conditions)
        .order_by(WaitingListEntry.created_at, WaitingListEntry.id)
        .options(*WHOLE_ENTRY, joinedload(WaitingListEntry.client).selectinload(Client.contacts))
    )


def _line(row: sa.Row[Any]) -> WaitingListLine:
    return WaitingListLine(entry=row[0], asked=row.asked, is_reachable=row.is_reachable, is_busy=row.is_busy)


def live_offerings() -> Sequence[Offering]:
    """Times on offer now, soonest to end first, with everybody who was asked."""
    live = (
        sa.select(Offering)
        .where(Offering.ended_at.is_(None))
        .order_by(Offering.expires_at, Offering.id)
        .options(
            joinedload(Offering.hold).joinedload(Appointment.therapist),
            joinedload(Offering.hold).joinedload(Appointment.treatment),
            joinedload(Offering.hold).joinedload(Appointment.location),
            selectinload(Offering.offers).joinedload(Offer.entry).joinedload(WaitingListEntry.client),
        )
    )
    return db.session.scalars(live).all()
