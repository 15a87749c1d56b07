"""How instants, money and numbers read on a page: the only place besides `scheduling.hours` that makes local time."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import Flask

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "$", "AUD": "$", "CHF": "CHF "}


def local(instant: datetime, zone: str) -> datetime:
    """The wall time of an instant in a zone."""
    return instant.astimezone(ZoneInfo(zone))


def local_date(instant: datetime, zone: str) -> str:
    """`Tuesday 24 November`."""
    return long_date(local(instant, zone).date())


def long_date(day: date) -> str:
    """`Tuesday 24 November`."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def near_date(instant: datetime, zone: str, now: datetime) -> str:
    """`today`, `tomorrow`, `yesterday`, or `Tuesday 24 November`; for the middle of a sentence."""
    days_off = (local(instant, zone).date() - local(now, zone).date()).days
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days_off) or local_date(instant, zone)


def short_date(instant: datetime, zone: str) -> str:
    """`Tue 24 Nov`, where many stand below each other."""
    day = local(instant, zone)
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]}"


def local_time(instant: datetime, zone: str) -> str:
    """`17:15`."""
    return local(instant, zone).strftime("%H:%M")


def wall_range(start: datetime, end: datetime, zone: str) -> str:
    """`17:15 to 18:15`."""
    return f"{local_time(start, zone)} to {local_time(end, zone)}"


def zone_name(instant: datetime, zone: str) -> str:
    """The zone as a person reads it: `CET (Berlin time)`."""
    city = zone.rsplit("/", 1)[-1].replace("_", " ")
    short = local(instant, zone).tzname() or ""
    return f"{city} time" if not short.isalpha() else f"{short} ({city} time)"


def money(cents: int, currency: str) -> str:
    """`$56` or `$56.50`: cents only where there are any."""
    whole = Decimal(cents) / 100
    amount = f"{whole:,.0f}" if cents % 100 == 0 else f"{whole:,.2f}"
    return f"{SYMBOLS.get(currency, currency + ' ')}{amount}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 time`, `3 times`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def iso(instant: datetime) -> str:
    """The instant for machines, as `<time datetime>` and hidden fields want it."""
    return instant.isoformat()


def init_app(app: Flask) -> None:
    """Make every function here a template filter under its own name."""
    for filter_ in (
        local,
        local_date,
        long_date,
        near_date,
        short_date,
        local_time,
        wall_range,
        zone_name,
        money,
        plural,
        iso,
    ):
        app.add_template_filter(filter_)
