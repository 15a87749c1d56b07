"""What a therapist decides first: asked for, decided in time, or ended."""

from datetime import timedelta

import pytest

from clinic.booking import request_decisions, services
from clinic.booking.models import State
from clinic.db import transaction
from clinic.guidance.levels import Level
from tests.booking.visits import ME, THURSDAY_TEN, booked, held
from tests.conftest import NOW
from tests.make import Make


def test_therapist_review_makes_a_request_that_is_decided_in_time(make: Make) -> None:
    hold = held(make.offering(intake="before_booking"))
    make.submission(browser=ME, level="therapist_review", submitted_at=NOW)
    with transaction():
        asked = services.book(hold.id, browser=ME, client=make.client(), actor="visitor", now=NOW)
    assert (asked.state, asked.request_reason) == (State.REQUESTED, "level")
    assert asked.decide_by == NOW + timedelta(hours=48)


def test_two_open_requests_on_one_address_are_enough(make: Make) -> None:
    sold = make.offering(intake="before_booking")
    for hour in range(2):
        hold = held(sold, THURSDAY_TEN + timedelta(hours=hour))
        with transaction():
            services.book(hold.id, browser=ME, client=make.client(), actor="visitor", now=NOW, plain=True)
    third = held(sold, THURSDAY_TEN + timedelta(hours=2))
    with pytest.raises(services.TooManyOpen), transaction():
        services.book(third.id, browser=ME, client=make.client(), actor="visitor", now=NOW, plain=True)


def test_an_undecided_request_is_declined_in_time_and_only_then(make: Make) -> None:
    sold = make.offering()
    asked = make.appointment(of=sold, who=make.client(), state=State.REQUESTED, decide_by=NOW)
    with transaction():
        request_decisions.end_request(asked.id, NOW - timedelta(seconds=1))
    assert make.refreshed(asked).state == State.REQUESTED
    assert request_decisions.end_undecided(NOW) == [asked.id]
    for _ in range(2):
        with transaction():
            request_decisions.end_request(asked.id, NOW)
    assert make.refreshed(asked).state == State.DECLINED
    assert asked.revision == 2


def test_a_request_that_safety_made_is_cancelled_when_nobody_decides(make: Make) -> None:
    appointment = booked(make, make.offering())
    with transaction():
        make.answer_seriously(appointment, Level.REFER, NOW)
    assert (appointment.state, appointment.request_reason) == (State.REQUESTED, "safety")
    assert appointment.decide_by == NOW + timedelta(hours=24)
    with transaction():
        request_decisions.end_request(appointment.id, NOW + timedelta(hours=24))
    assert (appointment.state, appointment.cancel_reason) == (State.CANCELLED, "safety")
