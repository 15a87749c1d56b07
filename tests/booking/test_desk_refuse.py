"""What no reason helps against: people and rooms that are taken, absence, closures, and the past."""

from datetime import date, timedelta

import pytest

from clinic.booking import placing, waivers
from clinic.booking.models import Appointment, State
from clinic.booking.placing import SlotTaken
from clinic.booking.waivers import Impossible, Rule
from clinic.db import db, transaction
from clinic.practice.models import (
    Closure,
    TimeOff,
)
from clinic.practice.queries import Unbookable
from tests.booking.desk_shop import THURSDAY_TEN, WHY, Shop, shop
from tests.conftest import NOW

__all__ = ["shop"]


@pytest.mark.parametrize("minutes", [0, 30, -30, 55])
def test_a_taken_therapist_is_never_booked_again(shop: Shop, minutes: int) -> None:
    shop.make.appointment(of=shop.sold, who=shop.make.client(), starts_at=THURSDAY_TEN)
    with pytest.raises(Impossible):
        shop.book(THURSDAY_TEN + timedelta(minutes=minutes), waived=set(Rule), reason=WHY)


def test_taken_rooms_are_never_booked_again(shop: Shop) -> None:
    other = shop.make.therapist(shop.place)
    shop.make.appointment(
        of=shop.sold,
        who=shop.make.client(),
        starts_at=THURSDAY_TEN,
        therapist=other,
        room_id=shop.sold.rooms[0].id,
    )
    with pytest.raises(Impossible, match="every room"):
        shop.book(waived=set(Rule), reason=WHY)


def test_buffers_are_never_set_aside(shop: Shop) -> None:
    shop.sold.buffer_after_minutes = 15
    db.session.commit()
    shop.make.appointment(of=shop.sold, who=shop.make.client(), starts_at=THURSDAY_TEN)
    with pytest.raises(Impossible):
        shop.book(THURSDAY_TEN + timedelta(minutes=60), waived=set(Rule), reason=WHY)
    assert shop.book(THURSDAY_TEN + timedelta(minutes=75), waived=set(Rule), reason=WHY).state == State.BOOKED


def put_over(visit: Appointment, other: Appointment) -> None:
    """Write a visit onto the time of another, asking nobody."""
    with transaction(), placing.translate_conflicts():
        with db.session.no_autoflush:
            placing.set_time(visit, other.starts_at)
        db.session.flush()


def test_the_constraint_holds_when_every_check_before_it_is_forged_away(shop: Shop) -> None:
    """What stands behind all the checks: the same row, written past them, is refused by the database."""
    taken = shop.book()
    copy = shop.make.appointment(
        of=shop.sold, who=shop.caller, starts_at=THURSDAY_TEN + timedelta(hours=3), room_id=taken.room_id
    )
    with pytest.raises(SlotTaken):
        put_over(copy, taken)


def test_absence_and_closures_are_never_set_aside(shop: Shop) -> None:
    off = TimeOff(therapist_id=shop.person.id, from_on=date(2031, 3, 6), until_on=date(2031, 3, 7))
    shut = Closure(from_on=date(2031, 3, 7), until_on=date(2031, 3, 8), name="Works")
    db.session.add_all([off, shut])
    db.session.commit()
    for day in range(2):
        with pytest.raises(Impossible) as refused:
            shop.book(THURSDAY_TEN + timedelta(days=day), waived=set(Rule), reason=WHY)
        assert refused.value.sentence == waivers.AWAY


def test_a_therapist_who_left_and_a_place_that_closed_are_never_set_aside(shop: Shop) -> None:
    shop.person.left_on = date(2031, 3, 6)
    shop.place.closed_on = date(2031, 3, 5)
    db.session.commit()
    for at in (THURSDAY_TEN, THURSDAY_TEN - timedelta(days=1)):
        with pytest.raises(Impossible):
            shop.book(at, waived=set(Rule), reason=WHY)


def test_a_treatment_no_longer_sold_is_never_booked(shop: Shop) -> None:
    shop.sold.retired_at = NOW
    db.session.commit()
    with pytest.raises(Unbookable):
        shop.book(waived=set(Rule), reason=WHY)


def test_a_therapist_who_does_not_give_it_and_the_past_are_never_booked(shop: Shop) -> None:
    stranger = shop.make.therapist(shop.place)
    with pytest.raises(Impossible) as refused:
        shop.book(therapist_id=stranger.id, waived=set(Rule), reason=WHY)
    assert refused.value.sentence == waivers.GIVES_NOT
    with pytest.raises(Impossible) as refused:
        shop.book(NOW - timedelta(hours=1), waived=set(Rule), reason=WHY)
    assert refused.value.sentence == waivers.PASSED
    with pytest.raises(Impossible) as refused:
        shop.book(THURSDAY_TEN + timedelta(minutes=1), waived=set(Rule), reason=WHY)
    assert refused.value.sentence == waivers.UNEVEN
