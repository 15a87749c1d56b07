"""How instants, money and numbers read in the language spoken now and the practice's country: with `scheduling.hours` the
only place of local time."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_location, get_timezone_name
from babel.numbers import format_currency, get_currency_symbol

from clinic import language
from clinic.language import gettext, places

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
NO_BREAK = "\u00a0"
"""Between words of one date or time that no line may part: `1.` and `Dezember`, `December` and `1`, `5:15` and `pm`."""
_DAY, _SHORT_DAY = f"d.'{NO_BREAK}'MMMM", f"d.'{NO_BREAK}'MMM"
_DAY_AND_MONTH = re.compile(
    rf"\b(\d{{1,2}}) (?=(?:{'|'.join((*MONTHS, *(month[:3] for month in MONTHS)))})\b)"
)
_TELEPHONE = re.compile(r"(?<![\w.,:])\+?\(?\d[\d ()/-]{4,}\d(?![\w:])")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def local(instant: datetime, zone: str) -> datetime:
    """The wall time of an instant in a zone."""
    return instant.astimezone(ZoneInfo(zone))


def local_date(instant: datetime, zone: str) -> str:
    """`Tuesday 24 November`."""
    return long_date(local(instant, zone).date())


def long_date(day: date) -> str:
    """`Tuesday 24 November`, `Tuesday, November 24`, `Dienstag, 24. November`."""
    if not _is_english():
        return format_date(day, f"EEEE, {_DAY}", places.locale())
    return _english_date(WEEKDAYS[day.weekday()], day.day, MONTHS[day.month - 1])


def full_date(instant: datetime, zone: str) -> str:
    """`Tuesday 24 November 2026`, `Tuesday, November 24, 2026`, `Dienstag, 24. November 2026`."""
    return and_year(local_date(instant, zone), local(instant, zone).year)


def and_year(words: str, year: int) -> str:
    """A date in words with its year: `Tue 24 Nov 2026`, `November 24, 2026`."""
    comma = "," if _is_english() and places.is_month_first(places.locale()) else ""
    return f"{words}{comma}{' ' if _is_english() else NO_BREAK}{year}"


def near_date(instant: datetime, zone: str, now: datetime) -> str:
    """`today`, `tomorrow`, `yesterday`, or `Tuesday 24 November`; for the middle of a sentence."""
    days_off = (local(instant, zone).date() - local(now, zone).date()).days
    near = {-1: gettext("yesterday"), 0: gettext("today"), 1: gettext("tomorrow")}
    return near.get(days_off) or local_date(instant, zone)


def short_date(instant: datetime, zone: str) -> str:
    """`Tue 24 Nov`, `Tue, Nov 24`, where many stand below each other."""
    day = local(instant, zone)
    if not _is_english():
        return format_date(day.date(), f"EEE, {_SHORT_DAY}", places.locale())
    return _english_date(WEEKDAYS[day.weekday()][:3], day.day, MONTHS[day.month - 1][:3])


def local_time(instant: datetime, zone: str) -> str:
    """`17:15`, `5:15 pm`."""
    return wall_time(local(instant, zone).time())


def wall_time(at: time) -> str:
    """A time of day as a clock there shows it: `17:15`, `5:15 pm` in Canada, `5:15 PM` in the United States.

    Without the dots of Canada's `p.m.`, which would meet a full stop.
    """
    return _wall_time(at.hour, at.minute, places.locale())


@lru_cache(maxsize=4096)
def _wall_time(hour: int, minute: int, where: Locale) -> str:
    """Kept, because a calendar of many therapists writes a thousand times of day, and there are 1,440 of them."""
    written = format_time(time(hour, minute), "short", locale=where).replace(".m.", "m")
    return written.replace("\u202f", NO_BREAK).replace(" ", NO_BREAK)


def wall_minute(minute: int) -> str:
    """A minute of a day, as hours of work are stored, as a clock there shows it; the end of the day is `24:00` or `12:00 am`."""
    hour, left = divmod(minute, 60)
    if hour < 24:
        return wall_time(time(hour, left))
    has_halves = "a" in str(places.locale().time_formats["short"].pattern)
    return wall_time(time(0, left)) if has_halves else f"{hour:02}:{left:02}"


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
    """`$56` or `$56.50`, `56 €`, `CHF 56.50`: cents only where there are any."""
    where = places.locale()
    pattern = str(where.currency_formats["standard"].pattern)
    if get_currency_symbol(currency, where)[-1:].isalpha():
        pattern = pattern.replace("¤#", "¤\u00a0#")  # CLDR's spacing of currencies, which Babel leaves out.
    if cents % 100 == 0:
        pattern = pattern.replace(".00", "")
    return format_currency(Decimal(cents) / 100, currency, pattern, where, currency_digits=False)


def unparted(text: str) -> str:
    """A text in which no line parts a day from its month or the groups of a telephone number, for letters as HTML."""
    days = _DAY_AND_MONTH.sub(rf"\1{NO_BREAK}", text)
    return _TELEPHONE.sub(lambda number: number[0].replace(" ", NO_BREAK), days)


def with_plain_spaces(text: str) -> str:
    """A text that may break anywhere, for text messages: one letter outside their alphabet makes the whole message dearer."""
    return text.replace(NO_BREAK, " ")


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
    return WEEKDAYS[day.weekday()] if _is_english() else format_date(day, "EEEE", places.locale())


def weekday_name(number: int) -> str:
    """`Monday` for 0, `Montag`."""
    return day_name(date(2024, 1, 1 + number))  # That year began on a Monday.


def day_abbreviated(day: date) -> str:
    """`Tue`, `Di`."""
    if _is_english():
        return WEEKDAYS[day.weekday()][:3]
    return format_date(day, "ccc", places.locale()).rstrip(".")


def month_abbreviated(day: date) -> str:
    """`Nov`, in which a calendar begins another month."""
    return MONTHS[day.month - 1][:3] if _is_english() else format_date(day, "LLL", places.locale())


def day_and_month(day: date) -> str:
    """`24 November`, `November 24`, `24. November`."""
    if _is_english():
        return _english_date("", day.day, MONTHS[day.month - 1])
    return format_date(day, _DAY, places.locale())


def week_start(day: date) -> date:
    """The first day of the week of a day: Sunday in North America, Monday in Europe."""
    return day - timedelta(days=(day.weekday() - places.locale().first_week_day) % 7)


def _translated_zone(wall: datetime, zone: str, town: str) -> str:
    city = town or get_timezone_location(zone, locale=places.locale(), return_city=True)
    short = get_timezone_name(wall, width="short", locale=places.locale())
    place = gettext("%(city)s time") % {"city": city}
    return f"{short} ({place})" if short.isalpha() else place


def _english_date(weekday_words: str, number: int, month: str) -> str:
    if places.is_month_first(places.locale()):
        return f"{weekday_words}{', ' if weekday_words else ''}{month}{NO_BREAK}{number}"
    return f"{weekday_words} {number} {month}".lstrip()


def _is_english() -> bool:
    return language.current() == language.ENGLISH
