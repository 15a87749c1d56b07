"""The template filters: how instants, money and numbers read, in the language spoken now; links to call and to write."""

from flask import Flask
from markupsafe import Markup, escape

from clinic import language
from clinic.language import places
from clinic.language.health_texts import health_text
from clinic.language.reading import MONTHS as MONTHS
from clinic.language.reading import WEEKDAYS as WEEKDAYS
from clinic.language.reading import (
    and_year,
    day_abbreviated,
    day_and_month,
    day_name,
    full_date,
    iso,
    local,
    local_date,
    local_time,
    long_date,
    money,
    month_abbreviated,
    near_date,
    plural,
    short_date,
    wall_minute,
    wall_range,
    wall_time,
    weekday,
    zone_name,
)
from clinic.language.telephones import dialled, telephone, telephone_example
from clinic.practice import own_texts, queries
from clinic.practice.own_texts import HasOwnTexts
from clinic.web import context
from clinic.web.person_links import linked


def phone_link(number: str) -> Markup:
    """A link that calls a telephone number, shown as one writes it here."""
    return Markup('<a href="tel:{}">{}</a>').format(dialled(number), telephone(number))


def mail_link(address: str) -> Markup:
    """A link that writes to an email address."""
    return Markup('<a href="mailto:{0}">{0}</a>').format(address)


def breakable(address: str) -> Markup:
    """An email address that breaks after its @ where a line is too short, rather than within a word."""
    return Markup("@<wbr>").join(address.split("@"))


def own(row: HasOwnTexts, column: str) -> Markup:
    """What the practice typed, in the language spoken now; in its main language, it says so (WCAG 2.2, 3.1.2)."""
    spoken, practice = language.current(), context.practice()
    text = own_texts.said(row, column)
    if (
        not text
        or practice is None
        or practice.language == spoken
        or own_texts.is_said_in(row, column, spoken)
    ):
        return escape(text)
    return Markup('<span lang="{}">{}</span>').format(practice.language, text)


def own_text(row: HasOwnTexts, column: str) -> str:
    """The same as plain text, for titles and attributes."""
    return own_texts.said(row, column)


def translated(sentence: str) -> str:
    """A sentence that comes from the code, wherever it was written."""
    found = language.gettext(sentence)
    return found if found != sentence else health_text(sentence)


def after_a_colon(sentence: str) -> str:
    """A sentence of ours as it goes on after a colon: in English it then begins small."""
    said = translated(sentence)
    return said[:1].lower() + said[1:] if language.current() == language.ENGLISH else said


def init_app(app: Flask) -> None:
    """Make every one of them a template filter under its own name, and give templates their sentences in other languages."""
    language.init_app(app)
    places.know_country(app, queries.country)
    for filter_ in (
        local,
        local_date,
        full_date,
        and_year,
        day_and_month,
        long_date,
        near_date,
        short_date,
        local_time,
        wall_range,
        wall_time,
        wall_minute,
        weekday,
        day_name,
        day_abbreviated,
        month_abbreviated,
        zone_name,
        money,
        plural,
        iso,
        phone_link,
        telephone,
        dialled,
        mail_link,
        breakable,
        linked,
        own,
        own_text,
    ):
        app.add_template_filter(filter_)
    # For sentences that come from the code; what comes from people is never looked up.
    app.add_template_filter(translated)
    app.add_template_filter(after_a_colon)
    app.add_template_filter(health_text)
    app.add_template_global(telephone_example)
