"""What staff type into a client's record; shape only, `accounts.client_records` decides what may be."""

from wtforms import HiddenField, RadioField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from clinic import language
from clinic.accounts.client_records import ClientDetails, Further
from clinic.accounts.models import ContactKind, Relation
from clinic.staff.booking.forms import NAME_LENGTH
from clinic.web.forms import Form, UnchangedForm
from clinic.web.record_fields import BirthDate

NOT_FILLED_IN_FOR_YOU = {"autocomplete": "off"}
RELATIONS = (
    (Relation.SELF.value, "The client"),
    (Relation.GUARDIAN.value, "A parent or guardian"),
    (Relation.CARER.value, "Somebody who looks after them"),
)
KINDS = ((ContactKind.MAIL.value, "E-mail address"), (ContactKind.PHONE.value, "Telephone number"))


class ClientDetailsForm(UnchangedForm):
    """A client's details."""

    given_name = StringField(
        "First name",
        validators=[InputRequired("Enter the first name."), NAME_LENGTH],
        render_kw=NOT_FILLED_IN_FOR_YOU,
    )
    family_name = StringField(
        "Family name",
        validators=[InputRequired("Enter the family name."), NAME_LENGTH],
        render_kw=NOT_FILLED_IN_FOR_YOU,
    )
    preferred_name = StringField(
        "Preferred name",
        description="What letters and pages call them, where it is not the first name.",
        validators=[Optional(), NAME_LENGTH],
        render_kw=NOT_FILLED_IN_FOR_YOU,
    )
    language = SelectField(
        "Letters are written in",
        choices=list(language.NAMES.items()),
        validators=[InputRequired("Choose a language.")],
    )
    birth_on = BirthDate("Birth date", validators=[Optional()])
    street = StringField("Street and number", validators=[Optional()], render_kw=NOT_FILLED_IN_FOR_YOU)
    postcode = StringField(
        "Postcode", validators=[Optional(), Length(max=20)], render_kw=NOT_FILLED_IN_FOR_YOU
    )
    town = StringField("Town", validators=[Optional()], render_kw=NOT_FILLED_IN_FOR_YOU)
    emergency_name = StringField(
        "Emergency contact",
        description="Name, and how they are related.",
        validators=[Optional()],
        render_kw=NOT_FILLED_IN_FOR_YOU,
    )
    emergency_phone = TelField(
        "Telephone of the emergency contact",
        validators=[Optional(), Length(max=40)],
        render_kw=NOT_FILLED_IN_FOR_YOU,
    )
    doctor = TextAreaField(
        "Family doctor", description="Name and how to reach them.", validators=[Optional(), Length(max=300)]
    )

    def show(self, person: ClientDetails, seen: str) -> None:
        """Fill the form from the record."""
        self.seen.data = seen
        for name, value in {**vars(person), **vars(person.further)}.items():
            if name in self:
                self[name].data = value

    @property
    def person(self) -> ClientDetails:
        """What was typed."""
        own = {name: self[name].data or "" for name in ("given_name", "family_name", "preferred_name")}
        further = {name: self[name].data or "" for name in Further.__dataclass_fields__}
        return ClientDetails(
            **own,
            language=self.language.data,
            birth_on=self.birth_on.data,
            further=Further(**further),
        )


class ClientAddressForm(UnchangedForm):
    """A contact: one address, and whose it is."""

    kind = RadioField("What is it?", choices=KINDS, validators=[InputRequired("Choose what it is.")])
    value = StringField(
        "Address or number",
        validators=[InputRequired("Enter the address or the number."), Length(max=254)],
        render_kw={**NOT_FILLED_IN_FOR_YOU, "spellcheck": "false"},
    )
    relation = RadioField(
        "Whose is it?", choices=RELATIONS, validators=[InputRequired("Choose whose it is.")]
    )


class ChangeForm(UnchangedForm):
    """A replacement for an address; its kind stays."""

    value = StringField(
        "Address or number",
        validators=[InputRequired("Enter the address or the number."), Length(max=254)],
        render_kw={**NOT_FILLED_IN_FOR_YOU, "spellcheck": "false"},
    )
    relation = RadioField(
        "Whose is it?", choices=RELATIONS, validators=[InputRequired("Choose whose it is.")]
    )


class MergeClientsForm(Form):
    """Which of two records stays, and what the page showed of both."""

    kept = RadioField("Which record stays?", validators=[InputRequired("Choose the record that stays.")])
    seen = HiddenField()
