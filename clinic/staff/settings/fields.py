"""Fields of the settings: whole numbers, days, times of day and prices, each with a plain sentence when it cannot be
read; and how forms read and fill them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from wtforms import DateField, IntegerField, StringField
from wtforms.validators import ValidationError

from clinic.practice import queries
from clinic.practice.models import Treatment
from clinic.web import time_values
from clinic.web.forms import Ticks

ONE_DAY = timedelta(days=1)
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
END_OF_DAY = 24 * 60
LONGEST_CLOCK = 12
"""How long a typed time may be: `12:30 p.m.` and room for a space."""
SIGNS = {
    "EUR": ("€",),
    "GBP": ("£",),
    "USD": ("$", "US$"),
    "CAD": ("$", "CA$", "C$"),
    "AUD": ("$", "AU$", "A$"),
    "NZD": ("$", "NZ$"),
    "JPY": ("¥",),
}
"""How an amount in a currency may be marked besides by its code."""
_AROUND_PRICE = re.compile(r"^\s*(?:[A-Z]{3}|[A-Z]{0,2}[$€£¥])\s*|\s*(?:[A-Z]{3}|[$€£¥])\s*$")
"""A currency before or after an amount."""


class Whole(IntegerField):
    """A whole number; None if empty."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was sent; raises ValueError with a sentence."""
        text = str(valuelist[0]).strip() if valuelist else ""
        self.data = None
        if not text:
            return
        if not (text.isascii() and text.removeprefix("-").isdigit()) or len(text) > 9:
            raise ValueError("Enter a whole number, for example 15.")
        self.data = int(text)


class SettingsDateField(DateField):
    """A day; None if empty."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was sent; raises ValueError with a sentence."""
        text = str(valuelist[0]).strip() if valuelist else ""
        self.data = None
        if text:
            self.data = parsed_day(text)


class Clock(StringField):
    """A time of day, kept as typed; `minute` is None if empty."""

    def pre_validate(self, form: Any) -> None:
        """Refuse anything but a time."""
        if self.data:
            try:
                parsed_clock(self.data)
            except ValueError as problem:
                raise ValidationError(str(problem)) from problem

    @property
    def minute(self) -> int | None:
        """Minutes after midnight."""
        return parsed_clock(self.data) if self.data else None


class Price(StringField):
    """An amount of money, kept as typed: `95`, `95.00`, also with a sign or code of money around it."""

    def pre_validate(self, form: Any) -> None:
        """Refuse anything but an amount."""
        if self.data and self.cents is None:
            raise ValidationError("Enter a price, for example 56 or 56.50.")
        named = [one.strip() for one in _AROUND_PRICE.findall(self.data or "")]
        practice = queries.find_practice() if named else None
        if practice and not {*named} <= {practice.currency, *SIGNS.get(practice.currency, ())}:
            raise ValidationError(f"Enter the price in {practice.currency}, for example 56 or 56.50.")

    @property
    def cents(self) -> int | None:
        """The amount in cents; None when it cannot be read."""
        typed = _AROUND_PRICE.sub("", self.data or "").replace("\u00a0", " ").strip()
        found = re.fullmatch(r"(\d{1,6})(?:[.,](\d{1,2}))?", typed, re.ASCII)
        return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else None


class Within:
    """A whole number between two others, both allowed; in fives where it has to be."""

    def __init__(self, least: int, most: int, *, unit: str, in_fives: bool = False) -> None:
        self.least, self.most, self.unit, self.in_fives = least, most, unit, in_fives

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence for any other number."""
        if field.data is None:
            return
        if not self.least <= field.data <= self.most:
            raise ValidationError(f"Enter {self.least} to {self.most} {self.unit}.")
        if self.in_fives and field.data % 5:
            raise ValidationError(f"Enter {self.unit} in steps of five, for example 15 or 60.")


def parsed_clock(text: str) -> int:
    """Minutes after midnight of `8:30`, `08.30`, `0830`, `8` or `8 pm`; 24:00 is the end of the day. Raises ValueError."""
    minute = time_values.parsed_minute(text)
    if minute is None or minute > END_OF_DAY:
        raise ValueError("Enter a time, for example 08:30.")
    if minute % 5:
        raise ValueError("Enter a time in steps of five minutes, for example 08:30 or 08:35.")
    return minute


def parsed_day(text: str) -> date:
    """The day of `2031-03-24`; raises ValueError."""
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= LATEST:
        raise ValueError("Enter a day, for example 2031-03-24.")
    return day


def text(field: StringField) -> str:
    """What was typed; nothing is the empty text."""
    return field.data or ""


def chosen(field: Ticks) -> tuple[UUID, ...]:
    """The ids that are ticked; the form has checked that they were offered.

    No such field may be `Optional`: that validator accepts any list whose first entry is empty.
    """
    return tuple(sorted(UUID(value) for value in field.data or ()))


def told_apart(sold: Sequence[Treatment]) -> Iterator[tuple[UUID, str]]:
    """Treatments by their name, and by their length too where several have one name."""
    names = Counter(one.name for one in sold)
    for one in sold:
        yield one.id, f"{one.name}, {one.length_minutes} minutes" if names[one.name] > 1 else one.name


def offered(rows: Iterable[tuple[UUID, str]]) -> list[tuple[str, str]]:
    """Rows as choices of a field."""
    return [(str(id_), name) for id_, name in rows]


def day_before(day: date | None) -> date | None:
    """The last day of something that ends on this one."""
    return day - ONE_DAY if day else None


def day_after(day: date | None) -> date | None:
    """The end of something whose last day this is."""
    return day + ONE_DAY if day else None
