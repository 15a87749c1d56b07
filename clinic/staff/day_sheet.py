"""The day sheet and the week on paper, with or without names."""

from datetime import date, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import queries as booking
from clinic.booking.models import Appointment
from clinic.refusal import NotFound
from clinic.staff import day
from clinic.staff.blueprint import blueprint
from clinic.web import time_values
from clinic.web.access import audience, staff

LENGTHS = {"day": 1, "week": 7}


@blueprint.get("/day-sheet", endpoint="day_sheet")
@audience(staff, Permission.CALENDAR_READ)
def day_sheet() -> ResponseReturnValue:
    """Who comes, to whom and where, for a day or a week from Monday on; nothing about health. `names=no` leaves the names out."""
    on = time_values.read_day(request.args.get("day")) or day.today(clock.now())
    length = request.args.get("length", "day")
    if length not in LENGTHS:
        raise NotFound("There is no such sheet.")
    first = on - timedelta(days=on.weekday()) if length == "week" else on
    days: dict[date, list[Appointment]] = {
        first + timedelta(days=number): [] for number in range(LENGTHS[length])
    }
    for visit in booking.visits_between(first, first + timedelta(days=LENGTHS[length])):
        days[visit.wall_start.date()].append(visit)
    return render_template(
        "staff/day_sheet.html",
        here="today",
        on=on,
        before=first - timedelta(days=LENGTHS[length]),
        after=first + timedelta(days=LENGTHS[length]),
        length=length,
        days=days,
        has_names=request.args.get("names") != "no",
    )
