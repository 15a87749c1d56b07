"""Whose record may be opened: own clients within 24 months back or any time ahead, or a client opened with reason."""

from datetime import datetime, timedelta

import pytest

from clinic.booking.models import State
from clinic.db import db
from clinic.plans import queries as plans
from clinic.plans import services
from tests.plans.conftest import Scene
from tests.plans.intakes import review


def test_nobody_treats_a_client_without_a_visit(scene: Scene, now: datetime) -> None:
    assert not plans.treats(scene.therapist_user.id, scene.ada.id, now)


@pytest.mark.parametrize("state", [State.REQUESTED, State.BOOKED, State.ARRIVED, State.DONE, State.MISSED])
def test_a_visit_makes_a_client_the_therapists_own(scene: Scene, now: datetime, state: State) -> None:
    scene.visit(state=state)
    assert plans.treats(scene.therapist_user.id, scene.ada.id, now)


@pytest.mark.parametrize("state", [State.CANCELLED, State.DECLINED, State.LAPSED])
def test_a_visit_that_will_not_happen_opens_no_record(scene: Scene, now: datetime, state: State) -> None:
    scene.visit(state=state)
    assert not plans.treats(scene.therapist_user.id, scene.ada.id, now)


def test_a_visit_opens_the_record_for_24_months(scene: Scene, now: datetime) -> None:
    visit = scene.visit(state=State.DONE, starts_at=now.replace(year=now.year - 2))
    assert plans.treats(scene.therapist_user.id, scene.ada.id, now)
    assert not plans.treats(scene.therapist_user.id, scene.ada.id, now + timedelta(seconds=1))
    assert visit.starts_at.year == 2029


def test_on_a_leap_day_24_months_reach_back_to_the_28th(scene: Scene) -> None:
    leap_day = datetime.fromisoformat("2032-02-29T12:00:00+00:00")
    scene.visit(state=State.DONE, starts_at=datetime.fromisoformat("2030-02-28T12:00:00+00:00"))
    assert plans.treats(scene.therapist_user.id, scene.ada.id, leap_day)


def test_a_visit_any_time_ahead_opens_the_record(scene: Scene, now: datetime) -> None:
    scene.visit(starts_at=now + timedelta(days=700))
    assert plans.treats(scene.therapist_user.id, scene.ada.id, now)


def test_a_colleague_does_not_treat_the_client(scene: Scene, now: datetime) -> None:
    scene.visit()
    colleague = scene.make.user()
    scene.make.therapist(scene.location, user_id=colleague.id)
    assert not plans.treats(colleague.id, scene.ada.id, now)


def test_a_therapist_keeps_the_review_of_a_visit_that_was_cancelled(scene: Scene, now: datetime) -> None:
    visit = scene.visit()
    review(visit)
    visit.state, visit.cancelled_by = State.CANCELLED, "client"
    db.session.commit()
    assert plans.treats(scene.therapist_user.id, scene.ada.id, now)


def test_any_therapist_may_look_when_the_visits_therapist_never_signs_in(scene: Scene, now: datetime) -> None:
    away = scene.make.therapist(scene.location)
    review(scene.request(therapist=away))
    assert plans.treats(scene.therapist_user.id, scene.ada.id, now)
    assert [entry.client for entry in plans.queue(scene.therapist_user.id, now)] == [scene.ada]


def test_a_reason_opens_the_record_for_24_hours_and_leaves_its_mark(scene: Scene, now: datetime) -> None:
    stand_in = scene.make.user()
    grant = services.open_with_reason(scene.ada.id, reason="Stands in today", by=stand_in, now=now)
    db.session.commit()
    assert plans.treats(stand_in.id, scene.ada.id, now)
    assert plans.treats(stand_in.id, scene.ada.id, now + timedelta(hours=23, minutes=59))
    assert not plans.treats(stand_in.id, scene.ada.id, now + timedelta(hours=24))
    assert not plans.treats(scene.therapist_user.id, scene.ada.id, now)
    assert grant.reason == "Stands in today"


def test_no_record_opens_without_a_reason(scene: Scene, now: datetime) -> None:
    with pytest.raises(services.DecisionReasonNeeded):
        services.open_with_reason(scene.ada.id, reason="", by=scene.therapist_user, now=now)
