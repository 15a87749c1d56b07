"""A series is proposed: the same time every so many weeks, with what else there is where it clashes."""

import itertools
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.booking.models import Appointment, Series
from clinic.booking.series import new_series
from clinic.db import db
from clinic.practice.models import Closure, TimeOff
from tests.booking.series_shop import THURSDAY_TEN, Shop, free, shop, walls
from tests.make import Make

__all__ = ["shop"]


def test_a_free_series_is_proposed_at_one_time_of_day_every_week(shop: Shop) -> None:
    proposals = shop.proposed(count=4)
    assert [one.wished for one in proposals] == [
        THURSDAY_TEN + number * timedelta(weeks=1) for number in range(4)
    ]
    assert all(one.slot and not one.alternatives for one in proposals)
    assert [one.number for one in proposals] == [1, 2, 3, 4]
    assert shop.make.count(Appointment) == shop.make.count(Series) == 0


@pytest.mark.parametrize("every", [1, 2, 4])
def test_every_so_many_weeks_is_kept(shop: Shop, every: int) -> None:
    booked = walls(shop.weekly(5, every=every))
    assert {later - earlier for earlier, later in itertools.pairwise(booked)} == {timedelta(weeks=every)}


@pytest.mark.parametrize(
    ("zone", "first", "changes_on"),
    [
        ("Europe/Lisbon", datetime(2031, 3, 14, 10, 0), date(2031, 3, 30)),
        ("Europe/Lisbon", datetime(2031, 10, 10, 10, 0), date(2031, 10, 26)),
        ("America/New_York", datetime(2031, 3, 5, 10, 0), date(2031, 3, 9)),
        ("America/New_York", datetime(2031, 10, 22, 10, 0), date(2031, 11, 2)),
        ("Australia/Lord_Howe", datetime(2031, 3, 26, 10, 0), date(2031, 4, 6)),
        ("Australia/Lord_Howe", datetime(2031, 9, 24, 10, 0), date(2031, 10, 5)),
    ],
)
def test_ten_o_clock_stays_ten_o_clock_when_the_clocks_change(
    make: Make, zone: str, first: datetime, changes_on: date
) -> None:
    make.practice()
    place = make.location(zone=zone)
    person = make.therapist(place)
    shop = Shop(make, place, person, make.treatment(therapists=[person]), make.client())
    booked = shop.weekly(5, first=first)
    assert walls(booked) == [first + number * timedelta(weeks=1) for number in range(5)]
    before = [one for one in booked if one.wall_start.date() < changes_on]
    offsets = {one.starts_at.astimezone(ZoneInfo(zone)).utcoffset() for one in booked}
    assert 0 < len(before) < 5
    assert len(offsets) == 2, "the clocks did change within the series"


def test_a_conflict_is_shown_with_the_nearest_times_of_its_week(shop: Shop) -> None:
    shop.visit(datetime(2031, 3, 20, 10, 0))
    proposals = shop.proposed()
    taken = proposals[2]
    assert [one.number for one in proposals if one.slot is None] == [3]
    assert taken.slot is None
    at = [
        slot.starts_at.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
        for slot in taken.alternatives
    ]
    assert at == [datetime(2031, 3, 20, 9, 0), datetime(2031, 3, 20, 11, 0), datetime(2031, 3, 20, 11, 15)]


def test_alternatives_lie_in_the_same_week_even_when_the_next_is_nearer(shop: Shop) -> None:
    """Friday at five, and the rest of the week is full: Monday of the next week would be nearer than Tuesday."""
    for day in range(17, 22):
        if day != 18:
            for hour in range(9, 17):
                shop.visit(datetime(2031, 3, day, hour, 0))
    shop.visit(datetime(2031, 3, 18, 11, 0))
    (only,) = shop.proposed(first=datetime(2031, 3, 21, 16, 0), count=1)
    assert {slot.starts_at.date() for slot in only.alternatives} == {date(2031, 3, 18)}
    assert len(only.alternatives) == 3


def test_a_week_in_which_the_therapist_is_away_proposes_a_colleague(shop: Shop) -> None:
    colleague = shop.make.therapist(shop.place)
    shop.sold.therapists = [shop.person, colleague]
    db.session.add(
        TimeOff(therapist_id=shop.person.id, from_on=date(2031, 3, 10), until_on=date(2031, 3, 17))
    )
    db.session.commit()
    proposals = shop.proposed(count=3)
    assert proposals[1].slot is None
    assert {slot.therapist_id for slot in proposals[1].alternatives} == {colleague.id}
    chosen = [*free(proposals), proposals[1].alternatives[0]]
    booked = new_series.members(shop.book(chosen).id)
    assert [member.therapist_id for member in booked] == [shop.person.id, colleague.id, shop.person.id]
    assert [member.series_index for member in booked] == [1, 2, 3]


def test_a_closed_week_has_no_alternatives(shop: Shop) -> None:
    db.session.add(Closure(from_on=date(2031, 3, 10), until_on=date(2031, 3, 17), name="Summer"))
    db.session.commit()
    closed = shop.proposed(count=2)[1]
    assert (closed.slot, closed.alternatives) == (None, ())


def test_a_time_the_clock_jumps_over_has_alternatives_and_no_slot(make: Make) -> None:
    make.practice()
    place = make.location()
    person = make.therapist(place, weekdays=range(7), hours=(0, 12))
    shop = Shop(make, place, person, make.treatment(therapists=[person]), make.client())
    proposals = shop.proposed(first=datetime(2031, 3, 23, 2, 30), count=3)
    assert [one.slot is None for one in proposals] == [False, True, False]
    assert len(proposals[1].alternatives) == 3


def test_one_conflict_in_week_37_of_52_is_found(shop: Shop) -> None:
    """A recurring booking elsewhere checked its first two dates only; here the 37th is looked at like the first."""
    shop.visit(THURSDAY_TEN + 36 * timedelta(weeks=1))
    proposals = shop.proposed(count=52)
    assert [one.number for one in proposals if one.slot is None] == [37]
    booked = shop.book([*free(proposals), proposals[36].alternatives[0]])
    assert len(new_series.members(booked.id)) == 52
