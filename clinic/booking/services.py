"""Keeping a time and booking it: what clients do online; `desk` books for staff, `changes` moves, cancels and undoes.

Services flush and never commit. Each verb takes `actor` (`user:<id>`, `contact:<id>`, `link:<id>`, `visitor`, `system`)
and leaves an audit row.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from clinic.accounts import audit, limits
from clinic.accounts.models import Client, Contact
from clinic.accounts.shared_addresses import is_of_anyone_there
from clinic.booking import admission, barring, online_booking, revalidation, same_person, states
from clinic.booking.admission import Admission, Agreed
from clinic.booking.models import Appointment, State
from clinic.booking.placing import (
    get_appointment,
    lock_all,
    lock_appointment,
    lock_seen,
    new_appointment,
    place,
    reload_locked,
    reservation_terms,
    row_of_booking_with,
)
from clinic.booking.queries import KeptTime
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.states import advance
from clinic.db import db, write_changes
from clinic.intake import queries as intake
from clinic.intake.queries import SafetyStanding
from clinic.language import N_
from clinic.practice import queries as practice
from clinic.practice.supply import Supply, supply_of
from clinic.refusal import Refusal, Stale

OPEN_REQUESTS_PER_CONTACT = 2
HOLDS_PER_NETWORK = 10


class HoldGone(Refusal):
    """The hold expired and its time was taken, or it belongs to another browser."""

    code = "hold-gone"
    sentence = N_("The time we kept for you has passed, and somebody else took it. Please choose another.")


class TimeWithdrawn(HoldGone):
    """The practice changed, or staff ended the hold, so the time can no longer be booked; nobody else has taken it."""

    code = "hold-withdrawn"
    sentence = N_(
        "The time we kept for you can no longer be booked. Nothing you typed is lost; please choose another."
    )


class TooManyHeld(Refusal):
    """The network has reached its limit of holds."""

    status = 429
    code = "too-many-held"
    sentence = N_(
        "Ten times are being kept for people on your network already. "
        "A time that is not booked is free again after some minutes; or call us."
    )


class ClientErased(Refusal):
    """The client was erased while somebody was booking for them."""

    code = "client-erased"
    sentence = N_("The data of this person was erased meanwhile. Nothing was changed.")


class TooManyOpen(Refusal):
    """The client has as many open bookings or requests as the practice allows."""

    code = "too-many-open"
    sentence = N_("You have several appointments open already. Please call us to book more.")


def hold(
    criteria: SearchCriteria,
    starts_at: datetime,
    *,
    browser: bytes,
    client_id: UUID | None,
    now: datetime,
    network: str | None = None,
    known: bool = True,
    gives_up: bytes | None = None,
    supply: Supply | None = None,
    turns: Sequence[str] = (),
) -> Appointment:
    """Reserve a start for the practice's hold time while the person fills in the form.

    A browser holds one time at once: its earlier hold is released in the same step, and stays if this one fails. Asking
    for the time that it already holds returns that hold, with its old end. `known` is False for a secret made in this
    request, under which nothing can be on record yet; `gives_up` is then the one under which this person kept a time before,
    which is released in the same step. `client_id` is the signed-in client, if any: their earlier
    answers count. `network` is where the request comes from (`limits.network`): it keeps only so many times at once.
    `supply` is that of the treatment, if it was read already. `turns` are queued on with the network. Raises Unbookable, NotFirst, TooManyHeld, NotCleared, NotOffered,
    SlotTaken, BookingClosed, BarredOnline.
    """
    supply = supply or supply_of(criteria.treatment_id)
    online_booking.require_open(supply.rules)
    admission.refuse_first_visit(supply.new_clients, client_id)
    supply = barring.allowed(supply, client_id, criteria.therapist_id)
    earlier = holds_of(browser) if known else []
    given_up = holds_of(gives_up) if gives_up is not None else []
    held_network = limits.digest(network) if network else None
    # Read as much as possible before the queue: everyone in it waits for every statement after it.
    lock_all(
        supply, criteria, [*earlier, *given_up], turns=[*turns, *([f"network {network}"] if network else [])]
    )
    if earlier and held_network is not None:
        _refuse_a_crowd(_kept_by_others(held_network, browser, now))
    for old in map(_as_it_stands, earlier):
        if _is_the_same(old, criteria, starts_at, now) and revalidation.is_possible(old, now):
            # Answers may have come since the first call.
            admission.refuse_unsafe(_standing(old, browser, client_id, now), starts_at)
            return old
        _release(old, now)
    for old in map(_as_it_stands, given_up):
        _release(old, now)
    if earlier or given_up:
        db.session.flush()
    reserved = new_appointment(
        State.HELD,
        now,
        held_until=now + supply.rules.hold,
        held_by=browser,
        held_network=held_network,
        **reservation_terms(supply),
    )
    crowd = _refuse_a_crowd if held_network is not None else None
    place(supply, criteria, starts_at, reserved, now, alone=True, crowd=crowd)
    if known:
        admission.refuse_unsafe(_standing(reserved, browser, client_id, now), starts_at)
    return reserved


def _as_it_stands(hold: Appointment) -> Appointment:
    return reload_locked(hold, whole=True)


def _is_the_same(hold: Appointment, criteria: SearchCriteria, starts_at: datetime, now: datetime) -> bool:
    """Whether a browser asks for the time that it already holds, under the rules of that time, with its old end."""
    return (
        revalidation.is_live(hold, now)
        and (hold.treatment_id, hold.starts_at) == (criteria.treatment_id, starts_at)
        and criteria.therapist_id in (None, hold.therapist_id)
        and criteria.location_id in (None, hold.location_id)
    )


def _refuse_a_crowd(kept_by_others: int) -> None:
    """Raise TooManyHeld at the limit; the network's turn ensures that nobody adds a hold meanwhile."""
    if kept_by_others >= HOLDS_PER_NETWORK:
        raise TooManyHeld


def _kept_by_others(network: bytes, browser: bytes, now: datetime) -> int:
    asked = {"network": network, "browser": browser, "now": now}
    return int(db.session.connection().exec_driver_sql(_KEPT_BY_NETWORK, asked).scalar_one())


_KEPT_BY_NETWORK = """
    SELECT count(*) FROM appointments
     WHERE held_network = %(network)s AND held_by <> %(browser)s AND state = 'held' AND held_until > %(now)s
"""


def extend(appointment_id: UUID, *, browser: bytes, now: datetime) -> Appointment:
    """Extend a hold once, by the hold time from when it would end; a second call changes nothing.

    An expired one can be extended if nobody took the time and it could be held anew. Raises HoldGone, TimeWithdrawn.
    """
    appointment = lock_appointment(appointment_id, gone=HoldGone, whole=True)
    require_hold(appointment, browser, now)
    if not appointment.hold_extended:
        appointment.hold_extended = True
        until = max(appointment.held_until or now, now)
        appointment.held_until = until + timedelta(minutes=practice.the_practice().hold_minutes)
        db.session.flush()
    return appointment


def holds_of(browser: bytes) -> list[Appointment]:
    """The times this browser keeps: at most one."""
    mine = sa.select(Appointment).where(Appointment.held_by == browser, Appointment.state == State.HELD)
    return list(db.session.scalars(mine))


def _release(appointment: Appointment, now: datetime) -> None:
    if appointment.state == State.HELD:
        advance(appointment, State.LAPSED, now)


def book(
    appointment_id: UUID,
    *,
    browser: bytes,
    client: Client,
    actor: str,
    now: datetime,
    plain: bool = False,
    held_by: bytes | None = None,
    approved: bool = False,
    promised: bool = False,
    therapist_decides: bool = False,
    is_locked: bool = False,
    seen: KeptTime | None = None,
) -> Appointment:
    """Complete this browser's hold for a client: booked, or requested when a therapist looks first.

    The hold may have expired, as long as nobody took the time and it could be held anew (`revalidation`). `plain`
    requests without any health answers. `held_by` is the holder if that is not the browser: an offering of the waiting
    list. `approved`: staff offered it, so no rule about asking first applies. Staff themselves book also before the
    questions are answered, and beyond what a client may have open. `promised`: the practice offered this very time, so
    that it can be taken also if online booking was closed since. `therapist_decides`: the client leaves the type of massage
    to the therapist. `is_locked`: this transaction holds its calendars and the client's turns. `seen` is the hold, if it
    was read already. Raises BookingClosed, BarredOnline, HoldGone,
    TimeWithdrawn, NotCleared, GuardianNeeded, IntakeNeeded, NotFirst, TooManyOpen, TwoPlaces.
    """
    by_staff = states.acting_side(actor) == "staff"
    hold_seen = seen or get_appointment(appointment_id, HoldGone)
    turns: list[str] | None = None
    if actor == audit.VISITOR:
        turns = None if is_locked else _turns_of(client)
    else:
        queue_for(client.id)
        turns = []
    appointment, known = _judged(hold_seen, client.id, turns, actor=actor, browser=browser, now=now)
    require_hold(appointment, held_by or browser, now)
    if not promised:
        online_booking.require_open(practice.the_practice())
    if not by_staff and not approved:
        barring.refuse(known.barred_from, [appointment.therapist_id])
    standing = (
        intake.safety_standing(
            browser=None if by_staff else browser, client_id=client.id, now=now, zone=appointment.zone
        )
        if known.has_answered
        else intake.UNKNOWN
    )
    admitted = admission.admission_of(
        appointment.treatment,
        standing,
        appointment.starts_at,
        client_id=client.id,
        therapist_id=appointment.therapist_id,
        minutes=appointment.length_minutes,
        agreed=Agreed.DESK if by_staff else Agreed.OFFERED if approved else Agreed.ONLINE,
        plain=plain,
    )
    if by_staff:
        appointment.booked_by = "staff"
    else:
        _refuse_above_limits(known.booked + 1, known.requested, admitted)
        if known.is_elsewhere:
            raise same_person.TwoPlaces
        appointment.booked_in = browser
    appointment.therapist_decides = therapist_decides
    appointment.client, appointment.client_id = client, client.id
    advance(appointment, admitted.state, now)
    for column, value in admitted.columns(appointment.starts_at, now).items():
        setattr(appointment, column, value)
    appointment.held_by = appointment.held_network = None
    appointment.held_until = appointment.kept_under = appointment.spared_at = None
    write_changes(appointment)
    purpose = "desk" if by_staff else ""
    # Nothing is flushed after this: the entry is written together with the key of the form.
    audit.record(actor, "book", appointment, client_id=client.id, fields=["state"], purpose=purpose, now=now)
    return appointment


def book_start(
    criteria: SearchCriteria,
    starts_at: datetime,
    *,
    browser: bytes,
    client: Client,
    now: datetime,
    supply: Supply,
    plain: bool = False,
    therapist_decides: bool = False,
) -> Appointment:
    """Book a start for a visitor without keeping it first: `hold` and `book` in one transaction, under one lock.

    The visitor's turns are taken before the calendars, as the protocol wants it (`locking`). Nothing is kept for a network
    here, so its limit of holds is not asked. Raises what `hold` and `book` raise.
    """
    kept = hold(
        criteria,
        starts_at,
        browser=browser,
        client_id=None,
        now=now,
        known=False,
        supply=supply,
        turns=_turns_of(client),
    )
    return book(
        kept.id,
        browser=browser,
        client=client,
        actor=audit.VISITOR,
        now=now,
        plain=plain,
        therapist_decides=therapist_decides,
        is_locked=True,
    )


def _turns_of(client: Client) -> list[str]:
    """A visitor's turns. Nobody is looked up for them: the client was added in this very transaction."""
    return [f"{contact.kind} {contact.normalised}" for contact in client.contacts]


def queue_for(client_id: UUID) -> None:
    """Queue behind other bookings for this client, or for anyone with the same addresses; call it before `lock`.

    The limits count what is open for all of them. Raises ClientErased if an erasure came first: a visit booked now would be left
    without its person. An erasure that comes later finds the visit.
    """
    addresses = (
        sa.select(Contact.kind, Contact.normalised, Client.erased_at)
        .select_from(Client)
        .outerjoin(Contact, Contact.client_id == Client.id)
        .where(Client.id == client_id)
        .with_for_update(key_share=True, of=Client)
    )
    rows = db.session.execute(addresses).all()
    if any(erased_at for _, _, erased_at in rows):
        raise ClientErased
    limits.queue_up(f"{kind} {normalised}" for kind, normalised, _ in rows if kind)


def _standing(
    appointment: Appointment, browser: bytes, client_id: UUID | None, now: datetime
) -> SafetyStanding:
    return intake.safety_standing(browser=browser, client_id=client_id, now=now, zone=appointment.zone)


def require_hold(appointment: Appointment, browser: bytes, now: datetime) -> None:
    """Raise HoldGone unless this browser's hold still stands, and TimeWithdrawn unless it can still become a visit.

    The hold is locked. One whose end has passed stands as long as nobody took its time.
    """
    if appointment.held_by is None or not secrets.compare_digest(appointment.held_by, browser):
        raise HoldGone
    if appointment.state != State.HELD:
        ended_early = appointment.held_until is not None and appointment.held_until > now
        raise TimeWithdrawn if ended_early else HoldGone
    if appointment.starts_at <= now:
        raise HoldGone
    if not revalidation.is_possible(appointment, now):
        raise TimeWithdrawn


# Built once: building it for each booking takes longer than running it, and others wait meanwhile. `IN` would be written anew
# each time, by the number of its values.
_OPEN = sa.select(
    sa.func.count().label("booked"),
    sa.func.count().filter(Appointment.state == State.REQUESTED).label("requested"),
).where(
    is_of_anyone_there(Appointment.client_id),
    sa.or_(Appointment.state == State.BOOKED, Appointment.state == State.REQUESTED),
    Appointment.starts_at > sa.bindparam("now"),
)
_COUNTED = _OPEN.subquery()
_JUDGED = row_of_booking_with(
    sa.select(
        _COUNTED.c.booked,
        _COUNTED.c.requested,
        sa.func.array(barring.STANDING.scalar_subquery(), type_=ARRAY(sa.Uuid())).label("barred_from"),
        same_person.IS_ELSEWHERE.label("is_elsewhere"),
        intake.HAS_ANSWERED.label("has_answered"),
    )
)


@dataclass(frozen=True)
class _Known:
    """What is on record about the person who completes a hold, on any record with their addresses."""

    booked: int
    requested: int
    barred_from: Sequence[UUID | None]
    is_elsewhere: bool
    has_answered: bool
    """Also in this browser; whoever has not needs no further reading."""


def _judged(
    seen: Appointment | KeptTime,
    client_id: UUID,
    turns: Iterable[str] | None,
    *,
    actor: str,
    browser: bytes,
    now: datetime,
) -> tuple[Appointment, _Known]:
    """A hold as it stands once its calendars are locked, and what is known about who completes it.

    Two statements, since others wait meanwhile: the lock, and everything that is read under it. Without `turns` the lock
    is held already.
    """
    asked = same_person.elsewhere_parameters(seen, client_id, actor=actor, browser=browser)
    appointment, row = lock_seen(seen, _JUDGED, {**asked, "now": now, "browser": browser}, turns=turns)
    if (appointment.starts_at, appointment.ends_at) != (asked["starts_at"], asked["ends_at"]):
        raise Stale  # It was asked for another time whether the client is elsewhere then.
    return appointment, _Known(**{each.name: row[each.name] for each in fields(_Known)})


def refuse_too_many(client: Client, admitted: Admission, now: datetime, *, more: int = 1) -> None:
    """Raise TooManyOpen if this many more would exceed the limit; call `queue_for` first.

    Open bookings of everyone with the client's addresses count, because a visitor is a new client each time.
    """
    booked, requested = db.session.execute(_OPEN, {"client": client.id, "now": now}).one()
    _refuse_above_limits(booked + more, requested, admitted)


def _refuse_above_limits(booked: int, requested: int, admitted: Admission) -> None:
    if booked > practice.the_practice().open_bookings_per_client:
        raise TooManyOpen
    if admitted.state is State.REQUESTED and requested >= OPEN_REQUESTS_PER_CONTACT:
        raise TooManyOpen
