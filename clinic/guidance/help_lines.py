"""Telephone lines for medical advice by country, for a practice that has not entered its own.

Only numbers that a public source gives for the whole country; each with that source and the day it was read. A practice checks its
number in the settings, where its own goes first. A country without a row has no such number, or differs from region to region:
Belgium (1733 is not answered everywhere), Canada (811 is run by most provinces, each for itself), Finland (116117 without Åland).
"""

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class AdviceLine:
    """A number, and the page that gives it for the whole country."""

    number: str
    source: str
    read_on: date


_READ: Final = date(2026, 11, 29)
ADVICE_LINES: Final = {
    "AT": AdviceLine(
        "1450",
        "gesundheit.gv.at/news/aktuelles/aktuell-2023/gesundheitshotline.html: nationwide since 2019",
        _READ,
    ),
    "AU": AdviceLine("1800 022 222", "healthdirect.gov.au/what-care-do-i-need: day and night", _READ),
    "DE": AdviceLine(
        "116117", "116117.de/de/aerztlicher-bereitschaftsdienst.php: throughout Germany, day and night", _READ
    ),
    # In Northern Ireland each trust has numbers of its own (gpoutofhours.hscni.net); a practice there enters one.
    "GB": AdviceLine(
        "111",
        "nhs24.scot/111 and neas.nhs.uk/your-service/111: England, Scotland and Wales, day and night",
        _READ,
    ),
    "NO": AdviceLine(
        "116117",
        "helsenorge.no, Where to get help: leads to the nearest doctor on call in all of Norway",
        _READ,
    ),
    "NZ": AdviceLine(
        "0800 611 116", "health.govt.nz, Common questions about Healthline: everyone in New Zealand", _READ
    ),
    "SE": AdviceLine("1177", "1177.se, Om 1177 på telefon: a national number, day and night", _READ),
}
"""ISO 3166 country code to its line for medical advice."""


def advice_line(country: str, own: str = "") -> str:
    """The line to show: the practice's own, else its country's, else nothing."""
    known = ADVICE_LINES.get(country)
    return own or (known.number if known else "")
