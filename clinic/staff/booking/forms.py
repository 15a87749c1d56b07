"""What staff type when they book or move for a client; shape only, the services decide what may be."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, EmailField, HiddenField, SearchField, StringField, TelField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from clinic.accounts import services as accounts
from clinic.booking.desk import LONGEST_REASON
from clinic.booking.waivers import Rule
from clinic.practice import queries as practice
from clinic.web.forms import Form, readable

NAME_LENGTH = Length(max=80, message="Please use at most 80 characters.")


class FindForm(Form):
    """Who is calling."""

    text = SearchField(
        "Find a client",
        description="Name, telephone number, e-mail address or the reference of a visit.",
        validators=[InputRequired("Enter a name, a number, an address or a reference.")],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class WaiversForm(Form):
    """Which rules the page named, and why they are waived."""

    waived = HiddenField()
    reason = TextAreaField(
        "Why is this booked outside the rules?",
        description="Staff can read it at the visit. Write nothing about health here.",
        validators=[Length(max=LONGEST_REASON)],
    )

    @property
    def rules(self) -> frozenset[Rule]:
        """The rules to waive; unknown names are ignored."""
        named = set((self.waived.data or "").split(","))
        return frozenset(rule for rule in Rule if rule.value in named)

    def name(self, rules: Sequence[Rule]) -> None:
        """Ask about these rules."""
        self.waived.data = ",".join(rule.value for rule in rules)


class BookForm(WaiversForm):
    """The last page of a booking for a known client."""

    key = HiddenField(validators=[InputRequired(), Length(max=64)])
    decide = BooleanField(
        "Leaves the type of massage to the therapist",
        description="The therapist is told and decides with the client. Length and price stay as chosen.",
    )


class OneOfTwo(Optional):
    """May be left empty if the field beside it is not: nothing calls it optional."""

    def __init__(self) -> None:
        super().__init__()
        self.field_flags = {}


class NewClientForm(BookForm):
    """The last page of a booking for somebody new."""

    given_name = StringField(
        "First name",
        validators=[InputRequired("Enter the first name"), NAME_LENGTH],
        render_kw={"autocomplete": "off"},
    )
    family_name = StringField(
        "Family name",
        validators=[InputRequired("Enter the family name"), NAME_LENGTH],
        render_kw={"autocomplete": "off"},
    )
    phone = TelField(
        "Telephone number",
        description="This or an e-mail address is needed.",
        validators=[OneOfTwo()],
        render_kw={"autocomplete": "off", "inputmode": "tel"},
    )
    mail = EmailField(
        "E-mail address",
        description="This or a telephone number is needed. The confirmation, the reminders and the link to the health questions are sent here.",
        validators=[OneOfTwo()],
        render_kw={"autocomplete": "off", "inputmode": "email", "spellcheck": "false"},
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """As WTForms validates, and refuse somebody nobody could reach."""
        fine: bool = super().validate(extra_validators)
        if fine and not (self.mail.data or self.phone.data):
            self.phone.errors = ["Enter an e-mail address or a telephone number"]
            return False
        return fine

    def validate_mail(self, field: EmailField) -> None:
        """Refuse impossible addresses."""
        readable(accounts.normalise_mail, field.data)

    def validate_phone(self, field: TelField) -> None:
        """Refuse numbers that cannot be dialled from the practice's country."""
        country = practice.the_practice().country
        readable(lambda text: accounts.normalise_phone(text, country), field.data)


class MoveForm(WaiversForm):
    """The last page of a move."""

    revision = HiddenField()
    untold = BooleanField(
        "Write no letter about it",
        description="For example because the client is on the telephone. Reminders name the new time.",
    )

    @property
    def seen(self) -> int:
        """The revision of the visit on the form's page; anything but a number counts as outdated."""
        sent = self.revision.data or ""
        return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else -1
