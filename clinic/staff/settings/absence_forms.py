"""The forms of time off, closures and public holidays. They check the format only; `practice` decides what is valid."""

from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from clinic.staff.settings.fields import LONGEST_CLOCK, Clock, SettingsDateField
from clinic.web.forms import Form, Ticks


class TimeOffForm(Form):
    """Days, or a part of them, on which somebody does not work."""

    therapist = SelectField("Who", validators=[InputRequired("Choose who has time off.")])
    first_on = SettingsDateField("First day", validators=[InputRequired("Enter the first day.")])
    last_on = SettingsDateField(
        "Last day", description="Leave it empty for one day.", validators=[Optional()]
    )
    from_time = Clock(
        "From", description="Only for a part of each day.", validators=[Optional(), Length(max=LONGEST_CLOCK)]
    )
    until_time = Clock("Until", validators=[Optional(), Length(max=LONGEST_CLOCK)])
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
