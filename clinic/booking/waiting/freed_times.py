"""What has become free: the starts that are available now and were not at the last look, whatever the cause.

A cancellation, a move, a declined request, an expired hold, withdrawn time off, longer hours: all show as starts that
were not there before. So nothing has to announce them, and a worker that was away finds them on its return. Times
beyond the last look's horizon have not become free.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from clinic.booking import availability
from clinic.booking.models import Appointment
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.waiting.models import Known
from clinic.db import db
from clinic.practice.supply import Supply, supply_of
from clinic.scheduling import grid
from clinic.scheduling.grid import CELL, Window
from clinic.scheduling.hours import Days
from clinic.scheduling.slots import Offers

Pair = tuple[UUID, UUID]
"""A therapist at a location."""
Masks = Mapping[Pair, int]

KEPT_FOR = timedelta(hours=1)
"""How long the stored state may stay unwritten if only time has passed."""


@dataclass(frozen=True)
class Look:
    """One treatment's availability now, and as last known; masks are over `window`.

    `fits` are the available starts on any five minutes, so that a neighbouring booking, which only shifts the first
    fitting start, frees nothing. `known` are those of the last look, which reached `known_until`.
    """

    supply: Supply
    days: Days
    window: Window
    until_at: datetime
    fits: Masks
    known: Masks
    known_until: datetime

    def newly(self, pair: Pair) -> int:
        """What has become free with one therapist at one location."""
        seen_before = self.window.between(0, self.window.floor(self.known_until))
        return self.fits.get(pair, 0) & ~self.known.get(pair, 0) & seen_before

    def newly_for(self, pairs: Iterable[Pair]) -> int:
        """What has become free for somebody who accepts any of these pairs: only what none of them had free before."""
        wanted = list(pairs)
        before = grid.union(self.known.get(pair, 0) & self.fits.get(pair, 0) for pair in wanted)
        return grid.union(self.newly(pair) for pair in wanted) & ~before

    @property
    def is_first(self) -> bool:
        """Whether nothing was known of this treatment."""
        return not self.known

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Every therapist of the treatment at every location."""
        return tuple(
            (therapist, site.location_id)
            for therapist in self.supply.therapists
            for site in self.supply.sites
        )

    @property
    def zones(self) -> Mapping[UUID, ZoneInfo]:
        """The zone of each place."""
        return {site.location_id: site.zone for site in self.supply.sites}

    def offers(self, now: datetime) -> Offers[UUID]:
        """The starts that may be offered now, on the practice's grid, over the same window."""
        return _offers(self.supply, self.days, now)


def find_freed(treatment_id: UUID, now: datetime) -> Look:
    """What is available of a treatment now, and what was known; raises Unbookable if it is not offered. Changes
    nothing."""
    supply = supply_of(treatment_id)
    around = availability.days_around(now, supply)
    days = Days(around.first_on, around.until_on + supply.rules.horizon)
    offers = _offers(_on_any_five_minutes(supply), days, now)
    rows = list(db.session.scalars(sa.select(Known).where(Known.treatment_id == treatment_id)))
    return Look(
        supply=supply,
        days=days,
        window=offers.window,
        until_at=now + supply.rules.horizon,
        fits={(line.therapist, line.place.location): line.starts for line in offers.lines},
        known={(row.therapist_id, row.location_id): _aligned(row, offers.window) for row in rows},
        known_until=min((row.until_at for row in rows), default=offers.window.begins_at),
    )


def _on_any_five_minutes(supply: Supply) -> Supply:
    return replace(supply, rules=replace(supply.rules, step=CELL, pack=False))


def _offers(supply: Supply, days: Days, now: datetime) -> Offers[UUID]:
    return availability.find_offers(supply, SearchCriteria(supply.treatment_id), days, now).offers


def _aligned(row: Known, window: Window) -> int:
    """What was known, shifted to another window."""
    starts, ahead = int.from_bytes(row.starts, "little"), (window.begins_at - row.from_at) // CELL
    return (starts >> ahead if ahead >= 0 else starts << -ahead) & window.every_cell


def begin(treatment_id: UUID, now: datetime) -> None:
    """Record what is free of a treatment that nobody waited for until now; raises Unbookable."""
    seen = find_freed(treatment_id, now)
    if seen.is_first:
        remember(seen, {pair: seen.fits.get(pair, 0) for pair in seen.pairs})


def remember(seen: Look, known: Masks) -> None:
    """Store what is known for these pairs, if it changed; of two at once, the later one wins."""
    for (therapist_id, location_id), starts in known.items():
        if not _is_news(seen, (therapist_id, location_id), starts):
            continue
        row = {
            "treatment_id": seen.supply.treatment_id,
            "therapist_id": therapist_id,
            "location_id": location_id,
            "from_at": seen.window.begins_at,
            "until_at": seen.until_at,
            "starts": starts.to_bytes((starts.bit_length() + 7) // 8, "little"),
        }
        kept = pg.insert(Known).values(row)
        changing = {name: kept.excluded[name] for name in ("from_at", "until_at", "starts")}
        db.session.execute(
            kept.on_conflict_do_update(
                index_elements=["treatment_id", "therapist_id", "location_id"], set_=changing
            )
        )


def _is_news(seen: Look, pair: Pair, starts: int) -> bool:
    """Whether anything but time has changed it, or it was stored long ago."""
    if pair not in seen.known or seen.until_at - seen.known_until >= KEPT_FOR:
        return True
    soonest = seen.window.ceil(seen.until_at - seen.supply.rules.horizon + seen.supply.rules.notice)
    until = seen.window.floor(seen.known_until)
    return bool((starts ^ seen.known[pair]) & seen.window.between(soonest, until))


def shadow(seen: Look, hold: Appointment) -> int:
    """The starts whose visit would overlap a reserved time."""
    need = seen.supply.need
    first = seen.window.floor(hold.occupied_from - need.length - need.buffer_after) + 1
    return seen.window.between(first, seen.window.ceil(hold.occupied_until + need.buffer_before))
