"""How often a pass looks for what is newly due: always when there is news, seldom when there is none."""

from datetime import datetime, timedelta

import pytest

from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.messaging import delivery
from clinic.practice.models import Treatment
from tests.make import Make
from tests.messaging.conftest import Pass

STEP = timedelta(seconds=30)


@pytest.fixture
def at_rest(make: Make, massage: Treatment, now: datetime) -> datetime:
    """When a practice without visits was looked at, thoroughly and by the clock; long after its last news."""
    assert delivery.find(now, has_news=False) == delivery.find(now + STEP, has_news=False) == 0
    return now + STEP


def test_a_pass_with_news_finds_at_once(at_rest: datetime, visit: Appointment) -> None:
    assert delivery.find(at_rest + STEP) == 1


def test_a_pass_without_news_looks_again_two_minutes_later(at_rest: datetime, visit: Appointment) -> None:
    found = [delivery.find(at_rest + number * STEP, has_news=False) for number in range(1, 5)]
    assert found == [0, 0, 0, 1]


def test_each_pass_looks_while_news_settle(
    at_rest: datetime, make: Make, massage: Treatment, ada: Client
) -> None:
    assert delivery.find(at_rest) == 0
    make.appointment(of=massage, who=ada)
    assert delivery.find(at_rest + STEP, has_news=False) == 1


def test_the_pass_that_was_asked_for_looks(at_rest: datetime, visit: Appointment, run: Pass) -> None:
    assert run(at_rest + STEP).owed == 1
