"""An act on several appointments is taken back as it was made: all of it within two minutes, or nothing."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking import availability, changes, services
from clinic.booking.changes import UndoOver
from clinic.booking.models import Appointment, Series, State
from clinic.booking.placing import NotOffered
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.series import new_series, series_changes, series_undo
from clinic.booking.series.new_series import Order
from clinic.booking.series.series_changes import Pick, SeriesMove, SeriesShift
from clinic.booking.series.series_undo import TakenMeanwhile
from clinic.db import db, transaction
from clinic.refusal import Stale
from clinic.scheduling.hours import Days
from tests.booking.series_shop import STAFF, THURSDAY_TEN, Shop, moved, shop, walls
from tests.conftest import NOW

__all__ = ["shop"]

MINUTE = timedelta(minutes=1)
WEEK = timedelta(weeks=1)

Act = Callable[[list[Appointment]], Series]


def cancels(members: list[Appointment]) -> Series:
    picks = [Pick(appointment_id=one.id, revision=one.revision) for one in members]
    with transaction():
        return series_changes.cancel(members[0].series_id, picks, actor=STAFF, now=NOW)


def goes_to_tuesdays(members: list[Appointment]) -> Series:
    return moved(members, SeriesShift(weekday=1, at=time(14, 30)))


def goes_a_week_later(members: list[Appointment]) -> Series:
    """Each takes the time the next one leaves."""
    return moved(members, SeriesShift(weekday=3, at=time(10, 0), weeks_later=1))


def takes_back(whole: Series, *, revision: int | None = None, now: datetime = NOW + MINUTE) -> Series:
    with transaction():
        return series_undo.undo(whole.id, revision=revision or whole.revision, actor=STAFF, now=now)


ACTS: list[Act] = [cancels, goes_to_tuesdays, goes_a_week_later]


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_taken_back_whole(shop: Shop, act: Act) -> None:
    members = shop.weekly(4)
    before = [(one.id, one.starts_at, one.state, one.therapist_id) for one in members]
    whole = act(members[1:])
    assert series_undo.can_undo(whole, new_series.members(whole.id), NOW + MINUTE)
    takes_back(whole)
    after = new_series.members(whole.id)
    assert [(one.id, one.starts_at, one.state, one.therapist_id) for one in after] == before
    assert [one.revision for one in after] == [1, 3, 3, 3]
    assert not any(new_series.moved_alone(one) for one in after)
    assert not series_undo.can_undo(whole, after, NOW + MINUTE)
    held = sa.select(Appointment).where(Appointment.state == State.HELD)
    assert list(db.session.scalars(held)) == [], "nothing is kept any more"
    deeds = sa.select(AuditEntry.subject_id).where(AuditEntry.action == "undo")
    assert set(db.session.scalars(deeds)) == {one.id for one in members[1:]}


@pytest.mark.parametrize("act", ACTS)
def test_what_was_left_stays_kept_for_two_minutes_and_is_free_then(shop: Shop, act: Act) -> None:
    members = shop.weekly(3)
    left = {one.starts_at for one in members}
    whole = act(members)
    stands = {one.starts_at for one in new_series.members(whole.id) if one.state == State.BOOKED}
    days = Days(THURSDAY_TEN.date(), THURSDAY_TEN.date() + timedelta(weeks=3))
    for seconds, expected in ((119, set()), (120, left - stands)):
        now = NOW + timedelta(seconds=seconds)
        offered = availability.offers(SearchCriteria(shop.sold.id), days, now).offers.instants()
        assert left & set(offered) == expected


def test_what_is_kept_for_one_member_is_no_obstacle_to_another_that_moves_along(shop: Shop) -> None:
    whole = goes_to_tuesdays(shop.weekly(2))
    goes_a_week_later(new_series.members(whole.id))
    assert walls(new_series.members(whole.id)) == [THURSDAY_TEN + WEEK, THURSDAY_TEN + 2 * WEEK]


@pytest.mark.parametrize("act", ACTS)
def test_after_two_minutes_nothing_is_taken_back(shop: Shop, act: Act) -> None:
    whole = act(shop.weekly(3))
    as_it_is = walls(new_series.members(whole.id))
    with pytest.raises(UndoOver):
        takes_back(whole, now=NOW + changes.UNDO)
    assert walls(new_series.members(whole.id)) == as_it_is


@pytest.mark.parametrize("act", ACTS)
def test_twice_is_over_and_an_old_page_is_stale(shop: Shop, act: Act) -> None:
    whole = act(shop.weekly(3))
    with pytest.raises(Stale):
        takes_back(whole, revision=1)
    takes_back(whole)
    with pytest.raises(UndoOver):
        takes_back(whole)


def test_of_two_acts_the_last_is_taken_back_and_the_first_no_more(shop: Shop) -> None:
    whole = goes_to_tuesdays(shop.weekly(2))
    first = whole.revision
    at_first = walls(new_series.members(whole.id))
    again = moved(new_series.members(whole.id), SeriesShift(weekday=2, at=time(9, 0)))
    with pytest.raises(Stale):
        takes_back(again, revision=first)
    takes_back(again)
    assert walls(new_series.members(whole.id)) == at_first
    with pytest.raises(UndoOver):
        takes_back(again)


@pytest.mark.parametrize("act", [cancels, goes_to_tuesdays])
def test_when_an_old_time_is_gone_nothing_is_taken_back_and_it_is_named(shop: Shop, act: Act) -> None:
    """The times are kept; somebody with power over the database, or a clock that went wrong, may still take one."""
    members = shop.weekly(3)
    whole = act(members)
    kept = sa.update(Appointment).where(Appointment.undo_of_id == members[1].id)
    db.session.execute(kept.values(state=State.LAPSED))
    db.session.commit()
    shop.visit(THURSDAY_TEN + WEEK)
    as_it_is = [(one.starts_at, one.state) for one in new_series.members(whole.id)]
    with pytest.raises(TakenMeanwhile) as refused:
        takes_back(whole)
    assert refused.value.walls == (THURSDAY_TEN + WEEK,)
    db.session.rollback()
    assert [(one.starts_at, one.state) for one in new_series.members(whole.id)] == as_it_is
    held = sa.select(sa.func.count()).where(Appointment.state == State.HELD)
    assert db.session.scalar(held) == 2, "what is still kept stays kept"


@pytest.mark.parametrize("act", [cancels, goes_to_tuesdays])
def test_what_was_taken_back_alone_stays_as_it_is(shop: Shop, act: Act) -> None:
    members = shop.weekly(3)
    whole = act(members)
    one = shop.make.refreshed(members[0])
    with transaction():
        changes.undo(one.id, revision=one.revision, actor=STAFF, now=NOW + MINUTE)
    takes_back(whole)
    after = new_series.members(whole.id)
    assert walls(after) == [THURSDAY_TEN + number * WEEK for number in range(3)]
    assert {member.state for member in after} == {State.BOOKED}


def test_what_was_moved_again_alone_stays_there(shop: Shop) -> None:
    members = shop.weekly(2)
    whole = goes_to_tuesdays(members)
    one = shop.make.refreshed(members[0])
    with transaction():
        changes.move(one.id, one.starts_at + timedelta(days=1), revision=2, actor=STAFF, now=NOW + MINUTE)
    elsewhere = one.starts_at
    takes_back(whole)
    after = new_series.members(whole.id)
    assert [after[0].starts_at, after[1].wall_start] == [elsewhere, THURSDAY_TEN + WEEK]


def test_a_client_does_not_take_back_what_the_practice_moved(shop: Shop) -> None:
    members = shop.weekly(2)
    goes_to_tuesdays(members)
    one = shop.make.refreshed(members[0])
    assert not changes.can_undo(one, "client", NOW)
    with pytest.raises(UndoOver), transaction():
        changes.undo(one.id, revision=one.revision, actor=f"link:{one.id}", now=NOW)


def test_a_swap_is_taken_back_to_each_ones_own_therapist_and_room(shop: Shop) -> None:
    """Two at one hour of one day, with two therapists and in two rooms, change their times with each other."""
    make = shop.make
    colleague, rooms = make.therapist(shop.place), [make.room(shop.place), make.room(shop.place)]
    sold = make.treatment(therapists=[shop.person, colleague], rooms=rooms)
    order = Order(treatment_id=sold.id, location_id=shop.place.id)
    start = THURSDAY_TEN.replace(tzinfo=None)
    slots = [
        new_series.Slot(starts_at=make.NOW + timedelta(days=3, hours=hour), therapist_id=person.id)
        for hour, person in ((0, shop.person), (1, colleague))
    ]
    with transaction():
        whole = new_series.book(order, slots, client=shop.ada, actor=STAFF, now=NOW)
    members = new_series.members(whole.id)
    before = [(one.starts_at, one.therapist_id, one.room_id) for one in members]
    assert members[0].wall_start == start
    moves = [
        SeriesMove(
            pick=Pick(appointment_id=one.id, revision=1),
            slot=new_series.Slot(starts_at=other.starts_at, therapist_id=other.therapist_id),
        )
        for one, other in zip(members, reversed(members), strict=True)
    ]
    with transaction():
        series_changes.move(whole.id, moves, actor=STAFF, now=NOW)
    takes_back(whole)
    assert [(one.starts_at, one.therapist_id, one.room_id) for one in new_series.members(whole.id)] == before


def test_nobody_else_gets_a_time_that_may_be_taken_back(shop: Shop) -> None:
    members = shop.weekly(2)
    left = members[0].starts_at
    whole = goes_to_tuesdays(members)
    with pytest.raises(NotOffered), transaction():
        services.hold(SearchCriteria(shop.sold.id), left, browser=b"b" * 32, client_id=None, now=NOW + MINUTE)
    takes_back(whole)
    assert new_series.members(whole.id)[0].starts_at == left
