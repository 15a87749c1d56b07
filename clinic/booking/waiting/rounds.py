"""The worker's steps for the waiting list: end what is over, find what has become free, reserve it and offer it.

It owns its transactions, one for each step. A worker that dies between two leaves nothing half done: what was reserved
is on offer and expires by itself, and what was not stored yet is found again by the next look. Two workers at once are
harmless: a time can be reserved once, and nobody can have two open offers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.booking.models import Appointment, State
from clinic.booking.placing import NotOffered
from clinic.booking.waiting import entries, freed_times, matching, offering
from clinic.booking.waiting.freed_times import Look, Pair
from clinic.booking.waiting.matching import RankedEntry, WaitingListTime
from clinic.booking.waiting.models import Offering, WaitingListEntry
from clinic.booking.waiting.offering import OfferedAlready
from clinic.booking.waiting.pace import Pace
from clinic.db import db, transaction
from clinic.practice.queries import find_practice
from clinic.scheduling import grid
from clinic.scheduling.slots import Offers, SlotStart, best

MOST_LOOKED_AT = 40
"""How many suitable starts are considered for one entry, earliest first."""


@dataclass(slots=True)
class RoundTally:
    """What one round of work did."""

    ended: int = 0
    kept: int = 0


def make(now: datetime) -> RoundTally:
    """Work through the waiting list once."""
    with transaction():
        tally = RoundTally(ended=entries.end_past(now))
        entries.forget_unwanted()
        due = offering.offerings_due(now)
    for offering_id in due:
        with transaction():
            offering.go_on(offering_id, now)
    _Round(now).make(tally)
    return tally


class _Round:
    """One look at everything that is waited for. Availability is read once; the offers change with each reserved
    time."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.looks: dict[UUID, Look] = {}
        self.offers: dict[UUID, Offers[UUID]] = {}

    def make(self, tally: RoundTally) -> None:
        """Reserve and offer what has become free, in the order of entries; then store what is known now."""
        with transaction():
            settings = find_practice()
            if settings is None:
                return
            self.is_open = settings.is_open
            self.pace = Pace.of(settings)
            for treatment_id in self._wanted():
                self.looks[treatment_id] = freed_times.find_freed(treatment_id, self.now)
            queue = (
                matching.in_order(self.now) if any(self._news(look) for look in self.looks.values()) else []
            )
        while queue:
            one = queue.pop(0)
            served = self._serve(one, queue)
            tally.kept += bool(served)
            queue = [other for other in queue if other.id not in served]
        with transaction():
            self._remember()

    def _wanted(self) -> list[UUID]:
        wanted = (
            sa.select(WaitingListEntry.treatment_id).where(WaitingListEntry.ended_at.is_(None)).distinct()
        )
        return list(db.session.scalars(wanted.order_by(WaitingListEntry.treatment_id)))

    def _news(self, look: Look) -> bool:
        return any(look.newly(pair) for pair in self._awake(look))

    def _awake(self, look: Look) -> list[Pair]:
        """Therapists at locations where it is not quiet hours now.

        While online booking is closed there are none: what becomes free is offered once it opens again.
        """
        if not self.is_open:
            return []
        zones = look.zones
        awake = {place for place, zone in zones.items() if self.pace.is_awake(zone, self.now)}
        return [pair for pair in look.pairs if pair[1] in awake]

    def _serve(self, one: RankedEntry, others: list[RankedEntry]) -> frozenset[UUID]:
        """Reserve a suitable freed time and offer it to this entry and to the next ones it suits; returns those
        entries."""
        with transaction():
            time = self._time_for(one)
        if time is None:
            return frozenset()
        alike = [other for other in others if other.treatment_id == one.treatment_id and other.suits(time)]
        chosen = [each.id for each in matching.first([one, *alike], self.pace.people)]
        try:
            with transaction():
                offering.keep(one.treatment_id, time, chosen, now=self.now)
        except (NotOffered, OfferedAlready):
            return frozenset()  # Somebody was quicker; the next look finds what is left.
        self.offers.clear()
        return frozenset(chosen)

    def _time_for(self, one: RankedEntry) -> WaitingListTime | None:
        look = self.looks.get(one.treatment_id)
        if look is None:
            return None
        pairs = [pair for pair in self._awake(look) if one.may_be_with(*pair)]
        newly = look.newly_for(pairs)
        if not newly:
            return None
        starts = list(self._starts(one, look, pairs, newly))
        chosen = next(iter(best(starts, 1)), None)
        return _time(chosen, look) if chosen else None

    def _starts(
        self, one: RankedEntry, look: Look, pairs: Iterable[Pair], newly: int
    ) -> Iterator[SlotStart[UUID]]:
        """Suitable freed starts, earliest first, each with only the therapists who have become free for it."""
        if one.treatment_id not in self.offers:
            self.offers[one.treatment_id] = look.offers(self.now)
        offers, found = self.offers[one.treatment_id], 0
        free_of = {pair: look.newly(pair) for pair in pairs}
        for cell in grid.positions(newly & grid.union(line.starts for line in offers.lines)):
            starts_at = look.window.at(cell)
            right = {
                pair
                for pair, free in free_of.items()
                if free >> cell & 1 and one.suits(WaitingListTime(starts_at, *pair, look.zones[pair[1]]))
            }
            if not right or not self.pace.is_early_enough(starts_at, self.now):
                continue
            start = offers.at(starts_at)
            candidates = start.candidates if start else ()
            chosen = tuple(each for each in candidates if (each.therapist, each.location) in right)
            if chosen:
                yield SlotStart(starts_at, chosen)
                found += 1
                if found == MOST_LOOKED_AT:
                    return

    def _remember(self) -> None:
        """Store what is free now, except what somebody with another open offer may still want."""
        kept = _kept()
        busy = set(
            db.session.scalars(
                sa.select(WaitingListEntry.treatment_id).where(
                    WaitingListEntry.ended_at.is_(None), matching.is_busy(self.now)
                )
            )
        )
        for treatment_id, look in self.looks.items():
            pairs = look.pairs if look.is_first else self._awake(look)
            known = {pair: _known(look, pair, kept, is_wanted=treatment_id in busy) for pair in pairs}
            freed_times.remember(look, known)


def _time(start: SlotStart[UUID], look: Look) -> WaitingListTime:
    chosen = start.candidates[0]
    return WaitingListTime(start.starts_at, chosen.therapist, chosen.location, look.zones[chosen.location])


def _kept() -> list[Appointment]:
    live = sa.select(Appointment).join(Offering, Offering.hold_id == Appointment.id)
    return list(db.session.scalars(live.where(Offering.ended_at.is_(None), Appointment.state == State.HELD)))


def _known(look: Look, pair: Pair, kept: Iterable[Appointment], *, is_wanted: bool) -> int:
    """What counts as known of one therapist at one location from now on: what is free, and what is on offer.

    While a time is reserved, what was known around it stays known, so it does not become free again by coming back. For
    the offered treatment all of it is known, because its entries are being asked; entries for other treatments are
    asked if nobody takes it. `is_wanted`: somebody with an open offer may want other times, too.
    """
    fits, newly = look.fits.get(pair, 0), look.newly(pair)
    asked, unasked, held = 0, newly if is_wanted else 0, 0
    for hold in kept:
        around = freed_times.shadow(look, hold)
        held |= around
        if hold.treatment_id != look.supply.treatment_id:
            unasked |= newly & around
        elif hold.therapist_id == pair[0]:
            asked |= around
    return (fits & ~unasked) | (look.known.get(pair, 0) & held) | asked
