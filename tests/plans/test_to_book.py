"""What of a course is still to be booked, and which visit each planned session gets."""

from datetime import date, timedelta

from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.plans import to_book
from clinic.plans.models import Plan, PlannedSession
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import review


def course(scene: Scene, *, sessions: int = 4, days_apart: int = 7) -> tuple[Plan, Appointment]:
    """A course whose first session is a visit in three days."""
    first = scene.visit()
    made = Plan(
        client_id=scene.ada.id,
        review_id=review(first).id,
        therapist_id=scene.therapist.id,
        sessions=sessions,
        made_at=make.NOW,
    )
    made.content = {}
    db.session.add(made)
    db.session.flush()
    for number in range(sessions):
        db.session.add(
            PlannedSession(
                plan_id=made.id,
                number=number + 1,
                about_on=date(2031, 3, 6) + timedelta(days=days_apart * number),
                appointment_id=first.id if number == 0 else None,
            )
        )
    db.session.commit()
    return made, first


def later(scene: Scene, weeks: int, **columns: object) -> Appointment:
    return scene.visit(starts_at=make.NOW + timedelta(days=3, weeks=weeks), **columns)


def given(made: Plan) -> list[object]:
    rows = db.session.query(PlannedSession).filter_by(plan_id=made.id).order_by(PlannedSession.number)
    return [row.appointment_id for row in rows]


def test_the_rest_of_a_course_is_what_no_visit_was_given(scene: Scene) -> None:
    made, _ = course(scene)
    rest = to_book.left_to_book(scene.ada.id)
    assert rest is not None
    assert (rest.plan.id, rest.sessions, rest.every_weeks) == (made.id, 3, 1)


def test_the_rhythm_is_read_from_the_dates(scene: Scene) -> None:
    course(scene, days_apart=14)
    rest = to_book.left_to_book(scene.ada.id)
    assert rest is not None
    assert rest.every_weeks == 2


def test_without_a_course_there_is_nothing_to_book(scene: Scene) -> None:
    scene.visit()
    assert to_book.left_to_book(scene.ada.id) is None
    assert to_book.give(scene.ada.id, [scene.visit(starts_at=make.NOW + timedelta(days=9))]) == 0


def test_visits_booked_one_by_one_count_and_what_is_beyond_the_course_does_not(scene: Scene) -> None:
    course(scene)
    later(scene, 1)
    rest = to_book.left_to_book(scene.ada.id)
    assert rest is not None
    assert rest.sessions == 2
    for weeks in (2, 3, 4):
        later(scene, weeks)
    assert to_book.left_to_book(scene.ada.id) is None


def test_new_visits_are_given_the_open_sessions_in_the_order_of_time(scene: Scene) -> None:
    made, first = course(scene)
    visits = [later(scene, weeks) for weeks in (3, 1, 2, 4)]
    with transaction():
        assert to_book.give(scene.ada.id, visits) == 3
    assert given(made) == [first.id, visits[1].id, visits[2].id, visits[0].id]


def test_a_visit_booked_alone_before_keeps_its_place_in_the_course(scene: Scene) -> None:
    made, first = course(scene)
    later(scene, 1)
    visits = [later(scene, weeks) for weeks in (2, 3)]
    with transaction():
        assert to_book.give(scene.ada.id, visits) == 2
    assert given(made) == [first.id, None, visits[0].id, visits[1].id]


def test_a_session_whose_visit_fell_out_is_open_again(scene: Scene) -> None:
    made, first = course(scene, sessions=2)
    second = later(scene, 1)
    with transaction():
        to_book.give(scene.ada.id, [second])
    assert to_book.left_to_book(scene.ada.id) is None
    second.state, second.cancelled_by = State.CANCELLED, "client"
    db.session.commit()
    replacement = later(scene, 2)
    with transaction():
        assert to_book.give(scene.ada.id, [replacement]) == 1
    assert given(made) == [first.id, replacement.id]
