"""Every text that comes in is cleaned the same way."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import (
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from clinic.web.forms import Form


class Example(Form):
    class Meta(Form.Meta):
        csrf = False

    name = StringField("Name", [InputRequired("Enter a name")])
    note = TextAreaField("Note")
    short = StringField("Short", [Length(max=3)])
    hidden = HiddenField()
    secret = PasswordField("Secret")
    shout = StringField("Shout", [Optional()], filters=[lambda text: text.upper() if text else text])
    number = IntegerField("Number", [Optional()])
    times = SelectMultipleField("Times", validators=[Optional()], choices=[("60", "An hour"), ("30", "Half")])
    kind = SelectField("Kind", validators=[Optional()], choices=[("", "Any"), ("a", "A")])


@pytest.fixture(autouse=True)
def in_a_request(app: Flask) -> Iterator[None]:
    with app.test_request_context("/", method="POST"):
        yield


def sent(**fields: str) -> Example:
    form = Example(MultiDict({"name": "Ada", **fields}))
    form.validate()
    return form


def test_space_around_a_text_is_taken_off_and_letters_are_composed() -> None:
    assert sent(name="  Zoe\u0308 ").name.data == "Zoë"


@pytest.mark.parametrize(
    "character", ["\x00", "\x07", "\x1b", "\x7f", "\u2028", "\u202e", "\ud800", "\n", "\r"]
)
def test_characters_that_do_not_belong_into_a_line_are_refused(character: str) -> None:
    form = sent(name=f"A{character}da")
    assert "control characters" in form.name.errors[0]
    assert form.has_errors


def test_a_note_has_lines() -> None:
    form = sent(note="one\r\ntwo\tthree")
    assert form.note.data == "one\ntwo\tthree"
    assert not form.has_errors
    assert sent(note="one\x00two").has_errors


@pytest.mark.parametrize(
    ("field", "longest"), [("name", 200), ("note", 2000), ("hidden", 2000), ("secret", 256), ("short", 3)]
)
def test_no_text_is_unbounded(field: str, longest: int) -> None:
    assert not sent(**{field: "a" * longest}).has_errors
    assert sent(**{field: "a" * (longest + 1)}).has_errors


def test_a_password_is_left_as_it_was_typed() -> None:
    assert sent(secret="  Zoe\u0308 ").secret.data == "  Zoe\u0308 "


def test_a_fields_own_filters_come_after_the_cleaning() -> None:
    assert sent(shout="  ada ").shout.data == "ADA"


def test_spaces_alone_are_nothing() -> None:
    assert sent(name="   ").has_errors


def test_names_of_people_everywhere_are_fine() -> None:
    for name in ("O'Neill", "Łukasz", "Nguyễn", "王小明", "محمد", "Ana-María", "J. R.", "Ⅷ"):
        assert not sent(name=name).has_errors


@pytest.mark.parametrize("values", [[""], [" "], []])
def test_blank_choices_are_none(values: list[str]) -> None:
    form = Example(MultiDict([("name", "Ada"), *(("times", value) for value in values)]))
    assert form.validate()
    assert form.times.data == []


@pytest.mark.parametrize("values", [["", "90"], ["90", ""], ["60", "x"]])
def test_a_blank_choice_does_not_let_an_unknown_one_pass(values: list[str]) -> None:
    form = Example(MultiDict([("name", "Ada"), *(("times", value) for value in values)]))
    assert not form.validate()
    assert form.times.errors


def test_a_choice_of_spaces_is_the_empty_one() -> None:
    assert sent(kind="  ").kind.data == ""
    assert sent(kind="b").has_errors
