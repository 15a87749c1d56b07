"""Move or cancel an existing appointment, or undo that, for a client or the front desk.

A move releases the old time and takes the new one in one step. The old time stays reserved for two minutes, so that a
mistake can be undone. Each function takes the `revision` that the page showed: an outdated page changes nothing and
raises Stale.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.booking import (
    admission,
    barring,
    revalidation,
    same_person,
    states,
    suitability,
    trained_therapists,
)
from clinic.booking.locking import lock
from clinic.booking.models import Appointment, State
from clinic.booking.placing import (
    NotOffered,
    get_appointment,
    local_time,
    lock_all,
    lock_appointment,
    new_appointment,
    place,
    reload_locked,
    require_length,
    set_time,
    supply_as_agreed,
    take_over,
    translate_conflicts,
)
from clinic.booking.revalidation import Spot
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.services import queue_for
from clinic.booking.states import (
    NotNow,
    acting_side,
    advance,
    call_off,
    forget_undo,
    raise_revision,
    require_current,
)
from clinic.booking.waivers import Rule, waive
from clinic.db import db
from clinic.intake.queries import safety_standing
from clinic.language import N_
from clinic.practice.models import Location
from clinic.practice.supply import supply_of
from clinic.refusal import Refusal

UNDO = timedelta(seconds=120)


class UndoOver(Refusal):
    """The two minutes for undoing are over."""

    code = "undo-over"
    sentence = N_("It is too late to take that back. You can book a new time.")


class TooLong(NotOffered):
    """The answers, or a plan made of them, speak against so long a visit; says nothing about health."""

    code = "too-long"
    sentence = "This visit cannot be made so long. A therapist can say why."


class NobodyThere(NotOffered):
    """The practice has since entered time off or a closure over the old time."""

    code = "nobody-there"
    sentence = N_("The practice has since closed that time, so this cannot be taken back.")


def move(
    appointment_id: UUID,
    starts_at: datetime,
    *,
    therapist_id: UUID | None = None,
    location_id: UUID | None = None,
    waived: Collection[Rule] = (),
    onto: Appointment | None = None,
    length_minutes: int | None = None,
    is_told: bool = True,
    revision: int,
    actor: str,
    now: datetime,
) -> Appointment:
    """Move an appointment to another start, and optionally to another therapist or location, in one step; with
    `length_minutes` it also becomes longer or shorter.

    The old time stays reserved for two minutes, so that the move can be undone. Buffers and price stay as agreed, and
    so do notice and the like for a visit that stays where it is. Without `is_told` no letter is written about the change.
    `waived` are rules that staff set aside (`desk.move`). `onto` is a hold for this move, already checked and locked, and
    is taken over as it is. Raises NoSuchLength, Stale, NotNow, NotOffered, SlotTaken, OtherTherapist if the new one lacks
    a training the visit needs, TooLong if the answers speak against a longer one, and for a client's own move NotCleared,
    TwoPlaces and BarredOnline.
    """
    seen = get_appointment(appointment_id)
    length = seen.length_minutes if length_minutes is None else require_length(length_minutes)
    supply = supply_as_agreed(supply_of(seen.treatment_id, retired_too=True), seen, length)
    supply = waive(supply, [*waived, *agreed_already(seen, starts_at, therapist_id, location_id)])
    if therapist_id is None:
        supply = trained_therapists.offered_to_client(supply, seen.client_id, now, seen.id)
    criteria = SearchCriteria(
        seen.treatment_id,
        therapist_id=therapist_id,
        location_id=location_id,
        own_therapist=seen.therapist_id,
        moving=(appointment_id,),
    )
    if seen.client_id is not None:
        queue_for(seen.client_id)
    lock_all(supply, criteria, [seen])
    appointment = reload_locked(seen)
    require_current(appointment, revision)
    if appointment.state not in (State.BOOKED, State.REQUESTED) or appointment.starts_at <= now:
        raise NotNow
    end_undo_holds(appointment, now)
    before = EarlierPlace.before_change(appointment)
    appointment.length_minutes = length
    if acting_side(actor) == "staff" and Rule.PERSON not in waived:
        supply = same_person.avoiding(supply, seen.client_id, now, records=True, moving=[seen.id])
    if onto is None:
        place(supply, criteria, starts_at, appointment, now)
    else:
        advance(onto, State.LAPSED, now)
        db.session.flush()
        take_over(onto, appointment)
    if acting_side(actor) == "client":
        _refuse_unsafe(appointment, now)
        if appointment.client_id is not None:
            barring.require_allowed(appointment.client_id, [appointment.therapist_id], actor)
            same_person.refuse_two_places(appointment, appointment.client_id, actor=actor, browser=None)
    if appointment.therapist_id != before.therapist_id:
        suitability.refuse_untrained(appointment, now)
    if length > before.length_minutes and suitability.is_too_long(appointment, length, now):
        raise TooLong
    was_untold = is_untold(appointment)
    raise_revision(appointment, now, time_too=True)
    if not is_told:
        appointment.untold_revision = appointment.time_revision
    if appointment.state == State.REQUESTED:
        appointment.decide_by = states.decide_by(appointment.starts_at, now)
    note_undo(appointment, before, now)
    appointment.undo_untold = was_untold
    reserve_for_undo(before, appointment, [appointment], now)
    resized = ["length_minutes"] if length != before.length_minutes else []
    audit.record(
        actor,
        "move",
        appointment,
        client_id=appointment.client_id,
        fields=["starts_at", "therapist_id", "room_id", *resized],
        purpose="" if is_told else UNTOLD,
        now=now,
    )
    return appointment


UNTOLD = "untold"
"""In the audit log: the client is not written to about this change."""


def is_untold(appointment: Appointment) -> bool:
    """Whether staff want no letter about the present time; the queries for letters ask the same of the row."""
    return appointment.untold_revision == appointment.time_revision


def tell(appointment_id: UUID, *, is_told: bool, revision: int, actor: str, now: datetime) -> Appointment:
    """Decide again whether a letter is written about the newest change of a visit's time or length.

    Nothing of the visit itself changes. Raises Stale, NotNow.
    """
    appointment = lock_appointment(appointment_id)
    require_current(appointment, revision)
    if appointment.state not in (State.BOOKED, State.REQUESTED) or appointment.starts_at <= now:
        raise NotNow
    appointment.untold_revision = None if is_told else appointment.time_revision
    if is_told:
        appointment.changed_at = now  # So that the next pass looks at it again.
    db.session.flush()
    audit.record(
        actor,
        "change",
        appointment,
        client_id=appointment.client_id,
        fields=["untold_revision"],
        purpose="" if is_told else UNTOLD,
        now=now,
    )
    return appointment


AGREED = (Rule.NOTICE, Rule.HORIZON, Rule.DAILY_CAP, Rule.STEP)
"""Rules about when a time may be chosen; one that was agreed is not chosen again."""


def agreed_already(
    visit: Appointment, starts_at: datetime, therapist_id: UUID | None, location_id: UUID | None
) -> tuple[Rule, ...]:
    """The rules that do not ask anew when a visit stays at its time, therapist and place and only its length changes."""
    stays = (
        starts_at == visit.starts_at
        and therapist_id == visit.therapist_id
        and location_id in (None, visit.location_id)
    )
    return AGREED if stays else ()


def _refuse_unsafe(appointment: Appointment, now: datetime) -> None:
    if appointment.client_id is not None:
        admission.refuse_unsafe(
            safety_standing(browser=None, client_id=appointment.client_id, now=now, zone=appointment.zone),
            appointment.starts_at,
        )


def cancel(
    appointment_id: UUID, *, revision: int, actor: str, now: datetime, reason: str = "asked"
) -> Appointment:
    """Cancel a booked or requested appointment; its time stays reserved for two minutes, so that this can be undone.

    A client's cancellation within the practice's late limit is marked late. Raises Stale, NotNow.
    """
    appointment = lock_appointment(appointment_id)
    require_current(appointment, revision)
    if appointment.state not in (State.BOOKED, State.REQUESTED) or appointment.starts_at <= now:
        raise NotNow
    end_undo_holds(appointment, now)
    before = EarlierPlace.before_change(appointment)
    call_off(appointment, by=acting_side(actor), reason=reason, now=now)
    db.session.flush()
    appointment.undo_until = now + UNDO
    reserve_for_undo(before, appointment, [appointment], now)
    audit.record(actor, "cancel", appointment, client_id=appointment.client_id, fields=["state"], now=now)
    return appointment


def undo(appointment_id: UUID, *, revision: int, actor: str, now: datetime) -> Appointment:
    """Undo the last move or cancellation, within two minutes; clients can undo only their own.

    Raises Stale, UndoOver, SlotTaken if the old time could not be kept, NobodyThere if time off or a closure now covers
    it, and for a client NotCleared.
    """
    seen = get_appointment(appointment_id)
    lock(*calendars_of_undo([seen]))
    appointment = reload_locked(seen)
    require_current(appointment, revision)
    if not can_undo(appointment, acting_side(actor), now):
        raise UndoOver
    if appointment.state not in (State.BOOKED, State.REQUESTED, State.CANCELLED):
        raise UndoOver
    if revalidation.is_absent(goes_back_to(appointment).spot()):
        raise NobodyThere
    end_undo_holds(appointment, now)
    with translate_conflicts():
        put_back(appointment, now)
        db.session.flush()
    if acting_side(actor) == "client":
        _refuse_unsafe(appointment, now)
    audit.record(
        actor, "undo", appointment, client_id=appointment.client_id, fields=["state", "starts_at"], now=now
    )
    return appointment


def calendars_of_undo(visits: Iterable[Appointment]) -> tuple[set[UUID], set[UUID]]:
    """The therapists and rooms of the visits' present and earlier places."""
    every = list(visits)
    therapists = {id_ for visit in every for id_ in (visit.therapist_id, visit.undo_therapist_id) if id_}
    return therapists, {id_ for visit in every for id_ in (visit.room_id, visit.undo_room_id) if id_}


def can_undo(appointment: Appointment, by: str, now: datetime) -> bool:
    """Whether `by` (`client`, `staff`) may undo the last move or cancellation now.

    Clients cannot undo what the practice cancelled, or a change to their series.
    """
    is_decision = appointment.state == State.DECLINED  # Taken back by whoever decided, with the review.
    if is_decision or appointment.undo_until is None or appointment.undo_until <= now:
        return False
    return by == "staff" or (appointment.cancelled_by in (None, "client") and not is_of_act(appointment))


def is_of_act(appointment: Appointment) -> bool:
    """Whether the visit's present state comes from a change to its series, which only staff can make."""
    return appointment.series_id is not None and appointment.act_revision == appointment.revision


def goes_back_to(appointment: Appointment) -> "EarlierPlace":
    """Where undoing the last move or cancellation would put a visit. Raises UndoOver."""
    here = EarlierPlace.before_change(appointment)
    if appointment.state == State.CANCELLED:
        return here
    if appointment.undo_starts_at is None or appointment.undo_therapist_id is None:
        raise UndoOver
    starts_at, zone = appointment.undo_starts_at, here.zone
    length = appointment.undo_length_minutes or appointment.length_minutes
    if appointment.undo_location_id is not None:
        zone = db.session.get_one(Location, appointment.undo_location_id).zone
    return EarlierPlace(
        starts_at=starts_at,
        occupied_from=starts_at - (here.starts_at - here.occupied_from),
        occupied_until=starts_at + timedelta(minutes=length + appointment.buffer_after_minutes),
        length_minutes=length,
        therapist_id=appointment.undo_therapist_id,
        room_id=appointment.undo_room_id,
        location_id=appointment.undo_location_id or here.location_id,
        zone=zone,
        wall_start=local_time(starts_at, zone),
    )


def put_back(appointment: Appointment, now: datetime) -> None:
    """Undo the last move or cancellation of a visit, once; its calendars must be locked."""
    if appointment.state == State.CANCELLED:
        _uncancelled(appointment, now)
    else:
        _moved_back(appointment)
    raise_revision(appointment, now, time_too=appointment.undo_starts_at is not None)
    if appointment.undo_untold:
        appointment.untold_revision = appointment.time_revision
    forget_undo(appointment)


def _uncancelled(appointment: Appointment, now: datetime) -> None:
    # A visit with `decide_by` was a request when cancelled, even if it was booked until a safety answer changed that.
    advance(appointment, State.REQUESTED if appointment.decide_by else State.BOOKED, now)
    appointment.cancelled_at = appointment.cancelled_by = appointment.cancel_reason = None
    appointment.cancelled_late = False


def _moved_back(appointment: Appointment) -> None:
    back, by_series = goes_back_to(appointment), is_of_act(appointment)
    appointment.therapist_id, appointment.room_id = back.therapist_id, back.room_id
    appointment.location_id, appointment.zone = back.location_id, back.zone
    appointment.length_minutes = back.length_minutes
    set_time(appointment, back.starts_at)
    if by_series:
        # The whole series was moved, and this visit is back where it was, so it needs no letter of its own.
        appointment.series_wall_start = appointment.wall_start
        appointment.series_length_minutes = appointment.length_minutes


@dataclass(frozen=True)
class EarlierPlace:
    """Where an appointment was before it moved or was cancelled."""

    starts_at: datetime
    occupied_from: datetime
    occupied_until: datetime
    length_minutes: int
    therapist_id: UUID
    room_id: UUID | None
    location_id: UUID
    zone: str
    wall_start: datetime
    """Naive, in the location's local time."""

    @classmethod
    def before_change(cls, row: Appointment) -> "EarlierPlace":
        """The place that an appointment has now."""
        return cls(
            row.starts_at,
            row.occupied_from,
            row.occupied_until,
            row.length_minutes,
            row.therapist_id,
            row.room_id,
            row.location_id,
            row.zone,
            row.wall_start,
        )

    def spot(self) -> Spot:
        """The visit at this place, as long as it was there and without buffers, for `revalidation`."""
        return Spot(
            starts_at=self.starts_at,
            ends_at=self.starts_at + timedelta(minutes=self.length_minutes),
            therapist_id=self.therapist_id,
            location_id=self.location_id,
        )

    def free_parts(self, others: Iterable[Appointment]) -> list[tuple[datetime, datetime]]:
        """The parts of this time, with buffers, that none of these visits occupies now."""
        pieces = [(self.occupied_from, self.occupied_until)]
        for other in others:
            if self._meets(other):
                first, end = other.occupied_from, other.occupied_until
                parts = ((begin, min(until, first)) for begin, until in pieces)
                rests = ((max(begin, end), until) for begin, until in pieces)
                pieces = sorted((begin, until) for begin, until in (*parts, *rests) if begin < until)
        return pieces

    def _meets(self, other: Appointment) -> bool:
        return other.state != State.CANCELLED and (
            other.therapist_id == self.therapist_id
            or (self.room_id is not None and other.room_id == self.room_id)
        )


def reserve_for_undo(
    place: EarlierPlace, appointment: Appointment, among: Iterable[Appointment], now: datetime
) -> None:
    """Reserve the time an appointment left for as long as the change can be undone.

    The parts that the appointments in `among`, which changed with it, now occupy are left out.
    """
    for begin, end in place.free_parts(among):
        kept = new_appointment(State.HELD, now, held_until=now + UNDO, undo_of_id=appointment.id)
        for column in ("treatment_id", "tzdata", "length_minutes", "price_cents"):
            setattr(kept, column, getattr(appointment, column))
        kept.buffer_before_minutes = kept.buffer_after_minutes = 0
        kept.therapist_id, kept.room_id = place.therapist_id, place.room_id
        kept.location_id, kept.zone = place.location_id, place.zone
        kept.starts_at, kept.ends_at, kept.occupied_from, kept.occupied_until = begin, end, begin, end
        kept.wall_start = local_time(begin, kept.zone)
        db.session.add(kept)
    db.session.flush()


def note_undo(appointment: Appointment, before: EarlierPlace, now: datetime) -> None:
    """Remember where a visit was before its move, for as long as the move can be undone."""
    appointment.undo_until = now + UNDO
    appointment.undo_starts_at = before.starts_at
    appointment.undo_therapist_id = before.therapist_id
    appointment.undo_room_id = before.room_id
    appointment.undo_location_id = before.location_id
    appointment.undo_length_minutes = before.length_minutes


def end_undo_holds(appointment: Appointment, now: datetime) -> None:
    """Release the times reserved for undoing the last move or cancellation; the caller must hold the lock."""
    db.session.execute(
        sa.update(Appointment)
        .where(Appointment.undo_of_id == appointment.id, Appointment.state == State.HELD)
        .values(state=State.LAPSED, changed_at=now)
    )
