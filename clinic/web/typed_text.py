"""The last safety net for typed text: if a form's page cannot show it again, the error page does, so that no refusal
loses it.

A page that can show a refusal beside its own form does so. Every other refusal, such as for a page that was open too
long or a session that ended, shows the text as it was sent. It goes back to the same browser and is stored nowhere.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import g, request
from werkzeug.exceptions import HTTPException
from wtforms import Field, HiddenField, PasswordField, StringField

if TYPE_CHECKING:
    from clinic.web.forms import Form

SECRET = re.compile(r"pass|code|secret|token|credential|key|answer_to|^pin", re.I)
HANDLE = re.compile(
    r"[0-9a-f-]{32,}|[\d.:T+Z~_ -]*|(?=.*[\d_~.:+=-])[\w~.:+=-]{24,}|/.*|yes|no|on|y", re.I | re.ASCII
)
"""What a page puts into a hidden field or a button: an id, a number, a time, a key, a URL, a tick. A long word is none."""
MOST = 60


@dataclass(frozen=True, slots=True)
class TypedText:
    """One field's text; `label` is its label on the page, or its name."""

    label: str
    text: str


def note_form(form: "Form") -> None:
    """Remember a form that read the input, for its labels."""
    g.setdefault("sent_forms", []).append(form)


def typed() -> list[TypedText]:
    """The typed text of this request's form, in page order. Empty for a form that another site sent."""
    if request.method != "POST":
        return []
    try:
        sent = list(request.form.lists())
    except HTTPException:
        return []
    fields = {field.name: field for form in g.get("sent_forms", ()) for field in form}
    return list(_found(sent, fields))[:MOST]


def _found(sent: Iterable[tuple[str, list[str]]], fields: dict[str, Field]) -> Iterable[TypedText]:
    for name, values in sent:
        field = fields.get(name)
        for text in values:
            if text.strip() and (_is_typed(field) if field is not None else _looks_typed(name, text)):
                label = str(field.label.text) if field is not None else name.replace("_", " ").capitalize()
                yield TypedText(label, text)


def _is_typed(field: Field) -> bool:
    return isinstance(field, StringField) and not isinstance(field, HiddenField | PasswordField)


def _looks_typed(name: str, text: str) -> bool:
    """If a form was refused before it was read, only names and values are known."""
    return not SECRET.search(name) and not HANDLE.fullmatch(text)
