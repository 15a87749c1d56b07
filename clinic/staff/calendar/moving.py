"""Moving a visit inside the calendar, or changing its length: the server judges a place before the visit may be dropped
there.

The script asks `calendar_judge` while a visit is held over a place and sends `calendar_drop` when it is let go. Both answer
with a verdict: `free`, `reason` (allowed when somebody says why) or `no`, with sentences to show; a drop that worked is
`moved`. The keyboard's way is the page *Move*, which stands on the same services.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import desk
from clinic.booking.desk import LONGEST_REASON
from clinic.booking.models import Appointment
from clinic.booking.waivers import Rule
from clinic.db import transaction
from clinic.practice import queries as practice
from clinic.practice.models import Therapist
from clinic.refusal import NotFound, Refusal
from clinic.staff import desk as staff_desk
from clinic.staff import telling
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import choices, move, obstacles
from clinic.web import time_values
from clinic.web.access import audience, staff


@dataclass(frozen=True, kw_only=True)
class DropPlace:
    """Where a visit is held: a therapist's column at a time, and how long it is to be."""

    therapist: Therapist
    starts_at: datetime
    minutes: int | None
    """None to leave the length as it is."""


@blueprint.get("/calendar/visits/<uuid:appointment_id>/judge", endpoint="calendar_judge")
@audience(staff, Permission.CALENDAR_WRITE)
def judge(appointment_id: UUID) -> ResponseReturnValue:
    """Whether the visit may be dropped at a place; nothing changes."""
    try:
        visit = move.movable(appointment_id)
        return _judged(visit, _place(visit))
    except NotFound:
        raise
    except Refusal as refusal:
        return _answer("no", refusal.sentence, status=refusal.status)


@blueprint.post("/calendar/visits/<uuid:appointment_id>/drop", endpoint="calendar_drop")
@audience(staff, Permission.CALENDAR_WRITE)
def drop(appointment_id: UUID) -> ResponseReturnValue:
    """Move the visit there, or say why not; for two minutes a move can be undone."""
    now = clock.now()
    try:
        visit = move.movable(appointment_id)
        place = _place(visit)
        with transaction():
            done = desk.move(
                visit.id,
                place.starts_at,
                therapist_id=place.therapist.id,
                location_id=visit.location_id,
                revision=staff_desk.sent_revision(),
                by=staff_desk.user(),
                waived=_waived(),
                reason=request.values.get("reason", "")[:LONGEST_REASON],
                length_minutes=place.minutes,
                is_told="untold" not in request.form,
                now=now,
            )
    except desk.RulesInTheWay as broken:
        return _needs_reason(broken.rules, place.therapist, status=broken.status)
    except NotFound:
        raise
    except Refusal as refusal:
        return _answer("no", refusal.sentence, status=refusal.status)
    telling.say_changed(done, now, staff_desk.staff_path(request.values.get("back")) or "")
    return _answer("moved")


def _judged(visit: Appointment, place: DropPlace) -> ResponseReturnValue:
    seen = move.judged(visit, visit.location, place.therapist, place.starts_at, clock.now(), place.minutes)
    if seen.impossible is not None:
        return _answer("no", seen.impossible.sentence)
    if seen.broken:
        return _needs_reason(seen.broken, place.therapist)
    return _answer("free")


def _needs_reason(broken: tuple[Rule, ...], therapist: Therapist, status: int = 200) -> ResponseReturnValue:
    answer, _ = _answer("reason", *obstacles.sentences(broken, therapist))
    return {**answer, "rules": [rule.value for rule in broken]}, status


def _answer(verdict: str, *said: str, status: int = 200) -> tuple[dict[str, Any], int]:
    return {"verdict": verdict, "said": list(said)}, status


def _place(visit: Appointment) -> DropPlace:
    """The place in the request; one without a day is the visit's own, for another length.

    Raises NotFound for nobody's column, NoSuchTime for an hour that the clock skips, and NoSuchLength.
    """
    asked, minutes = request.values, choices.minutes()
    if "on" not in asked:
        return DropPlace(therapist=visit.therapist, starts_at=visit.starts_at, minutes=minutes)
    people = practice.therapists(clock.now().date())
    therapist = next((one for one in people if one.slug == asked.get("therapist")), None)
    if therapist is None:
        raise NotFound
    starts_at = time_values.at_wall(asked.get("on", ""), asked.get("at", ""), ZoneInfo(visit.location.zone))
    return DropPlace(therapist=therapist, starts_at=starts_at, minutes=minutes)


def _waived() -> tuple[Rule, ...]:
    """The rules that the reason was given for; words that name none are left out."""
    return tuple(rule for rule in Rule if rule.value in request.form.getlist("waived"))
