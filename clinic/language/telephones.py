"""Telephone numbers as people in the practice's country write them, and as machines dial them.

Numbering plans: Google's libphonenumber. Numbers it does not know (short ones such as 911 or 116117, and what was typed with
words or an extension) stay as they were typed.
"""

import re
from functools import cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from clinic.language import places

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
    """A number of the practice's country, of no subscriber, as one writes it there; empty for a country without one."""
    return _example(places.country())


@cache
def _example(country: str) -> str:
    for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
        found = phonenumbers.example_number_for_type(country, kind) if country else None
        if found is not None:
            return str(phonenumbers.format_number(found, PhoneNumberFormat.NATIONAL))
    return ""


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
