"""What a PIN may be, how its tries are counted, and how long a locked browser can be opened again."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts import session_locks, sessions
from clinic.accounts.models import StaffSession, User
from clinic.db import db
from tests.make import Make

PIN = "407216"


def opened(user: User, now: datetime) -> StaffSession:
    live = sessions.staff(sessions.open_staff(user, now), now)
    assert live is not None
    return live


@pytest.fixture
def own(make: Make, now: datetime) -> StaffSession:
    return opened(make.user(), now)


@pytest.mark.parametrize(
    "pin",
    ["111111", "123456", "654321", "012345", "789012", "024680", "121212", "123123", "112112", "1122112211"],
)
def test_what_is_tried_first_is_no_pin(pin: str) -> None:
    assert "first that anybody would try" in (session_locks.objection(pin) or "")


@pytest.mark.parametrize("pin", ["", "40721", "4072168934510", "40721a", "٤٠٧٢١٦", "407 216"])
def test_a_pin_is_six_to_twelve_digits(pin: str) -> None:
    assert session_locks.objection(pin) == "Use 6 to 12 digits."


@pytest.mark.parametrize("pin", [PIN, "135790", "112358", "9081726354"])
def test_other_digits_are_a_pin(pin: str) -> None:
    assert session_locks.objection(pin) is None


def test_a_pin_is_stored_as_argon2_alone(own: StaffSession) -> None:
    session_locks.set_pin(own, PIN)
    assert (own.pin_hash or "").startswith("$argon2id$")
    assert PIN not in (own.pin_hash or "")


def test_five_tries_are_counted_before_they_are_checked_and_no_sixth(own: StaffSession) -> None:
    session_locks.set_pin(own, PIN)
    tries = [session_locks.count_try(own) for _ in range(5)]
    assert [one.number for one in tries if one] == [1, 2, 3, 4, 5]
    assert [one.left for one in tries if one] == [4, 3, 2, 1, 0]
    assert tries[4] is not None
    assert tries[4].fits(PIN)
    assert not tries[4].fits("407217")
    assert session_locks.count_try(own) is None


def test_the_database_takes_no_sixth_try(own: StaffSession) -> None:
    own.pin_tries = 6
    with pytest.raises(sa.exc.IntegrityError, match="pin_tries_at_most_five"):
        db.session.flush()


def test_a_pin_is_of_its_session_alone(make: Make, own: StaffSession, now: datetime) -> None:
    session_locks.set_pin(own, PIN)
    assert session_locks.count_try(opened(own.user, now)) is None


def test_a_locked_session_outlives_idleness_but_not_twelve_hours(make: Make, now: datetime) -> None:
    raw = sessions.open_staff(make.user(), now)
    own = sessions.staff(raw, now)
    assert own is not None
    session_locks.lock(own, proof=1, now=now)
    assert sessions.staff(raw, now + timedelta(hours=11, minutes=59))
    assert not sessions.staff(raw, now + timedelta(hours=12))


def test_unlocking_begins_idleness_anew(make: Make, now: datetime) -> None:
    raw = sessions.open_staff(make.user(), now)
    own = sessions.staff(raw, now)
    assert own is not None
    session_locks.lock(own, proof=1, now=now)
    later = now + timedelta(hours=1)
    assert session_locks.unlock(own, later)
    assert sessions.staff(raw, later + timedelta(minutes=29))
    assert not sessions.staff(raw, later + timedelta(minutes=30))


@pytest.mark.parametrize("ending", ["sign out", "elsewhere", "all"])
def test_the_pin_goes_with_the_session(make: Make, own: StaffSession, now: datetime, ending: str) -> None:
    session_locks.set_pin(own, PIN)
    db.session.flush()
    if ending == "sign out":
        sessions.end(own, now)
    elif ending == "elsewhere":
        sessions.end_others_of(own.user, opened(own.user, now), now)
    else:
        sessions.end_all_of(own.user, now)
    db.session.flush()
    db.session.refresh(own)
    assert own.ended_at is not None
    assert own.pin_hash is None
    assert not session_locks.unlock(own, now), "what has ended does not open again"
