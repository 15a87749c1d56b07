"""The language of a letter or page, and our sentences in it.

Sentences are written in English where they are used; `catalogues/<language>.po` holds the others. `gettext` takes a sentence
with `%(names)s`; `N_` marks one that is translated later. A sentence that is not in the catalogue stays English, and a test finds it.

It does not know the reader: code that writes a letter or a page sets the language with `speaking`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from flask import Flask, g, has_app_context

ENGLISH = "en"
LANGUAGES = (ENGLISH, "de")
"""The languages we have; first the one in which sentences are written."""
NAMES = {ENGLISH: "English", "de": "Deutsch"}
"""Each language as its speakers call it."""

FOLDER = Path(__file__).parent / "catalogues"


def current() -> str:
    """The language spoken now."""
    spoken: str = g.get("language", ENGLISH) if has_app_context() else ENGLISH
    return spoken


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Use this language inside the block, or English if we do not have it."""
    before = current()
    speak(language)
    try:
        yield
    finally:
        g.language = before


def speak(language: str) -> None:
    """Use this language for the rest of this request, or English if we do not have it."""
    g.language = language if language in LANGUAGES else ENGLISH


def N_(sentence: str) -> str:
    """The sentence itself, marked to be translated when it is used."""
    return sentence


def gettext(sentence: str) -> str:
    """A sentence in the language spoken now."""
    found = catalogue(current()).get(sentence)
    return found[0] if found else sentence


def ngettext(one: str, many: str, number: int) -> str:
    """A sentence about a number of things, in the language spoken now."""
    forms = catalogue(current()).get(one) or (one, many)
    # English and German count alike: one thing, or any other number of them.
    return forms[0] if number == 1 or len(forms) == 1 else forms[1]


@cache
def catalogue(language: str) -> Mapping[str, tuple[str, ...]]:
    """English sentences with their translation: one form, or one for a single thing and one for several."""
    if language == ENGLISH:
        return {}
    with (FOLDER / f"{language}.po").open("rb") as file:
        messages = read_po(file, locale=language, abort_invalid=True)
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (
            (message.string,) if isinstance(message.string, str) else tuple(message.string)
        )
        for message in messages
        if message.id and message.string and not message.fuzzy
    }


def init_app(app: Flask) -> None:
    """Give the templates `_`, `ngettext` and the `trans` block."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        gettext, ngettext, newstyle=True
    )
