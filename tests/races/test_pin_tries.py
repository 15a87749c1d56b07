"""Many processes try the PIN of one locked browser at the same instant: no more than five are ever checked."""

from collections import Counter
from typing import Any

import pytest
from flask import Flask

from clinic.accounts import session_locks, sessions
from clinic.db import db, transaction
from config import Settings
from tests import make
from tests.conftest import NOW
from tests.races.rivals import race

RIVALS, ROUNDS = 10, 6
PIN = "407216"

pytestmark = pytest.mark.race


def try_pin(round_: int, rival: int, task: Any) -> str:
    """Try the PIN as the page does: counted and committed, then checked."""
    raw, pins = task
    own = sessions.staff(raw, NOW)
    if own is None:
        return "ended"
    with transaction():
        counted = session_locks.count_try(own)
    if counted is None:
        return "not checked"
    if counted.fits(pins[rival]):
        with transaction():
            session_locks.unlock(own, NOW)
        return "right"
    return "wrong"


def locked(used: int) -> str:
    """A locked browser of which so many tries are used."""
    raw = sessions.open_staff(make.user(), NOW)
    own = sessions.staff(raw, NOW)
    assert own is not None
    session_locks.set_pin(own, PIN)
    session_locks.lock(own, proof=1, now=NOW)
    own.pin_tries = used
    db.session.commit()
    return raw


@pytest.mark.parametrize("used", [0, 4])
def test_ten_wrong_tries_at_once_are_checked_as_often_as_tries_are_left(
    race_app: Flask, race_settings: Settings, used: int
) -> None:
    tasks = [(locked(used), ["407217"] * RIVALS) for _ in range(ROUNDS)]
    reports = race(race_settings, try_pin, tasks, RIVALS)
    for number in range(ROUNDS):
        results = Counter(report.result for report in reports if report.round == number)
        assert results["wrong"] == session_locks.MOST_TRIES - used, results
        assert results["not checked"] == RIVALS - results["wrong"], results


def test_a_right_pin_among_the_wrong_ones_opens_once_and_counts_anew(
    race_app: Flask, race_settings: Settings
) -> None:
    tasks = [(locked(0), [PIN, "407217"]) for _ in range(ROUNDS)]
    reports = race(race_settings, try_pin, tasks, 2)
    assert Counter(report.result for report in reports) == {"right": ROUNDS, "wrong": ROUNDS}
    db.session.rollback()
    for raw, _ in tasks:
        own = sessions.staff(raw, NOW)
        assert own is not None
        assert own.locked_at is None
        assert own.pin_tries <= 1
