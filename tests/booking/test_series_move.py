"""Members of a series move together, and are cancelled together, as far as they are to come."""

from datetime import datetime, time, timedelta

import pytest
import sqlalchemy as sa

from clinic.booking import changes, states
from clinic.booking.models import Appointment, Series, State
from clinic.booking.series import new_series, series_changes
from clinic.booking.series.new_series import Lost, NoSeries, Slot
from clinic.booking.series.series_changes import Pick, Scope, SeriesMove, SeriesShift
from clinic.db import db, transaction
from clinic.refusal import Stale
from tests.booking.series_shop import STAFF, THURSDAY_TEN, Shop, moved, shop, walls
from tests.conftest import NOW
from tests.make import Make

__all__ = ["shop"]


def test_scopes_are_one_this_and_later_and_all_as_far_as_they_are_to_come(shop: Shop) -> None:
    members = shop.weekly(6)
    with transaction():
        changes.cancel(members[4].id, revision=1, actor=STAFF, now=NOW)
    fourth_day = members[1].starts_at
    found = {
        scope: [one.series_index for one in series_changes.in_scope(members, 3, scope, fourth_day)]
        for scope in Scope
    }
    assert found == {Scope.ONE: [3], Scope.LATER: [3, 4, 6], Scope.ALL: [3, 4, 6]}
    assert [one.series_index for one in series_changes.in_scope(members, 3, Scope.ALL, NOW)] == [
        1,
        2,
        3,
        4,
        6,
    ]


def test_this_and_later_move_to_another_day_and_time(shop: Shop) -> None:
    members = shop.weekly(5)
    later = series_changes.in_scope(members, 3, Scope.LATER, NOW)
    whole = moved(later, SeriesShift(weekday=1, at=time(14, 30)))
    now_at = walls(new_series.members(whole.id))
    assert now_at[:2] == [THURSDAY_TEN, THURSDAY_TEN + timedelta(weeks=1)]
    assert now_at[2:] == [datetime(2031, 3, 18, 14, 30) + number * timedelta(weeks=1) for number in range(3)]
    assert whole.revision == 2
    assert [one.series_index for one in new_series.of_act(whole.id, 2)] == [3, 4, 5]
    assert [one.series_index for one in new_series.of_act(whole.id, 1)] == [1, 2]


def test_members_pass_over_each_other_when_all_go_a_week_later(shop: Shop) -> None:
    """Each takes the time the next one leaves, which only constraints that wait can allow."""
    members = shop.weekly(4)
    whole = moved(members, SeriesShift(weekday=3, at=time(10, 0), weeks_later=1))
    assert walls(new_series.members(whole.id)) == [
        THURSDAY_TEN + number * timedelta(weeks=1) for number in range(1, 5)
    ]


def test_members_close_together_all_move_by_an_hour(shop: Shop) -> None:
    """Two of a day, back to back: each ends up on a part of the other's old time."""
    members = shop.weekly(2)
    second = members[1]
    with transaction():
        changes.move(second.id, members[0].starts_at + timedelta(hours=1), revision=1, actor=STAFF, now=NOW)
    picked = [shop.make.refreshed(member) for member in members]
    moves = [
        SeriesMove(
            pick=Pick(appointment_id=member.id, revision=member.revision),
            slot=Slot(starts_at=member.starts_at + timedelta(hours=1), therapist_id=member.therapist_id),
        )
        for member in picked
    ]
    with transaction():
        series_changes.move(members[0].series_id, moves, actor=STAFF, now=NOW)
    assert walls(new_series.members(members[0].series_id)) == [
        THURSDAY_TEN + timedelta(hours=1),
        THURSDAY_TEN + timedelta(hours=2),
    ]


def test_two_members_on_one_time_are_refused_by_the_constraint_in_the_end(shop: Shop) -> None:
    members = shop.weekly(2)
    same = Slot(starts_at=members[0].starts_at + timedelta(hours=2), therapist_id=shop.person.id)
    moves = [SeriesMove(pick=Pick(appointment_id=member.id, revision=1), slot=same) for member in members]
    with pytest.raises(new_series.NotOffered), transaction():
        series_changes.move(members[0].series_id, moves, actor=STAFF, now=NOW)
    assert walls(new_series.members(members[0].series_id)) == [
        THURSDAY_TEN,
        THURSDAY_TEN + timedelta(weeks=1),
    ]


def test_a_member_moved_alone_is_known_and_can_be_picked_all_the_same(shop: Shop) -> None:
    members = shop.weekly(3)
    with transaction():
        changes.move(
            members[1].id, members[1].starts_at + timedelta(days=1), revision=1, actor=STAFF, now=NOW
        )
    members = new_series.members(members[0].series_id)
    assert [new_series.moved_alone(member) for member in members] == [False, True, False]
    whole = moved(members, SeriesShift(weekday=1, at=time(9, 0)))
    assert {wall.weekday() for wall in walls(new_series.members(whole.id))} == {1}
    assert not any(new_series.moved_alone(member) for member in new_series.members(whole.id))


def test_a_move_that_was_taken_back_is_no_move(shop: Shop) -> None:
    members = shop.weekly(2)
    with transaction():
        changes.move(
            members[1].id, members[1].starts_at + timedelta(days=1), revision=1, actor=STAFF, now=NOW
        )
    with transaction():
        changes.undo(members[1].id, revision=2, actor=STAFF, now=NOW)
    assert not new_series.moved_alone(shop.make.refreshed(members[1]))


def test_who_was_moved_alone_is_told_alone_and_the_others_together(shop: Shop) -> None:
    members = shop.weekly(3)
    with transaction():
        changes.move(
            members[1].id, members[1].starts_at + timedelta(days=1), revision=1, actor=STAFF, now=NOW
        )
    told = set(db.session.scalars(sa.select(Appointment.series_index).where(new_series.TOLD_TOGETHER)))
    assert told == {1, 3}


def test_one_conflict_moves_nobody_and_is_named(shop: Shop) -> None:
    members = shop.weekly(4)
    shift = SeriesShift(weekday=1, at=time(14, 0))
    proposals = series_changes.propose(members, shift, therapist_id=None, now=NOW)
    shop.visit(datetime(2031, 3, 18, 14, 0))
    moves = [
        SeriesMove(pick=Pick(appointment_id=member.id, revision=1), slot=one.slot)
        for member, one in zip(members, proposals, strict=True)
    ]
    with pytest.raises(Lost) as refused, transaction():
        series_changes.move(members[0].series_id, moves, actor=STAFF, now=NOW)
    assert refused.value.starts == {proposals[2].slot.starts_at}
    assert walls(new_series.members(members[0].series_id)) == [
        THURSDAY_TEN + number * timedelta(weeks=1) for number in range(4)
    ]
    assert db.session.scalar(sa.select(Series.revision)) == 1
    again = series_changes.propose(members, shift, therapist_id=None, now=NOW)
    assert [one.slot is None for one in again] == [False, False, True, False]
    assert again[2].alternatives


def test_an_old_page_moves_and_cancels_nobody(shop: Shop) -> None:
    members = shop.weekly(3)
    with transaction():
        changes.move(
            members[2].id, members[2].starts_at + timedelta(days=1), revision=1, actor=STAFF, now=NOW
        )
    picks = [Pick(appointment_id=member.id, revision=1) for member in members]
    slot = Slot(starts_at=members[0].starts_at + timedelta(hours=3), therapist_id=shop.person.id)
    with pytest.raises(Stale), transaction():
        series_changes.cancel(members[0].series_id, picks, actor=STAFF, now=NOW)
    with pytest.raises(Stale), transaction():
        series_changes.move(
            members[0].series_id, [SeriesMove(pick=one, slot=slot) for one in picks], actor=STAFF, now=NOW
        )
    assert {member.state for member in new_series.members(members[0].series_id)} == {State.BOOKED}


def test_a_member_of_another_series_is_not_reached(shop: Shop) -> None:
    mine, other = shop.weekly(2), shop.weekly(2, first=THURSDAY_TEN + timedelta(hours=3))
    with pytest.raises(Stale), transaction():
        series_changes.cancel(
            mine[0].series_id, [Pick(appointment_id=other[0].id, revision=1)], actor=STAFF, now=NOW
        )


def test_a_visit_that_began_is_neither_moved_nor_cancelled(shop: Shop) -> None:
    members = shop.weekly(2)
    picks = [Pick(appointment_id=member.id, revision=1) for member in members]
    with pytest.raises(states.NotNow), transaction():
        series_changes.cancel(members[0].series_id, picks, actor=STAFF, now=members[0].starts_at)
    with pytest.raises(NoSeries), transaction():
        series_changes.cancel(members[0].series_id, [], actor=STAFF, now=NOW)


def test_this_and_later_are_cancelled_in_one_act_and_one_comes_back(shop: Shop) -> None:
    members = shop.weekly(5)
    later = series_changes.in_scope(members, 3, Scope.LATER, NOW)
    with transaction():
        whole = series_changes.cancel(
            members[0].series_id,
            [Pick(appointment_id=member.id, revision=member.revision) for member in later],
            actor=STAFF,
            now=NOW,
        )
    found = new_series.members(whole.id)
    assert [member.state for member in found] == [State.BOOKED] * 2 + [State.CANCELLED] * 3
    assert {member.cancelled_by for member in found[2:]} == {"staff"}
    assert [member.series_index for member in new_series.of_act(whole.id, 2)] == [3, 4, 5]
    with transaction():
        changes.undo(found[3].id, revision=found[3].revision, actor=STAFF, now=NOW + timedelta(seconds=60))
    assert shop.make.refreshed(found[3]).state == State.BOOKED
    assert [member.series_index for member in new_series.of_act(whole.id, 2)] == [3, 5]


def test_no_day_of_the_week_and_no_year_of_weeks_are_no_shift(shop: Shop) -> None:
    for weekday, weeks in ((7, 0), (-1, 0), (0, 9), (0, -1)):
        with pytest.raises(NoSeries):
            SeriesShift(weekday=weekday, at=time(10, 0), weeks_later=weeks)


def test_rooms_are_given_again_when_a_series_moves(make: Make) -> None:
    make.practice()
    place = make.location()
    person, other = make.therapist(place), make.therapist(place)
    first, second = make.room(place), make.room(place)
    sold = make.treatment(therapists=[person, other], rooms=[first, second])
    shop = Shop(make, place, person, sold, make.client())
    members = shop.weekly(3)
    make.appointment(
        of=sold,
        who=make.client(given_name="Bea", mail="bea@client.example"),
        therapist=other,
        room_id=first.id,
        starts_at=members[1].starts_at + timedelta(hours=2),
    )
    whole = moved(members, SeriesShift(weekday=3, at=time(12, 0)))
    assert [member.room_id for member in new_series.members(whole.id)] == [first.id, second.id, first.id]
