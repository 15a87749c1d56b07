"""The same visit a week later, by one press: the same time by the clock, treatment, length, therapist and place."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import queries as booking
from clinic.booking.models import Appointment, State
from clinic.db import transaction
from clinic.refusal import NotFound, Refusal
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import new
from clinic.staff.booking.choices import BookingChoices, Moment
from clinic.staff.booking.forms import BookForm
from clinic.web import time_values
from clinic.web.access import audience, staff

COMING = (State.REQUESTED, State.BOOKED)


@blueprint.post("/appointments/<uuid:appointment_id>/next-week", endpoint="book_next_week")
@audience(staff, Permission.CALENDAR_WRITE)
def book_next_week(appointment_id: UUID) -> ResponseReturnValue:
    """Book the same a week later. What cannot be had so leads to the last page of a booking, which says why."""
    now = clock.now()
    visit = desk.visit(appointment_id)
    if visit.client is None or visit.treatment.retired_at is not None:
        raise NotFound
    starts_at = _a_week_later(visit)
    if (already := _booked_at(visit, starts_at)) is not None:
        desk.say(f"{visit.client.first_name} comes at this time already.")
        return redirect(url_for("staff.visit", appointment_id=already.id), 303)
    form = BookForm(formdata=None, data={"decide": visit.therapist_decides})
    try:
        with transaction():
            made = new.book_choice(
                BookingChoices(
                    treatment=visit.treatment,
                    location=visit.location,
                    therapist=visit.therapist,
                    client=visit.client,
                ),
                Moment(starts_at=starts_at, therapist=visit.therapist),
                visit.client,
                form,
                _own_length(visit),
                now,
            )
    except Refusal:
        return redirect(_last_page(visit, starts_at), 303)
    new.say_booked(made, undo=True)
    return new.to_visit(made.id)


def _a_week_later(visit: Appointment) -> datetime:
    """The same time by the clock; raises NoSuchTime if clocks skip it that day."""
    at = visit.wall_start + timedelta(weeks=1)
    return time_values.at_wall(at.date().isoformat(), at.strftime("%H:%M"), ZoneInfo(visit.zone))


def _booked_at(visit: Appointment, starts_at: datetime) -> Appointment | None:
    """What the client has at that moment already: a second press finds what the first booked."""
    assert visit.client_id is not None
    theirs = booking.visits_of(visit.client_id)
    return next((one for one in theirs if one.starts_at == starts_at and one.state in COMING), None)


def _own_length(visit: Appointment) -> int | None:
    return visit.length_minutes if visit.length_minutes != visit.treatment.length_minutes else None


def _last_page(visit: Appointment, starts_at: datetime) -> str:
    return url_for(
        "staff.check_booking",
        client=visit.client_id,
        treatment=visit.treatment.slug,
        location=visit.location.slug,
        start=time_values.value(starts_at, visit.therapist_id),
        minutes=_own_length(visit),
    )
