"""What the worker does for the waiting list: end what is over, look what has become free, keep it and offer it.

Plain code that owns its transactions, one a step. A worker that dies between two of them leaves nothing half done: what
was kept is offered and ends by itself, and what was not remembered yet is seen as free again by the next look. Two at
once are harmless: a time can be kept once, and nobody can have two offers to answer.
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
from clinic.booking.waiting.matching import Pace, RankedEntry, WaitingListTime
from clinic.booking.waiting.models import Offering, WaitingListEntry
from clinic.booking.waiting.offering import OfferedAlready
from clinic.db import db, transaction
from clinic.practice.queries import find_practice
from clinic.scheduling import grid
from clinic.scheduling.slots import Offers, SlotStart, best

MOST_LOOKED_AT = 40
"""So many free starts that suit are weighed for one wish; the earliest come first."""


@dataclass(slots=True)
class RoundTally:
    """What one look did."""

    ended: int = 0
    kept: int = 0


def make(now: datetime) -> RoundTally:
    """Look after the waiting list once."""
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
    """One look at everything somebody waits for. Its looks are made once; what is offered changes with each time kept."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.looks: dict[UUID, Look] = {}
        self.offers: dict[UUID, Offers[UUID]] = {}

    def make(self, tally: RoundTally) -> None:
        """Keep and offer what has become free, in the order of those who wait; then remember what is known now."""
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
        """Therapists at places where it is not too late in the evening, or too early, to write to somebody.

        While online booking is closed it is like night everywhere: what becomes free is offered once it opens again.
        """
        if not self.is_open:
            return []
        zones = look.zones
        awake = {place for place, zone in zones.items() if self.pace.is_awake(zone, self.now)}
        return [pair for pair in look.pairs if pair[1] in awake]

    def _serve(self, one: RankedEntry, others: list[RankedEntry]) -> frozenset[UUID]:
        """Keep a freed time that suits, and offer it to this wish and to the next ones it suits; the wishes it went to."""
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
            return frozenset()  # Somebody was quicker; the next look sees what is left.
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
        """Freed starts that suit, earliest first, each with nobody but those who have become free for it."""
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
        """What is free now is known, but for what somebody with another offer to answer may still want."""
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
    """What counts as known of one therapist at one place from now on: what is free, and what is being asked about.

    While a time is kept, what was known around it stays known: it does not become free again by coming back. For those who
    wait for the treatment it is kept for all of it is known, as they are being asked; those who wait for another one
    are asked when nobody takes it. `is_wanted`: somebody with an offer to answer may want anything else, too.
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
