"""Changing a running course: what it needs, what it does to the sessions to come, and what is kept of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from clinic.accounts import merging
from clinic.accounts.models import AuditEntry
from clinic.booking.models import SafetyWaiver
from clinic.booking.suitability import Mismatch, NotSuitable
from clinic.db import db
from clinic.plans import courses, look_backs, plan_changes, plan_versions, services, to_book
from clinic.plans.courses import NotThisCourse
from clinic.plans.look_backs import LookBackChoice, LookBackDecision
from clinic.plans.models import Decision, DeclineReason, Plan, PlanVersion, ReasonKind
from clinic.plans.plan_content import ClientGoal, PlannedArea
from clinic.plans.plan_versions import PlanCause
from clinic.plans.services import DecisionReasonNeeded
from clinic.refusal import Stale
from tests import make
from tests.measuring import statements
from tests.plans.conftest import Scene, planned_sessions
from tests.plans.intakes import BLOOD_PRESSURE, send
from tests.plans.test_courses import begun, weekly

LATER = make.NOW + timedelta(hours=2)


def plan_of(scene: Scene) -> Plan:
    found = courses.plan_of(scene.ada.id)
    assert found is not None
    return found


def change(scene: Scene, *, seen: int = 1, why: str = "Agreed today", **parts: Any) -> PlanVersion:
    plan = plan_of(scene)
    waived, now = parts.pop("waived", ()), parts.pop("now", LATER)
    content = replace(plan_versions.present(plan), **parts)
    made = plan_changes.change(
        plan.id, content, seen=seen, why=why, waived=waived, by=scene.therapist_user, now=now
    )
    db.session.commit()
    return made


def kept(scene: Scene) -> list[plan_versions.KeptVersion]:
    return plan_versions.versions_of(plan_of(scene), by=scene.therapist_user, purpose="plan", now=LATER)


def test_a_decision_is_the_first_version_and_the_activities_named_are_its_goals(scene: Scene) -> None:
    begun(scene, psfs=[{"activity": "Sit through a meeting", "score": 3}])
    (first,) = kept(scene)
    assert (first.number, first.cause, first.author.id) == (1, PlanCause.DECISION, scene.therapist_user.id)
    assert first.content == plan_versions.present(plan_of(scene))
    assert first.content.goals == (
        ClientGoal(words="Sit through a meeting", measure="psfs:Sit through a meeting"),
    )


def test_a_change_is_the_next_version_and_the_plan_says_it(scene: Scene) -> None:
    begun(scene)
    before = plan_versions.present(plan_of(scene))
    change(scene, sessions=6, every="fortnightly", minutes=45, look_backs=(3, 6))
    newest, first = kept(scene)
    assert first.content == before
    assert newest.content == plan_versions.present(plan_of(scene))
    assert (newest.number, newest.cause, newest.why) == (2, PlanCause.EDIT, "Agreed today")
    assert newest.content.differs_in(before) == ("sessions", "every", "minutes", "look_backs")
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "change")).one()
    assert entry.subject_type == "plan_versions"
    assert list(entry.fields) == ["sessions", "every", "minutes", "look_backs"]


def test_sessions_to_come_follow_the_new_rhythm_and_those_booked_stay(scene: Scene) -> None:
    first = begun(scene)
    weekly(scene, first, 1)
    change(scene, sessions=5, every="fortnightly", look_backs=(4,))
    planned = planned_sessions(plan_of(scene).id)
    second_on = first.wall_start.date() + timedelta(days=7)
    assert [row.number for row in planned] == [1, 2, 3, 4, 5]
    assert [row.about_on for row in planned[2:]] == [
        second_on + timedelta(days=14 * step) for step in (1, 2, 3)
    ]
    assert [row.number for row in planned if row.reassess] == [4]
    rest = to_book.left_to_book(scene.ada.id)
    assert rest is not None
    assert (rest.sessions, rest.every_weeks) == (3, 2)


def test_a_look_back_that_is_over_stays(scene: Scene) -> None:
    first = begun(scene)
    for week in (1, 2, 3):
        weekly(scene, first, week)
    change(scene, look_backs=(6, 8), now=first.starts_at + timedelta(weeks=3, hours=3))
    assert [row.number for row in planned_sessions(plan_of(scene).id) if row.reassess] == [4, 6, 8]
    assert kept(scene)[0].content.look_backs == (4, 6, 8)


def test_fewer_sessions_than_are_booked_are_refused(scene: Scene) -> None:
    first = begun(scene)
    weekly(scene, first, 1)
    with pytest.raises(NotThisCourse, match="Booked or over already: 2"):
        change(scene, sessions=1, look_backs=())


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"modalities": ()}, "one to three"),
        ({"modalities": ("swedish", "swedish")}, "one to three"),
        ({"modalities": ("nonsense",)}, "one to three"),
        ({"sessions": 21}, "between 1 and 20"),
        ({"every": "daily"}, "how often"),
        ({"minutes": 200}, "steps of five"),
        ({"minutes": 52}, "steps of five"),
        ({"pressure": "crushing"}, "pressure"),
        ({"areas": (PlannedArea(area="tail"),)}, "from the list"),
        ({"areas": (PlannedArea(area="neck", modality="shiatsu"),)}, "type of this plan"),
        ({"areas": (PlannedArea(area="neck", minutes=85),)}, "add up to 85"),
        ({"look_backs": (9,)}, "Look back at sessions"),
        ({"goals": (ClientGoal(words=""),)}, "goals"),
    ],
)
def test_what_cannot_be_a_plan_is_refused_in_a_sentence(
    scene: Scene, parts: dict[str, Any], says: str
) -> None:
    begun(scene)
    with pytest.raises(NotThisCourse, match=says):
        change(scene, **parts)
    db.session.rollback()
    assert make.count(PlanVersion) == 1


def test_a_change_needs_a_reason_and_has_to_be_one(scene: Scene) -> None:
    begun(scene)
    with pytest.raises(DecisionReasonNeeded):
        change(scene, minutes=45, why="  ")
    db.session.rollback()
    with pytest.raises(plan_changes.NothingChanged):
        change(scene)


def test_of_two_who_change_one_version_the_second_is_told(scene: Scene) -> None:
    begun(scene)
    change(scene, minutes=45)
    with pytest.raises(Stale):
        change(scene, minutes=50, seen=1)
    db.session.rollback()
    assert kept(scene)[0].content.minutes == 45


def test_a_course_that_ended_is_not_changed(scene: Scene) -> None:
    begun(scene)
    plan = plan_of(scene)
    content = replace(plan_versions.present(plan), minutes=45)
    plan.ended_at = LATER
    db.session.commit()
    with pytest.raises(plan_changes.CourseOver):
        plan_changes.change(plan.id, content, seen=1, why="No", by=scene.therapist_user, now=LATER)


@pytest.mark.parametrize(
    ("parts", "mismatch"),
    [
        ({"modalities": ("swedish", "deep_tissue")}, Mismatch.LEFT_OUT),
        ({"pressure": "firm"}, Mismatch.TOO_FIRM),
    ],
)
def test_what_safety_speaks_against_is_put_in_only_by_name_and_for_a_reason(
    scene: Scene, parts: dict[str, Any], mismatch: Mismatch
) -> None:
    begun(scene, conditions=BLOOD_PRESSURE["conditions"])
    with pytest.raises(NotSuitable) as refused:
        change(scene, **parts)
    db.session.rollback()
    (against,) = refused.value.objections
    assert (against.mismatch, bool(against.rules)) == (mismatch, True)
    change(scene, waived=against.keys, why="Her doctor agrees", **parts)
    newest = kept(scene)[0]
    assert newest.set_aside == (against.sentence,)
    (waiver,) = db.session.scalars(sa.select(SafetyWaiver))
    assert (waiver.whole_course, waiver.content["reason"]) == (True, "Her doctor agrees")
    # It is set aside for the course, so the next change does not ask again.
    change(scene, seen=2, sessions=7, look_backs=(4, 7))


def test_a_length_and_an_area_that_the_answers_forbid_are_judged_too(scene: Scene) -> None:
    begun(scene, avoid_areas=["neck"])
    with pytest.raises(NotSuitable) as refused:
        change(scene, minutes=95, areas=(PlannedArea(area="neck"),))
    found = {one.mismatch for one in refused.value.objections}
    assert found == {Mismatch.TOO_LONG, Mismatch.LEFT_ALONE}


def test_answers_that_are_too_old_still_forbid_what_they_forbade(scene: Scene) -> None:
    first = begun(scene, conditions=BLOOD_PRESSURE["conditions"])
    with pytest.raises(NotSuitable):
        change(scene, pressure="firm", now=first.starts_at + timedelta(days=200))


def test_other_types_bring_their_own_techniques(scene: Scene) -> None:
    begun(scene)
    change(scene, modalities=("swedish",))
    content = plan_of(scene).content
    assert {row["modality"] for row in content["techniques"]} == {"swedish"}
    assert [row["modality"] for row in content["mix"]] == ["swedish"]


def test_areas_with_types_and_minutes_are_read_back_as_they_were_written(scene: Scene) -> None:
    begun(scene)
    types = plan_versions.present(plan_of(scene)).modalities
    areas = (
        PlannedArea(area="neck", modality=types[0], minutes=20),
        PlannedArea(area="lower_back", minutes=15),
        PlannedArea(area="hip_buttock"),
    )
    change(scene, areas=areas)
    assert plan_versions.present(plan_of(scene)).areas == areas


def test_spacing_out_after_a_change_keeps_both_and_is_a_version(scene: Scene) -> None:
    first = begun(scene)
    fourth = [weekly(scene, first, week) for week in (1, 2, 3)][-1]
    change(scene, pressure="light", goals=(ClientGoal(words="Sleep through"),))
    verdict = LookBackDecision(
        choice=LookBackChoice.SPACE_OUT, reason_kind=ReasonKind.CLIENT_WISH, further=2, every="monthly"
    )
    look_backs.decide(fourth, verdict, by=scene.therapist_user, now=LATER)
    db.session.commit()
    newest = kept(scene)[0]
    assert (newest.number, newest.cause) == (3, PlanCause.LOOK_BACK)
    assert newest.content == plan_versions.present(plan_of(scene))
    assert (newest.content.sessions, newest.content.every) == (6, "monthly")
    assert newest.content.goals == (ClientGoal(words="Sleep through"),)
    rest = to_book.left_to_book(scene.ada.id)
    assert rest is not None
    assert (rest.sessions, rest.every_weeks) == (2, 4)


def test_the_next_type_after_a_change_keeps_what_the_therapist_wrote(scene: Scene) -> None:
    first = begun(scene)
    fourth = [weekly(scene, first, week) for week in (1, 2, 3)][-1]
    change(scene, pressure="very light", areas=(PlannedArea(area="neck", minutes=30),), minutes=45)
    verdict = LookBackDecision(
        choice=LookBackChoice.CHANGE, next_type="swedish", reason_kind=ReasonKind.CLIENT_WISH
    )
    look_backs.decide(fourth, verdict, by=scene.therapist_user, now=LATER)
    db.session.commit()
    present = plan_versions.present(plan_of(scene))
    assert present.modalities[0] == "swedish"
    assert (present.pressure, present.minutes, present.areas) == (
        "very light",
        45,
        (PlannedArea(area="neck", minutes=30),),
    )
    assert kept(scene)[0].content == present


def test_a_plan_from_before_versions_gets_its_first_when_it_is_changed(scene: Scene) -> None:
    begun(scene)
    newer = plan_of(scene)
    closed = services.open_review(send(scene.ada), scene.ada.id, None, make.NOW)
    services.decide(
        closed,
        decision=Decision.DECLINE,
        reason_kind=DeclineReason.OTHER,
        reason="Long ago",
        revision=1,
        by=scene.therapist_user,
        now=make.NOW,
    )
    old = Plan(
        client_id=scene.ada.id,
        review_id=closed.id,
        therapist_id=scene.therapist.id,
        sessions=newer.sessions,
        made_at=make.NOW,
    )
    old.content = {name: value for name, value in newer.content.items() if name != "goals"}
    newer.ended_at = LATER
    db.session.add(old)
    db.session.commit()
    before = plan_versions.present(old)
    assert [(version.number, version.content) for version in kept(scene)] == [(1, before)]
    change(scene, minutes=45)
    newest, first = kept(scene)
    assert (newest.number, first.number, first.content, first.why) == (2, 1, before, "Long ago")
    assert first.made_at == old.made_at


@pytest.mark.parametrize(
    "change_of_row",
    [
        "UPDATE plan_versions SET made_at = made_at + interval '1 day'",
        "UPDATE plan_versions SET number = 9",
        "UPDATE plan_versions SET content_sealed = content_sealed || '\\x00'",
        "DELETE FROM plan_versions",
    ],
)
def test_the_database_changes_and_deletes_no_version(scene: Scene, change_of_row: str) -> None:
    begun(scene)
    with pytest.raises(DBAPIError, match="a version of a plan does not change"):
        db.session.execute(sa.text(change_of_row))
    db.session.rollback()


def test_joining_two_records_of_a_client_takes_versions_along(scene: Scene) -> None:
    begun(scene)
    other = make.client(given_name="Adah", mail="adah@client.example")
    merging.merge(other.id, scene.ada.id, by=scene.therapist_user, now=LATER)
    db.session.commit()
    assert db.session.scalars(sa.select(PlanVersion.client_id)).all() == [other.id]


def test_reading_the_versions_costs_the_same_however_many_there_are(
    scene: Scene,
) -> None:
    begun(scene)
    with statements() as few:
        kept(scene)
    for number, minutes in enumerate((45, 50, 55, 60), start=1):
        change(scene, minutes=minutes, seen=number)
    db.session.expire_all()
    with statements() as many:
        kept(scene)
    assert len(many) <= len(few) + 1
