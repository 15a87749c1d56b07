"""Today and any other day: who comes, when, to which room, and what is left to decide, write and sign."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import same_person
from clinic.booking.models import State
from clinic.db import transaction
from clinic.plans import check_ins
from clinic.plans import queries as plans
from clinic.plans.rule_book import signatures
from clinic.practice import queries as practice
from clinic.practice.models import Therapist
from clinic.refusal import NotFound
from clinic.staff import desk, tasks
from clinic.staff.blueprint import blueprint
from clinic.staff.clinical import reviews
from clinic.staff.day import LEVEL_FLAGS, DayVisit, next_day, visits
from clinic.staff.day import today as practice_today
from clinic.staff.day_overview import desk_day, owner_numbers
from clinic.staff.visits import Act, acts
from clinic.web.access import audience, may, staff

SHOWN_WAITING = 3


@dataclass(frozen=True, kw_only=True)
class AgendaLine:
    """One visit on the page, with what can be done with it."""

    visit: DayVisit
    acts: tuple[Act, ...]


@blueprint.get("", endpoint="today", strict_slashes=False)
@audience(staff)
def today() -> ResponseReturnValue:
    """A therapist's own day; for everybody else the whole practice's. Before set-up, the way to set up the practice."""
    if may(Permission.SETTINGS_WRITE) and practice.find_practice() is None:
        return redirect(url_for("staff.settings"), 303)
    if not may(Permission.CALENDAR_READ):
        return redirect(url_for("staff.messages"), 303)
    now = clock.now()
    user = desk.user()
    mine = desk.own_therapist()
    on = practice_today(now)
    with transaction():
        whose = mine.id if mine else None
        lines = _lines(visits(on, reader=user, therapist_id=whose, now=now))
        waiting = reviews.waiting(user, now) if may(Permission.REVIEW_DECIDE) else []
        requests = _requests(mine)
        return render_template(
            "staff/today.html",
            here="today",
            on=on,
            lines=lines,
            following=next((line.visit.appointment for line in lines if line.visit.is_next), None),
            counted=[line for line in lines if line.visit.appointment.state != State.MISSED],
            queue=waiting[:SHOWN_WAITING],
            waiting_count=len(waiting) + len(requests),
            requests=requests,
            level_flags=LEVEL_FLAGS,
            next_day=None if lines else next_day(on, whose),
            own_id=whose,
            to_cosign=plans.notes_to_cosign(user.id) if may(Permission.NOTE_WRITE) else [],
            unsigned=plans.unsigned_notes(user.id) if may(Permission.NOTE_WRITE) else [],
            check_ins=check_ins.waiting(user.id, now) if may(Permission.REVIEW_DECIDE) else [],
            is_mine=mine is not None,
            unsigned_rules=signatures.unsigned_sentence() if may(Permission.REVIEW_DECIDE) else "",
            desk_day=desk_day(on, reader=user, now=now)
            if not may(Permission.REVIEW_DECIDE) and may(Permission.CALENDAR_WRITE)
            else None,
            numbers=owner_numbers(on) if may(Permission.REPORTS_READ) else None,
            open_address=tasks.open_address,
            pairs=same_person.pairs(now) if may(Permission.CALENDAR_WRITE) else [],
        )


@blueprint.get("/agenda", endpoint="agenda")
@audience(staff, Permission.CALENDAR_READ)
def agenda() -> ResponseReturnValue:
    """The visits of one day as a list, of all therapists or of one."""
    now = clock.now()
    today_is = practice_today(now)
    on = _asked_day(today_is)
    people = practice.therapists(on)
    chosen = _asked_therapist(people)
    with transaction():
        lines = _lines(visits(on, reader=desk.user(), therapist_id=chosen.id if chosen else None, now=now))
        return render_template(
            "staff/agenda.html",
            here="calendar",
            on=on,
            today=today_is,
            before=on - timedelta(days=1),
            after=on + timedelta(days=1),
            lines=lines,
            next_day=None if lines else next_day(on, chosen.id if chosen else None),
            people=people,
            chosen=chosen,
        )


def _asked_day(fallback: date) -> date:
    asked = request.args.get("day")
    if not asked:
        return fallback
    try:
        on = date.fromisoformat(asked)
    except ValueError:
        raise NotFound("There is no such day.") from None
    # The first and last days of the calendar have only one neighbour.
    if not date(2000, 1, 1) <= on < date(2200, 1, 1):
        raise NotFound("There is no such day.")
    return on


def _asked_therapist(people: Sequence[Therapist]) -> Therapist | None:
    slug = request.args.get("therapist")
    if not slug:
        return None
    found = next((person for person in people if person.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def _lines(found: Sequence[DayVisit]) -> list[AgendaLine]:
    """Each visit with its actions; the first action of the next visit is the page's one filled button."""
    lines = []
    for visit in found:
        possible = acts(visit)
        if visit.is_next and possible:
            possible = (replace(possible[0], style=""), *possible[1:])
        lines.append(AgendaLine(visit=visit, acts=possible))
    return lines


def _requests(mine: Therapist | None) -> list[object]:
    if not may(Permission.REVIEW_DECIDE) or mine is None:
        return []
    return list(plans.plain_requests(mine.user_id))
