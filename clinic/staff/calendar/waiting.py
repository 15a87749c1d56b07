"""The waiting list beside the calendar: who would come on the days shown, to be dragged onto free time.

The script asks `calendar_waiting_judge` while somebody is held over a place; let go on a free one, the page that offers the
time opens. By keyboard *Offer a time* beside each name leads to the same acts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking.waiting import matching, queries
from clinic.booking.waiting.matching import WaitingListTime
from clinic.booking.waiting.models import WaitingListEntry
from clinic.language.reading import day_name, wall_time
from clinic.practice import queries as practice
from clinic.practice.supply import supply_of
from clinic.refusal import NotFound, Refusal
from clinic.staff.blueprint import blueprint
from clinic.staff.calendar.gaps import CalendarGap, first_fit
from clinic.web import time_values
from clinic.web.access import audience, staff
from clinic.web.waiting_form import in_words

LOOKED_AT = 50
"""Entries that are looked at, the longest waiting first."""
SAID_BUSY = "A time is being offered to this person already."
SAID_TAKEN = "That time is not free for this treatment, or lies outside the rules."
SAID_UNFIT = "That day, time or therapist is not what this person asked for."


@dataclass(frozen=True, kw_only=True)
class WaitingCard:
    """Somebody who waits and would come on these days."""

    entry: WaitingListEntry
    minutes: int
    words: str
    """When they can come."""
    fits: str
    """The first free time that would suit."""


@dataclass(frozen=True, kw_only=True)
class WaitingPanel:
    """Who waits: those for whom the days shown have something free, and how many others there are."""

    cards: tuple[WaitingCard, ...]
    others: int


def panel(gaps: Sequence[CalendarGap], now: datetime) -> WaitingPanel:
    """Everybody who could have one of these gaps, longest waiting first; a fixed number of statements."""
    lines, count = queries.listed(limit=LOOKED_AT, now=now)
    entries = [line.entry for line in lines if not line.is_busy]
    gives = {one.id: {person.id for person in one.therapists} for one in practice.treatments()}
    is_of_days = len({gap.begins.date() for gap in gaps}) > 1
    cards = []
    for entry, ranked in zip(entries, matching.ranked(entries, now), strict=True):
        own = [gap for gap in gaps if gap.person.id in gives.get(entry.treatment_id, ())]
        first = next(((start, gap) for gap in own if (start := first_fit(gap, ranked)) is not None), None)
        if first is not None:
            cards.append(
                WaitingCard(
                    entry=entry,
                    minutes=int(ranked.lasts.total_seconds()) // 60,
                    words=in_words(entry.times),
                    fits=f"{day_name(first[0].date()) + ' ' if is_of_days else ''}{wall_time(first[0].time())}"
                    f" with {first[1].person.given_name}",
                )
            )
    return WaitingPanel(cards=tuple(cards), others=count - len(cards))


@blueprint.get("/calendar/waiting/<uuid:entry_id>/judge", endpoint="calendar_waiting_judge")
@audience(staff, Permission.CALENDAR_WRITE)
def judge_waiting(entry_id: UUID) -> ResponseReturnValue:
    """Whether this place can be offered to somebody who waits, and which page offers it; nothing changes."""
    entry, now = queries.entry_of(entry_id), clock.now()
    if not entry.is_live:
        raise NotFound
    if queries.is_busy(entry.id, now):
        return _answer("no", SAID_BUSY)
    try:
        wanted, found = _place(entry, now)
    except NotFound:
        raise
    except Refusal as refusal:
        return _answer("no", refusal.sentence, status=refusal.status)
    if found is None:
        return _answer("no", SAID_TAKEN)
    (ranked,) = matching.ranked([entry], now)
    if not ranked.suits(found):
        return _answer("no", SAID_UNFIT)
    start = time_values.value(wanted, found.therapist_id)
    leads = url_for("staff.offer_time", entry_id=entry.id, start=start, location=found.location_id)
    return {"verdict": "free", "said": [], "leads": leads}


def _answer(verdict: str, *said: str, status: int = 200) -> ResponseReturnValue:
    return {"verdict": verdict, "said": list(said)}, status


def _place(entry: WaitingListEntry, now: datetime) -> tuple[datetime, WaitingListTime | None]:
    """The start in the request, and where it is free with this therapist, if it is.

    Raises NotFound for nobody's column, and NoSuchTime for an hour that the clock skips.
    """
    people = practice.therapists(now.date())
    therapist = next((one for one in people if one.slug == request.args.get("therapist")), None)
    if therapist is None:
        raise NotFound
    supply = supply_of(entry.treatment_id)
    zones = {site.zone for site in supply.sites} or {ZoneInfo("UTC")}
    on, at = request.args.get("on", ""), request.args.get("at", "")
    starts = {time_values.at_wall(on, at, zone): zone for zone in zones}
    for starts_at, zone in starts.items():
        found = queries.free_with(entry, starts_at, therapist.id, now)
        if found is not None and found.zone == zone:
            return starts_at, found
    return next(iter(starts)), None
