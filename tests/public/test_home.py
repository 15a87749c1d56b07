"""The first page, also while an owner is still setting up."""

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from clinic.db import db
from clinic.practice.models import Practice
from tests.conftest import NOW
from tests.make import Make
from tests.web.reading import read


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


def entered_before_the_practice_is_described(make: Make) -> None:
    make.offering(name="Easy back")
    db.session.execute(sa.delete(Practice))
    db.session.commit()


@pytest.mark.parametrize("path", ["/", "/book"])
def test_nothing_is_bookable_and_nothing_breaks_before_the_practice_is_described(
    client: FlaskClient, make: Make, path: str
) -> None:
    entered_before_the_practice_is_described(make)
    answer = client.get(path)
    assert answer.status_code == 200
    assert "Nothing can be booked here yet" in answer.text
    assert "Easy back" not in answer.text


def test_the_first_page_of_an_empty_practice_leads_nowhere_that_is_not_there_yet(client: FlaskClient) -> None:
    page = read(client.get("/").text).one("main")
    for link in page.all("a"):
        assert client.get(link.get("href")).status_code == 200
    assert "Where and when" not in page.text


def test_the_first_page_shows_what_can_be_booked_and_the_next_free_time(
    client: FlaskClient, make: Make
) -> None:
    make.offering(name="Easy back")
    said = client.get("/").text
    assert "Easy back" in said
    assert "Next free" in said
