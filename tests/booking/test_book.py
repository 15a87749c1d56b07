"""A kept time becomes a visit once, as agreed, unless the answers speak against it."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking import admission, changes, services
from clinic.booking.models import State
from clinic.db import db, transaction
from tests.booking.visits import ME, THURSDAY_TEN, booked, held
from tests.conftest import NOW
from tests.make import Make


def test_booking_makes_a_revision_an_agreement_and_an_audit_row(make: Make) -> None:
    appointment = booked(make, make.offering())
    assert appointment.state == State.BOOKED
    assert appointment.booked_at == appointment.time_agreed_at == NOW
    assert appointment.wall_start == datetime(2031, 3, 6, 10, 0)
    assert (
        db.session.scalar(sa.select(AuditEntry.action).where(AuditEntry.subject_id == appointment.id))
        == "book"
    )


def test_length_and_price_stay_as_agreed_when_the_treatment_changes(make: Make) -> None:
    sold = make.offering()
    appointment = booked(make, sold)
    sold.length_minutes, sold.price_cents = 90, 9900
    db.session.commit()
    with transaction():
        moved = changes.move(
            appointment.id, THURSDAY_TEN + timedelta(hours=3), revision=1, actor="visitor", now=NOW
        )
    assert (moved.ends_at - moved.starts_at, moved.price_cents) == (timedelta(hours=1), 6000)


@pytest.mark.parametrize("level", ["refer", "urgent"])
def test_who_should_see_a_doctor_first_can_neither_hold_nor_book(make: Make, level: str) -> None:
    sold = make.offering()
    hold = held(sold)
    make.submission(
        browser=ME,
        level=level,
        disposition={"refer": "doctor", "urgent": "emergency"}[level],
        submitted_at=NOW,
    )
    with pytest.raises(admission.NotCleared), transaction():
        services.book(hold.id, browser=ME, client=make.client(), actor="visitor", now=NOW)
    assert make.refreshed(hold).state == State.HELD
    with pytest.raises(admission.NotCleared):
        held(sold, THURSDAY_TEN + timedelta(hours=2))
    assert make.refreshed(hold).state == State.HELD, "a refused hold leaves the earlier one alone"


def test_a_treatment_that_asks_first_is_not_booked_without_answers(make: Make) -> None:
    hold = held(make.offering(intake="before_booking"))
    with pytest.raises(admission.IntakeNeeded), transaction():
        services.book(hold.id, browser=ME, client=make.client(), actor="visitor", now=NOW)


def test_old_safety_answers_are_asked_again(make: Make) -> None:
    hold = held(make.offering(intake="before_booking"))
    make.submission(browser=ME, submitted_at=NOW - timedelta(hours=49))
    with pytest.raises(admission.IntakeNeeded), transaction():
        services.book(hold.id, browser=ME, client=make.client(), actor="visitor", now=NOW)
