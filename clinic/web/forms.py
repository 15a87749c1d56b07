"""The base form: every text that comes in is cleaned the same way, and no field is unbounded.

Text is normalised to NFC and stripped; NUL, control and direction-override characters are refused with a sentence.
Passwords are left as they were typed. CSRF is the base class's.
"""

import unicodedata
from collections.abc import Callable
from typing import Any

from flask import has_request_context
from flask_wtf import FlaskForm
from wtforms import (
    Field,
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from clinic.language import N_, gettext
from clinic.refusal import Refusal
from clinic.web import typed_text
from clinic.web.field_sentences import FieldSentences

TEXT_LENGTH = 200
LONG_TEXT_LENGTH = 2000
PASSWORD_LENGTH = 256

# They change the reading direction; no name or sentence needs them.
DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str | None) -> str | None:
    """One line: NFC, stripped; raises ValueError for forbidden characters."""
    return _cleaned(text, breaks="")


def clean_lines(text: str | None) -> str | None:
    """Several lines: as `clean`, with plain line feeds between them."""
    return _cleaned(text.replace("\r\n", "\n") if text else text, breaks="\n\t")


def _cleaned(text: str | None, breaks: str) -> str | None:
    if text is None:
        return None
    composed = unicodedata.normalize("NFC", text).strip()
    if any(_is_foreign(character) and character not in breaks for character in composed):
        raise ValueError(N_("Please remove characters that cannot be shown, such as control characters."))
    return composed


def _is_foreign(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in DIRECTION_OVERRIDES


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types.
    """Parent of every form of the product."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF ships no types.
        """Gives each field its sentences, and each text field its cleaning and, where none is set, a length."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            """As WTForms binds a field, with our sentences, our cleaning before the field's own filters and a length after its validators."""
            field: Field = unbound_field.bind(form=form, **options)
            # Where a field looks for its messages; sentences name the field, so they cannot be handed to its constructor.
            vars(field)["_translations"] = FieldSentences(field)
            if isinstance(field, StringField):
                _bound(field)
            return field

    def process(self, *args: Any, **named: Any) -> None:
        """As WTForms processes input; text of only spaces then counts as empty, and so does such a choice."""
        super().process(*args, **named)
        if has_request_context() and any(field.raw_data for field in self):
            typed_text.note_form(self)
        for field in self:
            if isinstance(field, StringField) and not isinstance(field, PasswordField) and field.raw_data:
                field.raw_data = [field.data or ""]
            elif isinstance(field, SelectField) and field.raw_data:
                _forget_blanks(field)

    @property
    def has_errors(self) -> bool:
        """Whether the form has errors; the page's title then begins `Error: `."""
        return bool(self.errors)


def readable(read: Callable[[str], object], text: str | None) -> None:
    """Validate a typed address with its parser; an empty one is left to other validators.

    Raises ValidationError with the sentence of the refusal.
    """
    if not text:
        return
    try:
        read(text)
    except Refusal as refusal:
        raise ValidationError(refusal.sentence) from None


def _forget_blanks(field: SelectField) -> None:
    """Without them `Optional` sees what was chosen; it would take one blank for an empty field, and pass whatever is beside it."""
    field.raw_data = [value for value in field.raw_data or () if value.strip()]
    if isinstance(field, SelectMultipleField):
        field.data = [value for value in field.data or () if str(value).strip()]
    elif isinstance(field.data, str) and not field.data.strip():
        field.data = ""


class Ticks(SelectMultipleField):
    """Several answers as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class AtMost(Length):
    """A longest length, refused in the language of the page."""

    def __init__(self, longest: int) -> None:
        super().__init__(max=longest)

    def __call__(self, form: Any, field: Field) -> None:
        """Raises ValidationError for a longer text."""
        if len(field.data or "") > self.max:
            raise ValidationError(gettext("Please use at most %(count)s characters.") % {"count": self.max})


def _bound(field: StringField) -> None:
    if not isinstance(field, PasswordField):
        cleaning = clean_lines if isinstance(field, TextAreaField) else clean
        field.filters = [cleaning, *field.filters]
    if not any(isinstance(validator, Length) and validator.max >= 0 for validator in field.validators):
        longest = _longest(field)
        field.validators = [*field.validators, AtMost(longest)]
        field.flags.maxlength = longest


def _longest(field: StringField) -> int:
    if isinstance(field, PasswordField):
        return PASSWORD_LENGTH
    return LONG_TEXT_LENGTH if isinstance(field, TextAreaField | HiddenField) else TEXT_LENGTH


class UnchangedForm(Form):
    """A form with a mark of what the page showed, so that nobody overwrites a colleague's change unseen."""

    seen = HiddenField()
    is_stale = False
    """Whether somebody else saved the same thing first."""
