"""A free time that was pressed in the calendar: book somebody there, or block it once or again and again."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking.placing import LONGEST_VISIT, SHORTEST_VISIT
from clinic.language.reading import wall_time, with_plain_spaces
from clinic.practice import absences
from clinic.practice import queries as practice
from clinic.practice.absences import Away
from clinic.practice.models import Location, Therapist
from clinic.refusal import NotFound, Refusal
from clinic.staff.blueprint import blueprint
from clinic.staff.booking.forms import FindForm
from clinic.staff.calendar.frame import ONE_DAY
from clinic.staff.settings.fields import LONGEST_CLOCK, Clock, SettingsDateField
from clinic.staff.settings.layout import OutsideHoursWatch, saved
from clinic.web import time_values
from clinic.web.access import actor, audience, staff
from clinic.web.forms import Form

MOST_BLOCKS = 60
"""A block that repeats is entered as so many at most: a year of weeks, or two months of days."""
USUAL_BLOCK = 60
ONCE, DAILY, WEEKLY = "once", "daily", "weekly"


class TooManyBlocks(Refusal):
    """A repeated block would be entered too often."""

    status = 422
    code = "too-many-blocks"
    sentence = f"That would be more than {MOST_BLOCKS} blocks. Choose an earlier last day, or change the weekly hours instead."


class BlockForm(Form):
    """A part of a day, once or repeated, in which somebody cannot be booked."""

    until_time = Clock(
        "Until", validators=[InputRequired("Enter when the block ends."), Length(max=LONGEST_CLOCK)]
    )
    note = StringField(
        "What for",
        description="For example: lunch, meeting. All staff read it, so nothing about health.",
        validators=[Optional(), Length(max=80)],
    )
    repeats = SelectField(
        "Again",
        choices=[
            (ONCE, "Only this day"),
            (DAILY, "Every day until"),
            (WEEKLY, "Every week on this weekday until"),
        ],
    )
    last_on = SettingsDateField("Last day", validators=[Optional()])

    def validate_repeats(self, field: SelectField) -> None:
        """What repeats needs an end."""
        if field.data != ONCE and self.last_on.data is None and not self.last_on.errors:
            raise ValidationError("Enter the last day on which it is blocked.")


@dataclass(frozen=True, kw_only=True)
class FreeTime:
    """The time that was pressed."""

    on: date
    at: time
    therapist: Therapist
    location: Location
    starts_at: datetime
    until: time | None = None
    """Until when a span was drawn; None if the time was only pressed."""

    @property
    def minutes(self) -> int | None:
        """How long the span is, if one was drawn that a visit can fill."""
        if self.until is None:
            return None
        long = self.until.hour * 60 + self.until.minute - self.minute
        return long if SHORTEST_VISIT <= long <= LONGEST_VISIT else None

    @property
    def minute(self) -> int:
        """Minutes after midnight."""
        return self.at.hour * 60 + self.at.minute

    @property
    def address(self) -> dict[str, str]:
        """What names it in a URL."""
        return {
            "on": self.on.isoformat(),
            "at": f"{self.at:%H:%M}",
            "therapist": self.therapist.slug,
            "location": self.location.slug,
        }


@blueprint.get("/calendar/time", endpoint="calendar_time")
@audience(staff, Permission.CALENDAR_WRITE)
def calendar_time() -> ResponseReturnValue:
    """What can be done with this time."""
    chosen = _chosen()
    ends = datetime.combine(chosen.on, chosen.at) + timedelta(minutes=USUAL_BLOCK)
    usual = ends.time() if ends.date() == chosen.on else time(23, 55)
    until = with_plain_spaces(wall_time(chosen.until or usual))
    return _page(chosen, BlockForm(formdata=None, data={"until_time": until}))


@blueprint.post("/calendar/time", endpoint="calendar_block")
@audience(staff, Permission.CALENDAR_WRITE)
def block() -> ResponseReturnValue:
    """Enter the block; it cancels nothing."""
    chosen, form = _chosen(), BlockForm()
    now = clock.now()
    if form.validate_on_submit():
        watched = OutsideHoursWatch(now)
        entered: list[UUID] = []
        if saved(form, lambda: entered.extend(_enter(chosen, form, now))):
            many = len(entered)
            return watched.leave(
                "The time is blocked." if many == 1 else f"The time is blocked {many} times.",
                url_for("staff.calendar", view="day", day=chosen.on),
                undo=url_for("staff.settings_end_time_off", time_off_id=entered[0]) if many == 1 else None,
            )
    return _page(chosen, form), 422


def _page(chosen: FreeTime, form: BlockForm) -> str:
    sold = [one for one in practice.treatments() if chosen.therapist in one.therapists]
    carried: dict[str, Any] = {
        "start": time_values.value(chosen.starts_at, chosen.therapist.id),
        "location": chosen.location.slug,
        "minutes": chosen.minutes,
    }
    return render_template(
        "staff/calendar/time.html",
        here="calendar",
        chosen=chosen,
        treatments=sold,
        find=FindForm(formdata=None),
        find_address=url_for("staff.find_client", **carried),
        suggest_address=url_for("staff.suggest_clients", **carried),
        form=form,
    )


def _chosen() -> FreeTime:
    """The time in the URL; raises NotFound for one that does not exist."""
    asked = request.args
    people = practice.therapists(clock.now().date())
    therapist = next((one for one in people if one.slug == asked.get("therapist")), None)
    if therapist is None:
        raise NotFound
    places = practice.locations(clock.now().date())
    location = next((one for one in places if one.slug == asked.get("location")), None)
    location = location or practice.usual_place([therapist], clock.now().date())
    if location is None:
        raise NotFound
    try:
        on, at = date.fromisoformat(asked.get("on", "")), time_values.time_of_day(asked.get("at", ""))
        starts_at = time_values.at_wall(on.isoformat(), f"{at:%H:%M}", ZoneInfo(location.zone))
        until = time_values.time_of_day(asked["until"]) if asked.get("until") else None
    except ValueError:
        raise NotFound from None
    return FreeTime(on=on, at=at, therapist=therapist, location=location, starts_at=starts_at, until=until)


def _enter(chosen: FreeTime, form: BlockForm, now: datetime) -> list[UUID]:
    """Enter one row of time off for each block: a range of days is one row, weeks are one each."""
    return [
        absences.take_off(
            chosen.therapist.id,
            Away(
                from_on=first_on,
                until_on=until_on,
                from_minute=chosen.minute,
                until_minute=form.until_time.minute,
                note=(form.note.data or "").strip(),
            ),
            actor=actor(),
            now=now,
        ).id
        for first_on, until_on in _days(chosen.on, form)
    ]


def _days(on: date, form: BlockForm) -> list[tuple[date, date]]:
    last_on = form.last_on.data or on
    if form.repeats.data == DAILY:
        return [(on, last_on + ONE_DAY)]
    if form.repeats.data != WEEKLY:
        return [(on, on + ONE_DAY)]
    weeks = (last_on - on).days // 7 + 1
    if weeks > MOST_BLOCKS:
        raise TooManyBlocks
    days = [on + number * 7 * ONE_DAY for number in range(max(weeks, 1))]
    return [(day, day + ONE_DAY) for day in days]
