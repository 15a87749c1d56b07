"""Waiting-list entries: join, change, withdraw, come back, and what ends by itself.

Services flush and never commit. Lock the offering first, then the entry, and only then what `booking.locking` locks.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import Client
from clinic.booking import admission, barring, online_booking
from clinic.booking.models import Appointment, State
from clinic.booking.states import acting_side
from clinic.booking.waiting import freed_times
from clinic.booking.waiting.models import (
    PARTS_OF_DAY,
    EntryEnd,
    Known,
    Offer,
    OfferEnd,
    Offering,
    WaitingListEntry,
)
from clinic.db import RowsToDelete, db, violates
from clinic.language import N_
from clinic.practice import queries as practice
from clinic.practice.models import Treatment
from clinic.refusal import NotFound, Refusal
from clinic.scheduling import hours

MAY_BE_EARLIER = (State.BOOKED, State.REQUESTED)
BACK_WITHIN = timedelta(days=1)
"""How long after withdrawing one can be put back on the list, at one's old place."""
PARTS = (("Morning", 0, 12), ("Afternoon", 12, 17), ("Evening", 17, 24))
"""The parts of a day, with the full hours they begin at and end before."""


class NoLongerWaiting(Refusal):
    """The entry has ended: withdrawn, fulfilled, or past its last day."""

    code = "not-waiting"
    sentence = N_("You are not on the waiting list with this any more.")


class WaitsAlready(Refusal):
    """The client is already on the list for an earlier time of this visit."""

    code = "waits-already"
    sentence = N_("You are on the list for an earlier time already.")


class NothingEarlier(Refusal):
    """The visit has begun, was cancelled, or is for a retired treatment, so no earlier time can be reserved for it."""

    code = "nothing-earlier"
    sentence = N_("This visit cannot be earlier any more.")


def times(weekdays: Iterable[int], parts: Iterable[int]) -> list[int]:
    """Each of these weekdays (0 is Monday) combined with each of these parts of the day, as an entry stores them."""
    chosen = list(parts)
    return sorted({weekday * PARTS_OF_DAY + part for weekday in weekdays for part in chosen})


def weekdays_of(kept: Iterable[int]) -> list[int]:
    """The weekdays of stored times, Monday first."""
    return sorted({time // PARTS_OF_DAY for time in kept})


def parts_of(kept: Iterable[int]) -> list[int]:
    """The parts of the day of stored times, morning first."""
    return sorted({time % PARTS_OF_DAY for time in kept})


def time_of(wall: datetime) -> int:
    """The stored time that contains a local time."""
    part = next(number for number, (_, since, until) in enumerate(PARTS) if since <= wall.hour < until)
    return wall.weekday() * PARTS_OF_DAY + part


def join(
    *,
    client: Client,
    treatment_id: UUID,
    therapist_id: UUID | None,
    location_id: UUID | None,
    times: Collection[int],
    last_on: date,
    actor: str,
    now: datetime,
    therapist_decides: bool = False,
    therapist_gender: str | None = None,
) -> WaitingListEntry:
    """Join the list for a treatment; times that are free already are not offered.

    `times` are those of `times()`; at least one. `therapist_decides`: the client leaves the type of massage to the
    therapist. Raises Unbookable if the treatment is not offered, NotFirst if it is
    not for a first visit, and BookingClosed and BarredOnline, unless staff put somebody on the list.
    """
    if acting_side(actor) != "staff":
        online_booking.require_open(practice.the_practice())
        admission.refuse_first_visit(db.session.get_one(Treatment, treatment_id).new_clients, client.id)
        barring.require_allowed(client.id, [therapist_id] if therapist_id else (), actor)
    entry = WaitingListEntry(
        client_id=client.id,
        treatment_id=treatment_id,
        therapist_id=therapist_id,
        therapist_gender=therapist_gender,
        location_id=location_id,
        times=sorted(times),
        last_on=last_on,
        therapist_decides=therapist_decides,
        created_at=now,
    )
    return _added(entry, actor, now)


def may_wait(visit: Appointment, now: datetime) -> bool:
    """Whether anything earlier can be kept for a visit: not for a treatment that is no longer sold, though it can be moved."""
    return visit.state in MAY_BE_EARLIER and visit.starts_at > now and visit.treatment.retired_at is None


def join_earlier(
    visit: Appointment,
    *,
    times: Collection[int],
    any_therapist: bool,
    actor: str,
    now: datetime,
) -> WaitingListEntry:
    """Wait for an earlier time than an existing visit, at its location. Raises NothingEarlier, WaitsAlready,
    Unbookable, and BarredOnline for a client."""
    if not may_wait(visit, now) or visit.client_id is None:
        raise NothingEarlier
    barring.require_allowed(visit.client_id, () if any_therapist else [visit.therapist_id], actor)
    entry = WaitingListEntry(
        client_id=visit.client_id,
        treatment_id=visit.treatment_id,
        therapist_id=None if any_therapist else visit.therapist_id,
        location_id=visit.location_id,
        times=sorted(times),
        last_on=hours.local_day(visit.starts_at, ZoneInfo(visit.zone)),
        replaces_id=visit.id,
        created_at=now,
    )
    with violates("uq_waiting_wishes_replaces_id", WaitsAlready()):
        return _added(entry, actor, now)


def _added(entry: WaitingListEntry, actor: str, now: datetime) -> WaitingListEntry:
    freed_times.begin(entry.treatment_id, now)
    db.session.add(entry)
    db.session.flush()
    audit.record(actor, "join_waiting_list", entry, client_id=entry.client_id, now=now)
    return entry


def change(
    entry_id: UUID,
    *,
    therapist_id: UUID | None,
    location_id: UUID | None,
    times: Collection[int],
    last_on: date,
    therapist_decides: bool,
    actor: str,
    now: datetime,
    therapist_gender: str | None = None,
) -> WaitingListEntry:
    """Change an entry; it keeps its place in the order. Raises NoLongerWaiting."""
    entry = lock_entry(entry_id)
    if not entry.is_live:
        raise NoLongerWaiting
    entry.therapist_id, entry.therapist_gender = therapist_id, therapist_gender
    entry.location_id = location_id
    entry.times, entry.last_on = sorted(times), last_on
    entry.therapist_decides = therapist_decides
    db.session.flush()
    audit.record(
        actor,
        "change_wish",
        entry,
        client_id=entry.client_id,
        fields=["therapist_id", "therapist_gender", "location_id", "times", "last_on", "therapist_decides"],
        now=now,
    )
    return entry


def withdraw(entry_id: UUID, *, actor: str, now: datetime) -> WaitingListEntry:
    """Withdraw an entry and decline its open offer. Does nothing if it has already ended. What staff end cannot be put back by the client."""
    entry = lock_entry(entry_id)
    if entry.is_live:
        is_theirs = acting_side(actor) != "staff"
        _end(entry, EntryEnd.WITHDRAWN if is_theirs else EntryEnd.SETTLED, OfferEnd.DECLINED, now)
        audit.record(actor, "withdraw_wish", entry, client_id=entry.client_id, now=now)
    return entry


def can_come_back(entry: WaitingListEntry, now: datetime) -> bool:
    """Whether a withdrawn entry can be put back: within a day, and while there is still something to wait for."""
    is_fresh = entry.ended_at is not None and now < entry.ended_at + BACK_WITHIN
    return entry.end == EntryEnd.WITHDRAWN and is_fresh and _past(entry, now) is None


def come_back(entry_id: UUID, *, actor: str, now: datetime) -> WaitingListEntry:
    """Put a withdrawn entry back at its old place in the order; an offer that it declined stays declined. Does nothing if it is live.

    Raises NoLongerWaiting if it ended otherwise or too long ago, WaitsAlready if the client waits for an earlier time anew,
    Unbookable, and, unless staff do it, NotFirst, BookingClosed and BarredOnline.
    """
    entry = lock_entry(entry_id)
    if entry.is_live:
        return entry
    if not can_come_back(entry, now):
        raise NoLongerWaiting
    if acting_side(actor) != "staff":
        online_booking.require_open(practice.the_practice())
        if entry.replaces_id is None:
            sold = db.session.get_one(Treatment, entry.treatment_id)
            admission.refuse_first_visit(sold.new_clients, entry.client_id)
        barring.require_allowed(entry.client_id, [entry.therapist_id] if entry.therapist_id else (), actor)
    freed_times.begin(entry.treatment_id, now)
    with violates("uq_waiting_wishes_replaces_id", WaitsAlready()):
        entry.ended_at = entry.end = None
        db.session.flush()
    audit.record(actor, "return_wish", entry, client_id=entry.client_id, now=now)
    return entry


def lock_entry(entry_id: UUID) -> WaitingListEntry:
    """The current entry, locked; raises NotFound."""
    row = sa.select(WaitingListEntry).where(WaitingListEntry.id == entry_id).with_for_update(key_share=True)
    entry = db.session.scalars(row.execution_options(populate_existing=True)).one_or_none()
    if entry is None:
        raise NotFound
    return entry


def end_past(now: datetime) -> int:
    """End entries whose last day has passed, and those for visits that have begun or been cancelled; returns how many.

    Twice is harmless: the second finds none.
    """
    ended = 0
    for entry_id in _perhaps_past(now):
        entry = lock_entry(entry_id)
        why = _past(entry, now) if entry.is_live else None
        if why is not None:
            _end(entry, why, OfferEnd.STOPPED, now)
            audit.record(audit.SYSTEM, "end_wish", entry, client_id=entry.client_id, purpose=why, now=now)
            ended += 1
    return ended


def _perhaps_past(now: datetime) -> list[UUID]:
    """Live entries to check; a day early, because zones differ."""
    gone = (
        sa.select(WaitingListEntry.id)
        .join(Client, Client.id == WaitingListEntry.client_id)
        .join(Treatment, Treatment.id == WaitingListEntry.treatment_id)
        .outerjoin(Appointment, Appointment.id == WaitingListEntry.replaces_id)
        .where(
            WaitingListEntry.ended_at.is_(None),
            sa.or_(
                WaitingListEntry.last_on < now.date() + timedelta(days=1),
                Client.erased_at.is_not(None),
                Treatment.retired_at.is_not(None),
                Appointment.state.not_in(MAY_BE_EARLIER),
                Appointment.starts_at <= now,
            ),
        )
    )
    return list(db.session.scalars(gone.order_by(WaitingListEntry.id)))


def _past(entry: WaitingListEntry, now: datetime) -> EntryEnd | None:
    visit = entry.replaces
    if visit is not None and (visit.state not in MAY_BE_EARLIER or visit.starts_at <= now):
        return EntryEnd.SETTLED
    if entry.client.erased_at is not None or entry.treatment.retired_at is not None:
        return EntryEnd.SETTLED
    zone = entry.location.zone if entry.location else practice.practice_zone(now.date())
    return EntryEnd.OVER if hours.local_day(now, ZoneInfo(zone)) > entry.last_on else None


def _end(entry: WaitingListEntry, why: EntryEnd, offer: OfferEnd, now: datetime) -> None:
    entry.ended_at, entry.end = now, why
    db.session.execute(
        sa.update(Offer)
        .where(Offer.entry_id == entry.id, Offer.ended_at.is_(None))
        .values(ended_at=now, end=offer)
    )
    db.session.flush()


def fulfil(entry: WaitingListEntry, now: datetime) -> None:
    """End the entry as fulfilled; it must be locked."""
    entry.ended_at, entry.end = now, EntryEnd.FULFILLED
    db.session.flush()


def old_entries(before: datetime) -> RowsToDelete:
    """Entries that ended before an instant."""
    ended = sa.and_(WaitingListEntry.ended_at.is_not(None), WaitingListEntry.ended_at < before)
    return RowsToDelete(WaitingListEntry, ended)


def delete_ended(before: datetime) -> int:
    """Delete these entries, with their offers and offerings left without one; returns how many."""
    ids = list(db.session.scalars(sa.select(WaitingListEntry.id).where(old_entries(before).condition)))
    if not ids:
        return 0
    db.session.execute(sa.delete(Offer).where(Offer.entry_id.in_(ids)))
    db.session.execute(sa.delete(WaitingListEntry).where(WaitingListEntry.id.in_(ids)))
    unoffered = ~sa.exists().where(Offer.offering_id == Offering.id)
    db.session.execute(sa.delete(Offering).where(Offering.ended_at.is_not(None), unoffered))
    db.session.expire_all()
    return len(ids)


def forget_unwanted() -> None:
    """Delete what was known of treatments that nobody waits for any more."""
    wanted = sa.select(WaitingListEntry.treatment_id).where(WaitingListEntry.ended_at.is_(None))
    db.session.execute(sa.delete(Known).where(Known.treatment_id.not_in(wanted)))
