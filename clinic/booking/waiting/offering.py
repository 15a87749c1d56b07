"""Offering a freed time: one hold reserves it, round after round; the hold expires by itself if no worker attends to
it."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.booking import revalidation
from clinic.booking.models import Appointment, State
from clinic.booking.placing import (
    lock_all,
    lock_appointment,
    new_appointment,
    place,
    reservation_terms,
    supply_as_agreed,
)
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.states import advance
from clinic.booking.waiting import matching
from clinic.booking.waiting.matching import WaitingListTime
from clinic.booking.waiting.models import Offer, OfferEnd, Offering, OfferingEnd, WaitingListEntry
from clinic.booking.waiting.pace import Pace
from clinic.db import db, new_id, violates
from clinic.practice import queries as practice
from clinic.practice.supply import Supply, supply_of
from clinic.refusal import NotFound, Refusal

ROUNDS = 2
GRACE = timedelta(minutes=2)
"""How long the time stays reserved after a round, for the worker to begin the next; without a worker it is then
free."""


class OfferedAlready(Refusal):
    """One of these people already has an open offer."""

    code = "offered-already"
    sentence = "One of these people is being offered a time already. Choose again."


def reservation_key(offering_id: UUID) -> bytes:
    """The holder of an offering's hold: the offering itself, not a browser."""
    return hashlib.sha256(b"offering\0" + offering_id.bytes).digest()


def keep(
    treatment_id: UUID,
    time: WaitingListTime,
    entry_ids: Sequence[UUID],
    *,
    now: datetime,
    by_id: UUID | None = None,
) -> Offering:
    """Reserve a time and offer it to these entries for the practice's number of minutes.

    `by_id` is the member of staff who offers it by hand; then there is only one round. Raises NotOffered, SlotTaken,
    OfferedAlready.
    """
    supply = _as_needed(supply_of(treatment_id), entry_ids)
    asked = SearchCriteria(treatment_id, therapist_id=time.therapist_id, location_id=time.location_id)
    lock_all(supply, asked, [])
    until = now + Pace.of(practice.the_practice()).lasts
    id_ = new_id()
    hold = new_appointment(
        State.HELD, now, held_until=until + GRACE, held_by=reservation_key(id_), **reservation_terms(supply)
    )
    place(supply, asked, time.starts_at, hold, now)
    offering = Offering(
        id=id_,
        hold_id=hold.id,
        round=1 if by_id is None else ROUNDS,
        expires_at=until,
        by_id=by_id,
        created_at=now,
    )
    db.session.add(offering)
    db.session.flush()
    _offer(offering, entry_ids, now)
    return offering


def _as_needed(supply: Supply, entry_ids: Sequence[UUID]) -> Supply:
    """The supply for these entries: for a single visit that should be earlier, with that visit's length and buffers."""
    if len(entry_ids) != 1:
        return supply
    visit = db.session.scalar(
        sa.select(Appointment)
        .join(WaitingListEntry, WaitingListEntry.replaces_id == Appointment.id)
        .where(WaitingListEntry.id == entry_ids[0])
    )
    return supply_as_agreed(supply, visit) if visit is not None else supply


def _offer(offering: Offering, entry_ids: Sequence[UUID], now: datetime) -> None:
    """Offer the reserved time in the offering's current round."""
    actor = audit.by_user(offering.by_id) if offering.by_id else audit.SYSTEM
    with violates("uq_waiting_offers_one_open", OfferedAlready()):
        for entry_id in entry_ids:
            offer = Offer(
                offering_id=offering.id,
                entry_id=entry_id,
                round=offering.round,
                offered_at=now,
                expires_at=offering.expires_at,
            )
            db.session.add(offer)
            client_id = db.session.scalar(
                sa.select(WaitingListEntry.client_id).where(WaitingListEntry.id == entry_id)
            )
            audit.record(actor, "offer", offer, client_id=client_id, now=now)
        db.session.flush()


def offerings_due(now: datetime) -> list[UUID]:
    """Offerings that need attention: their round is over, everybody has answered, or their hold has ended; oldest
    first."""
    unanswered = sa.exists().where(Offer.offering_id == Offering.id, Offer.ended_at.is_(None))
    over = (
        sa.select(Offering.id)
        .join(Appointment, Appointment.id == Offering.hold_id)
        .where(
            Offering.ended_at.is_(None),
            sa.or_(Offering.expires_at <= now, ~unanswered, Appointment.state != State.HELD),
        )
    )
    return list(db.session.scalars(over.order_by(Offering.expires_at, Offering.id)))


def go_on(offering_id: UUID, now: datetime) -> None:
    """End a round and offer the time to the next entries; after the second round, or if nobody is left, it is free
    again.

    Safe to repeat: the offering is checked again under its lock.
    """
    offering = locked_offering(offering_id)
    if offering.ended_at is not None:
        return
    hold = lock_appointment(offering.hold_id, whole=True)
    open_ = [offer for offer in offering.offers if offer.ended_at is None]
    if hold.state == State.HELD and now < offering.expires_at and open_:
        return
    for offer in open_:
        offer.ended_at, offer.end = now, OfferEnd.PASSED
    db.session.flush()
    if hold.state != State.HELD:
        _end(offering, OfferingEnd.PUBLIC, now)
    elif not _next_round(offering, hold, now):
        let_go(offering, hold, OfferingEnd.PUBLIC, now)


def _next_round(offering: Offering, hold: Appointment, now: datetime) -> bool:
    """Begin the next round; False if there were two, it is too late, the time is gone, or nobody wants it."""
    pace, zone = Pace.of(practice.the_practice()), ZoneInfo(hold.zone)
    if offering.round >= ROUNDS or not pace.is_awake(zone, now):
        return False
    if not pace.is_early_enough(hold.starts_at, now) or not revalidation.is_possible(hold, now):
        return False
    asked_before = {offer.entry_id for offer in offering.offers}
    time = WaitingListTime(hold.starts_at, hold.therapist_id, hold.location_id, zone)
    people = [one for one in matching.in_order(now, hold.treatment_id) if one.suits(time)]
    chosen = matching.first((one for one in people if one.id not in asked_before), pace.people)
    if not chosen:
        return False
    offering.round += 1
    offering.expires_at = now + pace.lasts
    hold.held_until = offering.expires_at + GRACE
    db.session.flush()
    _offer(offering, [one.id for one in chosen], now)
    return True


def stop(offering_id: UUID, *, actor: str, now: datetime) -> None:
    """Withdraw a time that is being offered; it is free again. Does nothing if it was taken meanwhile."""
    offering = locked_offering(offering_id)
    if offering.ended_at is not None:
        return
    hold = lock_appointment(offering.hold_id)
    end_open(offering, OfferEnd.STOPPED, now)
    if hold.state == State.HELD:
        let_go(offering, hold, OfferingEnd.STOPPED, now)
    else:
        _end(offering, OfferingEnd.PUBLIC, now)
    audit.record(actor, "stop_offering", offering, now=now)


def locked_offering(offering_id: UUID) -> Offering:
    """The current offering, locked before anything else; raises NotFound."""
    row = sa.select(Offering).where(Offering.id == offering_id).with_for_update(key_share=True)
    found = db.session.scalars(row.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound
    db.session.expire(found, ["offers"])
    return found


def end_open(offering: Offering, why: OfferEnd, now: datetime) -> None:
    """End the unanswered offers; the offering must be locked."""
    db.session.execute(
        sa.update(Offer)
        .where(Offer.offering_id == offering.id, Offer.ended_at.is_(None))
        .values(ended_at=now, end=why)
    )
    db.session.flush()


def let_go(offering: Offering, hold: Appointment, why: OfferingEnd, now: datetime) -> None:
    """Free the reserved time; offering and calendars must be locked."""
    advance(hold, State.LAPSED, now)
    _end(offering, why, now)


def _end(offering: Offering, why: OfferingEnd, now: datetime) -> None:
    offering.ended_at, offering.end = now, why
    db.session.flush()


def end_as_taken(offering: Offering, now: datetime) -> None:
    """End the offering as taken; it must be locked. All unanswered offers end as too late."""
    end_open(offering, OfferEnd.MISSED, now)
    _end(offering, OfferingEnd.TAKEN, now)
