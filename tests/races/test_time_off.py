"""Somebody enters time off while others book that day: who books, books before it, and nobody after it."""

import hashlib
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.booking import services
from clinic.booking.models import Appointment
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.practice import absences
from clinic.practice.absences import Away
from config import Settings
from tests import make
from tests.conftest import NOW
from tests.races.rivals import race

RIVALS = 8
ROUNDS = 8
MONDAY_NINE = datetime.fromisoformat("2031-03-10T08:00+00:00")
ONE_DAY = timedelta(days=1)

pytestmark = pytest.mark.race


def on_the_day(therapist_id: UUID, nine: datetime) -> int:
    """How many visits stand on the day that begins with this start."""
    standing = sa.select(sa.func.count()).where(
        Appointment.therapist_id == therapist_id,
        Appointment.starts_at >= nine,
        Appointment.starts_at < nine + ONE_DAY,
    )
    return db.session.scalar(standing) or 0


def act(round_: int, rival: int, task: Any) -> str:
    """Rival 0 enters time off and says how many visits it found; the others book an hour each."""
    treatment_id, therapist_id, nine = UUID(task[0]), UUID(task[1]), datetime.fromisoformat(task[2])
    if rival == 0:
        with transaction():
            away = Away(from_on=nine.date(), until_on=nine.date() + ONE_DAY)
            absences.take_off(therapist_id, away, actor="user:owner", now=NOW)
            return f"off {on_the_day(therapist_id, nine)}"
    browser = hashlib.sha256(f"{round_}/{rival}".encode()).digest()
    start = nine + timedelta(hours=rival)
    with transaction():
        hold = services.hold(SearchCriteria(treatment_id), start, browser=browser, client_id=None, now=NOW)
        person = make.stranger(f"{round_}-{rival}")
        return services.book(hold.id, browser=browser, client=person, actor="visitor", now=NOW).state


def test_nobody_books_into_time_off_that_was_entered_first(race_app: Flask, race_settings: Settings) -> None:
    make.practice(horizon_days=400)
    house = make.location(zone="Etc/GMT-1")
    person = make.therapist(house, weekdays=range(7))
    sold = make.treatment(therapists=[person], rooms=[make.room(house)])
    days = [MONDAY_NINE + number * ONE_DAY for number in range(ROUNDS)]
    tasks = [(str(sold.id), str(person.id), nine.isoformat()) for nine in days]
    reports = race(race_settings, act, tasks, RIVALS)
    for round_, nine in enumerate(days):
        results = Counter(report.result for report in reports if report.round == round_)
        (found,) = (int(result.removeprefix("off ")) for result in results if result.startswith("off "))
        assert found == results["booked"] == on_the_day(person.id, nine)
        assert results["booked"] + results["NotOffered"] == RIVALS - 1, "nobody meets a deadlock or a fault"
