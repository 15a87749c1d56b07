"""What is offered follows rooms, days off, special days, caps and the way between two houses."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.booking.placing import NotOffered
from clinic.db import db
from tests.booking.visits import THURSDAY_TEN, YOU, held, starts
from tests.make import Make


def test_a_room_is_found_for_each_and_runs_out(make: Make) -> None:
    make.practice()
    house = make.location()
    rooms = [make.room(house), make.room(house)]
    people = [make.therapist(house) for _ in range(3)]
    sold = make.treatment(therapists=people, rooms=rooms)
    got = [held(sold, browser=bytes([number]) * 32) for number in range(2)]
    assert {row.room_id for row in got} == {room.id for room in rooms}
    with pytest.raises(NotOffered):
        held(sold, browser=YOU)


def test_a_day_off_and_a_closure_always_win(make: Make) -> None:
    from clinic.practice.models import Closure, TimeOff

    sold = make.offering()
    day = THURSDAY_TEN.date()
    db.session.add(TimeOff(therapist_id=sold.therapists[0].id, from_on=day, until_on=day + timedelta(days=1)))
    db.session.commit()
    assert starts(sold) == []
    db.session.execute(sa.delete(TimeOff))
    db.session.commit()
    assert THURSDAY_TEN in starts(sold)
    db.session.add(Closure(location_id=None, from_on=day, until_on=day + timedelta(days=1), name="Holiday"))
    db.session.commit()
    assert starts(sold) == []


def test_a_special_day_replaces_the_weekly_hours_everywhere(make: Make) -> None:
    from clinic.practice.models import SpecialDay

    sold = make.offering()
    elsewhere = make.location()
    db.session.add(
        SpecialDay(
            therapist_id=sold.therapists[0].id,
            location_id=elsewhere.id,
            on=THURSDAY_TEN.date(),
            from_minute=18 * 60,
            until_minute=19 * 60,
        )
    )
    db.session.commit()
    assert starts(sold) == [datetime.fromisoformat("2031-03-06T17:00+00:00")]


def test_the_daily_cap_counts_what_stands(make: Make) -> None:
    sold = make.offering()
    sold.therapists[0].daily_cap = 1
    db.session.commit()
    held(sold)
    assert starts(sold) == []


def test_the_way_between_two_houses_takes_time(make: Make) -> None:
    sold = make.offering()
    person = sold.therapists[0]
    there = make.location()
    make.weekly_hours(person, there, 3, 17 * 60, 19 * 60)
    held(sold, datetime.fromisoformat("2031-03-06T15:00+00:00"))  # until 17:00 in Berlin
    evening = [start for start in starts(sold) if start >= datetime.fromisoformat("2031-03-06T16:00+00:00")]
    assert evening[0] == datetime.fromisoformat("2031-03-06T16:30+00:00")
