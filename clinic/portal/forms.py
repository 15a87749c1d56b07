"""Forms of the client's pages."""

from wtforms import EmailField, StringField
from wtforms.validators import InputRequired

from clinic.accounts import services as accounts
from clinic.language import N_
from clinic.web.forms import Form, readable


class SignInLinkForm(Form):
    """Where to send the one-time link."""

    mail = EmailField(
        N_("E-mail address"),
        [InputRequired(N_("Enter your e-mail address"))],
        render_kw={"autocomplete": "email", "spellcheck": "false"},
    )

    def validate_mail(self, field: EmailField) -> None:
        """Refuse impossible addresses."""
        readable(accounts.normalise_mail, field.data)


class NameForm(Form):
    """A person on a proven address without a record."""

    given_name = StringField(
        N_("First name"),
        [InputRequired(N_("Enter your first name"))],
        render_kw={"autocomplete": "given-name"},
    )
    family_name = StringField(
        N_("Family name"),
        [InputRequired(N_("Enter your family name"))],
        render_kw={"autocomplete": "family-name"},
    )
