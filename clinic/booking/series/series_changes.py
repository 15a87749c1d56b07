"""Moving or cancelling several appointments of a series in one act: all of it, or nothing.

A member that was moved by itself stays where it is unless somebody picks it. Each pick carries the revision of its
page; if one of them is out of date, nothing is done. For two minutes the act can be undone (`series_undo`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.booking import changes, same_person, services, states, suitability, trained_therapists
from clinic.booking.changes import EarlierPlace
from clinic.booking.locking import lock
from clinic.booking.models import Appointment, Series, State
from clinic.booking.placing import NotOffered, place, reload_locked, supply_as_agreed, translate_conflicts
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.series import new_series
from clinic.booking.series.new_series import STAFF_WAIVE, WEEK, Lost, NoSeries, Proposal, Slot
from clinic.booking.states import NotNow, raise_revision
from clinic.booking.waivers import waive
from clinic.db import db
from clinic.intake.answered_limits import NOT_ANSWERED, AnsweredLimits, answered_limits
from clinic.practice.supply import Supply, supply_of
from clinic.refusal import Stale

MOST_WEEKS_LATER = 8

_DEFER = sa.text("SET CONSTRAINTS ex_appointments_therapist, ex_appointments_room DEFERRED")
_CHECK = sa.text("SET CONSTRAINTS ex_appointments_therapist, ex_appointments_room IMMEDIATE")


class Scope(StrEnum):
    """Which members an act changes."""

    ONE = "one"
    LATER = "later"
    """This one and those after it in the series."""
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A member as it was shown; if it has changed since, the act is refused."""

    appointment_id: UUID
    revision: int


@dataclass(frozen=True, kw_only=True)
class SeriesMove:
    """A member and the time it moves to."""

    pick: Pick
    slot: Slot


@dataclass(frozen=True, kw_only=True)
class SeriesShift:
    """Where members move: to a weekday and time of day, in their own week or some weeks later.

    Raises NoSeries for an invalid weekday (0 is Monday) or too many weeks.
    """

    weekday: int
    at: time
    weeks_later: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.weekday <= 6 and 0 <= self.weeks_later <= MOST_WEEKS_LATER):
            raise NoSeries("Choose a day of the week, a time, and at most eight weeks.")

    def of(self, wall_start: datetime) -> datetime:
        """The local time to which a member with this local time goes; both naive."""
        monday = wall_start.date() - timedelta(days=wall_start.weekday())
        return datetime.combine(monday + timedelta(days=self.weekday), self.at) + self.weeks_later * WEEK


def in_scope(everybody: Sequence[Appointment], index: int, scope: Scope, now: datetime) -> list[Appointment]:
    """The future members that an act of this scope may change: from this index on, or all."""
    first, last = {
        Scope.ONE: (index, index),
        Scope.LATER: (index, new_series.MOST),
        Scope.ALL: (1, new_series.MOST),
    }[scope]
    return [
        member
        for member in everybody
        if first <= (member.series_index or 0) <= last
        and member.state in (State.BOOKED, State.REQUESTED)
        and member.starts_at > now
    ]


def propose(
    picked: Sequence[Appointment], shift: SeriesShift, *, therapist_id: UUID | None, now: datetime
) -> list[Proposal]:
    """Where each picked member could move; the present times of those that move too count as free. Nothing is reserved.

    Members that were moved by themselves stay unless somebody picks them, and their times count as taken.
    `therapist_id` gives all of them to one therapist; None leaves each with their own.
    """
    along = tuple(member.id for member in picked if not new_series.moved_alone(member))
    answers = answered_limits({member.client_id for member in picked if member.client_id}, now)
    return [
        new_series.proposal(
            same_person.avoiding(
                _offered(member, answers),
                member.client_id,
                now,
                records=True,
                moving=(*along, member.id),
            ),
            _criteria(member, therapist_id or member.therapist_id, (*along, member.id)),
            member.series_index or 0,
            shift.of(member.wall_start),
            now,
        )
        for member in picked
    ]


def move(series_id: UUID, moves: Sequence[SeriesMove], *, actor: str, now: datetime) -> Series:
    """Move several members at once, also onto each other's old times. Staff do this, beyond the horizon too.

    Their old times stay reserved for two minutes, so that the act can be undone (`series_undo`). Raises NoSeries,
    NotFound, Stale, NotNow, Unbookable, OtherTherapist, and Lost with what could not be had.
    """
    slot_of = {one.pick.appointment_id: one.slot for one in moves}
    whole, picked = _locked(series_id, [one.pick for one in moves], now, slot_of)
    ids = tuple(member.id for member in picked)
    lost: list[datetime] = []
    before: list[EarlierPlace] = []
    with constraints_at_the_end():
        for member in picked:
            slot = slot_of[member.id]
            changes.end_undo_holds(member, now)
            before.append(EarlierPlace.before_change(member))
            try:
                supply = same_person.avoiding(
                    _supply(member), member.client_id, now, records=True, moving=ids
                )
                place(supply, _criteria(member, slot.therapist_id, ids), slot.starts_at, member, now)
                if member.therapist_id != before[-1].therapist_id:
                    suitability.refuse_untrained(member, now)
            except NotOffered:
                lost.append(slot.starts_at)
        if lost:
            raise Lost(lost)
    whole.revision += 1
    whole.changed_at = now
    for member, place_before in zip(picked, before, strict=True):
        raise_revision(member, now, time_too=True)
        changes.note_undo(member, place_before, now)
        changes.reserve_for_undo(place_before, member, picked, now)
        if member.state == State.REQUESTED:
            member.decide_by = states.decide_by(member.starts_at, now)
        _by_this_act(member, whole)
        recorded(member, "move", ["starts_at", "therapist_id", "room_id"], actor, now)
    db.session.flush()
    return whole


def cancel(series_id: UUID, picks: Sequence[Pick], *, actor: str, now: datetime) -> Series:
    """Cancel several members at once; for two minutes this can be undone, together or singly.

    Raises NoSeries, NotFound, Stale, NotNow.
    """
    whole, picked = _locked(series_id, picks, now, {})
    whole.revision += 1
    whole.changed_at = now
    for member in picked:
        changes.cancel(
            member.id, revision=member.revision, actor=actor, now=now, reason=states.acting_side(actor)
        )
        _by_this_act(member, whole)
    db.session.flush()
    return whole


def _locked(
    series_id: UUID, picks: Sequence[Pick], now: datetime, slots: dict[UUID, Slot]
) -> tuple[Series, list[Appointment]]:
    """The series and its picked members, all calendars locked and every revision as it was shown."""
    if not picks:
        raise NoSeries("Choose at least one session.")
    whole = new_series.get_series(series_id)
    by_id = {member.id: member for member in new_series.members(series_id)}
    wanted = {pick.appointment_id: pick.revision for pick in picks}
    if not wanted.keys() <= by_id.keys():
        raise Stale
    seen = [by_id[id_] for id_ in wanted]
    where = {member.id: (member.therapist_id, member.room_id) for member in seen}
    rooms = {room for member in seen if slots for room in _rooms(_supply(member))}
    if slots:
        services.queue_for(whole.client_id)
    lock(
        {member.therapist_id for member in seen} | {slot.therapist_id for slot in slots.values()},
        rooms | {member.room_id for member in seen if member.room_id},
    )
    picked = sorted((reload_locked(member) for member in seen), key=lambda member: member.series_index or 0)
    db.session.refresh(whole)
    for member in picked:
        if (member.therapist_id, member.room_id) != where[member.id] or member.revision != wanted[member.id]:
            raise Stale
        if member.state not in (State.BOOKED, State.REQUESTED) or member.starts_at <= now:
            raise NotNow
    return whole, picked


def _supply(member: Appointment) -> Supply:
    return waive(supply_as_agreed(supply_of(member.treatment_id, retired_too=True), member), STAFF_WAIVE)


def _offered(member: Appointment, answers: Mapping[UUID, AnsweredLimits]) -> Supply:
    """The supply without therapists who lack a training that the client's answers call for."""
    answered = answers.get(member.client_id, NOT_ANSWERED) if member.client_id else NOT_ANSWERED
    return trained_therapists.offered_to(_supply(member), answered, member.client_id, member.id)


def _rooms(supply: Supply) -> tuple[UUID, ...]:
    return supply.rooms if supply.needs_room else ()


def _criteria(member: Appointment, therapist_id: UUID, along: tuple[UUID, ...]) -> SearchCriteria:
    return SearchCriteria(
        member.treatment_id, therapist_id=therapist_id, location_id=member.location_id, moving=along
    )


@contextmanager
def constraints_at_the_end() -> Iterator[None]:
    """Defer the constraints, so that appointments can swap times; they are checked at the end of the block."""
    with translate_conflicts():
        db.session.execute(_DEFER)
        yield
        db.session.flush()
        db.session.execute(_CHECK)


def _by_this_act(member: Appointment, whole: Series) -> None:
    member.series_revision = whole.revision
    member.act_revision = member.revision
    member.series_wall_start = member.wall_start
    member.series_length_minutes = member.length_minutes


def recorded(member: Appointment, action: str, fields: list[str], actor: str, now: datetime) -> None:
    """Add the audit entry of an act on several for one of them."""
    audit.record(actor, action, member, client_id=member.client_id, fields=fields, purpose="series", now=now)
