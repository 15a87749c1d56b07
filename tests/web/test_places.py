"""How dates, times and money read: by the reader's language and the practice's country, in six pairs of them."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pytest
from flask import Flask

from clinic import language
from clinic.language import places
from clinic.language.reading import (
    day_and_month,
    full_date,
    local_time,
    long_date,
    money,
    short_date,
    wall_minute,
    wall_range,
    wall_time,
    week_start,
)
from tests.make import Make
from tests.visitor import Visitor
from tests.web.reading import Element

BERLIN = "Europe/Berlin"
AT = datetime(2027, 1, 5, 16, 15, tzinfo=UTC)
"""A Tuesday, 17:15 in Berlin."""

READ = {
    ("en", "US", "USD"): (
        *("Tuesday, January\u00a05", "Tuesday, January\u00a05, 2027", "Tue, Jan\u00a05", "January\u00a05"),
        *("5:15\u00a0PM", "$1,234", "$1,234.50", date(2027, 1, 3)),
    ),
    ("en", "GB", "GBP"): (
        *("Tuesday 5 January", "Tuesday 5 January 2027", "Tue 5 Jan", "5 January"),
        *("17:15", "£1,234", "£1,234.50", date(2027, 1, 4)),
    ),
    ("en", "CA", "CAD"): (
        *("Tuesday, January\u00a05", "Tuesday, January\u00a05, 2027", "Tue, Jan\u00a05", "January\u00a05"),
        *("5:15\u00a0pm", "$1,234", "$1,234.50", date(2027, 1, 3)),
    ),
    ("en", "CH", "CHF"): (
        *("Tuesday 5 January", "Tuesday 5 January 2027", "Tue 5 Jan", "5 January"),
        *("17:15", "CHF\xa01,234", "CHF\xa01,234.50", date(2027, 1, 4)),
    ),
    ("de", "DE", "EUR"): (
        *(
            "Dienstag, 5.\u00a0Januar",
            "Dienstag, 5.\u00a0Januar\u00a02027",
            "Di., 5.\u00a0Jan.",
            "5.\u00a0Januar",
        ),
        *("17:15", "1.234\xa0€", "1.234,50\xa0€", date(2027, 1, 4)),
    ),
    ("de", "CH", "CHF"): (
        *(
            "Dienstag, 5.\u00a0Januar",
            "Dienstag, 5.\u00a0Januar\u00a02027",
            "Di., 5.\u00a0Jan.",
            "5.\u00a0Januar",
        ),
        *("17:15", "CHF\xa01’234", "CHF\xa01’234.50", date(2027, 1, 4)),
    ),
    ("de", "AT", "EUR"): (
        *(
            "Dienstag, 5.\u00a0Jänner",
            "Dienstag, 5.\u00a0Jänner\u00a02027",
            "Di., 5.\u00a0Jän.",
            "5.\u00a0Jänner",
        ),
        *("17:15", "€\xa01.234", "€\xa01.234,50", date(2027, 1, 4)),
    ),
}


@pytest.fixture
def placed(app: Flask, make: Make) -> Iterator[Make]:
    with app.test_request_context("/"):
        yield make


@pytest.mark.parametrize("place", READ, ids=lambda place: "-".join(place[:2]))
def test_each_place_reads_as_it_is_written_there(placed: Make, place: tuple[str, str, str]) -> None:
    spoken, country, currency = place
    placed.practice(country=country, currency=currency)
    language.speak(spoken)
    assert (
        long_date(date(2027, 1, 5)),
        full_date(AT, BERLIN),
        short_date(AT, BERLIN),
        day_and_month(date(2027, 1, 5)),
        local_time(AT, BERLIN),
        money(123400, currency),
        money(123450, currency),
        week_start(date(2027, 1, 5)),
    ) == READ[place]


@pytest.mark.parametrize(
    ("spoken", "country", "expected"),
    [
        *(("en", "DE", "en_GB"), ("en", "", "en_GB"), ("en", "XX", "en_GB"), ("en", "IE", "en_IE")),
        *(("de", "US", "de"), ("de", "", "de"), ("de", "LI", "de_LI"), ("de", "CA", "de")),
    ],
)
def test_a_language_that_the_country_does_not_speak_reads_as_at_home(
    spoken: str, country: str, expected: str
) -> None:
    assert str(places.locale_of(spoken, country)) == expected


def test_before_a_practice_is_set_up_and_without_an_application_it_reads_as_in_britain(app: Flask) -> None:
    assert long_date(date(2027, 1, 5)) == "Tuesday 5 January"
    assert wall_time(time(17, 15)) == "17:15"


def test_a_range_and_noon_and_midnight_are_said_with_their_halves(placed: Make) -> None:
    placed.practice(country="CA")
    language.speak("en")
    assert wall_range(AT, AT.replace(hour=17), BERLIN) == "5:15\u00a0pm to 6:15\u00a0pm"
    assert [wall_time(time(hour)) for hour in (0, 12)] == ["12:00\u00a0am", "12:00\u00a0pm"]


@pytest.mark.parametrize(
    ("country", "read"),
    [
        ("CA", ["12:00\u00a0am", "8:30\u00a0am", "12:00\u00a0pm", "5:15\u00a0pm", "12:00\u00a0am"]),
        ("GB", ["00:00", "08:30", "12:00", "17:15", "24:00"]),
    ],
)
def test_hours_of_work_are_said_by_the_same_clock(placed: Make, country: str, read: list[str]) -> None:
    placed.practice(country=country)
    language.speak("en")
    assert [wall_minute(minute) for minute in (0, 510, 720, 1035, 1440)] == read


def test_another_currency_than_the_countrys_says_which(placed: Make) -> None:
    placed.practice(country="US", currency="CAD")
    language.speak("en")
    assert money(5600, "CAD") == "CA$56"


def test_the_page_of_times_speaks_the_practices_country(app: Flask, make: Make, clock_at_now: None) -> None:
    make.practice(country="CA")
    sold = make.offering()
    page = Visitor(app.test_client()).open(f"/book/{sold.slug}")
    assert re.search(r"\b\d{1,2}:\d\d [ap]m\b", page.text)
    heads = [one.text for one in page.page.all("div") if one.attributes.get("class") == "month-head"]
    assert heads[0] == "Sun"
    assert cells_of_rows(page.page) == [7, 7, 7, 7]
    make.practice(country="GB")
    page.open(f"/book/{sold.slug}")
    assert not re.search(r"\d [ap]m\b", page.text)
    heads = [one.text for one in page.page.all("div") if one.attributes.get("class") == "month-head"]
    assert heads[0] == "Mon"
    assert cells_of_rows(page.page) == [7, 7, 7, 7]


def cells_of_rows(page: Element) -> list[int]:
    """How many days each week of the grid has; a week ends where its own element does."""
    rows = [part for part in page.one(role="grid").parts if isinstance(part, Element)]
    assert all(row.get("role") == "row" for row in rows)
    return [len(row.all(role="gridcell")) for row in rows]
