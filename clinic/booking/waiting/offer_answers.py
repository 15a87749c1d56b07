"""Answers to an offer: accept, reserve while the health questions are answered, decline. The first acceptance wins, in
one transaction."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking import changes, revalidation
from clinic.booking import services as booking
from clinic.booking.locking import lock
from clinic.booking.models import Appointment, State
from clinic.booking.placing import get_appointment, reload_locked, supply_as_agreed
from clinic.booking.services import HoldGone, TimeWithdrawn
from clinic.booking.states import advance
from clinic.booking.waiting import entries
from clinic.booking.waiting import offering as offerings
from clinic.booking.waiting.entries import NothingEarlier
from clinic.booking.waiting.models import Offer, OfferEnd, Offering, WaitingListEntry
from clinic.db import db
from clinic.language import N_
from clinic.practice import queries as practice
from clinic.practice.supply import supply_of
from clinic.refusal import NotFound, Refusal, Stale

LIVE = (State.REQUESTED, State.BOOKED, State.ARRIVED)


class OfferGone(Refusal):
    """The offer is answered, over, or somebody else was quicker; the sentence says which."""

    code = "offer-gone"
    sentence = N_("This time is no longer kept for you.")


GONE = {
    OfferEnd.DECLINED: N_("You said no to this time, so it is no longer kept for you."),
    OfferEnd.PASSED: N_("The time to answer is over, so this time is no longer kept for you."),
    OfferEnd.MISSED: N_("Somebody else was quicker and has taken this time."),
    OfferEnd.STOPPED: N_("This time cannot be had any more."),
    OfferEnd.ACCEPTED: N_("You took this time, but it was not completed while we kept it."),
}


def accept(offer_id: UUID, *, browser: bytes, actor: str, now: datetime, plain: bool = False) -> Appointment:
    """Accept an offered time: the hold becomes the visit, or the visit that should be earlier moves to it. All other
    offers end.

    Accepting again gives the same visit. `plain` asks for it without any health answers, for a therapist to look first.
    Raises OfferGone, NothingEarlier, NotOffered, and what a booking or move raises: NotCleared, GuardianNeeded,
    IntakeNeeded, TooManyOpen. Answering IntakeNeeded or GuardianNeeded takes longer than the offer lasts; `keep_for`
    secures the time.
    """
    offer = _locked(offer_id)
    entry = entries.lock_entry(offer.entry_id)
    if offer.end == OfferEnd.ACCEPTED:
        visit = visit_of(offer) or _booked(offer, entry, browser, actor, now, plain)
    else:
        require_open(offer, now)
        if entry.replaces_id is not None:
            visit = _moved(offer.offering, entry.replaces_id, actor, now)
        else:
            visit = _booked(offer, entry, browser, actor, now, plain)
        _won(offer, actor, now)
    if entry.is_live:
        entries.fulfil(entry, now)
    return visit


def keep_for(offer_id: UUID, *, browser: bytes, actor: str, now: datetime) -> Appointment:
    """Secure an offered time in this browser while the questions are answered; the entry stays live until it is booked.

    A browser holds one time at once: any other hold is released. Safe to repeat. Raises OfferGone.
    """
    offer = _locked(offer_id)
    entry = entries.lock_entry(offer.entry_id)
    hold = get_appointment(offer.offering.hold_id, OfferGone)
    if offer.end == OfferEnd.ACCEPTED and hold.state == State.HELD and hold.held_by == browser:
        return hold
    require_open(offer, now)
    others = booking.holds_of(browser)
    lock(
        [hold.therapist_id, *(other.therapist_id for other in others)],
        [row.room_id for row in (hold, *others) if row.room_id],
        entry.client_id,
    )
    hold = reload_locked(hold, whole=True)
    _require_kept(hold, now)
    for other in others:
        if reload_locked(other).state == State.HELD:
            advance(other, State.LAPSED, now)
    db.session.flush()
    hold.held_by = browser
    hold.held_until = now + timedelta(minutes=practice.the_practice().hold_minutes)
    _won(offer, actor, now)
    return hold


def accept_for(offer_id: UUID, *, by: User, now: datetime) -> Appointment:
    """Accept an offered time for somebody on the telephone; staff can book before the questions are answered.

    Raises OfferGone, NothingEarlier, and what a booking at the desk or a move raises.
    """
    offer = _locked(offer_id)
    entry = entries.lock_entry(offer.entry_id)
    actor = audit.by_user(by.id)
    require_open(offer, now)
    if entry.replaces_id is not None:
        visit = _moved(offer.offering, entry.replaces_id, actor, now)
    else:
        visit = _booked(offer, entry, offerings.reservation_key(offer.offering_id), actor, now, plain=False)
    _won(offer, actor, now)
    entries.fulfil(entry, now)
    return visit


def decline(offer_id: UUID, *, actor: str, now: datetime) -> Offer:
    """Decline and stay on the list. Does nothing if the offer has already ended."""
    offer = _locked(offer_id)
    if offer.ended_at is None:
        offer.ended_at, offer.end = now, OfferEnd.DECLINED
        db.session.flush()
        audit.record(actor, "decline_offer", offer, client_id=_client_id(offer), now=now)
    return offer


def require_open(offer: Offer, now: datetime) -> None:
    """Raise OfferGone, saying why, unless the offer can still be answered."""
    end = OfferEnd(offer.end) if offer.end else None
    if end is None and offer.expires_at <= now:
        end = OfferEnd.PASSED
    if end is not None:
        raise OfferGone(GONE[end])


def visit_of(offer: Offer) -> Appointment | None:
    """The visit that an accepted offer became, while it is still at that time; otherwise None."""
    if offer.end != OfferEnd.ACCEPTED:
        return None
    hold, entry = offer.offering.hold, offer.entry
    return db.session.scalar(
        sa.select(Appointment)
        .where(
            Appointment.client_id == entry.client_id,
            Appointment.starts_at == hold.starts_at,
            Appointment.therapist_id == hold.therapist_id,
            Appointment.state.in_(LIVE),
        )
        .limit(1)
    )


def _locked(offer_id: UUID) -> Offer:
    """The current offer, once its offering is locked; raises NotFound."""
    offering_id = db.session.scalar(sa.select(Offer.offering_id).where(Offer.id == offer_id))
    if offering_id is None:
        raise NotFound
    offerings.locked_offering(offering_id)
    row = sa.select(Offer).where(Offer.id == offer_id).execution_options(populate_existing=True)
    return db.session.scalars(row).one()


def _booked(
    offer: Offer, entry: WaitingListEntry, browser: bytes, actor: str, now: datetime, plain: bool
) -> Appointment:
    """Turn the hold into a visit: the offering's, or after `keep_for` this browser's, as long as nobody took it
    over."""
    is_won = offer.end == OfferEnd.ACCEPTED
    try:
        return booking.book(
            offer.offering.hold_id,
            browser=browser,
            held_by=None if is_won else offerings.reservation_key(offer.offering_id),
            client=entry.client,
            actor=actor,
            now=now,
            plain=plain,
            approved=offer.offering.by_id is not None,
            promised=True,
            therapist_decides=entry.therapist_decides,
        )
    except TimeWithdrawn:
        raise OfferGone(GONE[OfferEnd.STOPPED]) from None
    except HoldGone:
        raise OfferGone(GONE[OfferEnd.ACCEPTED] if is_won else None) from None


def _moved(offering: Offering, visit_id: UUID, actor: str, now: datetime) -> Appointment:
    """Move the visit to the reserved time: its link, its place in a course and its calendar entry stay."""
    hold, visit = get_appointment(offering.hold_id, OfferGone), get_appointment(visit_id, OfferGone)
    supply = supply_as_agreed(supply_of(visit.treatment_id, retired_too=True), visit)
    calendars = (visit.therapist_id, visit.room_id)
    if visit.client_id is not None:
        booking.queue_for(visit.client_id)
    # Lock everything that the move will lock at once: locking in two steps can deadlock.
    lock([hold.therapist_id, visit.therapist_id], [*_rooms(hold, supply.rooms), *_rooms(visit)])
    hold = reload_locked(hold, whole=True)
    _require_kept(hold, now)
    visit = reload_locked(visit)
    if (visit.therapist_id, visit.room_id) != calendars:
        raise Stale
    if visit.state not in entries.MAY_BE_EARLIER or not now < hold.starts_at < visit.starts_at:
        raise NothingEarlier
    fits = takes_no_more(visit, hold)
    if not fits:
        advance(hold, State.LAPSED, now)
        db.session.flush()
    return changes.move(
        visit.id,
        hold.starts_at,
        therapist_id=hold.therapist_id,
        location_id=hold.location_id,
        onto=hold if fits else None,
        revision=visit.revision,
        actor=actor,
        now=now,
    )


def takes_no_more(visit: Appointment, hold: Appointment) -> bool:
    """Whether a visit as agreed fits into a hold."""
    names = ("length_minutes", "buffer_before_minutes", "buffer_after_minutes")
    return all(getattr(visit, name) <= getattr(hold, name) for name in names)


def _rooms(row: Appointment, others: tuple[UUID, ...] = ()) -> list[UUID]:
    return [*others, *((row.room_id,) if row.room_id else ())]


def _require_kept(hold: Appointment, now: datetime) -> None:
    """Raise OfferGone unless the hold is live and its time still available; its calendars must be locked."""
    if hold.state != State.HELD:
        raise OfferGone
    if not revalidation.is_possible(hold, now):
        raise OfferGone(GONE[OfferEnd.STOPPED])


def _won(offer: Offer, actor: str, now: datetime) -> None:
    offer.ended_at, offer.end = now, OfferEnd.ACCEPTED
    db.session.flush()
    offerings.end_as_taken(offer.offering, now)
    audit.record(actor, "accept_offer", offer, client_id=_client_id(offer), now=now)


def _client_id(offer: Offer) -> UUID:
    return offer.entry.client_id
