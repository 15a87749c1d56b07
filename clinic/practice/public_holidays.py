"""The public holidays of a country and region, as days an owner may close on; nothing closes by itself."""

from dataclasses import dataclass
from datetime import date

import holidays

NAME_LENGTH = 200


@dataclass(frozen=True)
class PublicHoliday:
    """A local day and what it is called."""

    on: date
    name: str


def proposed(country: str, region: str, year: int) -> list[PublicHoliday]:
    """The public holidays of a year, earliest first; empty for a country the library does not know.

    Without a region, only national holidays.
    """
    if country not in holidays.list_supported_countries():
        return []
    known = type(holidays.country_holidays(country)).subdivisions
    found = holidays.country_holidays(
        country, subdiv=region if region in known else None, years=year, language="en_US"
    )
    return [PublicHoliday(on, name[:NAME_LENGTH]) for on, name in sorted(found.items()) if on.year == year]
