"""The forms of locations, rooms and absences. They check the format only; `practice` decides what is valid."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from wtforms import Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from clinic.practice.premises import ROOM_COLUMNS, LocationDetails, RoomDetails
from clinic.staff.forms import Ticks
from clinic.staff.settings.fields import Clock, SettingsDateField
from clinic.web.forms import Form

ONE_DAY = timedelta(days=1)


class UnchangedForm(Form):
    """A form with a mark of what the page showed, so that nobody overwrites a colleague's change unseen."""

    seen = HiddenField()
    is_stale = False
    """Whether somebody else saved the same thing first."""


def text(field: StringField) -> str:
    """What was typed; nothing is the empty text."""
    return field.data or ""


def chosen(field: Ticks) -> tuple[UUID, ...]:
    """The ids that are ticked; the form has checked that they were offered.

    No such field may be `Optional`: that validator accepts any list whose first entry is empty.
    """
    return tuple(sorted(UUID(value) for value in field.data or ()))


def offered(rows: Iterable[tuple[UUID, str]]) -> list[tuple[str, str]]:
    """Rows as choices of a field."""
    return [(str(id_), name) for id_, name in rows]


def day_before(day: date | None) -> date | None:
    """The last day of something that ends on this one."""
    return day - ONE_DAY if day else None


def day_after(day: date | None) -> date | None:
    """The end of something whose last day this is."""
    return day + ONE_DAY if day else None


class LocationForm(UnchangedForm):
    """A location's address and time zone."""

    name = StringField("Name", validators=[InputRequired("Enter what the location is called.")])
    street = StringField("Street and number", validators=[InputRequired("Enter the street.")])
    town = StringField("Town", validators=[InputRequired("Enter the town.")])
    zone = StringField(
        "Time zone",
        description="Type a city to find it, for example Berlin. Hours and appointments follow this clock.",
        validators=[InputRequired("Choose a time zone."), Length(max=64)],
    )
    getting_here = TextAreaField(
        "Getting here", description="Doors, steps, buses. It stands in letters.", validators=[Optional()]
    )
    step_free = TextAreaField(
        "Without steps",
        description="For somebody with a wheelchair, a pram or a sore back: steps, doors, a lift, how wide.",
        validators=[Optional(), Length(max=400)],
    )
    parking = TextAreaField(
        "Parking", description="Where, how long, what it costs.", validators=[Optional(), Length(max=400)]
    )
    last_on = SettingsDateField(
        "Last day open",
        description="Only when the location closes for good.",
        validators=[Optional()],
    )

    def show(self, place: LocationDetails, zone: str) -> None:
        """Fill the form from what stands."""
        for name in ("name", "street", "town", "getting_here", "step_free", "parking"):
            self[name].data = getattr(place, name)
        self.zone.data = zone
        self.last_on.data = day_before(place.closed_on)

    @property
    def place(self) -> LocationDetails:
        """What was typed."""
        return LocationDetails(
            name=text(self.name),
            street=text(self.street),
            town=text(self.town),
            getting_here=text(self.getting_here),
            step_free=text(self.step_free),
            parking=text(self.parking),
            closed_on=day_after(self.last_on.data),
        )


class RoomForm(UnchangedForm):
    """A room and what it suits. Every column of `RoomDetails` has a field of its name."""

    location = SelectField("Location", validators=[InputRequired("Choose where the room is.")])
    name = StringField("Name", validators=[InputRequired("Enter what the room is called.")])
    treatments = Ticks("Treatments it suits")

    def show(self, details: RoomDetails) -> None:
        """Fill the form from what stands."""
        for name, value in details.columns.items():
            self[name].data = value
        self.treatments.data = [str(id_) for id_ in details.treatments]

    @property
    def details(self) -> RoomDetails:
        """What was typed."""
        columns = {
            field.name: text(field) if isinstance(field, StringField) else field.data
            for field in self.described
        }
        return RoomDetails(**columns, treatments=chosen(self.treatments))

    @property
    def described(self) -> list[Field]:
        """The fields of the room's own values, in order."""
        return [self[name] for name in ROOM_COLUMNS]


class TimeOffForm(Form):
    """Days, or a part of them, on which somebody does not work."""

    therapist = SelectField("Who", validators=[InputRequired("Choose who has time off.")])
    first_on = SettingsDateField("First day", validators=[InputRequired("Enter the first day.")])
    last_on = SettingsDateField(
        "Last day", description="Leave it empty for one day.", validators=[Optional()]
    )
    from_time = Clock(
        "From", description="Only for a part of each day.", validators=[Optional(), Length(max=5)]
    )
    until_time = Clock("Until", validators=[Optional(), Length(max=5)])
    note = StringField(
        "Note",
        description="For example: holiday. All staff read it, so nothing about health.",
        validators=[Optional(), Length(max=80)],
    )

    def validate_from_time(self, field: Clock) -> None:
        """Both times or none."""
        if not self.until_time.data:
            raise ValidationError("Enter both times, or none for whole days.")

    def validate_until_time(self, field: Clock) -> None:
        """Both times or none."""
        if not self.from_time.data:
            raise ValidationError("Enter both times, or none for whole days.")


class ClosureForm(Form):
    """Days on which a location or the whole practice is closed."""

    name = StringField(
        "Why",
        description="For example: works, company holiday.",
        validators=[InputRequired("Enter a word or two."), Length(max=80)],
    )
    location = SelectField("Where", validators=[Optional()])
    first_on = SettingsDateField("First day", validators=[InputRequired("Enter the first day.")])
    last_on = SettingsDateField(
        "Last day", description="Leave it empty for one day.", validators=[Optional()]
    )


class HolidaysForm(Form):
    """Which public holidays the practice is closed on."""

    days = Ticks("Closed on")
