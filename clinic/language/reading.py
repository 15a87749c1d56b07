"""How instants, money and numbers read in the language spoken now: with `scheduling.hours` the only place of local time."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_location, get_timezone_name
from babel.numbers import format_currency

from clinic import language
from clinic.language import gettext

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
    """`Tuesday 24 November`, `Dienstag, 24. November`."""
    if not _is_english():
        return format_date(day, "EEEE, d. MMMM", language.current())
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def full_date(instant: datetime, zone: str) -> str:
    """`Tuesday 24 November 2026`, `Dienstag, 24. November 2026`."""
    return f"{local_date(instant, zone)} {local(instant, zone).year}"


def near_date(instant: datetime, zone: str, now: datetime) -> str:
    """`today`, `tomorrow`, `yesterday`, or `Tuesday 24 November`; for the middle of a sentence."""
    days_off = (local(instant, zone).date() - local(now, zone).date()).days
    near = {-1: gettext("yesterday"), 0: gettext("today"), 1: gettext("tomorrow")}
    return near.get(days_off) or local_date(instant, zone)


def short_date(instant: datetime, zone: str) -> str:
    """`Tue 24 Nov`, where many stand below each other."""
    day = local(instant, zone)
    if not _is_english():
        return format_date(day.date(), "EEE, d. MMM", language.current())
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]}"


def local_time(instant: datetime, zone: str) -> str:
    """`17:15`."""
    return local(instant, zone).strftime("%H:%M")


def wall_range(start: datetime, end: datetime, zone: str) -> str:
    """`17:15 to 18:15`."""
    return gettext("%(start)s to %(end)s") % {"start": local_time(start, zone), "end": local_time(end, zone)}


def zone_name(instant: datetime, zone: str, town: str = "") -> str:
    """The zone as a person of that town reads it: `CET (Berlin time)`, `MEZ (Ortszeit Graz)`; without a town, the zone's."""
    wall = local(instant, zone)
    if not _is_english():
        return _translated_zone(wall, zone, town)
    city = town or zone.rsplit("/", 1)[-1].replace("_", " ")
    short = wall.tzname() or ""
    return f"{city} time" if not short.isalpha() else f"{short} ({city} time)"


def money(cents: int, currency: str) -> str:
    """`$56` or `$56.50`: cents only where there are any."""
    whole = Decimal(cents) / 100
    if not _is_english():
        pattern = "#,##0\u00a0¤" if cents % 100 == 0 else "#,##0.00\u00a0¤"
        return format_currency(whole, currency, pattern, language.current(), currency_digits=False)
    amount = f"{whole:,.0f}" if cents % 100 == 0 else f"{whole:,.2f}"
    return f"{SYMBOLS.get(currency, currency + ' ')}{amount}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 time`, `3 times`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def iso(instant: datetime) -> str:
    """The instant for machines, as `<time datetime>` and hidden fields want it."""
    return instant.isoformat()


def weekday(instant: datetime, zone: str) -> str:
    """`Tuesday`, `Dienstag`."""
    return day_name(local(instant, zone).date())


def day_name(day: date) -> str:
    """`Tuesday`, `Dienstag`."""
    return WEEKDAYS[day.weekday()] if _is_english() else format_date(day, "EEEE", language.current())


def weekday_name(number: int) -> str:
    """`Monday` for 0, `Montag`."""
    return day_name(date(2024, 1, 1 + number))  # That year began on a Monday.


def day_abbreviated(day: date) -> str:
    """`Tue`, `Di`."""
    if _is_english():
        return WEEKDAYS[day.weekday()][:3]
    return format_date(day, "ccc", language.current()).rstrip(".")


def month_abbreviated(day: date) -> str:
    """`Nov`, in which a calendar begins another month."""
    return MONTHS[day.month - 1][:3] if _is_english() else format_date(day, "LLL", language.current())


def day_and_month(day: date) -> str:
    """`24 November`, `24. November`."""
    if _is_english():
        return f"{day.day} {MONTHS[day.month - 1]}"
    return format_date(day, "d. MMMM", language.current())


def _translated_zone(wall: datetime, zone: str, town: str) -> str:
    city = town or get_timezone_location(zone, locale=language.current(), return_city=True)
    short = get_timezone_name(wall, width="short", locale=language.current())
    place = gettext("%(city)s time") % {"city": city}
    return f"{short} ({place})" if short.isalpha() else place


def _is_english() -> bool:
    return language.current() == language.ENGLISH
