"""The forms of locations and rooms. They check the format only; `practice` decides what is valid."""

from wtforms import Field, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from clinic.practice import geography
from clinic.practice.own_texts import OF_LOCATION
from clinic.practice.premises import ROOM_COLUMNS, LocationDetails, RoomDetails
from clinic.staff.settings.fields import SettingsDateField, chosen, day_after, day_before, text
from clinic.staff.settings.translated_forms import TranslatedForm
from clinic.web.forms import Ticks, UnchangedForm


class LocationForm(TranslatedForm):
    """A location's address and time zone."""

    texts = OF_LOCATION

    name = StringField("Name", validators=[InputRequired("Enter what the location is called.")])
    street = StringField("Street and number", validators=[InputRequired("Enter the street.")])
    town = StringField("Town", validators=[InputRequired("Enter the town.")])
    zone = StringField(
        "Time zone",
        description="Type a city to find it, for example Berlin. Hours and appointments follow this clock.",
        validators=[InputRequired("Choose a time zone."), Length(max=64)],
        filters=[lambda typed: geography.zone_named(typed) if typed else typed],
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
        self.show_translations(place.translations)
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
            translations=self.translations,
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
