"""What the practice's rules come to, kept in the process from question to question for as long as they hold.

Whoever changes who works when, what is sold, or how it is booked raises `rules_version` in the same transaction
(`calendars.changing`). So whoever has just read the version knows whether what is kept is still true. Bookings raise other
versions and outdate nothing here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from clinic.db import Ask
from clinic.practice.rota import ROTA_COLUMNS, ROTA_SQL, parameters, rota_from
from clinic.practice.supply import Supply
from clinic.scheduling import grid, hours
from clinic.scheduling.grid import Window
from clinic.scheduling.hours import Days

BEFORE, AFTER = timedelta(days=100), timedelta(days=100)
"""How far hours are unfolded before now and after the end of what can be booked: somewhat longer than the longest question."""
EPOCH, STEP = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=28)
"""What is unfolded begins and ends at whole steps since then."""
MOST_SUPPLIES = 200


@dataclass(frozen=True)
class _Kept:
    """All that is kept of one version."""

    version: int
    supplies: dict[str, Supply] = field(default_factory=dict)
    unfolded: dict[UUID, "_Unfolded"] = field(default_factory=dict)
    """By therapist."""


@dataclass(frozen=True)
class _Unfolded:
    window: Window
    by_location: Mapping[UUID, int]


class KeptRules:
    """The supplies and hours of one version of the rules. What threads change at once is only ever added or replaced whole."""

    def __init__(self) -> None:
        self._kept = _Kept(0)

    @property
    def people(self) -> int:
        """Of how many therapists hours are kept."""
        return len(self._kept.unfolded)

    def supply(self, slug: str) -> Supply | None:
        """The supply last read for a treatment's slug; the caller asks whether it is still true."""
        return self._kept.supplies.get(slug)

    def keep(self, slug: str, supply: Supply) -> None:
        """Keep a supply that was just read or confirmed; everything of another version is forgotten."""
        if self._kept.version != supply.rules.version:
            self._kept = _Kept(supply.rules.version)
        supplies = self._kept.supplies
        if slug not in supplies and len(supplies) >= MOST_SUPPLIES:
            supplies.clear()
        supplies[slug] = supply

    def opened(
        self, window: Window, supply: Supply, therapists: Iterable[UUID], now: datetime, ask: Ask
    ) -> Mapping[tuple[UUID, UUID], int]:
        """The open cells of a window by (therapist, location), for the supply's therapists at all of its locations.

        Hours that are not kept are read, in one statement. Those of days that nobody can book are read each time, because
        callers can ask for any.
        """
        usual = usual_window(now, supply.rules.horizon)
        if not _covers(usual, window):
            return _unfolded(window, supply, list(therapists), ask)
        last = self._kept
        kept = last if last.version == supply.rules.version else _Kept(supply.rules.version)
        people = list(therapists)
        # Looked up once: another thread may put other hours in their place meanwhile.
        held = {each: hours_of for each in people if (hours_of := kept.unfolded.get(each)) is not None}
        missing = [each for each in people if each not in held or not _covers(held[each].window, window)]
        if missing:
            opened = _unfolded(usual, supply, missing, ask)
            for each in missing:
                by_location = {location: mask for (who, location), mask in opened.items() if who == each}
                held[each] = kept.unfolded[each] = _Unfolded(usual, by_location)
        every, found = window.every_cell, {}
        for each in people:
            first = held[each].window.floor(window.begins_at)
            for location, mask in held[each].by_location.items():
                found[each, location] = mask >> first & every
        return found


def usual_window(now: datetime, horizon: timedelta) -> Window:
    """All that can be asked about and kept, out to whole steps, so that for weeks it is the same window: what lies below keeps days by it."""
    begins = now - BEFORE
    ends = now + horizon + AFTER
    before = (begins - EPOCH) % STEP
    after = -(ends - EPOCH) % STEP
    return grid.covering(begins - before, ends + after)


def _unfolded(
    window: Window, supply: Supply, therapists: list[UUID], ask: Ask
) -> dict[tuple[UUID, UUID], int]:
    zones = {site.location_id: site.zone for site in supply.sites}
    edges = [
        hours.local_day(at, zone) for at in (window.begins_at, window.ends_at) for zone in zones.values()
    ]
    if not edges:
        return {}
    days = Days(min(edges), max(edges) + hours.ONE_DAY)
    rows = ask(ROTA_SQL, parameters(days, therapists))
    rota = rota_from([dict(zip(ROTA_COLUMNS, row, strict=True)) for row in rows], supply, therapists)
    return hours.openings(window, zones, rota)


def _covers(wide: Window, narrow: Window) -> bool:
    return wide.begins_at <= narrow.begins_at and narrow.ends_at <= wide.ends_at
