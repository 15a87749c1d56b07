"""What is asked between booking and visit: page by page, judged as it is saved, and one version in the end."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking import attendance
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.guidance.levels import Level
from clinic.guidance.schedule import Instrument
from clinic.intake import drafts, preparation_parts, queries
from clinic.intake.models import Consent, Purpose, RaisedLevel, Submission
from clinic.intake.services import LookAgain
from clinic.maintenance import sweeps
from clinic.plans import before_visit, courses, preparation, scores, services
from clinic.plans.models import OutcomeEntry, Review, VisitPreparation
from clinic.plans.preparation import PartsLeft, Preparation, PreparationClosed
from tests.intake import walk
from tests.plans import at_the_gate
from tests.plans.conftest import Scene

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = "Europe/Berlin"


@pytest.fixture
def visit(scene: Scene, now: datetime) -> Appointment:
    """A visit in three days, whose client answered only what was asked before the booking."""
    at_the_gate.send(scene.ada, now)
    return scene.visit()


def found(visit: Appointment, at: datetime) -> Preparation:
    prepared = preparation.preparation_of(visit, at)
    assert prepared is not None
    return prepared


def save(visit: Appointment, code: str, at: datetime, **changes: list[str]) -> preparation.Saved:
    posted = at_the_gate.posts(found(visit, at), code, **changes)
    return preparation.save_part(visit, code, posted, actor="link", now=at)


def save_all(visit: Appointment, at: datetime, **changes: list[str]) -> None:
    while (task := found(visit, at).next_after("")) is not None:
        save(visit, task.part.code, at, **changes)


def finish(visit: Appointment, at: datetime, looked_at: tuple[str, ...] = ()) -> Submission | None:
    return preparation.finish(visit, looked_at=looked_at, actor="link", now=at)


def versions(visit: Appointment) -> list[Submission]:
    of_client = sa.select(Submission).where(Submission.client_id == visit.client_id)
    return list(db.session.scalars(of_client.order_by(Submission.submitted_at)))


def standing(visit: Appointment, at: datetime) -> queries.SafetyStanding:
    return queries.safety_standing(browser=None, client_id=visit.client_id, now=at, zone=ZONE)


def codes(prepared: Preparation, *, done: bool) -> list[str]:
    return [task.part.code for task in prepared.tasks if task.is_done is done]


# What is asked


def test_what_the_booking_did_not_need_is_asked_in_ten_parts_at_most(
    visit: Appointment, now: datetime
) -> None:
    prepared = found(visit, now)
    assert codes(prepared, done=False) == [
        "day", "lately", "hopes", "where", "feel", "rest", "everyday", "session", "types", "care",
    ]  # fmt: skip
    asked = [question.field for task in prepared.tasks for question in task.questions]
    assert len(asked) == len(set(asked))
    assert not set(asked) & set(prepared.sent.answers)
    assert prepared.progress.minutes == 8


def test_every_question_stands_in_exactly_one_part() -> None:
    fields = [question.field for part in preparation_parts.PREPARATION_PARTS for question in part.questions]
    assert len(fields) == len(set(fields))


def test_somebody_without_pain_is_not_asked_about_it(scene: Scene, now: datetime) -> None:
    at_the_gate.send(scene.ada, now, back_pain_now=["no"])
    prepared = found(scene.visit(), now)
    assert not {"where", "feel"} & {task.part.code for task in prepared.tasks}
    everyday = prepared.task("everyday")
    assert [question.field for question in everyday.questions] == ["psfs"]


def test_allergies_wait_where_no_scent_was_chosen_and_bring_their_own_words(
    visit: Appointment, now: datetime
) -> None:
    care = found(visit, now).task("care")
    assert {"allergies", "own_words.allergies", "other_care"} <= {
        question.field for question in care.questions
    }


def test_a_question_that_another_part_opens_is_to_do_again(visit: Appointment, now: datetime) -> None:
    save(visit, "feel", now)
    assert "feel" in codes(found(visit, now), done=True)
    save(visit, "day", now, activity_level=["athlete"])
    prepared = found(visit, now)
    assert "feel" in codes(prepared, done=False)
    assert "sport_context" in {question.field for question in prepared.task("feel").questions}


def test_nothing_is_asked_of_somebody_who_answered_everything(scene: Scene, now: datetime) -> None:
    walk.sent(now)
    db.session.execute(sa.update(Submission).values(client_id=scene.ada.id))
    assert preparation.preparation_of(scene.visit(), now) is None
    assert preparation.progress_of(scene.visit(starts_at=now + 5 * DAY), now) is None


def test_nothing_is_asked_for_a_treatment_without_health_questions(visit: Appointment, now: datetime) -> None:
    visit.treatment.intake = "none"
    assert preparation.preparation_of(visit, now) is None
    assert preparation.progress_of(visit, now) is None


def test_nothing_is_asked_once_the_visit_is_over_off_or_stopped(visit: Appointment, now: datetime) -> None:
    assert preparation.preparation_of(visit, visit.ends_at - HOUR / 60) is not None
    assert preparation.preparation_of(visit, visit.ends_at) is None
    for state, reason in ((State.CANCELLED, None), (State.MISSED, None), (State.REQUESTED, "safety")):
        visit.state, visit.request_reason = state, reason
        assert not preparation.is_open(visit, now)
    visit.state, visit.request_reason = State.REQUESTED, "approval"
    assert preparation.is_open(visit, now)
    visit.state = State.BOOKED
    db.session.rollback()


def test_nothing_is_asked_once_the_consent_is_withdrawn(visit: Appointment, now: datetime) -> None:
    db.session.execute(sa.update(Consent).values(withdrawn_at=now))
    assert preparation.preparation_of(visit, now) is None
    assert preparation.progress_of(visit, now) is None


# Saving


def test_parts_are_saved_in_any_order_and_counted_in_numbers_alone(visit: Appointment, now: datetime) -> None:
    assert preparation.progress_of(visit, now) == preparation.PreparationProgress(done=0, left=10)
    save(visit, "types", now)
    save(visit, "day", now)
    assert codes(found(visit, now), done=True) == ["day", "types"]
    assert preparation.progress_of(visit, now) == preparation.PreparationProgress(done=2, left=8)


def test_a_part_with_a_gap_is_refused_and_nothing_of_it_stored(visit: Appointment, now: datetime) -> None:
    posted = at_the_gate.posts(found(visit, now), "day") | {"occupation_type": []}
    with pytest.raises(drafts.DraftIncomplete) as refused:
        preparation.save_part(visit, "day", posted, actor="link", now=now)
    assert list(refused.value.problems) == ["occupation_type"]
    assert found(visit, now).added == {}


def test_a_part_nobody_asked_this_client_is_refused(visit: Appointment, now: datetime) -> None:
    for code in ("safety-1", "medicines", "nothing"):
        with pytest.raises(PreparationClosed):
            preparation.save_part(visit, code, {}, actor="link", now=now)


def test_only_answers_of_the_part_are_taken(visit: Appointment, now: datetime) -> None:
    posted = at_the_gate.posts(found(visit, now), "day") | {"age_years": ["12"], "today": ["fever"]}
    preparation.save_part(visit, "day", posted, actor="link", now=now)
    assert found(visit, now).added.keys() == {"occupation_type", "sitting_hours_per_day", "activity_level"}


def test_what_was_saved_can_be_changed_until_it_is_finished_and_after(
    visit: Appointment, now: datetime
) -> None:
    save(visit, "day", now, occupation_type=["desk"])
    save(visit, "day", now + HOUR, occupation_type=["driving"])
    assert found(visit, now + HOUR).answers["occupation_type"] == "driving"
    save_all(visit, now + HOUR)
    assert finish(visit, now + 2 * HOUR) is not None
    save(visit, "day", now + 3 * HOUR, occupation_type=["desk"])
    changed = finish(visit, now + 4 * HOUR)
    assert changed is not None
    assert changed.answers["occupation_type"] == "desk"


def test_each_save_is_recorded_by_field_names_alone(visit: Appointment, now: datetime) -> None:
    save(visit, "day", now)
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "preparation")).one()
    assert (entry.action, entry.client_id) == ("answer", visit.client_id)
    assert entry.fields == ["activity_level", "occupation_type", "sitting_hours_per_day"]


# One version


def test_finishing_makes_one_version_with_everything_in_it(visit: Appointment, now: datetime) -> None:
    with pytest.raises(PreparationClosed):
        preparation.finish(visit, looked_at=(), actor="link", now=visit.ends_at)
    save(visit, "day", now)
    with pytest.raises(PartsLeft):
        finish(visit, now)
    save_all(visit, now + HOUR)
    assert len(versions(visit)) == 1
    made = finish(visit, now + 2 * HOUR)
    before, after = versions(visit)
    assert made is after
    assert after.answers.items() >= before.answers.items()
    assert after.answers["occupation_type"] == "desk"
    assert (before.parts_open, after.parts_open) == (10, 0)
    assert preparation.progress_of(visit, now + 2 * HOUR) == preparation.PreparationProgress(done=10, left=0)
    assert standing(visit, now + 2 * HOUR).consented


def test_a_yes_to_the_doctor_becomes_a_consent_and_a_later_no_withdraws_it(
    visit: Appointment, now: datetime
) -> None:
    ours = sa.select(Consent).where(
        Consent.client_id == visit.client_id, Consent.purpose == Purpose.SHARE_WITH_CLINICIAN
    )
    save_all(visit, now, consent_share_with_clinician=["yes"])
    assert db.session.scalars(ours).all() == [], "agreed to when it is handed in"
    finish(visit, now)
    (given,) = db.session.scalars(ours)
    assert (given.given_at, given.withdrawn_at) == (now, None)
    save(visit, "care", now + HOUR, consent_share_with_clinician=["yes"])
    finish(visit, now + HOUR)
    assert all(row.withdrawn_at is None for row in db.session.scalars(ours))
    save(visit, "care", now + 2 * HOUR, consent_share_with_clinician=["no"])
    finish(visit, now + 2 * HOUR)
    assert {row.withdrawn_at for row in db.session.scalars(ours)} == {now + 2 * HOUR}


def test_finishing_twice_makes_one_version(visit: Appointment, now: datetime) -> None:
    save_all(visit, now)
    assert finish(visit, now + HOUR) is not None
    assert finish(visit, now + 2 * HOUR) is None
    assert preparation.hand_in(visit.id, now + 3 * HOUR) is None
    assert len(versions(visit)) == 2


def test_what_contradicts_is_asked_to_be_looked_at_before_it_is_finished(
    visit: Appointment, now: datetime
) -> None:
    save_all(visit, now, pain_now_nrs=["10"], sitting_hours_per_day=["14"], activity_level=["athlete"])
    with pytest.raises(LookAgain) as asked:
        finish(visit, now)
    assert {one.rule for one in asked.value.found} == {"X06"}
    assert not db.session.scalars(sa.select(RaisedLevel)).all()
    assert finish(visit, now, looked_at=("X06",)) is not None
    raised = db.session.scalars(sa.select(RaisedLevel)).one()
    assert (raised.level, raised.client_id) == ("therapist_review", visit.client_id)
    assert make_state(visit) == State.BOOKED


def make_state(visit: Appointment) -> str:
    db.session.refresh(visit)
    return visit.state


def test_at_arrival_what_was_given_becomes_the_version_and_sets_no_floor_unasked(
    visit: Appointment, now: datetime
) -> None:
    save(visit, "day", now, sitting_hours_per_day=["14"], activity_level=["athlete"])
    at = visit.starts_at - HOUR
    attendance.arrive(visit.id, actor="staff", now=at)
    made = preparation.hand_in(visit.id, at)
    assert made is not None
    assert made.answers["occupation_type"] == "desk"
    assert made.parts_open == 9
    assert not db.session.scalars(sa.select(RaisedLevel)).all()
    assert preparation.hand_in(visit.id, at) is None
    assert make_state(visit) == State.ARRIVED


def test_the_sweep_hands_in_once_the_visit_begins(
    visit: Appointment, now: datetime, the_clock_says: Callable[[datetime], None]
) -> None:
    save(visit, "day", now)
    assert preparation.waiting_to_be_handed_in(visit.starts_at - HOUR) == []
    assert preparation.waiting_to_be_handed_in(visit.starts_at) == [visit.id]
    the_clock_says(visit.starts_at)
    for _ in range(2):
        sweeps.hand_in_preparations()
    assert len(versions(visit)) == 2
    assert preparation.waiting_to_be_handed_in(visit.starts_at) == []


def test_a_cancelled_visit_hands_in_nothing(visit: Appointment, now: datetime) -> None:
    save(visit, "day", now)
    visit.state, visit.cancelled_by = State.CANCELLED, "client"
    db.session.flush()
    assert preparation.waiting_to_be_handed_in(visit.starts_at) == []


def test_what_is_left_can_be_answered_after_arriving(visit: Appointment, now: datetime) -> None:
    save(visit, "day", now)
    at = visit.starts_at - HOUR / 6
    attendance.arrive(visit.id, actor="staff", now=at)
    preparation.hand_in(visit.id, at)
    save_all(visit, at + HOUR / 60)
    made = finish(visit, at + HOUR / 30)
    assert made is not None
    assert made.parts_open == 0


def test_scores_are_stored_once_and_count_as_the_start_of_the_course(
    scene: Scene, visit: Appointment, now: datetime
) -> None:
    review = services.open_review(versions(visit)[0].outcome, scene.ada.id, visit, now)
    services.decide(review, decision=services.Decision.ACCEPT, revision=1, by=scene.therapist_user, now=now)
    save_all(visit, now + HOUR, psfs=["Carrying shopping", "4"])
    assert finish(visit, now + 2 * HOUR) is not None
    plan = courses.plan_of(scene.ada.id)
    assert plan is not None
    start = scores.start_of(plan)
    assert start[Instrument.PEG].scores == {"pain": 4, "enjoyment": 3, "activity": 3}
    assert start[Instrument.PSFS].scores == {"activities": [{"activity": "Carrying shopping", "score": 4}]}
    assert start[Instrument.NRS].scores["average"] == 4
    assert db.session.scalar(sa.select(sa.func.count()).select_from(OutcomeEntry)) == 4


def test_the_open_review_sees_the_newest_version_and_an_older_page_is_stale(
    scene: Scene, visit: Appointment, now: datetime
) -> None:
    review = services.open_review(versions(visit)[0].outcome, scene.ada.id, visit, now)
    save_all(visit, now + HOUR)
    made = finish(visit, now + 2 * HOUR)
    db.session.refresh(review)
    assert review.submission is made
    assert review.outcome is made.outcome
    with pytest.raises(services.Stale):
        services.decide(
            review, decision=services.Decision.ACCEPT, revision=1, by=scene.therapist_user, now=now
        )
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Review)) == 1


# Safety


def test_a_red_flag_given_later_stops_the_visit_at_once(scene: Scene, now: datetime) -> None:
    at_the_gate.send(scene.ada, now, without=("safety-1",))
    visit = scene.visit()
    saved = save(visit, "safety-1", now + HOUR, red_flags_saddle_numbness=["yes"])
    assert saved.level is Level.URGENT
    assert saved.standing is not None
    assert saved.standing.level is Level.URGENT
    assert make_state(visit) == State.CANCELLED
    assert len(versions(visit)) == 2
    assert preparation.preparation_of(visit, now + HOUR) is None


def test_an_urgent_answer_counts_although_the_rest_is_missing(scene: Scene, now: datetime) -> None:
    at_the_gate.send(scene.ada, now, without=("safety-1",))
    visit = scene.visit()
    posted = {"red_flags.saddle_numbness": ["yes"]}
    saved = preparation.save_part(visit, "safety-1", posted, actor="link", now=now)
    assert saved.level is Level.URGENT
    assert make_state(visit) == State.CANCELLED


def test_a_refer_answer_turns_the_visit_into_a_request_with_the_reason_in_a_review(
    scene: Scene, now: datetime
) -> None:
    at_the_gate.send(scene.ada, now, without=("safety-3",))
    visit = scene.visit()
    saved = save(visit, "safety-3", now + HOUR, red_flags_weight_loss=["yes"])
    assert saved.level is Level.REFER
    assert make_state(visit) == State.REQUESTED
    assert visit.request_reason == "safety"
    review = db.session.scalars(sa.select(Review)).one()
    assert review.submission is saved.submission
    assert review.submission.answers["red_flags.weight_loss"] == "yes"


def test_a_wish_for_a_look_reaches_a_therapist_and_the_visit_stands(
    visit: Appointment, now: datetime
) -> None:
    wish = {"own_words.allergies": ["Bees, badly", "yes"]}
    saved = preparation.save_part(
        visit, "care", at_the_gate.posts(found(visit, now), "care") | wish, actor="link", now=now + HOUR
    )
    assert saved.level is Level.THERAPIST_REVIEW
    assert make_state(visit) == State.BOOKED
    assert db.session.scalars(sa.select(Review)).one().appointment_id == visit.id
    assert "care" in codes(found(visit, now + HOUR), done=True)


def test_a_cleared_client_fills_in_every_later_part_and_the_visit_stands_until_one_red_flag(
    scene: Scene, now: datetime
) -> None:
    sent = at_the_gate.send(
        scene.ada, now, types=("swedish",), without=("safety-3",), conditions=["recent_fracture_lt_12w"]
    )
    assert "R17" in sent.outcome.rules
    services.clear(
        sent,
        rules=["R17"],
        reason="Seen by her surgeon",
        until=now + 30 * DAY,
        by=scene.therapist_user,
        now=now,
    )
    visit = scene.visit()
    at = now + HOUR
    for task in found(visit, at).tasks:
        if task.part.code != "safety-3":
            save(visit, task.part.code, at)
            assert make_state(visit) == State.BOOKED, task.part.code
    assert not db.session.scalars(sa.select(RaisedLevel)).all()
    preparation.hand_in(visit.id, at)
    assert make_state(visit) == State.BOOKED
    assert (standing(visit, at).level or Level.OK) < Level.THERAPIST_REVIEW
    save(visit, "safety-3", at + HOUR, red_flags_weight_loss=["yes"])
    assert make_state(visit) == State.REQUESTED


def test_what_a_therapist_cleared_before_raises_nothing_when_it_is_said_again(
    scene: Scene, now: datetime
) -> None:
    sent = at_the_gate.send(scene.ada, now - 9 * DAY, red_flags_weight_loss=["yes"])
    services.clear(
        sent,
        rules=sent.outcome.rules,
        reason="Seen by her doctor",
        until=now + 30 * DAY,
        by=scene.therapist_user,
        now=now - 9 * DAY,
    )
    at_the_gate.send(scene.ada, now, without=("safety-3",))
    visit = scene.visit()
    assert save(visit, "safety-3", now + HOUR, red_flags_weight_loss=["yes"]).level is Level.OK
    assert make_state(visit) == State.BOOKED
    assert preparation.hand_in(visit.id, now + 2 * HOUR) is not None
    assert make_state(visit) == State.BOOKED
    assert not db.session.scalars(sa.select(RaisedLevel)).all()


def test_what_staff_booked_over_stays_booked_when_nothing_new_is_said(scene: Scene, now: datetime) -> None:
    at_the_gate.send(scene.ada, now, conditions=["recent_fracture_lt_12w"])
    visit = scene.visit()
    save_all(visit, now + HOUR)
    finish(visit, now + 2 * HOUR)
    assert make_state(visit) == State.BOOKED
    assert not db.session.scalars(sa.select(RaisedLevel)).all()


def test_a_later_part_renews_neither_the_safety_part_nor_the_floor_nor_the_six_months(
    visit: Appointment, now: datetime
) -> None:
    db.session.add(
        RaisedLevel(client_id=visit.client_id, level="refer", disposition="doctor", raised_at=now - HOUR)
    )
    db.session.flush()
    save_all(visit, now + 2 * DAY)
    finish(visit, now + 2 * DAY)
    assert standing(visit, now + 2 * DAY - HOUR).fresh
    assert not standing(visit, now + 2 * DAY).fresh
    assert standing(visit, now + 7 * DAY - 2 * HOUR).level is Level.THERAPIST_REVIEW
    assert (standing(visit, now + 7 * DAY).level or Level.OK) < Level.THERAPIST_REVIEW
    assert standing(visit, now + 182 * DAY).submission is not None
    assert standing(visit, now + 183 * DAY).submission is None


def test_a_later_part_does_not_soften_what_was_raised_since_the_booking(
    visit: Appointment, now: datetime
) -> None:
    db.session.add(
        RaisedLevel(client_id=visit.client_id, level="refer", disposition="doctor", raised_at=now + HOUR)
    )
    db.session.flush()
    save_all(visit, now + 2 * HOUR)
    finish(visit, now + 3 * HOUR)
    assert standing(visit, now + 4 * HOUR).level is Level.REFER


def test_drinking_today_is_not_drinking_on_the_day_of_a_later_part(scene: Scene, now: datetime) -> None:
    at_the_gate.send(scene.ada, now, today=["alcohol_or_drugs"])
    visit = scene.visit()
    save_all(visit, now + 2 * DAY)
    finish(visit, now + 2 * DAY)
    assert (standing(visit, now + 2 * DAY).level or Level.OK) < Level.REFER


def test_the_short_form_of_the_day_stays_in_force_below_a_later_version(
    visit: Appointment, now: datetime
) -> None:
    at = visit.starts_at - 20 * HOUR
    posted = {
        question.field: walk.answer_to(question, {"medications": ["anticoagulant"]})
        for question in before_visit.sheet(visit, at).questions
    }
    before_visit.answer(visit, posted, actor="link", now=at)
    save_all(visit, at + HOUR)
    made = finish(visit, at + 2 * HOUR)
    assert made is not None
    assert made.answers["medications"] == ["anticoagulant"]
    assert "T01" in made.outcome.rules
    assert made.safety_part_sent_at == at
    assert standing(visit, at + 2 * HOUR).level is Level.THERAPIST_REVIEW


# How long


def test_what_is_not_finished_is_deleted_after_two_weeks(visit: Appointment, now: datetime) -> None:
    save(visit, "day", now)
    visit.starts_at, visit.ends_at = now + 30 * DAY, now + 30 * DAY + HOUR
    visit.occupied_from, visit.occupied_until = visit.starts_at, visit.ends_at
    db.session.flush()
    later = now + 14 * DAY
    assert codes(found(visit, later), done=True) == []
    assert save(visit, "types", later).preparation.progress.done == 1
    preparation.old_preparations(later - HOUR).delete()
    assert len(db.session.scalars(sa.select(VisitPreparation)).all()) == 1
    preparation.old_preparations(later).delete()
    assert db.session.scalars(sa.select(VisitPreparation)).all() == []


def test_answers_are_sealed(visit: Appointment, now: datetime) -> None:
    save(visit, "day", now, occupation_type=["desk"])
    row = db.session.scalars(sa.select(VisitPreparation)).one()
    for sealed in (row.answers_sealed, row.answered_at_sealed):
        assert b"desk" not in sealed
        assert b"occupation" not in sealed


# Who may open it


def test_the_browser_of_the_booking_and_that_of_a_link_may_open_it(visit: Appointment, now: datetime) -> None:
    visit.booked_in = b"1" * 32
    assert preparation.may_open(visit, b"1" * 32)
    assert not preparation.may_open(visit, None)
    assert not preparation.may_open(visit, b"2" * 32)
    assert preparation.bind(visit, b"2" * 32, now)
    assert preparation.may_open(visit, b"2" * 32)
    assert not preparation.may_open(visit, b"3" * 32)
    assert not preparation.bind(visit, b"3" * 32, visit.ends_at)
