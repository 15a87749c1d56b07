"""Availability: which start times can be offered for a treatment. At most two statements.

It is asked twice: without a lock to show times, which only reads, and under the lock (`locking.lock`) to take one. Then
the same statement releases expired holds (`UnderLock`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.booking.models import LONGEST_OCCUPATION, OCCUPYING
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import Ask, db
from clinic.practice import queries as practice
from clinic.practice.kept_rules import KeptRules
from clinic.practice.rota import ROTA_SQL, parameters, rota_from
from clinic.practice.supply import DEFAULT_TRAVEL, SUPPLY_SQL, Supply, read_supply, supply_of
from clinic.scheduling import grid, hours, slots
from clinic.scheduling.grid import Window
from clinic.scheduling.hours import Days


@dataclass(frozen=True)
class AvailabilityAnswer:
    """The result of a search: the offers, and the supply they were computed from."""

    supply: Supply
    offers: slots.Offers[UUID]
    therapists: tuple[UUID, ...]
    kept_by_network: int = 0
    """Only under the lock, see `UnderLock`."""


@dataclass(frozen=True, kw_only=True)
class UnderLock:
    """What taking a time does and asks in the statement that reads what is busy.

    Expired holds that overlap [begins, until) lapse: no worker is needed to free a time, the next booking takes it over.
    `network` is the digest of the caller's network: live holds of other browsers than `browser` on it are counted.
    """

    begins: datetime
    until: datetime
    network: bytes | None = None
    browser: bytes | None = None


def offers(criteria: SearchCriteria, days: Days, now: datetime) -> AvailabilityAnswer:
    """Starts that may be offered on local days of each location, notice and horizon measured from now.

    Raises Unbookable when the treatment is not sold. An unknown therapist or location finds nothing.
    """
    return find_offers(supply_of(criteria.treatment_id), criteria, days, now)


def find_offers(
    supply: Supply,
    criteria: SearchCriteria,
    days: Days,
    now: datetime,
    *,
    ranked: bool = True,
    under_lock: UnderLock | None = None,
) -> AvailabilityAnswer:
    """The offers for these criteria and a supply that was already read (under the lock, it was read before); one statement.

    Without `ranked`, candidates are not ranked and a fair spread is not computed.
    """
    question = _question(supply, criteria, days, now, ranked=True)
    window = question.window()
    sql = _sql(
        **_columns(supply, ranked=ranked),
        rota=True,
        moving=bool(criteria.moving),
        lapsing=under_lock is not None,
        crowd=under_lock is not None and under_lock.network is not None,
    )
    asked = _asked(supply, question, window) | {"moving": list(criteria.moving)}
    if under_lock is not None:
        # Expired holds of a room lapse also if the treatment needs none: the constraints know no treatments.
        asked |= {
            "rooms": list(supply.rooms),
            "lapse_earliest": under_lock.begins - LONGEST_OCCUPATION,
            "lapse_begins": under_lock.begins,
            "lapse_until": under_lock.until,
            "network": under_lock.network,
            "browser": under_lock.browser,
        }
    rows: dict[bool | None, list[sa.Row[Any]]] = {False: [], True: [], None: []}
    for row in db.session.connection().exec_driver_sql(sql, asked):
        rows[{"busy": True, "crowd": None}.get(row[0], False)].append(row)
    rota = rota_from([row._mapping for row in rows[False]], supply, question.therapists)
    found = slots.offers(question, rota, _taken(supply, question, window, rows[True]))
    return AvailabilityAnswer(
        supply,
        found.apart_from(supply.elsewhere) if supply.elsewhere else found,
        question.therapists,
        kept_by_network=sum(row._mapping["weekday"] for row in rows[None]),
    )


def find_starts(
    supply: Supply, criteria: SearchCriteria, days: Days, now: datetime, *, kept: KeptRules, ask: Ask
) -> AvailabilityAnswer:
    """The same starts, unranked, from hours that are kept: only what is busy is read, in one statement.

    The supply must be of the version of the rules that `kept` holds.
    """
    question = _question(supply, criteria, days, now, ranked=False)
    window = question.window()
    opened = kept.opened(window, supply, question.therapists, now, ask)
    sql = _sql(
        **_columns(supply, ranked=False), rota=False, moving=bool(criteria.moving), lapsing=False, crowd=False
    )
    rows = ask(sql, _asked(supply, question, window) | {"moving": list(criteria.moving)})
    found = slots.offers_within(question, opened, _taken(supply, question, window, rows))
    return AvailabilityAnswer(supply, found, question.therapists)


def _question(
    supply: Supply, criteria: SearchCriteria, days: Days, now: datetime, *, ranked: bool
) -> slots.SlotQuestion[UUID]:
    therapists = candidates(supply, criteria)
    return slots.SlotQuestion(
        need=supply.need,
        days=days,
        now=now,
        therapists=therapists,
        places=tuple(_places(supply, criteria)),
        preferred=criteria.own_therapist if criteria.own_therapist in therapists else None,
        smallest=supply.smallest,
        ranked=ranked,
    )


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer about free times depends on, apart from the query: as long as it is equal, so is the answer.

    Every change of what is free raises the version of a calendar or of the rules. Only time changes the rest: the end
    of the next hold, and the cells of notice and horizon.
    """

    treatment_id: UUID
    rules_version: int
    calendars: int
    """Sum of the versions of all calendars concerned: versions only rise, and under the same rules the calendars are
    the same."""
    next_release: datetime | None
    first_cell: int
    end_cell: int


_BASIS = f"""
    SELECT t.id, p.rules_version, v.calendars,
           (SELECT min(held_until) FROM appointments WHERE state = 'held' AND held_until > %(now)s),
           CASE WHEN p.rules_version = %(rules_version)s AND t.id = %(treatment_id)s THEN NULL ELSE {SUPPLY_SQL} END
      FROM treatments t CROSS JOIN practice p CROSS JOIN LATERAL (
        SELECT ((SELECT coalesce(sum(th.calendar_version), 0) FROM therapists th
                   JOIN treatment_therapists tt ON tt.therapist_id = th.id WHERE tt.treatment_id = t.id)
              + (SELECT coalesce(sum(r.calendar_version), 0) FROM rooms r
                   JOIN treatment_rooms tr ON tr.room_id = r.id WHERE tr.treatment_id = t.id))::bigint AS calendars) v
     WHERE t.slug = %(slug)s AND t.retired_at IS NULL
"""  # noqa: S608 - made of constants


def basis(slug: str, now: datetime, known: Supply | None, ask: Ask) -> tuple[Basis, Supply]:
    """The present basis of answers about a treatment, and its supply; one statement.

    Read it before the rows: an answer is then at most newer than its basis, never older. The supply is read only if it
    is another treatment's or the rules have changed since. Raises Unbookable.
    """
    asked = {
        "slug": slug,
        "now": now,
        "rules_version": known.rules.version if known else None,
        "treatment_id": known.treatment_id if known else None,
    }
    rows = ask(_BASIS, asked)
    if not rows:
        raise practice.Unbookable
    treatment_id, rules_version, calendars, next_release, details = rows[0]
    supply = known if details is None else read_supply(details)
    assert supply is not None
    return (
        Basis(
            treatment_id=treatment_id,
            rules_version=rules_version,
            calendars=calendars,
            next_release=next_release,
            first_cell=grid.cell_from(now + supply.rules.notice),
            end_cell=grid.cell_from(now + supply.rules.horizon),
        ),
        supply,
    )


@contextmanager
def without_transaction() -> Iterator[None]:
    """For a read-only request: its statements run outside a transaction, and none can be opened inside the block.

    Each statement sees what is committed, which is all that an answer about free times needs, and the round trips for
    BEGIN and ROLLBACK are saved. A session that has already begun, or shares a connection, is left as it is.
    """
    session = db.session()
    if session.in_transaction() or not isinstance(session.get_bind(), sa.Engine):
        yield
        return
    session.info["in_transaction"] = (
        True  # Calling `transaction()` inside now fails, because it does not nest.
    )
    try:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        yield
    finally:
        session.info.pop("in_transaction")
        session.rollback()


def candidates(supply: Supply, criteria: SearchCriteria) -> tuple[UUID, ...]:
    """The therapists who match the criteria, in the practice's order."""
    if criteria.therapist_id is None:
        return supply.therapists
    return (criteria.therapist_id,) if criteria.therapist_id in supply.therapists else ()


def _places(supply: Supply, criteria: SearchCriteria) -> Iterable[slots.SlotLocation[UUID]]:
    for site in supply.sites:
        if criteria.location_id in (None, site.location_id):
            yield slots.SlotLocation(
                location=site.location_id,
                zone=site.zone,
                rooms=site.rooms if supply.needs_room else None,
                step=supply.rules.step,
                notice=supply.rules.notice,
                horizon=supply.rules.horizon,
                pack=supply.rules.pack,
            )


# Cells are those of `grid`: since 1970, busy time rounded outward. Rounded and gathered here, a month of a practice is one
# row for each therapist and room, and the arrays cost a fraction of what a row for each appointment does.
_BUSY = """
    SELECT 'busy', {of}, {place}, NULL, NULL, NULL, NULL, NULL,
           array_agg(floor(date_part('epoch', occupied_from) / {cell})::int),
           array_agg(ceil(date_part('epoch', occupied_until) / {cell})::int), {days}
      FROM appointments
     WHERE {of} = ANY(%(of)s) AND occupied_from >= %(earliest)s AND occupied_from < %(until)s
       AND occupied_until > %(begins)s AND state IN ({occupying}) AND (state <> 'held' OR held_until > %(now)s) {moving}
     GROUP BY 2, 3
"""
_WITH_ROTA = (
    f"SELECT rota.*, NULL::int[] AS firsts, NULL::int[] AS ends, NULL::date[] AS days FROM ({ROTA_SQL}) rota"  # noqa: S608 - made of constants
)
# The statement does not see that they lapse, so what is busy asks about `held_until`, too.
_LAPSING = """
    WITH lapsed AS (
      UPDATE appointments SET state = 'lapsed', changed_at = %(now)s
       WHERE state = 'held' AND held_until <= %(now)s AND occupied_from < %(lapse_until)s AND occupied_until > %(lapse_begins)s
         AND occupied_from >= %(lapse_earliest)s AND (therapist_id = ANY(%(therapists)s) OR room_id = ANY(%(rooms)s)))
"""
_CROWD = """
    SELECT 'crowd', NULL, NULL, count(*), NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM appointments
     WHERE held_network = %(network)s AND held_by <> %(browser)s AND state = 'held' AND held_until > %(now)s
"""
_MOVING = "AND id <> ALL(%(moving)s) AND (undo_of_id IS NULL OR undo_of_id <> ALL(%(moving)s))"


@cache
def _sql(
    *, rota: bool, rooms: bool, places: bool, days: bool, moving: bool, lapsing: bool, crowd: bool
) -> str:
    """Reads the rota and busy time with only the columns that are needed: the fewer, the less of the table is touched."""
    words = {
        "cell": grid.CELL_SECONDS,
        "occupying": ", ".join(f"'{state}'" for state in OCCUPYING),
        "moving": _MOVING if moving else "",
    }
    nothing = {"place": "NULL::uuid", "days": "NULL::date[]"}
    of_therapists = {
        "place": "location_id" if places else nothing["place"],
        "days": "array_agg(wall_start::date)" if days else nothing["days"],
    }
    parts = [
        *([_WITH_ROTA] if rota else []),
        _BUSY.format(**words, of="therapist_id", **of_therapists),
    ]
    if rooms:
        parts.append(_BUSY.format(**words, of="room_id", **nothing).replace("%(of)s", "%(rooms)s"))
    if crowd:
        parts.append(_CROWD)
    whole = " UNION ALL ".join(parts).replace("%(of)s", "%(therapists)s")
    return _LAPSING + whole if lapsing else whole


def _columns(supply: Supply, *, ranked: bool) -> dict[str, bool]:
    """What the statement has to tell of what is busy, apart from when."""
    return {
        "rooms": supply.needs_room and bool(supply.rooms),
        "places": len(supply.sites) > 1,
        "days": ranked or bool(supply.daily_cap),
    }


def _asked(supply: Supply, question: slots.SlotQuestion[UUID], window: Window) -> dict[str, object]:
    return {
        **parameters(question.days, question.therapists),
        "rooms": list(supply.rooms) if supply.needs_room else [],
        "earliest": window.begins_at - LONGEST_OCCUPATION,
        "begins": window.begins_at,
        "until": window.ends_at,
        "now": question.now,
    }


def _taken(
    supply: Supply, question: slots.SlotQuestion[UUID], window: Window, rows: Sequence[Sequence[Any]]
) -> slots.Taken[UUID]:
    """What the rows of `_BUSY` say: of whom, where, from and until which cells, on which days."""
    people = frozenset(question.therapists)
    busy: dict[UUID, int] = {}
    booked: Counter[tuple[UUID, date]] = Counter()
    for _, of, _, _, _, _, _, _, firsts, ends, days in rows:
        mask = grid.busy_cells(window, firsts, ends)
        busy[of] = busy[of] | mask if of in busy else mask
        if days:
            booked.update((of, on) for on in days)
    return slots.Taken(
        therapists=busy,
        rooms=busy,
        travelling=tuple(_travelling(supply, [row for row in rows if row[1] in people]))
        if len(supply.sites) > 1
        else (),
        booked=booked,
        daily_cap=supply.daily_cap,
    )


def _travelling(
    supply: Supply, rows: Iterable[Sequence[Any]]
) -> Iterable[tuple[UUID, UUID, datetime, datetime]]:
    """Where a therapist cannot be around each visit: at every other location, for the travel time there and back."""
    others = [site.location_id for site in supply.sites]
    for _, of, here, _, _, _, _, _, firsts, ends, _ in rows:
        for other in others:
            if here in (None, other):
                continue
            there = supply.travel.get((here, other), DEFAULT_TRAVEL)
            back = supply.travel.get((other, here), DEFAULT_TRAVEL)
            for first, end in zip(firsts, ends, strict=True):
                yield of, other, grid.instant(first) - back, grid.instant(end) + there


def days_around(instant: datetime, supply: Supply) -> Days:
    """Local days that surely contain an instant, in every zone of the supply."""
    on = [hours.local_day(instant, site.zone) for site in supply.sites] or [instant.date()]
    return Days(min(on), max(on) + timedelta(days=1))
