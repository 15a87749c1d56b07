"""Forms of the booking pages."""

from typing import Any

from wtforms import BooleanField, EmailField, HiddenField, SelectField, StringField, TelField
from wtforms.validators import InputRequired, Length, Optional

from clinic import language
from clinic.accounts import services as accounts
from clinic.language import N_
from clinic.practice import queries as practice
from clinic.web import languages
from clinic.web.forms import Form, readable
from clinic.web.waiting_form import THERAPIST_DECIDES, THERAPIST_DECIDES_MEANS, WaitingListForm, WhenForm

NUMBER_NEEDED = N_("Enter a telephone number: a therapist calls you there before they confirm the time")
WILL_CALL = N_("A therapist calls you there about your health before they confirm the time.")


class PersonForm(Form):
    """A person's name and contacts."""

    given_name = StringField(
        N_("First name"),
        validators=[
            InputRequired(N_("Enter your first name")),
            Length(max=80, message=N_("Please use at most 80 characters.")),
        ],
        render_kw={"autocomplete": "given-name"},
    )
    family_name = StringField(
        N_("Family name"),
        validators=[
            InputRequired(N_("Enter your family name")),
            Length(max=80, message=N_("Please use at most 80 characters.")),
        ],
        render_kw={"autocomplete": "family-name"},
    )
    mail = EmailField(
        N_("E-mail address"),
        description=N_("For the confirmation and the reminders. Nothing about your health is sent."),
        validators=[InputRequired(N_("Enter your e-mail address"))],
        render_kw={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"},
    )
    phone = TelField(
        N_("Mobile number"),
        description=N_("To reach you if something changes on the day."),
        validators=[Optional()],
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )
    language = SelectField(
        N_("Language of our letters"),
        choices=list(language.NAMES.items()),
        default=languages.wanted,
        validators=[Optional()],
    )
    key = HiddenField(validators=[InputRequired(), Length(max=64)])

    def validate_mail(self, field: EmailField) -> None:
        """Refuse impossible addresses, together with all other errors on the page."""
        readable(accounts.normalise_mail, field.data)

    def validate_phone(self, field: TelField) -> None:
        """Refuse numbers that cannot be dialled from the practice's country."""
        country = practice.the_practice().country
        readable(lambda text: accounts.normalise_phone(text, country), field.data)


class BookingDetailsForm(PersonForm):
    """Who is coming: the last page before the booking."""

    agree = BooleanField(
        N_("I have read this and agree."),
        validators=[InputRequired(N_("Please confirm that you have read how to cancel"))],
    )
    plain = HiddenField()
    """`yes` for a request without health answers: a therapist calls before they confirm it, so it needs a number."""
    decide = BooleanField(THERAPIST_DECIDES, description=THERAPIST_DECIDES_MEANS)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        if self.plain.data == "yes":
            self.phone.validators = [InputRequired(NUMBER_NEEDED)]
            self.phone.flags.optional = False
            self.phone.label.text = N_("Telephone number")
            self.phone.description = WILL_CALL


class RevisionForm(Form):
    """An act on an appointment, with the revision its page was made from."""

    revision = HiddenField(validators=[InputRequired()])


class JoinWaitingListForm(WaitingListForm, PersonForm):
    """A waiting-list entry and the person's details."""


class EarlierForm(WhenForm):
    """When an earlier time would suit, and with which therapist."""

    same_therapist = BooleanField(N_("Only with the same therapist"))
