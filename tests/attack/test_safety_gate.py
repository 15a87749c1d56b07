"""Ways around the safety gate that the pages do not offer: nothing leads from an urgent answer to a booking."""

from datetime import timedelta

import pytest

from clinic.booking import admission, changes, services
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import transaction
from clinic.guidance.levels import Level
from clinic.intake import drafts, queries, raised
from clinic.intake import services as intake
from clinic.intake.assessment import SafetyVerdict
from tests.conftest import NOW
from tests.intake.walk import BROWSER, OTHER_BROWSER, sent, walk
from tests.make import Make

IN_THREE_DAYS = NOW + timedelta(days=3)
LINK = "link:0190a8e2-0000-7000-8000-00000000beef"
ZONE = "Europe/Berlin"


def visit_of_somebody(make: Make, **columns: object) -> Appointment:
    visit: Appointment = make.appointment(of=make.offering(), who=make.client(), **columns)
    return visit


def test_a_visit_called_off_by_an_urgent_answer_cannot_be_brought_back_by_undoing_the_move_before(
    make: Make,
) -> None:
    visit = visit_of_somebody(make)
    with transaction():
        changes.move(visit.id, IN_THREE_DAYS + timedelta(hours=2), revision=1, actor=LINK, now=NOW)
    with transaction():
        make.answer_seriously(visit, Level.URGENT, NOW)
    assert visit.state == State.CANCELLED
    with pytest.raises(changes.UndoOver), transaction():
        changes.undo(visit.id, revision=visit.revision, actor=LINK, now=NOW)
    assert make.refreshed(visit).state == State.CANCELLED


def test_a_request_made_for_safety_stays_a_request_through_cancel_and_undo(make: Make) -> None:
    visit = visit_of_somebody(make)
    with transaction():
        make.answer_seriously(visit, Level.REFER, NOW)
    staff = f"user:{make.user().id}"
    with transaction():
        changes.cancel(visit.id, revision=visit.revision, actor=staff, now=NOW)
    with transaction():
        changes.undo(visit.id, revision=visit.revision, actor=staff, now=NOW)
    assert make.refreshed(visit).state == State.REQUESTED
    assert visit.request_reason == "safety"


@pytest.mark.parametrize("level", [Level.REFER, Level.URGENT])
def test_a_client_who_gave_a_serious_answer_after_cancelling_cannot_undo_the_cancelling(
    make: Make, level: Level
) -> None:
    visit = visit_of_somebody(make)
    with transaction():
        changes.cancel(visit.id, revision=1, actor=LINK, now=NOW)
    with transaction():
        raised.keep(SafetyVerdict(level, None), browser=None, client_id=visit.client_id, now=NOW)
    with pytest.raises(admission.NotCleared), transaction():
        changes.undo(visit.id, revision=visit.revision, actor=LINK, now=NOW)
    assert make.refreshed(visit).state == State.CANCELLED


def test_what_staff_cancelled_a_client_does_not_bring_back(make: Make) -> None:
    visit = visit_of_somebody(make)
    staff = f"user:{make.user().id}"
    with transaction():
        changes.cancel(visit.id, revision=1, actor=staff, now=NOW, reason="staff")
    with pytest.raises(changes.UndoOver), transaction():
        changes.undo(visit.id, revision=visit.revision, actor=LINK, now=NOW)
    with transaction():
        changes.undo(visit.id, revision=visit.revision, actor=staff, now=NOW)
    assert make.refreshed(visit).state == State.BOOKED


def test_an_urgent_answer_given_again_the_same_day_stops_as_the_first_one_did(make: Make) -> None:
    make.practice()
    with transaction():
        walk(NOW, red_flags_saddle_numbness=["yes"])
    with transaction():
        drafts.withhold(BROWSER)
        sent(NOW + timedelta(minutes=5))
    after = queries.safety_standing(
        browser=BROWSER, client_id=None, now=NOW + timedelta(minutes=6), zone=ZONE
    )
    assert after.level is Level.THERAPIST_REVIEW
    with transaction():
        walk(NOW + timedelta(minutes=10), red_flags_saddle_numbness=["yes"])
    again = queries.safety_standing(
        browser=BROWSER, client_id=None, now=NOW + timedelta(minutes=11), zone=ZONE
    )
    assert again.level is Level.URGENT


def test_a_level_reached_before_the_draft_began_goes_with_it_when_it_is_reached_again(
    make: Make,
) -> None:
    make.practice()
    with transaction():
        walk(NOW, red_flags_saddle_numbness=["yes"])
    with transaction():
        drafts.withhold(BROWSER)
        draft = walk(NOW + timedelta(minutes=5), red_flags_saddle_numbness=["yes"])
    with transaction():
        drafts.resume(draft.id, OTHER_BROWSER, NOW + timedelta(minutes=6))
    there = queries.safety_standing(
        browser=OTHER_BROWSER, client_id=None, now=NOW + timedelta(minutes=7), zone=ZONE
    )
    assert there.level is Level.URGENT


def test_a_second_booking_of_the_same_browser_stands_on_the_same_floor(make: Make) -> None:
    sold = make.offering(intake="before_booking")
    with transaction():
        raised.keep(SafetyVerdict(Level.REFER, None), browser=BROWSER, client_id=None, now=NOW)
        sent(NOW + timedelta(minutes=5))
    at = NOW + timedelta(minutes=10)
    states_ = []
    for day in (3, 4):
        with transaction():
            hold = services.hold(
                SearchCriteria(sold.id), NOW + timedelta(days=day), browser=BROWSER, client_id=None, now=at
            )
        with transaction():
            person = make.stranger(f"visitor{day}")
            intake.adopt(BROWSER, person.id, at)
            done = services.book(hold.id, browser=BROWSER, client=person, actor="visitor", now=at)
        states_.append(done.state)
    assert states_ == [State.REQUESTED, State.REQUESTED]
