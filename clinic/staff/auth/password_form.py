"""The form by which somebody chooses a password at a one-time address."""

from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired

from clinic.accounts import passwords
from clinic.web.forms import Form


class PasswordForm(Form):
    """A new password, typed twice."""

    password = PasswordField(
        "New password",
        [InputRequired("Enter a password.")],
        description=f"At least {passwords.SHORTEST} characters; several words in a row are easy to remember.",
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        "The same password again",
        [InputRequired("Enter the password again."), EqualTo("password", "The two passwords differ.")],
        render_kw={"autocomplete": "new-password"},
    )
