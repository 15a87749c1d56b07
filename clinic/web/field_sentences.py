"""What a form says where WTForms has only a word for everything: each sentence names its field and says what to do.

A required field brings a sentence of its own. These stand in for the rest: values that no page of ours can send, texts that
are too long, and numbers and days that cannot be read.
"""

from typing import Any, Final

from wtforms import Field, HiddenField

from clinic.language import N_, gettext

NOT_COMPLETE: Final = N_("This page is not complete. Please open it again.")
_ONE_OF: Final = N_("Choose one of the answers below “%(question)s”.")
_SOME_OF: Final = N_("Choose among the answers below “%(question)s”.")
_NOT_AMONG: Final = N_("“%(value)s” is no answer to “%(question)s”. Choose among those below it.")
_FILL_IN: Final = N_("Fill in “%(question)s”.")
_NUMBER: Final = N_("Enter “%(question)s” as a number, using digits only.")
_AT_MOST: Final = N_("Please use at most %(max)s characters.")

SENTENCES: Final = {
    "This field is required.": _FILL_IN,
    "Not a valid choice.": _ONE_OF,
    "Invalid Choice: could not coerce.": _ONE_OF,
    "Invalid choice(s): one or more data inputs could not be coerced.": _SOME_OF,
    "'%(value)s' is not a valid choice for this field.": _NOT_AMONG,
    "Not a valid integer value.": _NUMBER,
    "Not a valid decimal value.": _NUMBER,
    "Not a valid date value.": N_("Enter “%(question)s” as a day, such as 2031-03-24."),
    "Not a valid time value.": N_("Enter “%(question)s” as a time of day, such as 09:30."),
    "Field cannot be longer than %(max)d character.": _AT_MOST,
}
"""By what WTForms would say."""


class FieldSentences:
    """Translations of one field: WTForms asks them for each of its messages."""

    def __init__(self, field: Field) -> None:
        self.field = field

    def gettext(self, message: str) -> str:
        """Our sentence for a message of WTForms, in the language spoken now; a message without one stays as it is."""
        return self._said(message, gettext(str(self.field.label.text)))

    def ngettext(self, one: str, many: str, number: Any) -> str:
        """The same for a message that counts; WTForms fills in its numbers afterwards, with `%`."""
        return self._said(one, gettext(str(self.field.label.text)).replace("%", "%%"))

    def _said(self, message: str, question: str) -> str:
        if isinstance(self.field, HiddenField):
            return gettext(NOT_COMPLETE)
        return gettext(SENTENCES.get(message, message)).replace("%(question)s", question)
