"""Which session of a course a visit is."""

from collections.abc import Iterable
from datetime import timedelta

from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans import courses, services
from clinic.plans.models import Decision
from tests import make
from tests.plans.conftest import Scene, planned_sessions
from tests.plans.intakes import KNOTS, review


def begun(scene: Scene, *, without: Iterable[str] = (), **answers: object) -> Appointment:
    """The first visit of a course that was accepted."""
    visit = scene.visit()
    waiting = review(
        visit, {name: value for name, value in {**KNOTS, **answers}.items() if name not in without}
    )
    services.decide(waiting, decision=Decision.ACCEPT, revision=1, by=scene.therapist_user, now=make.NOW)
    db.session.commit()
    return visit


def weekly(scene: Scene, first: Appointment, weeks: int, **columns: object) -> Appointment:
    return scene.visit(starts_at=first.starts_at + timedelta(weeks=weeks), **columns)


def test_visits_count_in_the_order_of_time(scene: Scene) -> None:
    first = begun(scene)
    third, second = weekly(scene, first, 2), weekly(scene, first, 1)
    numbers = courses.sessions([first, second, third])
    assert [numbers[visit.id].number for visit in (first, second, third)] == [1, 2, 3]
    assert {numbers[visit.id].of for visit in (first, second, third)} == {8}


def test_a_cancelled_visit_takes_no_place_in_the_course(scene: Scene) -> None:
    first = begun(scene)
    weekly(scene, first, 1, state=State.CANCELLED)
    weekly(scene, first, 2, state=State.MISSED)
    third = weekly(scene, first, 3)
    assert courses.sessions([third])[third.id].number == 2


def test_the_sessions_named_by_the_guidance_are_for_looking_back(scene: Scene) -> None:
    first = begun(scene)
    visits = [first, *(weekly(scene, first, week) for week in range(1, 9))]
    numbers = courses.sessions(visits)
    assert [numbers[visit.id].number for visit in visits[:8] if numbers[visit.id].look_back] == [4, 8]
    # The ninth visit is not a session of a course of eight.
    assert visits[8].id not in numbers


def test_a_visit_before_the_course_is_no_session_of_it(scene: Scene) -> None:
    before = scene.visit(starts_at=make.NOW - timedelta(days=30), state=State.DONE)
    first = begun(scene)
    assert before.id not in courses.sessions([before, first])


def test_clients_without_a_course_have_no_sessions(scene: Scene) -> None:
    visit = scene.visit()
    assert courses.sessions([visit]) == {}
    assert courses.sessions([]) == {}


def test_a_course_left_open_by_the_guidance_is_planned_to_its_first_look_back(scene: Scene) -> None:
    pain = (
        "pain_areas",
        "pain_avg_nrs",
        "pain_now_nrs",
        "pain_duration",
        "pain_course",
        "pain_trend",
        "radiation",
    )
    begun(scene, back_pain_now="no", visit_goals=["relaxation"], without=pain)
    plan = courses.plan_of(scene.ada.id)
    assert plan is not None
    assert plan.sessions == 5
    planned = planned_sessions(plan.id)
    assert planned[1].about_on - planned[0].about_on == timedelta(days=14)
