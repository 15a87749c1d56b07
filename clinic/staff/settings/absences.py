"""Time off and closures: entering and withdrawing them, and choosing among public holidays."""

from datetime import date, timedelta
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from clinic import clock
from clinic.db import transaction
from clinic.practice import absences, opening_hours, premises, public_holidays, queries
from clinic.practice.absences import Away
from clinic.practice.models import Closure, TimeOff
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.absence_forms import ClosureForm, HolidaysForm, TimeOffForm
from clinic.staff.settings.fields import day_after, offered, text
from clinic.staff.settings.layout import BLOCKERS, OutsideHoursWatch, page, saved
from clinic.web.access import actor, audience, staff

ONE_DAY = timedelta(days=1)


@blueprint.route("/settings/time-off", endpoint="settings_time_off", methods=["GET", "POST"])
@audience(staff, *BLOCKERS)
def time_off() -> ResponseReturnValue:
    """Who is away and when; entering it cancels nothing."""
    now = clock.now()
    today = opening_hours.today(now)
    form = TimeOffForm()
    people = queries.therapists(today)
    form.therapist.choices = [("", "Choose somebody"), *offered((each.id, each.name) for each in people)]
    if form.validate_on_submit():
        watched = OutsideHoursWatch(now)
        entered: list[TimeOff] = []
        if saved(
            form,
            lambda: entered.append(
                absences.take_off(UUID(form.therapist.data), _away(form), actor=actor(), now=now)
            ),
        ):
            return watched.leave(
                "The time off is entered.",
                url_for("staff.settings_time_off"),
                undo=url_for("staff.settings_end_time_off", time_off_id=entered[0].id),
            )
    return page("time_off", "time_off", form, listed=absences.all_time_off(today), one_day=ONE_DAY)


def _away(form: TimeOffForm) -> Away:
    first_on = form.first_on.data or date.max
    return Away(
        from_on=first_on,
        until_on=day_after(form.last_on.data) or first_on + ONE_DAY,
        from_minute=form.from_time.minute,
        until_minute=form.until_time.minute,
        note=text(form.note),
    )


@blueprint.post("/settings/time-off/<uuid:time_off_id>/delete", endpoint="settings_end_time_off")
@audience(staff, *BLOCKERS)
def end_time_off(time_off_id: UUID) -> ResponseReturnValue:
    """Take time off back."""
    with transaction():
        absences.work_after_all(time_off_id, actor=actor(), now=clock.now())
    desk.say("Taken back. The usual hours hold.")
    return redirect(url_for("staff.settings_time_off"), 303)


@blueprint.route("/settings/closures", endpoint="settings_closures", methods=["GET", "POST"])
@audience(staff, *BLOCKERS)
def closures() -> ResponseReturnValue:
    """Days on which the practice or one location is closed; entering them cancels nothing."""
    now = clock.now()
    form = ClosureForm()
    where = premises.every_location()
    form.location.choices = [
        ("", "The whole practice"),
        *(offered((each.id, each.name) for each in where) if len(where) > 1 else ()),
    ]
    if form.validate_on_submit():
        watched = OutsideHoursWatch(now)
        entered: list[Closure] = []
        first_on = form.first_on.data or date.max
        if saved(
            form,
            lambda: entered.append(
                absences.close(
                    name=text(form.name),
                    from_on=first_on,
                    until_on=day_after(form.last_on.data) or first_on + ONE_DAY,
                    location_id=UUID(form.location.data) if form.location.data else None,
                    actor=actor(),
                    now=now,
                )
            ),
        ):
            return watched.leave(
                "The closure is entered.",
                url_for("staff.settings_closures"),
                undo=url_for("staff.settings_end_closure", closure_id=entered[0].id),
            )
    return page(
        "closures",
        "closures",
        form,
        listed=absences.closures(opening_hours.today(now)),
        name_of={each.id: each.name for each in where},
        this_year=opening_hours.today(now).year,
        one_day=ONE_DAY,
    )


@blueprint.post("/settings/closures/<uuid:closure_id>/delete", endpoint="settings_end_closure")
@audience(staff, *BLOCKERS)
def end_closure(closure_id: UUID) -> ResponseReturnValue:
    """Take a closure back."""
    with transaction():
        absences.open_after_all(closure_id, actor=actor(), now=clock.now())
    desk.say("Taken back. The usual hours hold.")
    return redirect(url_for("staff.settings_closures"), 303)


@blueprint.route("/settings/closures/holidays", endpoint="settings_holidays", methods=["GET", "POST"])
@audience(staff, *BLOCKERS)
def holidays() -> ResponseReturnValue:
    """The public holidays of a year to choose from."""
    now = clock.now()
    today = opening_hours.today(now)
    practice = queries.find_practice()
    year = _year(today)
    found = public_holidays.proposed(practice.country, practice.region, year) if practice else []
    coming = [each for each in found if each.on >= today]
    shut = absences.closed_days(year)
    form = HolidaysForm(request.form if request.method == "POST" else MultiDict())
    form.days.choices = [(each.on.isoformat(), each.name) for each in coming if each.on not in shut]
    if form.validate_on_submit():
        chosen = set(form.days.data or ())
        watched = OutsideHoursWatch(now)
        entered: list[Closure] = []
        if saved(
            form,
            lambda: entered.extend(
                absences.close_on(
                    [each for each in coming if each.on.isoformat() in chosen], actor=actor(), now=now
                )
            ),
        ):
            count = len(entered)
            said = f"Closed on {count} {'day' if count == 1 else 'days'}." if count else "Nothing was ticked."
            return watched.leave(said, url_for("staff.settings_closures"))
    return page(
        "holidays",
        "closures",
        form,
        year=year,
        years=[today.year, today.year + 1],
        coming=coming,
        shut=shut,
        ticked=set(form.days.data or ()),
    )


def _year(today: date) -> int:
    sent = request.args.get("year", "")
    return today.year + 1 if sent == str(today.year + 1) else today.year
