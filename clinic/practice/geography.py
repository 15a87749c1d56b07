"""Countries, their regions and their time zones, as the pinned tables of the zone database name them."""

import zoneinfo
from functools import cache
from importlib import resources

import holidays


@cache
def countries() -> dict[str, str]:
    """Names of countries by their two letters, in the order of names."""
    named = (line.split("\t") for line in _lines("iso3166.tab"))
    return dict(sorted(((code, name) for code, name in named), key=lambda pair: pair[1]))


@cache
def zones() -> tuple[str, ...]:
    """Every time zone of a place on earth, by name; no bare offsets."""
    return tuple(sorted(name for name in zoneinfo.available_timezones() if _is_of_a_place(name)))


@cache
def zones_of(country: str) -> tuple[str, ...]:
    """The zones of a country, the most populous first."""
    rows = (line.split("\t") for line in _lines("zone.tab"))
    return tuple(name for code, _, name, *_ in rows if code == country)


def zone_named(typed: str) -> str:
    """The zone of what somebody typed: its name in any case, or the city that only one zone is named for; otherwise what was
    typed."""
    wanted = "_".join(typed.casefold().split())
    whole = [name for name in zones() if name.casefold() == wanted]
    cities = [name for name in zones() if name.rsplit("/", 1)[1].casefold() == wanted]
    return (whole or (cities if len(cities) == 1 else []) or [typed])[0]


@cache
def regions(country: str) -> dict[str, str]:
    """The regions of a country with public holidays of their own: codes to names; empty if there are none."""
    if country not in holidays.list_supported_countries():
        return {}
    kind = type(holidays.country_holidays(country))
    names = {code: name for name, code in getattr(kind, "subdivisions_aliases", {}).items()}
    found = {code: names.get(code, code) for code in kind.subdivisions}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def _is_of_a_place(name: str) -> bool:
    return "/" in name and not name.startswith(
        ("Etc/", "SystemV/", "US/", "Canada/", "Brazil/", "Mexico/", "Chile/")
    )


def _lines(table: str) -> list[str]:
    text = (resources.files("tzdata") / "zoneinfo" / table).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
