"""Looking back: what a decision needs, what it does to the course, and what is kept of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans import courses, look_backs, progress
from clinic.plans.look_backs import LookBackChoice, LookBackDecision
from clinic.plans.models import LookBack, Plan, ReasonKind
from clinic.plans.services import DecisionReasonNeeded
from clinic.refusal import Stale
from tests import make
from tests.plans.conftest import Scene, planned_sessions
from tests.plans.intakes import BLOOD_PRESSURE
from tests.plans.test_courses import begun, weekly
from tests.plans.test_progress import scored

LATER = make.NOW + timedelta(weeks=4)


@pytest.fixture
def fourth(scene: Scene) -> Appointment:
    """The fourth of eight weekly visits, with pain unchanged; trigger point therapy leads the course."""
    first = begun(scene)
    visit = [weekly(scene, first, week) for week in (1, 2, 3)][-1]
    scored(visit, pain_avg_nrs=5)
    return visit


def plan_of(visit: Appointment) -> Plan:
    return db.session.scalars(sa.select(Plan).where(Plan.client_id == visit.client_id)).one()


def decide(scene: Scene, visit: Appointment, choice: LookBackChoice, **verdict: object) -> LookBack:
    kept = look_backs.decide(
        visit, LookBackDecision(choice=choice, **verdict), by=scene.therapist_user, now=LATER
    )
    db.session.commit()
    return kept


def test_the_next_type_takes_the_lead_and_the_sessions_are_drafted_again(
    scene: Scene, fourth: Appointment
) -> None:
    before = plan_of(fourth).content
    assert before["modalities"][0] == "trigger_point"
    kept = decide(scene, fourth, LookBackChoice.CHANGE, next_type="swedish")
    after = plan_of(fourth).content
    assert after["modalities"][0] == "swedish"
    assert after["mix"][0]["modality"] == "swedish"
    assert after["course"] == before["course"]
    assert kept.content["modalities_before"] == before["modalities"]
    assert kept.content["proposed"] == "change"
    assert kept.content["reading"] == "unchanged"
    assert plan_of(fourth).ended_at is None


def test_a_type_that_safety_leaves_out_or_that_leads_already_cannot_be_next(scene: Scene) -> None:
    visit = begun(scene, conditions=BLOOD_PRESSURE["conditions"])
    first = plan_of(visit).content["modalities"][0]
    offered = look_backs.next_types(plan_of(visit), visit, LATER)
    assert not {first, "deep_tissue", "mechanical_impulse"} & set(offered)
    for wrong in (first, "deep_tissue", "nonsense", ""):
        with pytest.raises(look_backs.NotThisNext):
            look_backs.decide(
                visit,
                LookBackDecision(choice=LookBackChoice.CHANGE, next_type=wrong),
                by=scene.therapist_user,
                now=LATER,
            )
        db.session.rollback()


def test_spacing_out_plans_the_sessions_after_this_one_anew(scene: Scene, fourth: Appointment) -> None:
    decide(
        scene,
        fourth,
        LookBackChoice.SPACE_OUT,
        reason_kind=ReasonKind.CLIENT_WISH,
        further=2,
        every="monthly",
    )
    plan = plan_of(fourth)
    planned = planned_sessions(plan.id)
    assert (plan.sessions, [session.number for session in planned]) == (6, [1, 2, 3, 4, 5, 6])
    day = fourth.wall_start.date()
    assert [session.about_on for session in planned[4:]] == [
        day + timedelta(days=28),
        day + timedelta(days=56),
    ]
    assert [session.number for session in planned if session.reassess] == [4, 6]


@pytest.mark.parametrize(("further", "every"), [(0, "monthly"), (9, "monthly"), (2, "daily")])
def test_further_sessions_are_few_and_apart(
    scene: Scene, fourth: Appointment, further: int, every: str
) -> None:
    with pytest.raises(look_backs.NotSoMany):
        decide(
            scene,
            fourth,
            LookBackChoice.SPACE_OUT,
            reason_kind=ReasonKind.CLIENT_WISH,
            further=further,
            every=every,
        )


@pytest.mark.parametrize("choice", [LookBackChoice.FINISH, LookBackChoice.REFER])
def test_finishing_and_stopping_end_the_course_and_cancel_nothing(
    scene: Scene, fourth: Appointment, choice: LookBackChoice
) -> None:
    fifth = weekly(scene, fourth, 1)
    decide(scene, fourth, choice, reason_kind=ReasonKind.FINDING_ON_TOUCH)
    assert plan_of(fourth).ended_at == LATER
    assert courses.plan_of(scene.ada.id) is None
    assert [visit.id for visit in look_backs.booked_after(fourth)] == [fifth.id]
    assert make.refreshed(fifth).state == State.BOOKED


def test_the_look_back_can_be_read_after_the_course_has_ended(scene: Scene, fourth: Appointment) -> None:
    kept = decide(scene, fourth, LookBackChoice.REFER, reason_kind=ReasonKind.SAFETY)
    found = progress.progress_at(fourth)
    assert found is not None
    assert found.decided is not None
    assert found.decided.id == kept.id


@pytest.mark.parametrize("choice", [LookBackChoice.CHANGE, LookBackChoice.ACTIVE_CARE])
def test_following_the_proposal_needs_no_reason(
    scene: Scene, fourth: Appointment, choice: LookBackChoice
) -> None:
    decide(scene, fourth, choice, next_type="swedish")


@pytest.mark.parametrize(
    "choice", [LookBackChoice.CONTINUE, LookBackChoice.SPACE_OUT, LookBackChoice.FINISH, LookBackChoice.REFER]
)
def test_departing_from_the_proposal_needs_a_reason(
    scene: Scene, fourth: Appointment, choice: LookBackChoice
) -> None:
    with pytest.raises(DecisionReasonNeeded):
        decide(scene, fourth, choice, further=2)


def test_another_reason_needs_words(scene: Scene, fourth: Appointment) -> None:
    with pytest.raises(DecisionReasonNeeded, match="few words"):
        decide(scene, fourth, LookBackChoice.CONTINUE, reason_kind=ReasonKind.OTHER)


def test_one_visit_is_looked_back_on_once(scene: Scene, fourth: Appointment) -> None:
    decide(scene, fourth, LookBackChoice.ACTIVE_CARE)
    with pytest.raises(Stale):
        decide(scene, fourth, LookBackChoice.ACTIVE_CARE)


def test_a_visit_outside_a_course_or_that_was_called_off_is_not_looked_back_on(
    scene: Scene, fourth: Appointment
) -> None:
    fourth.cancelled_by, fourth.state = "client", State.CANCELLED
    db.session.commit()
    with pytest.raises(look_backs.NoLookBack):
        decide(scene, fourth, LookBackChoice.ACTIVE_CARE)


def test_a_decision_is_sealed_and_audited_by_field_names(scene: Scene, fourth: Appointment) -> None:
    kept = decide(
        scene,
        fourth,
        LookBackChoice.REFER,
        reason_kind=ReasonKind.OTHER,
        reason="marker words",
    )
    assert b"marker" not in kept.content_sealed
    assert kept.content["reason"] == "marker words"
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "look_back")).one()
    assert entry.actor == f"user:{scene.therapist_user.id}"
    assert entry.fields == ["reading", "proposed", "chosen", "reason"]
