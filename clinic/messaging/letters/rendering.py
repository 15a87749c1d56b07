"""Renders a letter: wording and facts become subject, text and HTML, in one language.

A kind's body is one template, `templates/messages/<kind>.jinja`, made of the parts that `_parts.html` and `_parts.txt`
render as HTML and plain text. So both say the same, and each sentence is translated once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import css_inline
import jinja2
from flask import Flask, current_app
from markupsafe import Markup

from clinic import language
from clinic.language import reading, telephones
from clinic.messaging.kinds import KINDS, wording
from clinic.messaging.kinds.declaration import Recipient
from clinic.messaging.kinds.wording import Words
from clinic.messaging.letters import practice_wording
from clinic.messaging.models import MessageKind
from clinic.practice.models import Practice

_NO_WORDS = re.compile(r"(<style>.*?</style>|<[^>]*>)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedLetter:
    """A rendered letter, as text and HTML."""

    subject: str
    text: str
    html: str


def render_letter(
    kind: MessageKind,
    facts: Mapping[str, Any],
    practice: Practice,
    *,
    spoken: str,
    words: Words | None = None,
) -> RenderedLetter:
    """The letter of a kind about these facts, in the practice's words unless others are given."""
    with language.speaking(spoken):
        found = words or practice_wording.words(kind, language.current())
        said = found.filled(_values(facts, practice))
        shared = {
            **facts,
            "practice": practice,
            "public_url": current_app.config["PUBLIC_URL"],
            "lang": language.current(),
            "subject": " ".join(said.subject.split()),
            "heading": said.heading,
            "opening": wording.paragraphs(said.opening),
            "closing": wording.paragraphs(said.closing),
            "greets": _greets(kind, found),
        }
        return RenderedLetter(
            subject=shared["subject"],
            text=re.sub(r"\n{3,}", "\n\n", _rendered(kind, "txt", shared)).strip() + "\n",
            html=_inliner().inline(_unparted(_rendered(kind, "html", shared))),
        )


def _greets(kind: MessageKind, said: Words) -> bool:
    """Whether the sheet greets and takes leave: of clients, unless the practice begins in its own words."""
    is_to_client = kind in KINDS and KINDS[kind].recipient is Recipient.CLIENT
    return is_to_client and said.opening == practice_wording.ours(kind, language.current()).opening


def _values(facts: Mapping[str, Any], practice: Practice) -> dict[str, str]:
    """The value of each placeholder, in the current language."""
    values = {
        "practice": practice.name,
        "phone": telephones.telephone(practice.phone),
        **facts.get("values", {}),
    }
    visit = facts.get("visit")
    if visit is not None:
        values |= {
            "client": visit.first_name,
            "day": reading.local_date(visit.starts_at, visit.zone),
            "weekday": reading.weekday(visit.starts_at, visit.zone),
            "time": reading.local_time(visit.starts_at, visit.zone),
            "therapist": visit.therapist,
            "place": visit.place,
            "what": visit.what,
        }
    return values


def _rendered(kind: MessageKind, form: str, shared: Mapping[str, Any]) -> str:
    """The whole letter as `html` or `txt`."""
    environment = _environment(current_app._get_current_object())  # type: ignore[attr-defined]  # the proxy's own way
    parts = environment.get_template(f"messages/_parts.{form}").module
    made = environment.get_template(f"messages/{kind.value}.jinja").make_module({**shared, "p": parts})
    # The body consists of parts only, and the HTML parts have escaped their values.
    body = Markup(str(made)) if form == "html" else str(made)  # noqa: S704 - see above
    sheet = environment.get_template(f"messages/_letter.{form}")
    return sheet.render(
        {"stop_link": "", **shared},
        p=parts,
        body=body,
        preheader=getattr(made, "preheader", ""),
        foot=getattr(made, "foot", ""),
    )


def _unparted(html: str) -> str:
    """The sheet whose lines part no day and no telephone number; its styles and the insides of its tags stay as they are."""
    parts = _NO_WORDS.split(html)
    return "".join(part if number % 2 else reading.unparted(part) for number, part in enumerate(parts))


@cache
def _environment(flask_app: Flask) -> jinja2.Environment:
    """The app's templates and filters; an undefined name is an error, not a gap in a letter."""
    return flask_app.jinja_env.overlay(undefined=jinja2.StrictUndefined)


@cache
def _inliner() -> css_inline.CSSInliner:
    # The rules for dark screens cannot be inlined; nothing is ever fetched.
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
