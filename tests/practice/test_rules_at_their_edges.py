"""Each rule of booking on both sides of its edge: in what is offered, and in what can be held and booked."""

import hashlib
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clinic.booking import admission, availability, changes, desk, request_decisions, services
from clinic.booking.models import Appointment, State
from clinic.booking.placing import NotOffered
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.practice.models import Location, Practice, Treatment
from clinic.scheduling.hours import Days
from tests.conftest import NOW
from tests.make import Make

ONE_DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
"""Thursday, 10:00 in Berlin."""


def starts(sold: Treatment, on: date, now: datetime = NOW) -> list[datetime]:
    return availability.offers(SearchCriteria(sold.id), Days(on, on + ONE_DAY), now).offers.instants()


def hold(sold: Treatment, at: datetime, now: datetime = NOW, who: str = "me") -> Appointment:
    with transaction():
        return services.hold(
            SearchCriteria(sold.id),
            at,
            browser=hashlib.sha256(who.encode()).digest(),
            client_id=None,
            now=now,
        )


def is_bookable(sold: Treatment, at: datetime, now: datetime = NOW) -> bool:
    """Whether a start is offered, which has to say the same as whether it can be held."""
    offered = at in starts(sold, at.date(), now)
    try:
        hold(sold, at, now)
    except NotOffered:
        assert not offered
        return False
    assert offered
    return True


@pytest.mark.parametrize("minutes", [0, 5, 60, 120, 2880])
def test_notice_is_kept_to_the_minute(make: Make, minutes: int) -> None:
    sold = make.offering()
    make.practice(notice_minutes=minutes)
    latest = TEN - timedelta(minutes=minutes)
    assert not is_bookable(sold, TEN, latest + MINUTE)
    assert is_bookable(sold, TEN, latest)


@pytest.mark.parametrize("days", [1, 3, 120])
def test_the_horizon_ends_to_the_minute(make: Make, days: int) -> None:
    sold = make.offering()
    make.practice(horizon_days=days)
    earliest = TEN - timedelta(days=days) + MINUTE
    assert not is_bookable(sold, TEN, earliest - MINUTE)
    assert is_bookable(sold, TEN, earliest)


@pytest.mark.parametrize("step", [5, 10, 15, 20, 30, 60])
def test_visits_begin_on_the_step_and_nowhere_else(make: Make, step: int) -> None:
    sold = make.offering()
    make.practice(step_minutes=step)
    found = starts(sold, TEN.date())
    shown = [(start - TEN).total_seconds() // 60 for start in found]
    assert all(minutes % step == 0 for minutes in shown)
    assert len(found) == 7 * 60 // step + 1
    if step > 5:
        with pytest.raises(NotOffered):
            hold(sold, TEN + timedelta(minutes=5))


def test_packing_adds_the_last_start_that_fits(make: Make) -> None:
    make.practice(step_minutes=60)
    place = make.location()
    person = make.therapist(place, weekdays=())
    make.weekly_hours(person, place, 3, 9 * 60, 11 * 60 + 30)
    sold = make.treatment(therapists=[person])
    assert len(starts(sold, TEN.date())) == 2
    make.practice(pack=True)
    assert TEN + timedelta(minutes=30) in starts(sold, TEN.date())


def test_a_daily_cap_lets_in_so_many_and_no_more(make: Make) -> None:
    make.practice()
    sold = make.treatment(therapists=[make.therapist(make.location(), daily_cap=2)])
    assert is_bookable(sold, TEN)
    hold(sold, TEN + timedelta(hours=1), who="you")
    with pytest.raises(NotOffered):
        hold(sold, TEN + timedelta(hours=2), who="them")
    assert starts(sold, TEN.date()) == []
    assert starts(sold, TEN.date() + ONE_DAY) != []


def book(sold: Treatment, at: datetime, client: object, now: datetime = NOW) -> Appointment:
    kept = hold(sold, at, now)
    with transaction():
        return services.book(
            kept.id, browser=hashlib.sha256(b"me").digest(), client=client, actor="visitor", now=now
        )


@pytest.mark.parametrize("most", [1, 2])
def test_a_client_has_so_many_open_bookings_and_no_more(make: Make, most: int) -> None:
    sold = make.offering()
    make.practice(open_bookings_per_client=most)
    ada = make.client()
    for number in range(most):
        book(sold, TEN + timedelta(hours=number), ada)
    with pytest.raises(services.TooManyOpen):
        book(sold, TEN + timedelta(hours=most), ada)


@pytest.mark.parametrize(
    ("hours", "minutes_after", "late"),
    [(0, -1, False), (24, 0, False), (24, 1, True), (336, 0, False), (336, 1, True)],
)
def test_cancelling_is_late_a_minute_after_the_limit(
    make: Make, hours: int, minutes_after: int, late: bool
) -> None:
    sold = make.offering()
    make.practice(late_cancel_hours=hours)
    visit = make.appointment(of=sold, who=make.client(), starts_at=TEN + timedelta(days=14))
    moment = visit.starts_at - timedelta(hours=hours) + minutes_after * MINUTE
    with transaction():
        changes.cancel(visit.id, revision=visit.revision, actor=f"link:{visit.id}", now=moment)
    assert visit.cancelled_late is late


@pytest.mark.parametrize("hours", [1, 24, 48, 168])
def test_a_request_is_decided_within_the_time_of_the_practice(make: Make, hours: int) -> None:
    sold = make.offering(new_clients="ask_first")
    make.practice(decide_hours=hours)
    asked = book(sold, TEN + timedelta(days=21), make.client())
    assert asked.state == State.REQUESTED
    assert asked.decide_by == NOW + timedelta(hours=hours)


EFFECTIVE = [
    ("at_once", None, State.BOOKED),
    ("ask_first", None, State.REQUESTED),
    ("at_once", "ask_first", State.REQUESTED),
    ("ask_first", "at_once", State.BOOKED),
]


@pytest.mark.parametrize(("of_the_practice", "of_the_treatment", "state"), EFFECTIVE)
def test_a_treatment_has_the_rule_of_the_practice_unless_it_has_its_own(
    make: Make, of_the_practice: str, of_the_treatment: str | None, state: State
) -> None:
    sold = make.offering(approval=of_the_treatment)
    make.practice(approval=of_the_practice)
    asked = book(sold, TEN, make.client())
    assert asked.state == state
    assert asked.request_reason == ("approval" if state is State.REQUESTED else None)


def test_who_is_known_asks_all_the_same_where_everybody_asks(make: Make) -> None:
    sold, ada = make.offering(approval="ask_first"), make.client()
    make.appointment(of=sold, who=ada, state=State.DONE, starts_at=NOW - ONE_DAY)
    assert book(sold, TEN, ada).state == State.REQUESTED


def test_what_is_more_serious_stays_the_reason(make: Make) -> None:
    sold = make.offering(approval="ask_first", intake="before_booking")
    kept = hold(sold, TEN)
    with transaction():
        asked = services.book(
            kept.id,
            browser=hashlib.sha256(b"me").digest(),
            client=make.client(),
            actor="visitor",
            now=NOW,
            plain=True,
        )
    assert asked.request_reason == "plain"


def test_staff_book_at_once_where_clients_ask_first(make: Make) -> None:
    sold = make.offering(approval="ask_first")
    with transaction():
        visit = desk.book(
            sold.id,
            TEN,
            therapist_id=sold.therapists[0].id,
            location_id=db.session.query(Location).one().id,
            client=make.client(),
            by=make.user(),
            now=NOW,
        )
    assert visit.state == State.BOOKED


def test_a_visit_that_is_booked_stays_so_when_its_client_moves_it(make: Make) -> None:
    sold = make.offering(approval="ask_first")
    visit = make.appointment(of=sold, who=make.client())
    with transaction():
        changes.move(visit.id, TEN + ONE_DAY, revision=visit.revision, actor=f"link:{visit.id}", now=NOW)
    assert make.refreshed(visit).state == State.BOOKED


@pytest.mark.parametrize("minutes", [-1, 0])
def test_a_request_ends_in_the_minute_it_was_to_be_decided_by(make: Make, minutes: int) -> None:
    asked = book(make.offering(approval="ask_first"), TEN, make.client())
    assert asked.decide_by is not None
    at = asked.decide_by + minutes * MINUTE
    with transaction():
        request_decisions.end_request(asked.id, at)
    assert asked.state == (State.REQUESTED if minutes else State.DECLINED)


def test_a_request_that_was_confirmed_in_time_is_booked_and_ends_no_more(make: Make) -> None:
    asked = book(make.offering(approval="ask_first"), TEN, make.client())
    assert asked.decide_by is not None
    at = asked.decide_by
    with transaction():
        request_decisions.confirm(asked.id, actor="user:desk", now=at - MINUTE)
        request_decisions.end_request(asked.id, at)
    assert (asked.state, asked.booked_at) == (State.BOOKED, at - MINUTE)


@pytest.mark.parametrize("table", [Practice, Treatment])
def test_the_database_knows_no_other_rule(make: Make, table: type[Practice | Treatment]) -> None:
    make.offering()
    with pytest.raises(IntegrityError, match="approval_known"):
        db.session.execute(sa.update(table).values(approval="perhaps"))
    db.session.rollback()


def test_who_was_never_here_asks_first_where_the_treatment_says_so(make: Make) -> None:
    sold = make.offering(new_clients="ask_first")
    ada = make.client()
    asked = book(sold, TEN, ada)
    assert (asked.state, asked.request_reason) == (State.REQUESTED, "first_visit")
    make.appointment(of=sold, who=ada, state=State.DONE, starts_at=NOW - ONE_DAY)
    assert book(sold, TEN + timedelta(hours=1), ada).state == State.BOOKED


@pytest.mark.parametrize("state", [State.BOOKED, State.CANCELLED, State.MISSED])
def test_a_visit_that_did_not_take_place_makes_nobody_known(make: Make, state: State) -> None:
    sold = make.offering(new_clients="not_first")
    ada = make.client()
    make.appointment(of=sold, who=ada, state=state, starts_at=NOW - ONE_DAY)
    with pytest.raises(admission.NotFirst), transaction():
        services.hold(SearchCriteria(sold.id), TEN, browser=b"b" * 32, client_id=ada.id, now=NOW)


def test_a_treatment_that_is_not_for_a_first_visit_is_held_for_nobody_new(make: Make) -> None:
    sold = make.offering(new_clients="not_first")
    with pytest.raises(admission.NotFirst):
        hold(sold, TEN)
    assert make.count(Appointment) == 0


def test_nobody_new_slips_in_between_hold_and_booking(make: Make) -> None:
    """The rule changed while the form was filled in: it holds at the commit, too."""
    sold = make.offering()
    kept = hold(sold, TEN)
    sold.new_clients = "not_first"
    db.session.commit()
    ada = make.client()
    with pytest.raises(admission.NotFirst), transaction():
        services.book(kept.id, browser=hashlib.sha256(b"me").digest(), client=ada, actor="visitor", now=NOW)
    assert make.refreshed(kept).state == State.HELD


@pytest.mark.parametrize(
    "columns",
    [
        {"hold_minutes": 4},
        {"hold_minutes": 61},
        {"late_cancel_hours": -1},
        {"late_cancel_hours": 337},
        {"open_bookings_per_client": 0},
        {"decide_hours": 0},
        {"decide_hours": 169},
        {"offer_people": 0},
        {"offer_people": 21},
        {"offer_minutes": 4},
        {"offer_minutes": 241},
        {"horizon_days": 0},
        {"step_minutes": 7},
        {"notice_minutes": -5},
        {"quiet_from_hour": 24},
    ],
    ids=str,
)
def test_the_database_refuses_rules_that_make_no_sense(make: Make, columns: dict[str, int]) -> None:
    make.practice()
    with pytest.raises(IntegrityError):
        db.session.execute(sa.update(Practice).values(**columns))
    db.session.rollback()
