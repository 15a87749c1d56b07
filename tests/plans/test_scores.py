"""The scores a course begins with: stored once, from the answers, with their source."""

from datetime import timedelta

import sqlalchemy as sa

from clinic.db import db
from clinic.guidance.schedule import Instrument
from clinic.plans import scores, services
from clinic.plans.models import OutcomeEntry
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import KNOTS, send
from tests.plans.test_courses import begun, weekly

PEG = {"peg_pain": 6, "peg_enjoyment": 5, "peg_activity": 7}
ACTIVITIES = {"psfs": [{"activity": "tying shoes", "score": 2}, {"activity": "sleeping", "score": 4}]}


def kept(scene: Scene) -> list[tuple[str, object]]:
    rows = sa.select(OutcomeEntry).where(OutcomeEntry.client_id == scene.ada.id).order_by(OutcomeEntry.id)
    return [(entry.instrument, entry.scores) for entry in db.session.scalars(rows)]


def test_an_intake_with_a_visit_keeps_its_scores_once(scene: Scene) -> None:
    visit = scene.visit()
    outcome = send(scene.ada, {**KNOTS, **PEG, **ACTIVITIES})
    for _ in range(2):
        services.open_review(outcome, scene.ada.id, visit, make.NOW)
    assert kept(scene) == [
        ("nrs", {"now": 4, "average": 5}),
        ("peg", {"pain": 6, "enjoyment": 5, "activity": 7}),
        ("psfs", {"activities": ACTIVITIES["psfs"]}),
    ]


def test_a_short_form_is_no_start(scene: Scene) -> None:
    visit = scene.visit()
    services.open_review(send(scene.ada, KNOTS, kind="day_of_visit"), scene.ada.id, visit, make.NOW)
    assert kept(scene) == []


def test_the_activities_are_those_the_running_course_began_with(scene: Scene) -> None:
    begun(scene, **ACTIVITIES)
    assert scores.activities_of(scene.ada.id) == ("tying shoes", "sleeping")
    newer = send(
        scene.ada, {**KNOTS, "psfs": [{"activity": "driving", "score": 1}]}, at=make.NOW + timedelta(days=9)
    )
    scores.keep_start(newer.submission, scene.ada.id)
    assert scores.activities_of(scene.ada.id) == ("tying shoes", "sleeping")


def test_without_a_course_the_newest_intake_counts(scene: Scene) -> None:
    assert scores.activities_of(scene.ada.id) == ()
    for days, activity in ((0, "driving"), (1, "sleeping")):
        sent = send(
            scene.ada,
            {**KNOTS, "psfs": [{"activity": activity, "score": 1}]},
            at=make.NOW + timedelta(days=days),
        )
        scores.keep_start(sent.submission, scene.ada.id)
    assert scores.activities_of(scene.ada.id) == ("sleeping",)


def test_what_is_asked_follows_the_visits_place_in_the_course(scene: Scene) -> None:
    first = begun(scene)
    fourth = [weekly(scene, first, week) for week in (1, 2, 3)][-1]
    assert scores.score_questions(first, make.NOW).instruments == (Instrument.NRS,)
    assert scores.score_questions(fourth, make.NOW).instruments == (
        Instrument.NRS,
        Instrument.PEG,
        Instrument.PSFS,
        Instrument.GLOBAL_CHANGE,
    )
    first.state = "done"
    db.session.commit()
    assert Instrument.REACTION in scores.score_questions(fourth, make.NOW).instruments
