"""Weekly hours as a form of the week, and special days that replace one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, HiddenField
from wtforms.validators import InputRequired, Optional

from clinic import clock
from clinic.booking.outside_hours import Outside
from clinic.practice import opening_hours, premises, queries, therapists, working_hours
from clinic.practice.models import Location, Therapist
from clinic.practice.working_hours import Phase, Span
from clinic.refusal import Refusal
from clinic.scheduling.hours import Days
from clinic.staff.blueprint import blueprint
from clinic.staff.settings import week_form
from clinic.staff.settings.fields import SettingsDateField, day_after, parsed_day
from clinic.staff.settings.layout import OWNERS, OutsideHoursWatch, Problems, page, saved, tried
from clinic.staff.settings.week_form import WeekLine
from clinic.web.access import actor, audience, staff
from clinic.web.forms import UnchangedForm

ONE_DAY = timedelta(days=1)
WEEKS_SHOWN = 4
WEEKDAYS_ONLY = range(5)
EVERY_DAY = range(7)
LINES_OF_A_DAY = 4


class WeekForm(UnchangedForm):
    """From when until when a week of hours applies; the hours themselves are lines of the form."""

    from_on = SettingsDateField(
        "From", validators=[InputRequired("Enter the day from which the hours hold.")]
    )
    last_on = SettingsDateField(
        "Last day", description="Leave it empty until further notice.", validators=[Optional()]
    )
    forget_later = BooleanField("Also replace the hours that are planned for later")


class DayForm(UnchangedForm):
    """The day whose hours differ."""

    on = SettingsDateField("Day", validators=[InputRequired("Enter the day.")])
    remove = HiddenField()


@dataclass(frozen=True)
class Week:
    """One of the coming weeks, with the resulting hours."""

    begins_on: date
    minutes: int
    days: tuple[opening_hours.RotaDay, ...]


@blueprint.get("/settings/hours", endpoint="settings_hours")
@audience(staff, *OWNERS)
def hours() -> ResponseReturnValue:
    """The first therapist's form; before there is one, what to do first."""
    people = _people()
    if people and premises.every_location():
        return redirect(url_for("staff.settings_week", therapist_id=people[0].id), 303)
    return page("no_hours", "hours", needs_location=not premises.every_location())


def _people() -> list[Therapist]:
    return queries.therapists(opening_hours.today(clock.now()))


@blueprint.route("/settings/hours/<uuid:therapist_id>", endpoint="settings_week", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def week(therapist_id: UUID) -> ResponseReturnValue:
    """The weekly hours of one therapist from a day on."""
    person = therapists.therapist(therapist_id)
    now = clock.now()
    today, where = opening_hours.today(now), queries.locations(opening_hours.today(now))
    if not where:
        return redirect(url_for("staff.settings_hours"), 303)
    planned = working_hours.phases(therapist_id, today)
    shown = _phase_shown(planned)
    form = WeekForm()
    if not form.is_submitted():
        form.seen.data = working_hours.page_mark(therapist_id)
        form.from_on.data = shown.from_on
        return _sheet(person, form, week_form.week_lines(shown.spans), planned, where)
    lines = week_form.typed(request.form)
    act, _, of = request.form.get("act", "").partition("-")
    if act in ("add", "remove", "copy"):
        return _sheet(person, form, _acted(lines, act, of), planned, where)
    spans, lines = week_form.read_lines(lines, where)
    is_whole = form.validate() and not any(line.problem for line in lines)
    if not is_whole:
        return _sheet(person, form, lines, planned, where)
    change = partial(_set_week, therapist_id, spans, form, planned, today, now)
    if act == "look":
        try:
            falling_out = tried(change, now)
        except Refusal as refusal:
            form.form_errors.append(refusal.sentence)
            return _sheet(person, form, lines, planned, where)
        return _sheet(person, form, lines, planned, where, falling_out)
    watched = OutsideHoursWatch(now)
    if saved(form, change, present=lambda: working_hours.page_mark(therapist_id)):
        return watched.leave(
            f"The hours of {person.given_name} are saved.",
            url_for("staff.settings_week", therapist_id=therapist_id, at=request.form.get("from_on")),
        )
    return _sheet(person, form, lines, planned, where)


def _phase_shown(planned: Sequence[Phase]) -> Phase:
    """The phase that applies on the day in the URL, by default the present one."""
    try:
        at = parsed_day(request.args.get("at", ""))
    except ValueError:
        return planned[0]
    return next((phase for phase in reversed(planned) if phase.from_on <= at), planned[0])


def _acted(lines: list[WeekLine], act: str, of: str) -> list[WeekLine]:
    """The form after one of its own buttons."""
    number = int(of) if of.isascii() and of.isdigit() and len(of) < 3 else -1
    if act == "add" and number in EVERY_DAY:
        return week_form.with_one_more(lines, number)
    if act == "remove":
        return week_form.without(lines, number)
    if act == "copy":
        source, onto = request.form.get("copy_from", ""), request.form.get("copy_onto", "")
        if source in tuple("0123456"):
            return week_form.copied(lines, int(source), EVERY_DAY if onto == "every" else WEEKDAYS_ONLY)
    return lines


def _set_week(
    therapist_id: UUID,
    spans: Sequence[Span],
    form: WeekForm,
    planned: Sequence[Phase],
    today: date,
    now: datetime,
) -> None:
    from_on = form.from_on.data or today
    next_on = next((phase.from_on for phase in planned if phase.from_on > from_on), None)
    until_on = day_after(form.last_on.data)
    if until_on is None and not form.forget_later.data:
        until_on = next_on
    working_hours.set_week(
        therapist_id,
        spans,
        from_on=from_on,
        until_on=until_on,
        seen_as=form.seen.data or "",
        today=today,
        actor=actor(),
        now=now,
    )


def _sheet(
    person: Therapist,
    form: WeekForm,
    lines: Sequence[WeekLine],
    planned: Sequence[Phase],
    where: Sequence[Location],
    falling_out: list[Outside] | None = None,
) -> ResponseReturnValue:
    from_on = form.from_on.data or planned[0].from_on
    spans, _ = week_form.read_lines(lines, where)
    present = next((phase for phase in reversed(planned) if phase.from_on <= from_on), planned[0])
    return page(
        "week",
        "hours",
        form,
        problems=_problems(form, lines, working_hours.WEEKDAYS),
        person=person,
        people=_people(),
        places={str(each.id): each for each in where},
        numbered=list(enumerate(lines)),
        weekdays=list(enumerate(working_hours.WEEKDAYS)),
        planned=planned,
        later=[phase for phase in planned if phase.from_on > from_on],
        minutes=sum(span.until_minute - span.from_minute for span in spans),
        minutes_now=present.weekly_minutes,
        is_new=not any(phase.spans for phase in planned),
        falling_out=falling_out,
        weeks=_weeks(person.id),
        special=working_hours.special_days(person.id, opening_hours.today(clock.now())),
        name_of={each.id: each.name for each in premises.every_location()},
    )


def _problems(form: UnchangedForm, lines: Sequence[WeekLine], names: Sequence[str]) -> Problems:
    """The errors of the form and its lines, each with its control."""
    found: list[tuple[str | None, str]] = [(None, text) for text in form.form_errors]
    found += [(field.id, field.errors[0]) for field in form if field.errors]
    for number, line in enumerate(lines):
        if line.problem:
            where = f"{names[line.weekday]}, line {number + 1}".removeprefix(", ")
            found.append((f"from-{number}", f"{where[0].upper()}{where[1:]}: {line.problem}"))
    return found


def _weeks(therapist_id: UUID) -> list[Week]:
    today = opening_hours.today(clock.now())
    monday = today - timedelta(days=today.weekday())
    days = opening_hours.days_of(therapist_id, Days(monday, monday + timedelta(weeks=WEEKS_SHOWN)))
    weeks = [days[at : at + 7] for at in range(0, len(days), 7)]
    return [Week(each[0].on, sum(day.minutes for day in each), tuple(each)) for each in weeks]


@blueprint.route("/settings/days/<uuid:therapist_id>", endpoint="settings_day", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def special_day(therapist_id: UUID) -> ResponseReturnValue:
    """Other hours on one day."""
    person = therapists.therapist(therapist_id)
    now = clock.now()
    today, where = opening_hours.today(now), queries.locations(opening_hours.today(now))
    form = DayForm()
    if not form.is_submitted():
        return _asked_day(person, form, where, today)
    spans, lines = week_form.read_lines(week_form.typed(request.form), where)
    removing = bool(form.remove.data)
    if form.validate() and (removing or not any(line.problem for line in lines)) and form.on.data:
        on = form.on.data
        if not spans and not removing:
            form.form_errors.append("Enter the hours of this day. For a free day, enter time off instead.")
            return _day(person, form, lines, where)
        watched = OutsideHoursWatch(now)
        change = partial(
            working_hours.set_day,
            therapist_id,
            on,
            [] if removing else spans,
            seen_as=form.seen.data if request.args.get("on") == on.isoformat() else None,
            today=today,
            actor=actor(),
            now=now,
        )
        if saved(form, change, present=lambda: working_hours.seen_day(therapist_id, on)):
            text = "The usual hours hold again." if removing else "The hours of that day are saved."
            return watched.leave(text, url_for("staff.settings_week", therapist_id=therapist_id))
    return _day(person, form, lines, where)


def _asked_day(
    person: Therapist, form: DayForm, where: Sequence[Location], today: date
) -> ResponseReturnValue:
    lines: list[WeekLine] = []
    try:
        form.on.data = parsed_day(request.args.get("on", ""))
    except ValueError:
        return _day(person, form, lines, where)
    if form.on.data >= today:
        form.seen.data = working_hours.seen_day(person.id, form.on.data)
        rows = working_hours.special_days(person.id, form.on.data).get(form.on.data, [])
        lines = week_form.week_lines(
            Span(0, row.from_minute, row.until_minute, row.location_id) for row in rows
        )
    return _day(person, form, lines, where)


def _day(
    person: Therapist, form: DayForm, lines: Sequence[WeekLine], where: Sequence[Location]
) -> ResponseReturnValue:
    filled = [*lines, *(WeekLine(0, place=str(where[0].id) if where else "") for _ in range(LINES_OF_A_DAY))]
    return page(
        "day",
        "hours",
        form,
        problems=_problems(form, lines, ("",)),
        person=person,
        places={str(each.id): each for each in where},
        numbered=list(enumerate(filled[: max(LINES_OF_A_DAY, len(lines))])),
    )
