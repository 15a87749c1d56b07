"""The language of a letter or page, and our sentences in it.

Sentences are written in English where they are used. `catalogues/<language>.po` holds them in another language, and is all that a
language needs. `gettext` takes a sentence with `%(names)s`; `N_` marks one that is translated later. What the guidance says to
clients is in `catalogues/health`, see `health_texts`. A sentence that is in no catalogue stays English, and a test finds it.

It does not know the reader: code that writes a letter or a page sets the language with `speaking`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from flask import Flask, g, has_app_context

ENGLISH = "en"
FOLDER = Path(__file__).parent / "catalogues"


def languages_in(folder: Path) -> tuple[str, ...]:
    """English, and each language that has a catalogue in this folder."""
    return (ENGLISH, *sorted(path.stem for path in folder.glob("*.po")))


LANGUAGES = languages_in(FOLDER)
"""The languages we have; first the one in which sentences are written."""


def name_of(language: str) -> str:
    """A language as its speakers call it: `Deutsch`."""
    name = Locale.parse(language).get_language_name(language) or language
    return name[:1].upper() + name[1:]


def english_name(language: str) -> str:
    """A language as English calls it, for staff, whose pages are in English: `German`."""
    return Locale.parse(language).get_language_name(ENGLISH) or language


NAMES = {language: name_of(language) for language in LANGUAGES}
"""Each language as its speakers call it."""


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
    spoken = current()
    forms = catalogue(spoken).get(one) or (one, many)
    which = _which_form(spoken)(number) if len(forms) > 1 else 0
    return forms[min(which, len(forms) - 1)]


def joined(words: Iterable[str]) -> str:
    """`neck, shoulders and upper back`: one word or more as a list within a sentence."""
    *most, last = words
    return gettext("%(one)s and %(other)s") % {"one": ", ".join(most), "other": last} if most else last


@cache
def catalogue(language: str) -> Mapping[str, tuple[str, ...]]:
    """English sentences with their translation: one form, or one for each plural form of the language."""
    if language == ENGLISH:
        return {}
    return sentences_of(read_catalogue(FOLDER / f"{language}.po", language))


def read_catalogue(path: Path, language: str) -> Catalog:
    """A catalogue as its translators wrote it. One that cannot be read raises."""
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def sentences_of(messages: Catalog) -> Mapping[str, tuple[str, ...]]:
    """The sentences of a catalogue that are translated and not marked as doubtful."""
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (
            (message.string,) if isinstance(message.string, str) else tuple(message.string)
        )
        for message in messages
        if message.id and message.string and not message.fuzzy
    }


@cache
def _which_form(language: str) -> Callable[[int], int]:
    """Which form of a sentence a number takes: that of the catalogue's `Plural-Forms`."""
    if language == ENGLISH:
        return lambda number: int(number != 1)
    rule: Callable[[int], int] = c2py(read_catalogue(FOLDER / f"{language}.po", language).plural_expr)
    return rule


def init_app(app: Flask) -> None:
    """Give the templates `_`, `ngettext` and the `trans` block."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        gettext, ngettext, newstyle=True
    )
