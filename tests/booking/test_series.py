"""Several appointments in one act: proposed, booked whole or not at all, moved and cancelled together."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, Client
from clinic.booking import admission, changes, services, states
from clinic.booking.models import Appointment, Series, State
from clinic.booking.series import new_series, series_changes
from clinic.booking.series.new_series import Lost, NoSeries, Order, Proposal, Rhythm, Slot
from clinic.booking.series.series_changes import Pick, Scope, SeriesMove, SeriesShift
from clinic.db import db, transaction
from clinic.practice.models import Closure, Location, Therapist, TimeOff, Treatment
from clinic.refusal import Stale
from tests.conftest import NOW
from tests.make import Make

THURSDAY_TEN = datetime(2031, 3, 6, 10, 0)
"""By the clock of the place."""
STAFF = "user:0190a8e2-0000-7000-8000-000000000001"
CLIENT = "contact:0190a8e2-0000-7000-8000-000000000002"


@dataclass
class Shop:
    """A place with one therapist, and a client who comes for a course."""

    make: Make
    place: Location
    person: Therapist
    sold: Treatment
    ada: Client

    @property
    def order(self) -> Order:
        """The treatment with the therapist."""
        return Order(treatment_id=self.sold.id, location_id=self.place.id, therapist_id=self.person.id)

    def proposed(
        self, *, first: datetime = THURSDAY_TEN, every: int = 1, count: int = 6, by_staff: bool = True
    ) -> list[Proposal]:
        """What can be had of a series."""
        rhythm = Rhythm(first=first, every_weeks=every, count=count)
        return new_series.propose(self.order, rhythm, by_staff=by_staff, now=NOW)

    def book(self, slots: Sequence[Slot], *, actor: str = STAFF, now: datetime = NOW) -> Series:
        """Book these."""
        with transaction():
            return new_series.book(self.order, slots, client=self.ada, actor=actor, now=now)

    def weekly(self, count: int = 6, **rhythm: Any) -> list[Appointment]:
        """A series, booked."""
        return new_series.members(self.book(free(self.proposed(count=count, **rhythm))).id)

    def visit(self, at: datetime, **columns: Any) -> Appointment:
        """Somebody else's visit at a local time."""
        starts_at = at.replace(tzinfo=ZoneInfo(self.place.zone)).astimezone(ZoneInfo("UTC"))
        return self.make.appointment(of=self.sold, who=self.make.client(), starts_at=starts_at, **columns)


def free(proposals: Sequence[Proposal]) -> list[Slot]:
    return [one.slot for one in proposals if one.slot]


def walls(members: Sequence[Appointment]) -> list[datetime]:
    return [member.wall_start for member in members]


@pytest.fixture
def shop(make: Make) -> Shop:
    make.practice()
    place = make.location()
    person = make.therapist(place)
    return Shop(make, place, person, make.treatment(therapists=[person]), make.client())


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


def test_a_series_is_one_act(shop: Shop) -> None:
    members = shop.weekly(4)
    (whole,) = db.session.scalars(sa.select(Series))
    assert (whole.revision, whole.client_id, whole.created_at) == (1, shop.ada.id, NOW)
    assert {member.state for member in members} == {State.BOOKED}
    assert [member.series_index for member in members] == [1, 2, 3, 4]
    assert {member.booked_by for member in members} == {"staff"}
    assert new_series.of_act(whole.id, 1) == members
    together_told = sa.select(sa.func.count()).select_from(Appointment).where(new_series.TOLD_TOGETHER)
    assert db.session.scalar(together_told) == 4
    deeds = sa.select(AuditEntry.subject_id).where(AuditEntry.action == "book")
    assert set(db.session.scalars(deeds)) == {member.id for member in members}


def test_a_stale_proposal_writes_nothing_and_names_what_is_lost(shop: Shop) -> None:
    proposals = shop.proposed()
    shop.visit(datetime(2031, 3, 20, 10, 0))
    shop.visit(datetime(2031, 4, 3, 10, 30))
    with pytest.raises(Lost) as refused:
        shop.book(free(proposals))
    assert refused.value.starts == {proposals[2].slot.starts_at, proposals[4].slot.starts_at}
    assert shop.make.count(Series) == 0
    assert shop.make.count(Appointment) == 2


def test_the_same_time_twice_in_one_act_writes_nothing(shop: Shop) -> None:
    slots = free(shop.proposed(count=2))
    with pytest.raises(Lost):
        shop.book([*slots, slots[0]])
    assert shop.make.count(Appointment) == 0


def test_nothing_and_too_much_are_no_series(shop: Shop) -> None:
    with pytest.raises(NoSeries):
        shop.book([])
    for every, count in ((0, 4), (9, 4), (1, 0), (1, 53)):
        with pytest.raises(NoSeries):
            Rhythm(first=THURSDAY_TEN, every_weeks=every, count=count)


def test_staff_reach_beyond_the_horizon_and_clients_do_not(shop: Shop) -> None:
    shop.make.practice(horizon_days=21)
    assert all(one.slot for one in shop.proposed(by_staff=True))
    online = shop.proposed(by_staff=False)
    assert [one.slot is not None for one in online] == [True] * 3 + [False] * 3
    with pytest.raises(Lost):
        shop.book(free(shop.proposed(by_staff=True)), actor=CLIENT)


def test_what_a_client_may_have_open_counts_the_whole_series(shop: Shop) -> None:
    shop.make.practice(open_bookings_per_client=6)
    shop.make.appointment(of=shop.sold, who=shop.ada, starts_at=NOW + timedelta(days=1))
    slots = free(shop.proposed(count=6))
    with pytest.raises(services.TooManyOpen):
        shop.book(slots, actor=CLIENT)
    assert shop.make.count(Series) == 0
    assert len(new_series.members(shop.book(slots[:5], actor=CLIENT).id)) == 5


def test_whom_a_therapist_looks_at_first_gets_no_series(shop: Shop) -> None:
    shop.make.submission(who=shop.ada, level="therapist_review")
    for actor in (STAFF, CLIENT):
        with pytest.raises(new_series.LookFirst):
            shop.book(free(shop.proposed()), actor=actor)


@pytest.mark.parametrize(("level", "disposition"), [("refer", "doctor"), ("urgent", "emergency")])
def test_who_should_see_a_doctor_first_gets_no_series(shop: Shop, level: str, disposition: str) -> None:
    shop.make.submission(who=shop.ada, level=level, disposition=disposition)
    for actor in (STAFF, CLIENT):
        with pytest.raises(admission.NotCleared):
            shop.book(free(shop.proposed()), actor=actor)


def test_online_the_health_questions_come_first(shop: Shop) -> None:
    shop.sold.intake = "before_booking"
    db.session.commit()
    with pytest.raises(admission.IntakeNeeded):
        shop.book(free(shop.proposed()), actor=CLIENT)
    assert shop.book(free(shop.proposed()), actor=STAFF).revision == 1


def moved(members: Sequence[Appointment], shift: SeriesShift, *, now: datetime = NOW) -> Series:
    """Move these as the page proposes it, all free."""
    proposals = series_changes.propose(members, shift, therapist_id=None, now=now)
    moves = [
        SeriesMove(pick=Pick(appointment_id=member.id, revision=member.revision), slot=one.slot)
        for member, one in zip(members, proposals, strict=True)
        if one.slot
    ]
    assert len(moves) == len(members)
    with transaction():
        return series_changes.move(members[0].series_id, moves, actor=STAFF, now=now)


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
