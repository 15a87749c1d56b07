"""What becomes free is kept once and offered to those it suits, in order, at decent hours, twice, and then let go."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.booking import availability, changes, request_decisions, services
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.waiting import entries, offer_answers, offering, rounds
from clinic.booking.waiting.models import Known, OfferEnd, Offering, OfferingEnd, WaitingListEntry
from clinic.db import db, transaction
from clinic.practice.models import TimeOff, Treatment
from clinic.scheduling.hours import Days
from tests.booking.waiting_list import (
    HALF_AN_HOUR,
    THURSDAY_TEN,
    cancels,
    look,
    offer_of,
    offers_of,
    thursdays,
    waits,
)
from tests.conftest import NOW
from tests.make import Make


def is_free(sold: Treatment, at: datetime, now: datetime) -> bool:
    days = Days(at.date(), at.date() + timedelta(days=1))
    return at in availability.offers(SearchCriteria(sold.id), days, now).offers.instants()


@pytest.fixture
def sold(make: Make) -> Treatment:
    return thursdays(make)


@pytest.fixture
def visit(make: Make, sold: Treatment) -> Appointment:
    return make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))


def test_a_cancelled_time_is_kept_and_offered(make: Make, sold: Treatment, visit: Appointment) -> None:
    ada = waits(make, sold)
    later = cancels(visit)
    assert look(later).kept == 1
    offer = offer_of(ada)
    hold = offer.offering.hold
    assert (hold.state, hold.starts_at, hold.client_id) == (State.HELD, THURSDAY_TEN, None)
    assert (offer.expires_at, offer.ended_at) == (later + HALF_AN_HOUR, None)
    assert not is_free(sold, THURSDAY_TEN, later)


def test_nothing_is_offered_while_a_cancellation_can_be_undone(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada = waits(make, sold)
    cancels(visit)
    assert look(NOW + timedelta(seconds=119)).kept == 0
    with transaction():
        changes.undo(
            visit.id, revision=visit.revision, actor=f"link:{visit.id}", now=NOW + timedelta(seconds=119)
        )
    assert look(NOW + timedelta(minutes=3)).kept == 0
    assert offers_of(ada) == []


def test_what_was_free_when_somebody_joined_is_not_offered(make: Make, sold: Treatment) -> None:
    ada = waits(make, sold)
    assert look(NOW + timedelta(minutes=1)).kept == 0
    assert offers_of(ada) == []


def test_three_are_asked_at_once_in_the_order_in_which_they_joined(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    people = [
        waits(make, sold, name, now=NOW + timedelta(seconds=number)) for number, name in enumerate("ABCDE")
    ]
    look(cancels(visit))
    assert [len(offers_of(entry)) for entry in people] == [1, 1, 1, 0, 0]
    assert len({offer_of(entry).offering_id for entry in people[:3]}) == 1


def test_after_an_unanswered_round_the_next_are_asked_and_after_the_second_the_time_is_public(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    make.practice(offer_people=1)
    first, second, third = (
        waits(make, sold, name, now=NOW + timedelta(seconds=number)) for number, name in enumerate("ABC")
    )
    later = cancels(visit)
    look(later)
    look(later + HALF_AN_HOUR)
    assert offer_of(first).end == OfferEnd.PASSED
    assert (offer_of(second).round, offer_of(second).end) == (2, None)
    assert not is_free(sold, THURSDAY_TEN, later + HALF_AN_HOUR)
    end = later + 2 * HALF_AN_HOUR
    look(end)
    assert offer_of(second).end == OfferEnd.PASSED
    assert offers_of(third) == []
    assert offer_of(first).offering.end == OfferingEnd.PUBLIC
    assert is_free(sold, THURSDAY_TEN, end)
    look(end + timedelta(minutes=1))
    assert make.count(Offering) == 1


def test_a_round_that_everybody_declined_is_over_at_once(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    make.practice(offer_people=1)
    first, second = waits(make, sold, "A"), waits(make, sold, "B", now=NOW + timedelta(seconds=1))
    later = cancels(visit)
    look(later)
    with transaction():
        offer_answers.decline(offer_of(first).id, actor="visitor", now=later)
    look(later + timedelta(minutes=1))
    assert offer_of(second).round == 2


def test_when_nobody_else_wants_it_the_time_is_public_after_one_round(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada = waits(make, sold)
    later = cancels(visit)
    look(later)
    look(later + HALF_AN_HOUR)
    assert offer_of(ada).offering.end == OfferingEnd.PUBLIC
    assert is_free(sold, THURSDAY_TEN, later + HALF_AN_HOUR)


def test_the_time_frees_itself_when_the_worker_is_gone(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    waits(make, sold)
    later = cancels(visit)
    look(later)
    end = later + HALF_AN_HOUR + offering.GRACE
    assert not is_free(sold, THURSDAY_TEN, end - timedelta(seconds=1))
    assert is_free(sold, THURSDAY_TEN, end)
    with transaction():
        taken = services.hold(
            SearchCriteria(sold.id), THURSDAY_TEN, browser=b"x" * 32, client_id=None, now=end
        )
    assert taken.state == State.HELD
    look(end + timedelta(minutes=1))
    assert db.session.query(Offering).one().end == OfferingEnd.PUBLIC


@pytest.mark.parametrize(
    ("wanted", "is_asked"),
    [
        ({"times": entries.times([3], [0])}, True),
        ({"times": entries.times([3], [1, 2])}, False),
        ({"times": entries.times([0, 1, 2, 4, 5, 6], [0])}, False),
        ({"last_on": date(2031, 3, 6)}, True),
        ({"last_on": date(2031, 3, 5)}, False),
    ],
)
def test_days_parts_of_the_day_and_the_last_day_count(
    make: Make, sold: Treatment, visit: Appointment, wanted: dict, is_asked: bool
) -> None:
    ada = waits(make, sold, **wanted)
    look(cancels(visit))
    assert bool(offers_of(ada)) is is_asked


def test_therapist_and_place_count(make: Make) -> None:
    make.practice()
    house, other_house = make.location(), make.location()
    thea, theo = make.therapist(house), make.therapist(house)
    sold = make.treatment(therapists=[thea, theo])
    visit = make.appointment(of=sold, who=make.client(), therapist=thea, location=house)
    make.appointment(of=sold, who=make.client(given_name="C"), therapist=theo, location=house)
    hers = waits(make, sold, "Hers", therapist_id=thea.id)
    his = waits(make, sold, "His", therapist_id=theo.id)
    there = waits(make, sold, "There", location_id=other_house.id)
    either = waits(make, sold, "Either")
    look(cancels(visit))
    assert [len(offers_of(entry)) for entry in (hers, his, there, either)] == [1, 0, 0, 1]
    assert offer_of(hers).offering.hold.therapist_id == thea.id


def test_nobody_who_takes_any_therapist_is_asked_for_a_time_that_another_had_free(make: Make) -> None:
    make.practice()
    house = make.location()
    thea, theo = make.therapist(house), make.therapist(house)
    sold = make.treatment(therapists=[thea, theo])
    visit = make.appointment(of=sold, who=make.client(), therapist=thea, location=house)
    any_of_them = waits(make, sold)
    look(cancels(visit))
    assert offers_of(any_of_them) == []


@pytest.mark.parametrize("minutes_before", [29, 30, 31])
def test_nothing_is_offered_once_the_answer_would_come_too_late(
    make: Make, sold: Treatment, visit: Appointment, minutes_before: int
) -> None:
    make.practice(notice_minutes=60)
    ada = waits(make, sold)
    now = THURSDAY_TEN - timedelta(minutes=60 + minutes_before)
    cancels(visit, now - timedelta(minutes=5))
    look(now)
    assert bool(offers_of(ada)) is (minutes_before >= 30)


@pytest.mark.parametrize(
    ("at", "is_offered"),
    [("20:29", True), ("20:30", False), ("23:00", False), ("07:59", False), ("08:00", True)],
)
def test_quiet_hours_are_kept_from_the_first_minute_of_an_offer_to_its_last(
    make: Make, sold: Treatment, visit: Appointment, at: str, is_offered: bool
) -> None:
    """Quiet from 21 to 8 at the location, and an answer takes up to half an hour."""
    ada = waits(make, sold)
    cancels(visit)
    now = datetime.fromisoformat(f"2031-03-04T{at}").replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    look(now)
    assert bool(offers_of(ada)) is is_offered
    if not is_offered:
        look(datetime(2031, 3, 5, 7, 0, tzinfo=UTC))
        assert offers_of(ada), "what became free at night is offered in the morning"


def test_a_second_round_is_not_begun_in_the_evening(make: Make, sold: Treatment, visit: Appointment) -> None:
    make.practice(offer_people=1)
    first, second = waits(make, sold, "A"), waits(make, sold, "B", now=NOW + timedelta(seconds=1))
    cancels(visit)
    evening = datetime(2031, 3, 4, 19, 20, tzinfo=UTC)
    look(evening)
    look(evening + HALF_AN_HOUR)
    assert offer_of(first).end == OfferEnd.PASSED
    assert offers_of(second) == []
    assert is_free(sold, THURSDAY_TEN, evening + HALF_AN_HOUR)


def test_who_let_a_time_go_is_not_asked_for_it_again_and_comes_after_those_who_did_not(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    make.practice(offer_people=1)
    ada = waits(make, sold, "Ada")
    later = cancels(visit)
    look(later)
    with transaction():
        offer_answers.decline(offer_of(ada).id, actor="visitor", now=later)
    look(later + timedelta(minutes=1))
    bea = waits(make, sold, "Bea", now=later + timedelta(minutes=2))
    again = make.appointment(of=sold, who=make.client(given_name="Cleo", mail="c@client.example"))
    look(later + timedelta(minutes=3))
    look(cancels(again, later + timedelta(minutes=4)))
    assert len(offers_of(ada)) == 1
    assert len(offers_of(bea)) == 1
    next_week = make.appointment(
        of=sold, who=make.client(mail="d@client.example"), starts_at=THURSDAY_TEN + timedelta(days=7)
    )
    look(later + timedelta(minutes=10))
    look(cancels(next_week, later + timedelta(minutes=11)))
    assert len(offers_of(ada)) == 2


def test_one_person_with_two_entries_is_asked_once(make: Make, sold: Treatment, visit: Appointment) -> None:
    person = make.client(given_name="Twice", mail="twice@client.example")
    one, two = (waits(make, sold, who=person, now=NOW + timedelta(seconds=n)) for n in range(2))
    look(cancels(visit))
    assert (len(offers_of(one)), len(offers_of(two))) == (1, 0)


def test_nobody_is_offered_anything_whom_no_letter_reaches(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    bounced = make.client(given_name="Gone", mail="gone@client.example")
    bounced.contacts[0].bounced_at = NOW
    by_telephone = make.client(given_name="Phone", mail=None)
    db.session.commit()
    without = [waits(make, sold, who=bounced), waits(make, sold, who=by_telephone)]
    look(cancels(visit))
    assert [offers_of(entry) for entry in without] == [[], []]


def test_a_longer_visit_is_asked_after_the_shorter_ones_have_let_the_time_go(make: Make) -> None:
    make.practice()
    person = make.therapist()
    make.weekly_hours(person, make.location(), 3, 600, 690)
    hour, hour_and_half = (make.treatment(therapists=[person], minutes=minutes) for minutes in (60, 90))
    visit = make.appointment(of=hour_and_half, who=make.client())
    short = waits(make, hour, "Short")
    long = waits(make, hour_and_half, "Long", now=NOW + timedelta(seconds=1))
    later = cancels(visit)
    look(later)
    assert (len(offers_of(short)), len(offers_of(long))) == (1, 0)
    look(later + HALF_AN_HOUR)
    assert offer_of(short).end == OfferEnd.PASSED
    assert offer_of(long).offering.hold.length_minutes == 90


def test_a_second_freed_time_is_offered_to_whoever_missed_the_first(make: Make) -> None:
    sold = make.offering()
    visits = [
        make.appointment(of=sold, who=make.client(), starts_at=THURSDAY_TEN + timedelta(hours=hour))
        for hour in range(7)
    ]
    make.appointment(of=sold, who=make.client(), starts_at=THURSDAY_TEN - timedelta(hours=1))
    thursday = {"times": entries.times([3], range(3)), "last_on": date(2031, 3, 6)}
    ada, bea = (
        waits(make, sold, "Ada", **thursday),
        waits(make, sold, "Bea", **thursday, now=NOW + timedelta(seconds=1)),
    )
    cancels(visits[0])
    later = cancels(visits[4])
    look(later)
    assert [len(offers_of(entry)) for entry in (ada, bea)] == [1, 1]
    with transaction():
        offer_answers.accept(offer_of(ada).id, browser=b"a" * 32, actor="visitor", now=later)
    look(later + timedelta(minutes=1))
    first, second = offers_of(bea)
    assert (first.end, second.end) == (OfferEnd.MISSED, None)
    assert first.offering_id != second.offering_id


def test_time_off_taken_back_is_offered(make: Make, sold: Treatment) -> None:
    off = TimeOff(therapist_id=sold.therapists[0].id, from_on=date(2031, 3, 6), until_on=date(2031, 3, 7))
    db.session.add(off)
    db.session.commit()
    ada = waits(make, sold, last_on=date(2031, 3, 6))
    look(NOW + timedelta(minutes=1))
    db.session.delete(off)
    db.session.commit()
    look(NOW + timedelta(minutes=2))
    assert offer_of(ada).offering.hold.starts_at == THURSDAY_TEN


def test_longer_hours_are_offered(make: Make, sold: Treatment) -> None:
    ada = waits(make, sold, times=entries.times([4], [1]))
    look(NOW + timedelta(minutes=1))
    person = sold.therapists[0]
    make.weekly_hours(person, make.location(), 4, 840, 900)
    look(NOW + timedelta(minutes=2))
    assert offer_of(ada).offering.hold.starts_at == datetime(2031, 3, 7, 13, 0, tzinfo=UTC)


def test_a_move_frees_the_old_time(make: Make, sold: Treatment, visit: Appointment) -> None:
    ada = waits(make, sold)
    next_week = THURSDAY_TEN + timedelta(days=7)
    with transaction():
        changes.move(visit.id, next_week, revision=visit.revision, actor=f"link:{visit.id}", now=NOW)
    look(NOW + timedelta(seconds=121))
    assert offer_of(ada).offering.hold.starts_at == THURSDAY_TEN


def test_a_declined_request_frees_its_time(make: Make, sold: Treatment) -> None:
    request = make.appointment(of=sold, who=make.client(), state=State.REQUESTED)
    ada = waits(make, sold)
    with transaction():
        request_decisions.decline(request.id, actor="user:x", now=NOW)
    look(NOW + timedelta(minutes=1))
    assert offer_of(ada).offering.hold.starts_at == THURSDAY_TEN


def test_a_day_that_the_horizon_reaches_has_not_become_free(make: Make, sold: Treatment) -> None:
    make.practice(horizon_days=10)
    ada = waits(make, sold)
    for day in range(1, 20):
        look(NOW + timedelta(days=day))
    assert offers_of(ada) == []


def test_a_booking_beside_it_that_shifts_the_first_fitting_start_frees_nothing(make: Make) -> None:
    """With `pack` on, a free stretch begins with a start wherever it begins."""
    make.practice(pack=True)
    sold = make.treatment(therapists=[make.therapist(make.location())])
    ada = waits(make, sold)
    make.appointment(
        of=sold, who=make.client(mail="e@client.example"), starts_at=THURSDAY_TEN + timedelta(minutes=20)
    )
    assert look(NOW + timedelta(minutes=1)).kept == 0
    assert offers_of(ada) == []


def test_the_worker_killed_before_it_remembers_offers_nothing_twice(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada = waits(make, sold)
    before = {row.therapist_id: row.starts for row in db.session.query(Known)}
    later = cancels(visit)
    look(later)
    for row in db.session.query(Known):
        row.starts = before[row.therapist_id]
    db.session.commit()
    look(later + timedelta(seconds=30))
    look(later + HALF_AN_HOUR)
    look(later + HALF_AN_HOUR + timedelta(seconds=30))
    assert len(offers_of(ada)) == 1


def test_what_is_known_of_a_treatment_is_forgotten_with_its_last_entry(make: Make, sold: Treatment) -> None:
    ada = waits(make, sold)
    assert make.count(Known) == 1
    with transaction():
        entries.withdraw(ada.id, actor="visitor", now=NOW)
    rounds.make(NOW)
    assert make.count(Known) == 0


def test_an_entry_ends_with_its_last_day(make: Make, sold: Treatment) -> None:
    ada = waits(make, sold, last_on=date(2031, 3, 4))
    assert look(datetime(2031, 3, 4, 22, 59, tzinfo=UTC)).ended == 0
    assert look(datetime(2031, 3, 4, 23, 0, tzinfo=UTC)).ended == 1
    assert make.found(WaitingListEntry, ada.id).end == "over"


def test_stopping_an_offering_frees_the_time_at_once(make: Make, sold: Treatment, visit: Appointment) -> None:
    ada = waits(make, sold)
    later = cancels(visit)
    look(later)
    with transaction():
        offering.stop(offer_of(ada).offering_id, actor="user:x", now=later)
    assert offer_of(ada).end == OfferEnd.STOPPED
    assert is_free(sold, THURSDAY_TEN, later)
    look(later + timedelta(minutes=1))
    assert len(offers_of(ada)) == 1
