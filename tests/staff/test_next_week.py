"""The same visit a week later by one press, and what happens where that cannot be."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.booking.models import Appointment, State
from clinic.db import db
from tests import make as made
from tests.make import NOW, Make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser

NEXT_FRIDAY = NOW + timedelta(days=4, hours=1)


def next_week(visit: Appointment) -> str:
    return f"/staff/appointments/{visit.id}/next-week"


def following(visit: Appointment) -> list[Appointment]:
    rows = sa.select(Appointment).where(
        Appointment.client_id == visit.client_id,
        Appointment.wall_start == visit.wall_start + timedelta(weeks=1),
        Appointment.state == State.BOOKED,
    )
    return list(db.session.scalars(rows))


@pytest.fixture
def visit(scene: Scene, clock_at_now: None) -> Appointment:
    return scene.visit(starts_at=NEXT_FRIDAY)


def test_one_press_books_the_same_a_week_later_and_two_book_one(
    visit: Appointment, front_desk: Browser
) -> None:
    assert "Same day next week" in front_desk.get(f"/staff/appointments/{visit.id}")
    page = front_desk.done(next_week(visit))
    assert "Booked." in page
    (booked,) = following(visit)
    assert (booked.treatment_id, booked.therapist_id, booked.length_minutes) == (
        visit.treatment_id,
        visit.therapist_id,
        visit.length_minutes,
    )
    again = front_desk.done(next_week(visit))
    assert following(visit) == [booked]
    assert "Ada comes at this time already." in again
    assert f"/staff/appointments/{booked.id}/cancel" in page, "one press takes it back"


def test_another_length_is_booked_again(visit: Appointment, front_desk: Browser) -> None:
    visit.length_minutes = 75
    visit.ends_at = visit.starts_at + timedelta(minutes=75)
    visit.occupied_until = visit.ends_at
    db.session.commit()
    front_desk.done(next_week(visit))
    assert [one.length_minutes for one in following(visit)] == [75]


def test_a_time_that_is_taken_leads_to_the_page_that_says_why(
    scene: Scene, make: Make, visit: Appointment, front_desk: Browser
) -> None:
    make.appointment(
        of=visit.treatment,
        who=make.client(mail="eve@client.example"),
        therapist=visit.therapist,
        starts_at=visit.starts_at + timedelta(weeks=1),
    )
    answer = front_desk.post(next_week(visit))
    assert answer.headers["Location"].startswith("/staff/book/check?")
    assert "This time cannot be booked." in front_desk.get(answer.headers["Location"])
    assert following(visit) == []


def test_a_treatment_that_is_no_longer_offered_is_not_booked_again(
    visit: Appointment, front_desk: Browser
) -> None:
    visit.treatment.retired_at = NOW
    db.session.commit()
    assert "Same day next week" not in front_desk.get(f"/staff/appointments/{visit.id}")
    assert front_desk.post(next_week(visit)).status_code == 404
    assert made.refreshed(visit).state == State.BOOKED
