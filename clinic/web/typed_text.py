"""What somebody typed into a form whose page cannot take it: the last net, so that no refusal costs anybody their words.

A page that can show a refusal beside its own form does so. Every other refusal, also of a page that lay open too long or of a
session that ended, shows the words again as they were sent. They go back to the browser that sent them and are kept nowhere.
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

SECRET = re.compile(r"pass|code|secret|token|credential|key|answer_to", re.I)
HANDLE = re.compile(r"[0-9a-f-]{32,}|[\d.:T+Z~_ -]*|[\w~.:+=-]{24,}|/.*|yes|no|on|y", re.I | re.ASCII)
"""What a page writes into a hidden field or a button: an id, a number, a moment, a key, an address, a tick."""
MOST = 60


@dataclass(frozen=True, slots=True)
class TypedText:
    """One field's words; `label` is what the page calls it, or its name."""

    label: str
    text: str


def note_form(form: "Form") -> None:
    """Remember a form that read what was sent, for its labels."""
    g.setdefault("sent_forms", []).append(form)


def typed() -> list[TypedText]:
    """The words of this request's form, in the order of the page. Not for a form that another site sent."""
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
    """Of a form that was refused before it was read, only the names and the values are known."""
    return not SECRET.search(name) and not HANDLE.fullmatch(text)
