"""Among several who are free, a client who comes again is offered the therapist they know."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from clinic.booking import queries as appointments
from clinic.booking.models import State
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import Visitor, as_client


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


def test_who_gave_the_last_visit_is_offered_first_when_free(app: Flask, make: Make) -> None:
    make.practice()
    house = make.location()
    ana, ben = make.therapist(house, given_name="Ana"), make.therapist(house, given_name="Ben")
    sold = make.treatment(therapists=[ana, ben])
    ada = make.client()
    make.appointment(of=sold, who=ada, therapist=ben, starts_at=NOW - timedelta(days=7), state=State.DONE)
    page = f"/book/{sold.slug}?day=2031-03-06"
    stranger = Visitor(app.test_client()).open(page)
    known = Visitor(as_client(app, ada.contacts[0], ada)).open(page)
    assert stranger.form_with("10:00 Ana")
    assert known.form_with("10:00 Ben")
    bea = make.client(given_name="Bea", mail="bea@client.example")
    make.appointment(of=sold, who=bea, therapist=ben, starts_at=NOW + timedelta(days=3))
    assert known.open(page).form_with("10:00 Ana")


@pytest.mark.parametrize("state", [State.CANCELLED, State.MISSED])
def test_a_visit_that_did_not_take_place_makes_nobody_known(make: Make, state: State) -> None:
    sold, ada = make.offering(), make.client()
    assert appointments.own_therapist(ada.id) is None
    make.appointment(of=sold, who=ada, starts_at=NOW - timedelta(days=7), state=state)
    assert appointments.own_therapist(ada.id) is None
