"""What forms say: every sentence names its field and what to do, on every form of the product."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.fields.core import UnboundField
from wtforms.validators import DataRequired, InputRequired, Length

import clinic
from clinic import language
from clinic.web.forms import Form

VAGUE = (
    "This field",
    "Not a valid",
    "Invalid",
    "is not a valid",
    "Field ",
    "Choose one.",
    "Choose yes or no.",
)


class Example(Form):
    class Meta(Form.Meta):
        csrf = False

    country = SelectField("Country", choices=[("de", "Germany")])
    pain = RadioField("Are 10 % of it gone?", choices=[("yes", "Yes")], validators=[InputRequired()])
    days = SelectMultipleField("Days, 10 % of them", choices=[("1", "Monday")])
    age = IntegerField("Age")
    on = DateField("Day")
    at = TimeField("From")
    name = StringField("Name", [Length(max=3)])
    key = HiddenField(validators=[InputRequired()])


@pytest.fixture
def errors(app: Flask) -> Iterator[dict[str, list[str]]]:
    sent = [
        ("country", "xx"),
        ("days", "9"),
        ("age", "old"),
        ("on", "soon"),
        ("at", "late"),
        ("name", "Adam"),
    ]
    with app.test_request_context("/", method="POST"):
        form = Example(MultiDict(sent))
        form.validate()
        yield form.errors


def test_what_wtforms_has_one_word_for_names_the_field_and_what_to_do(errors: dict[str, list[str]]) -> None:
    assert errors == {
        "country": ["Choose one of the answers below “Country”."],
        "pain": ["Fill in “Are 10 % of it gone?”."],
        "days": ["“9” is no answer to “Days, 10 % of them”. Choose among those below it."],
        "age": ["Enter “Age” as a number, using digits only."],
        "on": ["Enter “Day” as a day, such as 2031-03-24."],
        "at": ["Enter “From” as a time of day, such as 09:30."],
        "name": ["Please use at most 3 characters."],
        "key": ["This page is not complete. Please open it again."],
    }


def test_it_says_so_in_the_language_of_the_page(app: Flask) -> None:
    with app.test_request_context("/", method="POST"), language.speaking("de"):
        form = Example(MultiDict([("country", "xx"), ("name", "Adam")]))
        form.validate()
        assert form.country.errors == ["Wählen Sie eine der Antworten unter „Country“."]
        assert form.name.errors == ["Bitte verwenden Sie höchstens 3 Zeichen."]


def forms() -> Iterator[type[FlaskForm]]:
    """Every form of the product."""
    for module in pkgutil.walk_packages(clinic.__path__, "clinic."):
        if "__main__" not in module.name and not module.name.startswith("clinic.static"):
            importlib.import_module(module.name)
    known = list(Form.__subclasses__())
    for form in known:
        known += form.__subclasses__()
    return (form for form in dict.fromkeys(known) if form.__module__.startswith("clinic."))


def test_every_required_field_of_every_form_says_what_to_do_in_its_own_words() -> None:
    required, vague = 0, []
    for form in forms():
        for name in dir(form):
            field = getattr(form, name, None)
            if not isinstance(field, UnboundField) or field.field_class is HiddenField:
                continue
            for validator in [
                *field.kwargs.get("validators", ()),
                *(field.args[1] if len(field.args) > 1 else ()),
            ]:
                if isinstance(validator, InputRequired | DataRequired):
                    required += 1
                    said = str(validator.message or "This field is required.")
                    if said.startswith(VAGUE):
                        vague.append(f"{form.__name__}.{name}: {said}")
    assert required > 80
    assert vague == []
