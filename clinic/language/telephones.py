"""Telephone numbers as people in the practice's country write them, and as machines dial them.

Numbering plans: Google's libphonenumber. Numbers it does not know (short ones such as 911 or 116117, and what was typed with
words or an extension) stay as they were typed.
"""

import re

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from clinic.language import places

OF_NOBODY = {
    "AU": "+61491570156",  # ACMA, numbers for use in radio, books, film and TV
    "CA": "+14165550123",  # North American Numbering Plan: 555-0100 to 555-0199 of any area
    "DE": "+493023125000",  # Bundesnetzagentur, Rufnummern für Medienproduktionen
    "GB": "+447700900123",  # Ofcom, numbers for use in TV and radio drama
    "US": "+12015550123",  # as in Canada
}
"""Numbers that are given to no subscriber, with who keeps them so; what serves as an example elsewhere may be somebody's."""
_ONLY_A_NUMBER = re.compile(r"[+0-9 ()/.\-\u00a0]+\Z")


def telephone(number: str) -> str:
    """A number to read: as one writes it within the practice's country, with the country code if it is from elsewhere."""
    return _written(number, places.country())


def dialled(number: str) -> str:
    """The number for a `tel:` link: E.164, or what was typed without its spaces if nothing else can be said of it."""
    found = _read(number, places.country())
    if found is None:
        return re.sub(r"[^+0-9*#]", "", number)
    return str(phonenumbers.format_number(found, PhoneNumberFormat.E164))


def telephone_example() -> str:
    """A number of the practice's country that its regulator keeps for films and examples; empty where none is known."""
    found = OF_NOBODY.get(places.country())
    return (
        str(phonenumbers.format_number(phonenumbers.parse(found), PhoneNumberFormat.NATIONAL))
        if found
        else ""
    )


def _written(number: str, country: str) -> str:
    found = _read(number, country) if _ONLY_A_NUMBER.match(number) else None
    if found is None:
        return number
    # Countries that share a code, such as Canada and the United States, dial one another as at home.
    is_at_home = found.country_code == phonenumbers.country_code_for_region(country)
    form = PhoneNumberFormat.NATIONAL if is_at_home else PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(found, form))


def _read(number: str, country: str) -> PhoneNumber | None:
    """The number as the numbering plans know it; None for a short number and for one of no plan."""
    try:
        found = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return None
    return found if phonenumbers.is_valid_number(found) else None
