"""Staff book for a caller at an offered time, and never someone whose answers say no."""

from datetime import datetime, timedelta

import pytest

from clinic.booking import admission, desk
from clinic.booking.models import Appointment, State, Waiver
from clinic.booking.placing import NotOffered
from clinic.booking.waivers import Rule
from clinic.db import db
from tests.booking.desk_shop import THURSDAY_TEN, WHY, Shop, actions, late, shop
from tests.conftest import NOW

__all__ = ["shop"]


def test_an_offered_time_is_booked_at_once_and_says_that_staff_did_it(shop: Shop) -> None:
    visit = shop.book()
    assert (visit.state, visit.booked_by, visit.client_id) == (State.BOOKED, "staff", shop.caller.id)
    assert visit.booked_at == visit.time_agreed_at == NOW
    assert visit.wall_start == datetime(2031, 3, 6, 10, 0)
    assert visit.room_id is not None
    assert actions(visit.id) == {("book", ("state",))}
    assert desk.waivers_of(visit.id) == []


def test_staff_book_before_the_health_questions_are_answered(shop: Shop) -> None:
    shop.sold.intake = "before_booking"
    db.session.commit()
    assert shop.book().state == State.BOOKED


def test_the_desk_may_book_beyond_what_a_client_may_have_open(shop: Shop) -> None:
    shop.make.practice(open_bookings_per_client=1)
    shop.book()
    assert shop.book(THURSDAY_TEN + timedelta(hours=2)).state == State.BOOKED


@pytest.mark.parametrize(("level", "disposition"), [("refer", "doctor"), ("urgent", "emergency")])
def test_who_should_see_a_doctor_first_is_not_booked_by_staff_either(
    shop: Shop, level: str, disposition: str
) -> None:
    shop.make.submission(who=shop.caller, level=level, disposition=disposition)
    for at in (THURSDAY_TEN, late(shop)):
        with pytest.raises(admission.NotCleared):
            shop.book(at, waived=set(Rule), reason=WHY)
    assert shop.make.count(Appointment) == 0


def test_whom_a_therapist_looks_at_first_is_asked_for_also_by_staff(shop: Shop) -> None:
    shop.make.submission(who=shop.caller, level="therapist_review")
    visit = shop.book()
    assert (visit.state, visit.request_reason, visit.booked_by) == (State.REQUESTED, "level", "staff")
    assert visit.decide_by is not None


def test_what_was_answered_long_ago_still_asks_for_a_look_first(shop: Shop) -> None:
    """The desk may skip the questions, not the answers that stand."""
    shop.sold.intake = "before_booking"
    db.session.commit()
    shop.make.submission(who=shop.caller, level="therapist_review", submitted_at=NOW - timedelta(days=90))
    assert shop.book().state == State.REQUESTED


def test_nothing_is_kept_of_a_booking_that_failed(shop: Shop) -> None:
    with pytest.raises(NotOffered):
        shop.book(late(shop))
    assert shop.make.count(Appointment) == shop.make.count(Waiver) == 0
