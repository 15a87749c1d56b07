"""A client's line through a course, what it reads as, and what it proposes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from clinic.booking.models import Appointment
from clinic.db import db
from clinic.guidance.course import CourseStep
from clinic.guidance.levels import Level
from clinic.guidance.measures import ScoreTrend
from clinic.plans import progress, scores
from clinic.plans.progress import ClientProgress
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_THINNER, FEVER, KNOTS, NUMBNESS, review, send
from tests.plans.test_courses import begun, weekly
from tests.plans.test_scores import ACTIVITIES, PEG


def scored(visit: Appointment, answers: Mapping[str, Any] = KNOTS, **values: object) -> None:
    """Scores given the evening before a visit."""
    assert visit.client is not None
    at = visit.starts_at - timedelta(hours=12)
    outcome = send(visit.client, {**answers}, at=at, kind="day_of_visit")
    scores.keep_before_visit(outcome.submission, visit, values)
    db.session.commit()


def looked_at(visit: Appointment) -> ClientProgress:
    found = progress.progress_at(visit)
    assert found is not None
    return found


@pytest.fixture
def course(scene: Scene) -> list[Appointment]:
    """The first four weekly visits of eight; average pain was 5 at the start."""
    first = begun(scene, **PEG, **ACTIVITIES)
    return [first, *(weekly(scene, first, week) for week in (1, 2, 3))]


def test_the_line_begins_with_the_intake_and_breaks_where_nothing_was_given(
    course: list[Appointment],
) -> None:
    scored(course[0], pain_avg_nrs=5, pain_now_nrs=4)
    scored(course[2], pain_avg_nrs=3)
    points = looked_at(course[3]).points
    assert [point.average for point in points] == [5, 5, None, 3, None, None, None, None, None]
    assert [point.label for point in points] == ["Start", "1", "2", "3", "4", "5", "6", "7", "8"]
    assert [point.label for point in points if point.is_look_back] == ["4", "8"]


@pytest.mark.parametrize(
    ("values", "reading", "step"),
    [
        ({"pain_avg_nrs": 3}, ScoreTrend.IMPROVED, CourseStep.CONTINUE),
        ({"pain_avg_nrs": 4}, ScoreTrend.UNCHANGED, CourseStep.CHANGE),
        ({"pain_avg_nrs": 7}, ScoreTrend.WORSE, CourseStep.REFER),
        (
            {"peg_pain": 4, "peg_enjoyment": 3, "peg_activity": 4},
            ScoreTrend.IMPROVED,
            CourseStep.CONTINUE,
        ),
        ({"activity_now_1": 4, "activity_now_2": 6}, ScoreTrend.IMPROVED, CourseStep.CONTINUE),
        ({"activity_now_1": 9}, None, CourseStep.MEASURE),
        ({}, None, CourseStep.MEASURE),
        ({"global_change": "much_better"}, None, CourseStep.MEASURE),
    ],
)
def test_what_changed_since_the_start_proposes_the_next_step(
    course: list[Appointment], values: dict[str, object], reading: ScoreTrend | None, step: CourseStep
) -> None:
    scored(course[3], **values)
    found = looked_at(course[3])
    assert (found.reading, found.proposal.step) == (reading, step)


@pytest.mark.parametrize(
    ("average", "step"), [(2, CourseStep.SPACE_OUT), (5, CourseStep.REFER), (8, CourseStep.REFER)]
)
def test_at_the_end_the_same_scores_propose_the_end(scene: Scene, average: int, step: CourseStep) -> None:
    first = begun(scene)
    last = [weekly(scene, first, week) for week in range(1, 8)][-1]
    scored(last, pain_avg_nrs=average)
    assert looked_at(last).proposal.step is step


def test_a_new_warning_sign_comes_before_every_score(course: list[Appointment]) -> None:
    scored(course[3], FEVER, pain_avg_nrs=1)
    assert looked_at(course[3]).proposal.step is CourseStep.SAFETY
    assert progress.new_warning(looked_at(course[3]).course.plan) is Level.REFER


def test_what_a_therapist_has_decided_on_is_no_new_warning(scene: Scene) -> None:
    visit = scene.request()
    waiting = review(visit, BLOOD_THINNER)
    from clinic.plans import services
    from clinic.plans.models import Decision

    services.decide(waiting, decision=Decision.ACCEPT, revision=1, by=scene.therapist_user, now=make.NOW)
    db.session.commit()
    scored(visit, BLOOD_THINNER, pain_avg_nrs=5)
    plan = looked_at(visit).course.plan
    assert progress.new_warning(plan) is Level.OK
    scored(visit, NUMBNESS, pain_avg_nrs=5)
    assert progress.new_warning(plan) is Level.URGENT


def test_a_wish_for_a_look_at_other_words_is_a_new_warning(scene: Scene) -> None:
    def asking(text: str) -> dict[str, object]:
        return {**KNOTS, "own_words.conditions": {"text": text, "look": True}}

    plan = looked_at(begun(scene, **asking("old"))).course.plan
    send(scene.ada, asking("old"), at=make.NOW + timedelta(days=1))
    assert progress.new_warning(plan) is Level.OK
    send(scene.ada, asking("new"), at=make.NOW + timedelta(days=2))
    assert progress.new_warning(plan) is Level.THERAPIST_REVIEW


def test_before_the_first_session_nothing_is_compared(course: list[Appointment]) -> None:
    scored(course[0], pain_avg_nrs=1)
    found = looked_at(course[0])
    assert found.reading is None
    assert found.proposal.text == progress.FIRST_SESSION


def test_a_peg_given_for_the_visit_of_the_week_before_speaks_for_this_one_too(scene: Scene) -> None:
    first = begun(scene, **PEG)
    second, third = (scene.visit(starts_at=first.starts_at + timedelta(days=days)) for days in (18, 21))
    scored(second, peg_pain=1, peg_enjoyment=1, peg_activity=1)
    scored(third, pain_avg_nrs=5)
    assert looked_at(third).reading is ScoreTrend.IMPROVED


def test_a_peg_given_after_a_visit_does_not_speak_for_it(scene: Scene) -> None:
    first = begun(scene, **PEG)
    second, third = (scene.visit(starts_at=first.starts_at + timedelta(days=days)) for days in (18, 19))
    scored(second, pain_avg_nrs=5)
    before = looked_at(second)
    # Twelve hours before the third, which is twelve hours after the second.
    scored(third, peg_pain=1, peg_enjoyment=1, peg_activity=1)
    assert looked_at(third).reading is ScoreTrend.IMPROVED
    assert looked_at(second).reading is before.reading is not ScoreTrend.IMPROVED


def test_a_visit_outside_any_course_has_no_progress(scene: Scene) -> None:
    assert progress.progress_at(scene.visit()) is None


def test_the_table_shows_each_activity_in_the_clients_words(course: list[Appointment]) -> None:
    scored(course[3], activity_now_1=6, global_change="a_little_better", reaction="bruised")
    found = looked_at(course[3])
    rows = {row.title: (row.start, row.now) for row in found.rows}
    assert rows["“tying shoes”, 10 is as before"] == ("2", "6")
    assert rows["“sleeping”, 10 is as before"] == ("4", None)
    assert rows["Pain in daily life (PEG), 0 to 10"] == ("6", None)
    assert rows["Compared with before the course"] == ("", "A little better")
    assert found.reaction == "Bruised"
