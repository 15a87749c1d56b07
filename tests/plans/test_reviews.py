"""A suggestion before a therapist: opened once, decided once, never against a safety rule by accident."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment, State
from clinic.booking.states import NotNow
from clinic.db import db
from clinic.intake.models import Clearance
from clinic.intake.queries import safety_standing
from clinic.plans import courses, services
from clinic.plans import queries as plans
from clinic.plans.models import Decision, Plan, ReasonKind, Review
from clinic.refusal import NotFound, Stale
from tests import make
from tests.plans.conftest import Scene, planned_sessions
from tests.plans.intakes import BLOOD_PRESSURE, BLOOD_THINNER, FEVER, KNOTS, NUMBNESS, review, send

CHANGED = {"reason_kind": ReasonKind.CLIENT_WISH}


def decided(scene: Scene, waiting: Review, decision: Decision, **more: object) -> Review:
    """The review after the therapist decided, at the moment of the tests."""
    done = services.decide(
        waiting,
        decision=decision,
        **{"revision": waiting.revision, "by": scene.therapist_user, "now": make.NOW, **more},
    )
    db.session.commit()
    return done


def suggested(waiting: Review) -> list[str]:
    return [match["modality"] for match in waiting.outcome.explanation["suggestion"]["ranked"]]


def test_a_review_is_opened_once_for_an_outcome(scene: Scene) -> None:
    visit = scene.visit()
    outcome = send(scene.ada)
    first = services.open_review(outcome, scene.ada.id, visit, make.NOW)
    again = services.open_review(outcome, scene.ada.id, visit, make.NOW)
    assert first.id == again.id
    assert make.count(Review) == 1


def test_an_open_review_follows_the_client_to_a_newer_visit(scene: Scene) -> None:
    first = scene.visit()
    waiting = review(first)
    newer = scene.visit(starts_at=first.starts_at + timedelta(days=1))
    services.open_review(waiting.outcome, scene.ada.id, newer, make.NOW)
    assert waiting.appointment_id == newer.id


def test_a_decided_review_stays_with_its_visit(scene: Scene) -> None:
    first = scene.visit()
    waiting = decided(scene, review(first), Decision.ACCEPT)
    newer = scene.visit(starts_at=first.starts_at + timedelta(days=1))
    services.open_review(waiting.outcome, scene.ada.id, newer, make.NOW)
    assert waiting.appointment_id == first.id


def test_the_queue_is_in_the_order_of_the_visits(scene: Scene) -> None:
    later = review(scene.visit(starts_at=make.NOW + timedelta(days=4)))
    sooner = review(
        scene.visit(starts_at=make.NOW + timedelta(days=1), who=make.client(given_name="Ben", mail=None))
    )
    entries = plans.queue(scene.therapist_user.id, make.NOW)
    assert [entry.review.id for entry in entries] == [sooner.id, later.id]
    assert plans.waiting(scene.therapist_user.id, make.NOW) == 2


def test_a_request_goes_before_an_earlier_visit_when_its_time_to_decide_ends_sooner(scene: Scene) -> None:
    booked = review(scene.visit(starts_at=make.NOW + timedelta(days=4)))
    asked = review(
        scene.visit(
            starts_at=make.NOW + timedelta(days=10),
            state=State.REQUESTED,
            decide_by=make.NOW + timedelta(days=2),
        )
    )
    waiting = plans.queue(scene.therapist_user.id, make.NOW)
    assert [entry.review.id for entry in waiting] == [asked.id, booked.id]


def test_a_cancelled_visit_leaves_the_queue_unless_its_answers_stopped_it(scene: Scene) -> None:
    calm, stopped = scene.visit(), scene.visit(starts_at=make.NOW + timedelta(days=1))
    review(calm)
    urgent = review(stopped, NUMBNESS)
    for visit in (calm, stopped):
        visit.state, visit.cancelled_by = State.CANCELLED, "system"
    db.session.commit()
    assert [entry.review.id for entry in plans.queue(scene.therapist_user.id, make.NOW)] == [urgent.id]


def test_a_colleague_s_queue_is_empty(scene: Scene) -> None:
    review(scene.visit())
    assert plans.queue(make.user().id, make.NOW) == []


def test_accepting_takes_the_suggested_types_in_their_order_and_plans_the_course(scene: Scene) -> None:
    visit = scene.visit()
    waiting = review(visit)
    decided(scene, waiting, Decision.ACCEPT)
    plan = courses.plan_of(scene.ada.id)
    assert plan is not None
    assert waiting.chosen == {"modalities": suggested(waiting), "set_aside": []}
    assert plan.content["modalities"] == suggested(waiting)
    assert plan.therapist_id == scene.therapist.id
    assert plan.sessions == 8
    planned = planned_sessions(plan.id)
    assert [session.number for session in planned] == list(range(1, 9))
    assert [session.number for session in planned if session.reassess] == [4, 8]
    assert planned[0].appointment_id == visit.id
    assert [session.about_on for session in planned[:2]] == [date(2031, 3, 6), date(2031, 3, 13)]


def test_the_suggestion_stays_as_the_engine_gave_it(scene: Scene) -> None:
    waiting = review(scene.visit())
    before = waiting.outcome.explanation
    decided(scene, waiting, Decision.REPLACE, modalities=["craniosacral"], **CHANGED)
    assert waiting.outcome.explanation == before


def test_a_changed_order_drafts_the_course_for_the_new_order(scene: Scene) -> None:
    waiting = review(scene.visit())
    other_way = suggested(waiting)[1::-1]
    decided(scene, waiting, Decision.CHANGE, modalities=other_way, **CHANGED)
    plan = courses.plan_of(scene.ada.id)
    assert plan is not None
    assert plan.content["modalities"] == other_way
    assert plan.content["mix"][0]["modality"] == other_way[0]


def test_a_change_cannot_bring_in_a_type_that_was_not_suggested(scene: Scene) -> None:
    with pytest.raises(services.NotThisType):
        decided(scene, review(scene.visit()), Decision.CHANGE, modalities=["craniosacral"], **CHANGED)


@pytest.mark.parametrize(
    "modalities",
    [[], ["swedish", "swedish"], ["no_such_type"], ["swedish", "sports", "acupressure", "relaxation"]],
)
def test_a_replacement_names_one_to_three_different_types(scene: Scene, modalities: list[str]) -> None:
    with pytest.raises(services.NotThisType):
        decided(scene, review(scene.visit()), Decision.REPLACE, modalities=modalities, **CHANGED)


@pytest.mark.parametrize("modality", ["aromatherapy", "craniosacral", "mechanical_impulse", "sports"])
def test_any_type_of_the_guidance_can_replace_the_suggestion(scene: Scene, modality: str) -> None:
    decided(scene, review(scene.visit()), Decision.REPLACE, modalities=[modality], **CHANGED)
    plan = courses.plan_of(scene.ada.id)
    assert plan is not None
    assert plan.content["modalities"] == [modality]


def test_departing_needs_a_reason(scene: Scene) -> None:
    waiting = review(scene.visit())
    with pytest.raises(services.DecisionReasonNeeded):
        decided(scene, waiting, Decision.REPLACE, modalities=["swedish"])
    with pytest.raises(services.DecisionReasonNeeded):
        decided(scene, waiting, Decision.REPLACE, modalities=["swedish"], reason_kind=ReasonKind.OTHER)
    decided(
        scene,
        waiting,
        Decision.REPLACE,
        modalities=["swedish"],
        reason_kind=ReasonKind.OTHER,
        reason="Asked for it",
    )
    assert waiting.reason == "Asked for it"


def test_an_excluded_type_needs_its_rule_set_aside_by_name(scene: Scene) -> None:
    waiting = review(scene.visit(), BLOOD_PRESSURE)
    wish = {"modalities": ["deep_tissue"], **CHANGED}
    with pytest.raises(services.RuleNotConfirmed) as refused:
        decided(scene, waiting, Decision.REPLACE, **wish)
    assert refused.value.rules == {"deep_tissue": ("C07",)}
    with pytest.raises(services.RuleNotConfirmed):
        decided(scene, waiting, Decision.REPLACE, confirmed_rules=["C01"], **wish)
    decided(scene, waiting, Decision.REPLACE, confirmed_rules=["C07"], **wish)
    assert waiting.chosen == {"modalities": ["deep_tissue"], "set_aside": ["C07"]}


def test_a_rule_that_leaves_out_none_of_the_chosen_types_is_not_kept_as_set_aside(scene: Scene) -> None:
    waiting = review(scene.visit(), BLOOD_PRESSURE)
    decided(scene, waiting, Decision.REPLACE, modalities=["swedish"], confirmed_rules=["C07"], **CHANGED)
    assert waiting.chosen == {"modalities": ["swedish"], "set_aside": []}


def test_accepting_a_request_books_the_visit(scene: Scene) -> None:
    visit = scene.request()
    waiting = review(visit, BLOOD_THINNER)
    decided(scene, waiting, Decision.ACCEPT)
    assert make.refreshed(visit).state == State.BOOKED
    plan = courses.plan_of(scene.ada.id)
    assert plan is not None
    assert plan.sessions == 1


def test_declining_a_request_frees_the_time_and_plans_nothing(scene: Scene) -> None:
    visit = scene.request()
    waiting = review(visit, BLOOD_THINNER)
    decided(scene, waiting, Decision.DECLINE, reason_kind=ReasonKind.SAFETY)
    assert make.refreshed(visit).state == State.DECLINED
    assert make.count(Plan) == 0
    assert waiting.decision == Decision.DECLINE


def test_a_booked_visit_is_cancelled_not_declined(scene: Scene) -> None:
    with pytest.raises(services.StillBooked):
        decided(scene, review(scene.visit()), Decision.DECLINE, reason_kind=ReasonKind.SAFETY)


def test_a_request_that_ended_meanwhile_cannot_be_accepted_into_a_booking(scene: Scene) -> None:
    visit = scene.request(starts_at=make.NOW + timedelta(hours=1))
    waiting = review(visit, BLOOD_THINNER)
    with pytest.raises(NotNow):
        decided(scene, waiting, Decision.ACCEPT, now=visit.starts_at)
    db.session.rollback()
    assert make.refreshed(waiting).decided_at is None


def test_a_page_that_is_old_decides_nothing(scene: Scene) -> None:
    waiting = review(scene.visit())
    with pytest.raises(Stale):
        decided(scene, waiting, Decision.ACCEPT, revision=waiting.revision + 1)
    decided(scene, waiting, Decision.ACCEPT)
    with pytest.raises(Stale):
        decided(scene, waiting, Decision.ACCEPT)
    assert make.count(Plan) == 1


def test_a_decision_made_by_somebody_else_since_the_row_was_read_is_not_overwritten(scene: Scene) -> None:
    waiting = review(scene.visit())
    colleague = make.user()
    # Another request decided after this session read the review: the row in memory does not know.
    db.session.execute(
        sa.text(
            "UPDATE reviews SET decided_at = :now, decision = 'accept', decided_by_id = :who, revision = 2"
        ),
        {"now": make.NOW, "who": colleague.id},
    )
    with pytest.raises(Stale):
        decided(scene, waiting, Decision.REPLACE, modalities=["swedish"], **CHANGED)
    db.session.rollback()


def test_a_newer_decision_ends_the_course_before_it(scene: Scene) -> None:
    visit = scene.visit()
    decided(scene, review(visit), Decision.ACCEPT)
    first = courses.plan_of(scene.ada.id)
    decided(scene, review(visit, {**KNOTS, "pain_duration": "lt_6w"}), Decision.ACCEPT)
    second = courses.plan_of(scene.ada.id)
    assert first is not None
    assert second is not None
    assert make.refreshed(first).ended_at == make.NOW
    assert second.id != first.id
    # The visit is a session of one course only.
    assert planned_sessions(second.id)[0].appointment_id is None


def test_at_refer_there_is_nothing_to_accept_and_a_choice_clears_the_rules_with_a_reason(
    scene: Scene,
) -> None:
    visit = scene.request()
    waiting = review(visit, FEVER)
    with pytest.raises(services.NothingSuggested):
        decided(scene, waiting, Decision.ACCEPT, reason="Seen by a doctor")
    with pytest.raises(services.DecisionReasonNeeded):
        decided(scene, waiting, Decision.REPLACE, modalities=["relaxation"], **CHANGED)
    decided(scene, waiting, Decision.REPLACE, modalities=["relaxation"], reason="Seen by a doctor", **CHANGED)
    clearance = db.session.scalars(sa.select(Clearance)).one()
    assert clearance.rules == ["R03"]
    assert clearance.reason == "Seen by a doctor"
    assert clearance.until == make.NOW + services.CLEARED_FOR
    now_at = safety_standing(browser=None, client_id=scene.ada.id, now=make.NOW, zone="Europe/Berlin")
    assert now_at.level is not None
    assert not now_at.level.stops
    assert make.refreshed(visit).state == State.BOOKED


def test_a_therapist_may_say_that_further_visits_need_no_request(scene: Scene) -> None:
    waiting = review(scene.request(), BLOOD_THINNER)
    with pytest.raises(services.DecisionReasonNeeded):
        decided(scene, waiting, Decision.ACCEPT, clears=True)
    decided(scene, waiting, Decision.ACCEPT, clears=True, reason="The doctor agrees to light work")
    now_at = safety_standing(browser=None, client_id=scene.ada.id, now=make.NOW, zone="Europe/Berlin")
    assert now_at.level == "ok"
    # What the rule leaves out stays left out.
    assert "deep_tissue" in now_at.excluded


def test_an_urgent_answer_is_never_followed_by_a_plan(scene: Scene) -> None:
    visit = scene.visit(state=State.CANCELLED, cancelled_by="system")
    waiting = review(visit, NUMBNESS)
    for decision in (Decision.ACCEPT, Decision.REPLACE):
        with pytest.raises(services.OnlyToClose):
            decided(scene, waiting, decision, modalities=["swedish"], reason="All is well", **CHANGED)
    with pytest.raises(services.OnlyToClose):
        services.clear(
            waiting.submission,
            rules=["U01"],
            reason="No",
            until=make.NOW,
            by=scene.therapist_user,
            now=make.NOW,
        )
    decided(scene, waiting, Decision.DECLINE, reason_kind=ReasonKind.SAFETY)
    assert make.count(Plan) == 0


def test_only_a_rule_that_fired_is_cleared(scene: Scene) -> None:
    waiting = review(scene.request(), BLOOD_THINNER)
    named: dict[str, Any] = {
        "reason": "Agreed",
        "until": make.NOW,
        "by": scene.therapist_user,
        "now": make.NOW,
    }
    for rules in ([], ["R17"], ["T01", "R17"]):
        with pytest.raises(NotFound):
            services.clear(waiting.submission, rules=rules, **named)
    services.clear(waiting.submission, rules=["T01"], **named)


def test_the_short_form_of_a_visit_is_accepted_without_a_new_plan(scene: Scene) -> None:
    waiting = review(
        scene.visit(), {k: v for k, v in KNOTS.items() if k.startswith("red_flags.")}, kind="day_of_visit"
    )
    with pytest.raises(services.NotThisType):
        decided(scene, waiting, Decision.REPLACE, modalities=["swedish"], **CHANGED)
    decided(scene, waiting, Decision.ACCEPT)
    assert make.count(Plan) == 0


def test_a_decision_leaves_field_names_in_the_audit_and_no_answer(scene: Scene) -> None:
    waiting = review(scene.visit())
    decided(scene, waiting, Decision.REPLACE, modalities=["swedish"], reason="Prefers calm hands", **CHANGED)
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "decide")).one()
    assert entry.actor == f"user:{scene.therapist_user.id}"
    assert entry.client_id == scene.ada.id
    assert entry.fields == ["decision", "chosen", "reason"]
    stored = db.session.execute(sa.text("SELECT row_to_json(r)::text FROM reviews r")).scalar_one()
    assert "calm hands" not in stored
    assert "swedish" not in stored


def test_a_review_of_an_erased_client_waits_for_nobody(scene: Scene) -> None:
    review(scene.visit())
    scene.ada.erased_at = make.NOW
    db.session.commit()
    assert plans.queue(scene.therapist_user.id, make.NOW) == []


def test_a_request_without_answers_waits_apart(scene: Scene) -> None:
    plain = scene.visit(state=State.REQUESTED, request_reason="plain")
    with_answers = scene.request(starts_at=make.NOW + timedelta(days=5))
    review(with_answers, BLOOD_THINNER)
    assert plans.plain_requests(scene.therapist_user.id) == [plain]
    assert plans.plain_requests(make.user().id) == []
    assert plans.plain_requests() == [plain]
    assert isinstance(plain, Appointment)
