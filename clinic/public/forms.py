"""Forms of the booking pages."""

from wtforms import BooleanField, EmailField, HiddenField, StringField, TelField
from wtforms.validators import InputRequired, Length, Optional

from clinic.web.forms import Form


class DetailsForm(Form):
    """Who is coming: the last page before the booking."""

    given_name = StringField(
        "First name",
        validators=[
            InputRequired("Enter your first name"),
            Length(max=80, message="Please use at most 80 characters."),
        ],
        render_kw={"autocomplete": "given-name"},
    )
    family_name = StringField(
        "Family name",
        validators=[
            InputRequired("Enter your family name"),
            Length(max=80, message="Please use at most 80 characters."),
        ],
        render_kw={"autocomplete": "family-name"},
    )
    mail = EmailField(
        "E-mail address",
        description="For the confirmation and the reminders. Nothing about your health is sent.",
        validators=[InputRequired("Enter your e-mail address")],
        render_kw={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"},
    )
    phone = TelField(
        "Mobile number",
        description="So that we can reach you if something changes on the day.",
        validators=[Optional()],
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )
    agree = BooleanField(
        "I have read this and agree.",
        validators=[InputRequired("Please confirm that you have read how to cancel")],
    )
    key = HiddenField(validators=[InputRequired(), Length(max=64)])
    plain = HiddenField()


class RevisionForm(Form):
    """An act on an appointment, with the revision its page was made from."""

    revision = HiddenField(validators=[InputRequired()])
