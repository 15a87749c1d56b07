"""Whether the calendar still shows what is so: one statement every few seconds, and no held connection."""

import sqlalchemy as sa
from flask import request
from flask.typing import ResponseReturnValue

from clinic.accounts.permissions import Permission
from clinic.db import db
from clinic.refusal import NotFound
from clinic.scheduling.hours import Days
from clinic.staff.blueprint import blueprint
from clinic.staff.calendar.frame import STAMP
from clinic.web import time_values
from clinic.web.access import audience, staff


@blueprint.get("/calendar/stamp", endpoint="calendar_stamp")
@audience(staff, Permission.CALENDAR_READ)
def calendar_stamp() -> ResponseReturnValue:
    """The stamp of these days, for a page that compares it with its own."""
    days = _days()
    wanted = sa.text(f"SELECT {STAMP}")
    found = db.session.scalar(wanted, {"first_on": days.first_on, "until_on": days.until_on})
    return {"stamp": str(found)}


def _days() -> Days:
    first_on = time_values.read_day(request.args.get("from"))
    until_on = time_values.read_day(request.args.get("until"))
    if first_on is None or until_on is None or first_on >= until_on:
        raise NotFound
    return Days(first_on, until_on)
