"""Who is offered what: the order of entries, and whether a time suits one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts.models import Client, Contact, ContactKind
from clinic.booking import barring, trained_therapists
from clinic.booking.models import Appointment, State
from clinic.booking.waiting.entries import MAY_BE_EARLIER, time_of
from clinic.booking.waiting.models import Offer, OfferEnd, Offering, WaitingListEntry
from clinic.db import db
from clinic.practice import profiles
from clinic.practice.models import Treatment
from clinic.scheduling import hours

LET_GO = (OfferEnd.DECLINED, OfferEnd.PASSED)
"""How an offer ends that the person could have accepted."""
LIVE = (State.REQUESTED, State.BOOKED, State.ARRIVED)


@dataclass(frozen=True)
class WaitingListTime:
    """A start with one therapist at one location, whose zone defines days and parts of the day."""

    starts_at: datetime
    therapist_id: UUID
    location_id: UUID
    zone: ZoneInfo


@dataclass(frozen=True)
class RankedEntry:
    """An entry in the order; `before` is the start of the visit that should be earlier."""

    id: UUID
    client_id: UUID
    treatment_id: UUID
    therapist_id: UUID | None
    location_id: UUID | None
    times: frozenset[int]
    last_on: date
    before: datetime | None
    let_go: frozenset[tuple[datetime, UUID]] = frozenset()
    """Starts and therapists that this person was offered before and did not take."""
    barred_from: frozenset[UUID | None] = frozenset()
    """Therapists whom the worker does not offer to this person; None bars every offer."""
    lasts: timedelta = timedelta(0)
    elsewhere: tuple[tuple[datetime, datetime], ...] = ()
    """The person's other visits, which a new one must not overlap."""
    untrained: frozenset[UUID] = frozenset()
    """Therapists who lack a training that the person's answers call for."""
    gender: str | None = None
    """Whether the person prefers a woman or a man."""
    of_gender: frozenset[UUID] = frozenset()
    """The therapists who suit that, if anything is preferred."""

    def may_be_with(self, therapist_id: UUID, location_id: UUID) -> bool:
        """Whether the therapist and the location suit."""
        return (
            self.therapist_id in (None, therapist_id)
            and self.location_id in (None, location_id)
            and therapist_id not in self.untrained
            and (self.gender is None or therapist_id in self.of_gender)
        )

    def wants(self, starts_at: datetime, zone: ZoneInfo) -> bool:
        """Whether day and time of day suit, in this zone."""
        wall = hours.wall(starts_at, zone)
        return (
            wall.date() <= self.last_on
            and time_of(wall) in self.times
            and (self.before is None or starts_at < self.before)
            and not any(
                since < starts_at + self.lasts and starts_at < until for since, until in self.elsewhere
            )
        )

    def suits(self, time: WaitingListTime) -> bool:
        """Whether the time suits and was not let go before."""
        return (
            self.may_be_with(time.therapist_id, time.location_id)
            and self.wants(time.starts_at, time.zone)
            and (time.starts_at, time.therapist_id) not in self.let_go
            and not {None, time.therapist_id} & self.barred_from
        )


def in_order(now: datetime, treatment_id: UUID | None = None) -> list[RankedEntry]:
    """The entries that may be offered a time now: those that let the fewest go first, then the longest waiting.

    People with an open offer or a taken time to complete are left out, and people whom no letter reaches.
    """
    refused = (
        sa.select(sa.func.count())
        .where(Offer.entry_id == WaitingListEntry.id, Offer.end.in_(LET_GO))
        .correlate(WaitingListEntry)
        .scalar_subquery()
    )
    question = (
        sa.select(WaitingListEntry, Appointment.starts_at.label("before"), Treatment.length_minutes)
        .join(Client, Client.id == WaitingListEntry.client_id)
        .join(Treatment, Treatment.id == WaitingListEntry.treatment_id)
        .outerjoin(Appointment, Appointment.id == WaitingListEntry.replaces_id)
        .where(
            WaitingListEntry.ended_at.is_(None),
            Client.erased_at.is_(None),
            is_reachable(),
            ~is_busy(now),
            sa.or_(Appointment.id.is_(None), _can_move_into()),
        )
        .order_by(refused, WaitingListEntry.created_at, WaitingListEntry.id)
    )
    if treatment_id is not None:
        question = question.where(WaitingListEntry.treatment_id == treatment_id)
    let_go, bars = _let_go(), barring.by_client()
    elsewhere = _elsewhere(now, WaitingListEntry.ended_at.is_(None))
    rows = db.session.execute(question).all()
    return _without_untrained(
        (
            replace(
                _waiting(entry, before, minutes, let_go, elsewhere),
                barred_from=bars.get(entry.client_id, frozenset()),
            )
            for entry, before, minutes in rows
        ),
        now,
    )


def _without_untrained(people: Iterable[RankedEntry], now: datetime) -> list[RankedEntry]:
    """The same entries, each with the therapists whose training does not suffice, and those of the preferred gender."""
    every = list(people)
    lacking = trained_therapists.lacking(((one.client_id, one.treatment_id) for one in every), now)
    shown = profiles.therapists_by_gender() if any(one.gender for one in every) else {}
    return [
        replace(
            one,
            untrained=lacking.get((one.client_id, one.treatment_id), frozenset()),
            of_gender=shown.get(one.gender, frozenset()),
        )
        for one in every
    ]


def _elsewhere(
    now: datetime, which: sa.ColumnElement[bool]
) -> dict[UUID, tuple[tuple[datetime, datetime], ...]]:
    """Other visits of the people who wait, by entry, apart from the visit that should be earlier."""
    rows = db.session.execute(
        sa.select(WaitingListEntry.id, Appointment.starts_at, Appointment.ends_at)
        .join(Appointment, Appointment.client_id == WaitingListEntry.client_id)
        .where(
            which,
            Appointment.state.in_(LIVE),
            Appointment.ends_at > now,
            Appointment.id.is_distinct_from(WaitingListEntry.replaces_id),
        )
    )
    found: dict[UUID, tuple[tuple[datetime, datetime], ...]] = {}
    for entry_id, since, until in rows:
        found[entry_id] = (*found.get(entry_id, ()), (since, until))
    return found


def _waiting(
    entry: WaitingListEntry,
    before: datetime | None,
    minutes: int,
    let_go: dict[UUID, frozenset[tuple[datetime, UUID]]],
    elsewhere: dict[UUID, tuple[tuple[datetime, datetime], ...]],
) -> RankedEntry:
    return RankedEntry(
        id=entry.id,
        client_id=entry.client_id,
        treatment_id=entry.treatment_id,
        therapist_id=entry.therapist_id,
        location_id=entry.location_id,
        gender=entry.therapist_gender,
        times=frozenset(entry.times),
        last_on=entry.last_on,
        before=before,
        let_go=let_go.get(entry.id, frozenset()),
        lasts=timedelta(minutes=minutes),
        elsewhere=elsewhere.get(entry.id, ()),
    )


def ranked(waiting: Sequence[WaitingListEntry], now: datetime) -> list[RankedEntry]:
    """These entries, whether or not they may be offered anything now."""
    elsewhere = _elsewhere(now, WaitingListEntry.id.in_([entry.id for entry in waiting])) if waiting else {}
    return _without_untrained(
        (
            _waiting(
                entry,
                entry.replaces.starts_at if entry.replaces else None,
                (entry.replaces or entry.treatment).length_minutes,
                {},
                elsewhere,
            )
            for entry in waiting
        ),
        now,
    )


def is_reachable() -> sa.ColumnElement[bool]:
    """Whether a letter reaches the entry's client."""
    return sa.exists().where(
        Contact.client_id == WaitingListEntry.client_id,
        Contact.kind == ContactKind.MAIL,
        Contact.bounced_at.is_(None),
    )


def is_busy(now: datetime) -> sa.ColumnElement[bool]:
    """Whether somebody has an open offer, or took a time that is reserved while they answer the health questions."""
    taken = (
        sa.select(Offer.id)
        .join(Offering, Offering.id == Offer.offering_id)
        .join(Appointment, Appointment.id == Offering.hold_id)
        .where(
            Offer.entry_id == WaitingListEntry.id,
            Offer.end == OfferEnd.ACCEPTED,
            Appointment.state == State.HELD,
            Appointment.held_until > now,
        )
        .correlate(WaitingListEntry)
    )
    return sa.or_(
        sa.exists().where(Offer.entry_id == WaitingListEntry.id, Offer.ended_at.is_(None)), taken.exists()
    )


def _can_move_into() -> sa.ColumnElement[bool]:
    """Whether the visit still exists and is no longer than its treatment now."""
    return sa.and_(
        Appointment.state.in_(MAY_BE_EARLIER),
        Appointment.length_minutes <= Treatment.length_minutes,
        Appointment.buffer_before_minutes <= Treatment.buffer_before_minutes,
        Appointment.buffer_after_minutes <= Treatment.buffer_after_minutes,
    )


def _let_go() -> dict[UUID, frozenset[tuple[datetime, UUID]]]:
    rows = db.session.execute(
        sa.select(Offer.entry_id, Appointment.starts_at, Appointment.therapist_id)
        .join(WaitingListEntry, WaitingListEntry.id == Offer.entry_id)
        .join(Offering, Offering.id == Offer.offering_id)
        .join(Appointment, Appointment.id == Offering.hold_id)
        .where(WaitingListEntry.ended_at.is_(None), Offer.end.in_(LET_GO))
    )
    found: dict[UUID, frozenset[tuple[datetime, UUID]]] = {}
    for entry_id, starts_at, therapist_id in rows:
        found[entry_id] = found.get(entry_id, frozenset()) | {(starts_at, therapist_id)}
    return found


def first(people: Iterable[RankedEntry], count: int) -> list[RankedEntry]:
    """The first few of these, each person once."""
    chosen: dict[UUID, RankedEntry] = {}
    for one in people:
        if len(chosen) == count:
            break
        chosen.setdefault(one.client_id, one)
    return list(chosen.values())
