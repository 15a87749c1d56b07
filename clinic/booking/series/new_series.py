"""Several appointments booked in one act: every so many weeks at one time of day, previewed before anything is saved.

The local time repeats, so ten o'clock stays ten o'clock when the clocks change. A series stores no rule: once booked,
it is a set of independent appointments. `series_changes` changes several at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.accounts import audit
from clinic.accounts.models import Client
from clinic.booking import (
    admission,
    availability,
    barring,
    online_booking,
    same_person,
    services,
    states,
    trained_therapists,
)
from clinic.booking.admission import Agreed
from clinic.booking.locking import lock
from clinic.booking.models import Appointment, Series, State
from clinic.booking.placing import NotOffered, agreed_terms, local_time, new_appointment, place
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.waivers import Rule, waive
from clinic.db import db
from clinic.intake import queries as intake
from clinic.intake.queries import SafetyStanding
from clinic.language import N_
from clinic.practice.models import Treatment
from clinic.practice.supply import Supply, supply_of
from clinic.refusal import NotFound, Refusal
from clinic.scheduling import hours, slots
from clinic.scheduling.hours import Days

MOST = 52
MOST_WEEKS_APART = 8
ALTERNATIVES = 3
WEEK = timedelta(weeks=1)
STAFF_WAIVE = (Rule.HORIZON,)
"""An agreed course may reach further ahead than the online booking horizon."""


class NoSeries(Refusal):
    """Nothing was chosen, or more than one act can book."""

    status = 422
    code = "no-series"
    sentence = N_("Choose between one and 52 sessions.")


class LookFirst(Refusal):
    """A therapist has to look at the answers first; until then only one session can be requested."""

    code = "look-first"
    sentence = N_(
        "A therapist looks first. Please ask for the first session alone; the others can be booked after it."
    )


class Lost(NotOffered):
    """Some of the chosen times were taken or closed meanwhile; nothing was booked. `starts` lists them."""

    code = "series-lost"
    sentence = N_(
        "Some of these times were taken meanwhile. Nothing is booked yet; please choose again where it is marked."
    )

    def __init__(self, starts: Iterable[datetime]) -> None:
        super().__init__()
        self.starts = frozenset(starts)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to book several times: a treatment at a location, with one therapist or with anybody."""

    treatment_id: UUID
    location_id: UUID
    therapist_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """When: a first local time, an interval in weeks, and a count. Raises NoSeries for numbers out of range."""

    first: datetime
    """A naive local time at the place."""
    every_weeks: int
    count: int

    def __post_init__(self) -> None:
        if not (1 <= self.count <= MOST and 1 <= self.every_weeks <= MOST_WEEKS_APART):
            raise NoSeries

    @property
    def walls(self) -> list[datetime]:
        """The local times, earliest first: the same day of the week and time of day, whatever the clocks do."""
        return [self.first + number * self.every_weeks * WEEK for number in range(self.count)]


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A start (UTC) with the therapist who would give it."""

    starts_at: datetime
    therapist_id: UUID


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One session of a series before it is booked: the wanted time, and what is available."""

    number: int
    wished: datetime
    """A naive local time."""
    slot: Slot | None
    """The wanted time, if it is free."""
    alternatives: tuple[Slot, ...] = ()
    """Otherwise up to three free times in the same week, nearest first."""


def propose(
    order: Order, rhythm: Rhythm, *, by_staff: bool, now: datetime, client_id: UUID | None = None
) -> list[Proposal]:
    """Each session of a series with what is available to this client now; nothing is reserved.

    Therapists who lack a training that the client's answers call for are left out.

    Raises Unbookable, and BookingClosed and BarredOnline for a client.
    """
    supply = _supply(order.treatment_id, by_staff=by_staff)
    if not by_staff:
        supply = barring.allowed(supply, client_id, order.therapist_id)
    supply = trained_therapists.offered_to_client(supply, client_id, now)
    supply = same_person.avoiding(supply, client_id, now, records=True)
    criteria = _criteria(order)
    return [
        proposal(supply, criteria, number, wished, now) for number, wished in enumerate(rhythm.walls, start=1)
    ]


def proposal(
    supply: Supply, criteria: SearchCriteria, number: int, wished: datetime, now: datetime
) -> Proposal:
    """What is available for one wanted local time; `criteria` names the location. A time in a spring gap is not free."""
    zone = supply.zone_of(criteria.location_id) if criteria.location_id else supply.sites[0].zone
    starts_at = hours.instant(wished, zone)
    slot = _free(supply, criteria, starts_at, now) if starts_at else None
    if slot is not None:
        return Proposal(number=number, wished=wished, slot=slot)
    monday = wished.date() - timedelta(days=wished.weekday())
    week = Days(monday, monday + timedelta(days=7))
    meant = hours.earliest_instant(wished, zone)
    return Proposal(
        number=number,
        wished=wished,
        slot=None,
        alternatives=tuple(_nearest(supply, criteria, week, meant, now)),
    )


def book(
    order: Order,
    chosen: Sequence[Slot],
    *,
    client: Client,
    actor: str,
    now: datetime,
    browser: bytes | None = None,
) -> Series:
    """Book all the chosen times for a client in one act, or none of them.

    Staff book beyond the horizon and beyond the number a client may have open, and before the health questions are
    answered; safety and all other rules still apply. `browser` is that of a signed-in client: answers given in it
    count. Raises NoSeries, Lost, LookFirst, NotCleared, GuardianNeeded, IntakeNeeded, TooManyOpen, Unbookable, and
    BookingClosed for a client.
    """
    if not 1 <= len(chosen) <= MOST:
        raise NoSeries
    by_staff = states.acting_side(actor) == "staff"
    supply = _supply(order.treatment_id, by_staff=by_staff)
    services.queue_for(client.id)
    supply = same_person.avoiding(supply, client.id, now, records=True)
    lock({slot.therapist_id for slot in chosen}, supply.rooms if supply.needs_room else ())
    zone = supply.zone_of(order.location_id).key
    standing = intake.safety_standing(browser=browser, client_id=client.id, now=now, zone=zone)
    _refuse(order, chosen, client, standing, by_staff=by_staff, actor=actor, now=now)
    series = Series(client_id=client.id, created_at=now, changed_at=now, revision=1)
    db.session.add(series)
    db.session.flush()
    in_order = sorted(chosen, key=lambda slot: slot.starts_at)
    members = [
        _member(series, index, slot, client, supply, order, by_staff=by_staff, now=now)
        for index, slot in enumerate(in_order, start=1)
    ]
    lost = [
        slot.starts_at
        for slot, member in zip(in_order, members, strict=True)
        if not _placed(supply, order, slot, member, now)
    ]
    if lost:
        raise Lost(lost)
    for member in members:
        audit.record(
            actor,
            "book",
            member,
            client_id=client.id,
            fields=["state", "series_id"],
            purpose="series",
            now=now,
        )
    db.session.flush()
    return series


def get_series(series_id: UUID) -> Series:
    """The series; raises NotFound."""
    series = db.session.get(Series, series_id)
    if series is None:
        raise NotFound
    return series


def members(series_id: UUID) -> list[Appointment]:
    """The appointments of a series in order, in whatever state."""
    rows = sa.select(Appointment).where(Appointment.series_id == series_id).order_by(Appointment.series_index)
    return list(
        db.session.scalars(
            rows.options(
                joinedload(Appointment.client),
                joinedload(Appointment.therapist),
                joinedload(Appointment.treatment),
                joinedload(Appointment.location),
                joinedload(Appointment.room),
            )
        )
    )


def moved_alone(member: Appointment) -> bool:
    """Whether a member was moved by itself since the last act on several."""
    return member.series_wall_start is not None and member.wall_start != member.series_wall_start


TOLD_TOGETHER = sa.and_(
    Appointment.series_id.is_not(None), Appointment.act_revision.is_not_distinct_from(Appointment.revision)
)
"""A condition: an act on its series gave the appointment its present state, so only the letter about the series reports
it."""


def of_act(series_id: UUID, revision: int) -> list[Appointment]:
    """The members that got their present state from the act with this revision of the series, in order."""
    return [
        member
        for member in members(series_id)
        if member.series_revision == revision and member.act_revision == member.revision
    ]


def _supply(treatment_id: UUID, *, by_staff: bool) -> Supply:
    supply = supply_of(treatment_id)
    if by_staff:
        return waive(supply, STAFF_WAIVE)
    online_booking.require_open(supply.rules)
    return supply


def _criteria(order: Order) -> SearchCriteria:
    return SearchCriteria(order.treatment_id, therapist_id=order.therapist_id, location_id=order.location_id)


def _free(supply: Supply, criteria: SearchCriteria, starts_at: datetime, now: datetime) -> Slot | None:
    days = availability.days_around(starts_at, supply)
    start = availability.find_offers(supply, criteria, days, now).offers.at(starts_at)
    return _slot(start) if start is not None else None


def _nearest(
    supply: Supply, criteria: SearchCriteria, week: Days, meant: datetime, now: datetime
) -> list[Slot]:
    """The free times of a week nearest to one: with the wanted therapist, or if there are none, with anybody."""
    for asked in dict.fromkeys((criteria, replace(criteria, therapist_id=None))):
        starts = availability.find_offers(supply, asked, week, now).offers.starts()
        if starts:
            ranked = sorted(starts, key=lambda start: (abs(start.starts_at - meant), start.starts_at))
            return [_slot(start) for start in ranked[:ALTERNATIVES]]
    return []


def _slot(start: slots.SlotStart[UUID]) -> Slot:
    return Slot(starts_at=start.starts_at, therapist_id=start.candidates[0].therapist)


def _refuse(
    order: Order,
    chosen: Sequence[Slot],
    client: Client,
    standing: SafetyStanding,
    *,
    by_staff: bool,
    actor: str,
    now: datetime,
) -> None:
    """Refuses if anything about the client prevents the whole series."""
    treatment = db.session.get_one(Treatment, order.treatment_id)
    agreed = Agreed.DESK if by_staff else Agreed.COURSE
    # Earliest first: answers that postpone a visit refuse the earliest one, and that is said before anything milder.
    admissions = [
        admission.admission_of(
            treatment,
            standing,
            slot.starts_at,
            client_id=client.id,
            therapist_id=slot.therapist_id,
            agreed=agreed,
        )
        for slot in sorted(chosen, key=lambda slot: slot.starts_at)
    ]
    if any(each.state is State.REQUESTED for each in admissions):
        raise LookFirst
    if not by_staff:
        barring.require_allowed(client.id, {slot.therapist_id for slot in chosen}, actor)
        services.refuse_too_many(client, admission.BOOKED, now, more=len(chosen))


def _member(
    series: Series,
    index: int,
    slot: Slot,
    client: Client,
    supply: Supply,
    order: Order,
    *,
    by_staff: bool,
    now: datetime,
) -> Appointment:
    terms = agreed_terms(supply)
    return new_appointment(
        State.BOOKED,
        now,
        client_id=client.id,
        booked_by="staff" if by_staff else "client",
        booked_at=now,
        time_agreed_at=now,
        series_id=series.id,
        series_index=index,
        series_revision=series.revision,
        act_revision=1,
        series_wall_start=local_time(slot.starts_at, supply.zone_of(order.location_id).key),
        series_length_minutes=terms["length_minutes"],
        **terms,
    )


def _placed(supply: Supply, order: Order, slot: Slot, member: Appointment, now: datetime) -> bool:
    criteria = replace(_criteria(order), therapist_id=slot.therapist_id)
    try:
        place(supply, criteria, slot.starts_at, member, now)
    except NotOffered:
        return False
    return True
