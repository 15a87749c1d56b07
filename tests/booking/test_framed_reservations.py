"""A time that was kept in a frame moves to a browser, once."""

import hashlib
from datetime import timedelta

import pytest

from clinic.booking import barring, framed_reservations, services
from clinic.booking.admission import NotCleared, NotFirst
from clinic.booking.barring import BarredOnline
from clinic.booking.models import Appointment, State
from clinic.booking.online_booking import BookingClosed
from clinic.booking.services import HoldGone, TimeWithdrawn
from clinic.db import db, transaction
from clinic.guidance.levels import Level
from clinic.practice import absences
from clinic.practice.models import NewClientRule, OnlineBooking
from tests.booking.visits import ME, THURSDAY_TEN, YOU, held
from tests.conftest import NOW
from tests.make import Make

FRAME = hashlib.sha256(b"a secret of the frame").digest()


def take_over(browser: bytes = ME, client_id: object = None) -> Appointment:
    with transaction():
        return framed_reservations.take_over(FRAME, browser=browser, client_id=client_id, now=NOW)  # type: ignore[arg-type]


def test_the_time_moves_to_the_browser_and_keeps_its_end(make: Make) -> None:
    kept = held(make.offering(), browser=FRAME)
    end = kept.held_until
    moved = take_over()
    assert (moved.id, moved.held_by, moved.held_until, moved.state) == (kept.id, ME, end, State.HELD)


def test_the_secret_works_once(make: Make) -> None:
    kept = held(make.offering(), browser=FRAME)
    take_over()
    with pytest.raises(HoldGone):
        take_over(YOU)
    assert make.refreshed(kept).held_by == ME


def test_a_secret_that_keeps_nothing_moves_nothing(make: Make) -> None:
    kept = held(make.offering(), browser=YOU)
    with pytest.raises(HoldGone):
        take_over()
    assert make.refreshed(kept).held_by == YOU


def test_the_browser_gives_up_what_it_kept_before(make: Make) -> None:
    sold = make.offering()
    before = held(sold, at=THURSDAY_TEN + timedelta(hours=2))
    kept = held(sold, browser=FRAME)
    take_over()
    assert make.refreshed(before).state == State.LAPSED
    assert services.holds_of(ME) == [make.refreshed(kept)]


def test_answers_that_stop_a_booking_stop_it_here_too(make: Make) -> None:
    person = make.client()
    make.submission(who=person, level=Level.URGENT, disposition="emergency")
    kept = held(make.offering(), browser=FRAME)
    with pytest.raises(NotCleared):
        take_over(client_id=person.id)
    assert make.refreshed(kept).held_by == FRAME


def test_who_is_barred_online_takes_nothing_over(make: Make) -> None:
    person, clerk = make.client(), make.user(roles=["front_desk"])
    with transaction():
        barring.bar(person.id, None, "because", by=clerk, now=NOW)
    held(make.offering(), browser=FRAME)
    with pytest.raises(BarredOnline):
        take_over(client_id=person.id)


def test_what_the_practice_changed_since_counts(make: Make) -> None:
    sold = make.offering()
    kept = held(sold, browser=FRAME)
    make.practice(online_booking=OnlineBooking.CLOSED)
    with pytest.raises(BookingClosed):
        take_over()
    make.practice(online_booking=OnlineBooking.OPEN)
    sold.new_clients = NewClientRule.NOT_FIRST
    db.session.commit()
    with pytest.raises(NotFirst):
        take_over()
    sold.new_clients = NewClientRule.WELCOME
    db.session.commit()
    with transaction():
        day = THURSDAY_TEN.date()
        away = absences.Away(from_on=day, until_on=day + timedelta(days=1))
        absences.take_off(kept.therapist_id, away, actor="system", now=NOW)
    with pytest.raises(TimeWithdrawn):
        take_over()


def test_a_time_can_be_given_back_by_its_secret_alone(make: Make) -> None:
    kept = held(make.offering(), browser=FRAME)
    with transaction():
        framed_reservations.release(YOU, NOW)
    assert make.refreshed(kept).state == State.HELD
    with transaction():
        framed_reservations.release(FRAME, NOW)
    assert make.refreshed(kept).state == State.LAPSED
