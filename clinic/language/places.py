"""How the language spoken now writes dates, times, numbers and money in the practice's country: `en` in Canada is not `en` in Britain.

The country is asked of whoever knows the practice (`know_country`); this package does not. Source: Unicode CLDR, as in Babel.
"""

from collections.abc import Callable
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages
from flask import Flask, current_app, has_app_context

from clinic import language

_KNOWS_COUNTRY = "country_of_practice"
_AT_HOME = {language.ENGLISH: "GB"}
"""Where a language is at home that the country does not speak: English in Germany reads as in Britain."""


def know_country(app: Flask, answer: Callable[[], str]) -> None:
    """Let the application ask `answer` for the practice's country (ISO 3166); empty before a practice is set up."""
    app.extensions[_KNOWS_COUNTRY] = answer


def country() -> str:
    """The practice's country, or an empty text."""
    answer = current_app.extensions.get(_KNOWS_COUNTRY) if has_app_context() else None
    return answer() if answer else ""


def locale() -> Locale:
    """The language spoken now, as it is written in the practice's country."""
    return locale_of(language.current(), country())


@cache
def locale_of(spoken: str, place: str) -> Locale:
    """The locale of a language in a country: of that country if the language is official there, or else the language's own."""
    official = get_official_languages(place, regional=True, de_facto=True) if place else ()
    for territory in (place if spoken in official else "", _AT_HOME.get(spoken, "")):
        try:
            if territory:
                return Locale(spoken, territory)
        except UnknownLocaleError:
            continue
    return Locale.parse(spoken)


def is_month_first(where: Locale) -> bool:
    """Whether a date begins with its month: `November 24`."""
    return str(where.date_formats["long"].pattern).startswith("MMMM")
