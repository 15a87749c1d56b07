"""Telephone lines for medical advice by country, for a practice that has not entered its own.

Only numbers that are the same in the whole country. A practice checks its number in the settings, where its own goes first. A country
without a row has no such number, or a different one in each region.
"""

from typing import Final

ADVICE_LINES: Final = {
    "AT": "1450",
    "AU": "1800 022 222",
    "BE": "1733",
    "CA": "811",
    "DE": "116117",
    "FI": "116117",
    "GB": "111",
    "NO": "116117",
    "NZ": "0800 611 116",
    "SE": "1177",
}
"""ISO 3166 country code to the number of its line for medical advice."""


def advice_line(country: str, own: str = "") -> str:
    """The line to show: the practice's own, else its country's, else nothing."""
    return own or ADVICE_LINES.get(country, "")
