"""Putting an appointment at a time: the pieces that every booking verb shares.

Check under the lock, choose a candidate, write the instants, and translate the two constraints.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, load_only

from clinic.booking import availability, queries
from clinic.booking.locking import lock
from clinic.booking.models import Appointment, State
from clinic.booking.queries import KeptTime
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import add_together, db, violates_one_of
from clinic.language import N_
from clinic.practice.models import Location, Practice, Therapist, Treatment
from clinic.practice.queries import remember_practice
from clinic.practice.supply import Supply
from clinic.refusal import NotFound, Refusal, Stale
from clinic.scheduling import hours, slots
from clinic.scheduling.slots import Candidate

REFERENCE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without I and O, which are misheard and misread as digits."""

ZONE_RULES = version("tzdata")
"""The version of the time zone rules in use."""


class NotOffered(Refusal):
    """This start cannot be offered: outside hours, too soon, too far ahead, over a cap, or just taken."""

    code = "not-offered"
    sentence = N_("That time is no longer free. Nothing you typed is lost; please choose another.")


SHORTEST_VISIT, LONGEST_VISIT, VISIT_STEP = 5, 360, 5
"""In minutes; the same for what treatments last."""


class NoSuchLength(Refusal):
    """A visit cannot last so long, or not to the minute."""

    status = 422
    code = "no-such-length"
    sentence = f"Enter a length from {SHORTEST_VISIT} to {LONGEST_VISIT} minutes, in steps of {VISIT_STEP}."


def require_length(minutes: int) -> int:
    """The length of a visit in minutes, if there can be such a visit. Raises NoSuchLength."""
    if not SHORTEST_VISIT <= minutes <= LONGEST_VISIT or minutes % VISIT_STEP:
        raise NoSuchLength
    return minutes


class SlotTaken(NotOffered):
    """Somebody else took the time at the same moment."""

    code = "slot-taken"
    sentence = N_("Somebody just took that time. Nothing you typed is lost; please choose another.")


def lock_all(
    supply: Supply, criteria: SearchCriteria, also: list[Appointment], turns: Iterable[str] = ()
) -> None:
    lock(
        [*availability.candidates(supply, criteria), *(old.therapist_id for old in also)],
        [*(supply.rooms if supply.needs_room else ()), *(old.room_id for old in also if old.room_id)],
        turns=turns,
    )


def agreed_terms(supply: Supply) -> dict[str, Any]:
    """The terms copied from a treatment at booking, so that later changes of it do not change what was agreed."""
    return {
        "treatment_id": supply.treatment_id,
        "length_minutes": _minutes(supply.need.length),
        "buffer_before_minutes": _minutes(supply.need.buffer_before),
        "buffer_after_minutes": _minutes(supply.need.buffer_after),
        "price_cents": supply.price_cents,
    }


def reservation_terms(supply: Supply) -> dict[str, Any]:
    """The same for a hold, with the version of the rules it was made under (`revalidation`).

    The supply is read before the lock: its version may be older than what was checked, never newer.
    """
    return {**agreed_terms(supply), "kept_under": supply.rules.version}


def supply_as_agreed(supply: Supply, appointment: Appointment, length_minutes: int | None = None) -> Supply:
    """The supply for an existing appointment: with its own length and buffers, whatever the treatment's are now.

    `length_minutes` is a new length that it is to have.
    """
    return replace(
        supply,
        need=slots.Need(
            length=timedelta(minutes=length_minutes or appointment.length_minutes),
            buffer_before=timedelta(minutes=appointment.buffer_before_minutes),
            buffer_after=timedelta(minutes=appointment.buffer_after_minutes),
        ),
    )


def supply_with_length(supply: Supply, length_minutes: int | None) -> Supply:
    """The supply of a treatment for a visit of another length, if one is given. Raises NoSuchLength."""
    if length_minutes is None:
        return supply
    length = timedelta(minutes=require_length(length_minutes))
    return replace(supply, need=replace(supply.need, length=length))


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds()) // 60


def new_appointment(state: State, now: datetime, **columns: object) -> Appointment:
    return Appointment(
        reference="".join(secrets.choice(REFERENCE_LETTERS) for _ in range(8)),
        state=state,
        created_at=now,
        changed_at=now,
        **columns,
    )


def place(
    supply: Supply,
    criteria: SearchCriteria,
    starts_at: datetime,
    appointment: Appointment,
    now: datetime,
    *,
    alone: bool = False,
    crowd: Callable[[int], None] | None = None,
) -> Appointment:
    """Put an appointment at a start, under the lock: check once more, then let the constraints have the last word.

    `alone`: a new appointment without relationships, and nothing else follows in the transaction if the time is taken, so
    that no savepoint is needed. `crowd` is told how many times others of the appointment's network hold, before anything else is decided.
    """
    days = availability.days_around(starts_at, supply)
    under_lock = availability.UnderLock(
        begins=starts_at - supply.need.buffer_before,
        until=starts_at + supply.need.length + supply.need.buffer_after,
        network=appointment.held_network if crowd else None,
        browser=appointment.held_by,
    )
    found = availability.find_offers(supply, criteria, days, now, under_lock=under_lock)
    if crowd is not None:
        crowd(found.kept_by_network)
    start = found.offers.at(starts_at)
    if start is None or not start.candidates:
        raise NotOffered
    with translate_conflicts(savepoint=not alone):
        _take(supply, start.candidates[0], starts_at, appointment)
        if alone:
            add_together(appointment)
        else:
            db.session.add(appointment)
            db.session.flush()
    return appointment


def _take(supply: Supply, chosen: Candidate[UUID], starts_at: datetime, appointment: Appointment) -> None:
    appointment.therapist_id = chosen.therapist
    appointment.location_id = chosen.location
    # One that stays where it is keeps its room.
    keeps = appointment.starts_at == starts_at and appointment.room_id in chosen.rooms
    if not keeps:
        appointment.room_id = chosen.rooms[0] if chosen.rooms else None
    appointment.zone = supply.zone_of(chosen.location).key
    set_time(appointment, starts_at)


def take_over(kept: Appointment, appointment: Appointment) -> None:
    """Put an appointment in the place of a hold that was already checked: same therapist, same room.

    Needs the lock, and an appointment no longer than the hold.
    """
    with translate_conflicts():
        appointment.therapist_id, appointment.room_id = kept.therapist_id, kept.room_id
        appointment.location_id, appointment.zone = kept.location_id, kept.zone
        set_time(appointment, kept.starts_at)
        db.session.flush()


def set_time(appointment: Appointment, starts_at: datetime) -> None:
    """Set the instants and the promised local time from a start; lengths are added in UTC."""
    appointment.starts_at = starts_at
    appointment.ends_at = starts_at + timedelta(minutes=appointment.length_minutes)
    appointment.occupied_from = starts_at - timedelta(minutes=appointment.buffer_before_minutes)
    appointment.occupied_until = appointment.ends_at + timedelta(minutes=appointment.buffer_after_minutes)
    appointment.wall_start = local_time(starts_at, appointment.zone)
    appointment.tzdata = ZONE_RULES


def local_time(instant: datetime, zone: str) -> datetime:
    """The naive local time of an instant at a location."""
    return hours.wall(instant, ZoneInfo(zone))


@contextmanager
def translate_conflicts(*, savepoint: bool = True) -> Iterator[None]:
    """Translate the exclusion constraints into refusals; `savepoint` as in `violates_one_of`."""
    with violates_one_of(
        {
            "ex_appointments_therapist": SlotTaken(),
            "ex_appointments_room": SlotTaken(),
            "uq_appointments_one_hold": Stale(),
        },
        savepoint=savepoint,
    ):
        yield


def get_appointment(appointment_id: UUID, gone: type[Refusal] = NotFound) -> Appointment:
    """The appointment, not locked. Raises `gone` when there is none."""
    appointment = db.session.get(Appointment, appointment_id)
    if appointment is None:
        raise gone
    return appointment


def lock_appointment(
    appointment_id: UUID,
    client: UUID | None = None,
    gone: type[Refusal] = NotFound,
    *,
    whole: bool = False,
) -> Appointment:
    """The appointment as it stands once its calendars are locked; `whole` as in `reload_locked`. Raises `gone` when
    there is none."""
    seen = get_appointment(appointment_id, gone)
    where = _lock_calendars_of(seen, client)
    return _where_it_was(reload_locked(seen, whole=whole), where)


# What is decided from and answered with; each column that is read takes its time, and `lock_seen` has the others read when asked for.
_OF_BOOKING = (
    load_only(
        Appointment.reference,
        Appointment.client_id,
        Appointment.therapist_id,
        Appointment.room_id,
        Appointment.location_id,
        Appointment.treatment_id,
        Appointment.starts_at,
        Appointment.ends_at,
        Appointment.zone,
        Appointment.length_minutes,
        Appointment.buffer_before_minutes,
        Appointment.buffer_after_minutes,
        Appointment.price_cents,
        Appointment.state,
        Appointment.held_until,
        Appointment.held_by,
        Appointment.kept_under,
        Appointment.spared_at,
        Appointment.decide_by,
        Appointment.revision,
        Appointment.time_revision,
        Appointment.link_epoch,
        Appointment.undo_until,
    ),
    joinedload(Appointment.therapist).load_only(
        Therapist.slug, Therapist.given_name, Therapist.family_name, Therapist.skills
    ),
    joinedload(Appointment.treatment).load_only(
        Treatment.slug,
        Treatment.name,
        Treatment.mail_name,
        Treatment.translations,
        Treatment.modalities,
        Treatment.length_minutes,
        Treatment.intake,
        Treatment.new_clients,
        Treatment.approval,
    ),
    joinedload(Appointment.location).load_only(
        Location.slug, Location.name, Location.street, Location.town, Location.zone
    ),
    load_only(
        Practice.country,
        Practice.currency,
        Practice.language,
        Practice.translations,
        Practice.online_booking,
        Practice.closed_words,
        Practice.rules_version,
        Practice.approval,
        Practice.decide_hours,
        Practice.late_cancel_hours,
        Practice.open_bookings_per_client,
    ),
)


def row_of_booking_with(further: sa.Select[Any]) -> sa.Select[Any]:
    """The statement of `lock_seen`, for one row of further columns. Build it once, because others wait while it is built."""
    also = further.subquery()
    together = sa.join(sa.join(Appointment, Practice, sa.true()), also, sa.true())
    row = sa.select(Appointment, Practice, *also.c).select_from(together)
    row = row.where(Appointment.id == sa.bindparam("seen_id")).options(*_OF_BOOKING)
    return row.with_for_update(key_share=True, of=Appointment).execution_options(populate_existing=True)


def lock_seen(
    seen: Appointment | KeptTime,
    statement: sa.Select[Any],
    parameters: Mapping[str, Any],
    *,
    turns: Iterable[str] | None,
) -> tuple[Appointment, Mapping[Any, Any]]:
    """An appointment that was read, as it stands once its calendars are locked, with a row of further columns.

    Both are read in one statement, made by `row_of_booking_with`, together with what a booking needs to know of the rows the
    appointment refers to and of the practice. `turns` are queued on before;
    without them the calendars are locked already. Raises Stale.
    """
    seen_id, where = seen.id, (seen.therapist_id, seen.room_id)
    if turns is not None:
        _lock_calendars_of(seen, turns=turns)
    _forget_what_was_read(seen_id)
    row = db.session.execute(statement, {**parameters, "seen_id": seen_id}).one()
    remember_practice(row.Practice)
    return _where_it_was(row.Appointment, where), row._mapping


def _forget_what_was_read(appointment_id: UUID) -> None:
    """Let no column that was read before the lock be taken for one that was read under it."""
    db.session.flush()
    for row in list(db.session.identity_map.values()):
        is_seen = isinstance(row, Appointment) and sa.inspect(row).identity == (appointment_id,)
        if is_seen or isinstance(row, (Therapist, Treatment, Location, Practice)):
            db.session.expire(row)


def _lock_calendars_of(
    seen: Appointment | KeptTime, client: UUID | None = None, *, turns: Iterable[str] = ()
) -> tuple[UUID, UUID | None]:
    therapist_id, room_id = seen.therapist_id, seen.room_id
    lock([therapist_id], [room_id] if room_id else [], client, turns=turns)
    return therapist_id, room_id


def _where_it_was(appointment: Appointment, where: tuple[UUID, UUID | None]) -> Appointment:
    if (appointment.therapist_id, appointment.room_id) != where:
        raise Stale  # It moved between the read and the lock, so the wrong calendars are locked.
    return appointment


def reload_locked(appointment: Appointment, *, whole: bool = False) -> Appointment:
    """The row as it stands now, locked; call it once its calendars are locked.

    `whole` also reads the rows it refers to, and the practice, in the same statement. It is for verbs that leave those
    unchanged; a verb that changes them reads them afterwards.
    """
    row = sa.select(Appointment).where(Appointment.id == appointment.id)
    row = row.with_for_update(key_share=True, of=Appointment).execution_options(populate_existing=True)
    found: Appointment
    if not whole:
        found = db.session.scalars(row).one()
        return found
    both = row.add_columns(Practice).join(Practice, sa.true()).options(*queries.WITH_ALL)
    found, rules = db.session.execute(both).one()
    remember_practice(rules)
    return found
