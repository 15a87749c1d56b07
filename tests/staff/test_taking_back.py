"""A review that was declined by a slip is open again for two minutes, with its request and its time, before any letter."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking import changes
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans.models import Decision, Review
from tests import make as made
from tests.make import NOW
from tests.plans import intakes
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser

MINUTE = timedelta(minutes=1)


@pytest.fixture
def request_(scene: Scene, clock_at_now: None) -> Appointment:
    return scene.request()


@pytest.fixture
def review(request_: Appointment) -> Review:
    found = intakes.review(request_)
    db.session.commit()
    return found


def decline(browser: Browser, review: Review) -> str:
    return browser.done(
        f"/staff/reviews/{review.id}/decline",
        revision=review.revision,
        reason_kind="safety",
        reason="Not with us",
    )


def take_back(browser: Browser, review: Review) -> int:
    path = f"/staff/reviews/{review.id}/take-back"
    return browser.post(path, revision=made.refreshed(review).revision).status_code


def test_a_declined_request_waits_again_and_no_letter_was_written(
    therapist: Browser, review: Review, request_: Appointment
) -> None:
    page = decline(therapist, review)
    assert f"/staff/reviews/{review.id}/take-back" in page
    assert made.refreshed(request_).state == State.DECLINED
    assert take_back(therapist, review) == 303
    assert made.refreshed(request_).state == State.REQUESTED
    assert request_.decide_by is not None
    again = made.refreshed(review)
    assert (again.decided_at, again.decision, again.reason, again.chosen) == (None, None, None, None)
    actions = sa.select(AuditEntry.action).where(AuditEntry.action.in_(("take_back", "undo")))
    assert sorted(db.session.scalars(actions)) == ["take_back", "undo"]
    therapist.done(f"/staff/reviews/{review.id}/accept", revision=again.revision)
    assert made.refreshed(request_).state == State.BOOKED


def test_its_time_is_kept_meanwhile_and_no_longer(
    therapist: Browser, review: Review, request_: Appointment
) -> None:
    decline(therapist, review)
    kept = db.session.scalars(sa.select(Appointment).where(Appointment.undo_of_id == request_.id)).one()
    assert kept.state == State.HELD
    assert (kept.occupied_from, kept.occupied_until) == (request_.occupied_from, request_.occupied_until)
    assert kept.held_until is not None
    assert kept.held_until - NOW - changes.UNDO < MINUTE
    take_back(therapist, review)
    assert made.refreshed(kept).state == State.LAPSED


def test_after_two_minutes_it_stands(
    therapist: Browser, review: Review, request_: Appointment, the_clock_says: Callable[..., None]
) -> None:
    decline(therapist, review)
    the_clock_says(NOW + 3 * MINUTE)
    assert take_back(therapist, review) == 409
    assert made.refreshed(review).decision == Decision.DECLINE
    assert made.refreshed(request_).state == State.DECLINED


def test_what_was_accepted_or_is_decided_anew_is_not_taken_back(therapist: Browser, review: Review) -> None:
    therapist.done(f"/staff/reviews/{review.id}/accept", revision=review.revision)
    assert take_back(therapist, review) == 409
    assert made.refreshed(review).decision == Decision.ACCEPT
