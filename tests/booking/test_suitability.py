"""What safety left out is never confirmed: 22 weeks pregnant, asked for an hour of deep tissue massage."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, Client, User
from clinic.booking import changes, desk, fitting, request_decisions, services, suitability
from clinic.booking.models import Appointment, SafetyWaiver, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.series import new_series, series_changes
from clinic.booking.series.new_series import LookFirst, Order, Slot
from clinic.booking.series.series_changes import Pick, SeriesMove
from clinic.booking.suitability import Mismatch, NotSuitable, OtherTherapist, Proposed, judge
from clinic.db import db, transaction
from clinic.intake.queries import safety_standing
from clinic.intake.visit_limits import VisitLimits
from clinic.plans import services as plans
from clinic.practice.models import Location, Therapist, Treatment
from tests.conftest import NOW
from tests.make import Make
from tests.plans.intakes import KNOTS, PREGNANT, send

AT = NOW + timedelta(days=3)
STAFF = "user:x"
OF_A_VISIT = (Mismatch.LEFT_OUT, Mismatch.TOO_LONG, Mismatch.NOT_TRAINED)
"""What can be wrong with a visit; pressure and areas are planned for a course only."""
PREGNANT_LIMITS = VisitLimits(
    left_out={"deep_tissue": frozenset({"C10"}), "mechanical_impulse": frozenset({"C10"})},
    most_minutes=45,
    trainings=frozenset({"prenatal"}),
)


@dataclass(frozen=True)
class Practice:
    """Two therapists, of whom only Priya is trained for pregnancy, three treatments, and Paula."""

    make: Make
    place: Location
    maeve: Therapist
    priya: Therapist
    deep: Treatment
    hour: Treatment
    short: Treatment
    paula: Client
    clerk: User

    def asked(self, sold: Treatment, by: Therapist, **columns: Any) -> Appointment:
        """Paula's request."""
        return self.make.appointment(
            of=sold,
            therapist=by,
            who=self.paula,
            **{"starts_at": AT, "state": State.REQUESTED, "request_reason": "excluded", **columns},
        )

    def objections(self, sold: Treatment, by: Therapist) -> set[Mismatch]:
        """What speaks against it for Paula."""
        standing = safety_standing(browser=None, client_id=self.paula.id, now=NOW, zone="Europe/Berlin")
        against = suitability.objections(Proposed.by(sold, by), standing, self.paula.id)
        return {one.mismatch for one in against}

    def waive(self, visit: Appointment, *, whole_course: bool = False) -> SafetyWaiver:
        """Set aside everything that speaks against a visit."""
        standing = safety_standing(browser=None, client_id=self.paula.id, now=NOW, zone="Europe/Berlin")
        assert standing.submission is not None
        return suitability.set_aside(
            self.paula.id,
            suitability.objections_to(visit, NOW),
            visit=visit,
            submission_id=standing.submission.id,
            whole_course=whole_course,
            reason="Her midwife agrees",
            by=self.clerk,
            now=NOW,
        )


@pytest.fixture
def house(make: Make) -> Practice:
    make.practice()
    place = make.location()
    maeve = make.therapist(place, given_name="Maeve")
    priya = make.therapist(place, given_name="Priya", skills=["prenatal"])
    both = [maeve, priya]
    return Practice(
        make,
        place,
        maeve,
        priya,
        make.treatment(therapists=both, name="Deep tissue massage", modalities=["deep_tissue"]),
        make.treatment(therapists=both, name="Swedish massage, an hour"),
        make.treatment(therapists=both, name="Swedish massage", minutes=45, price_cents=4500),
        make.client(given_name="Paula"),
        make.user(roles=["therapist"]),
    )


@pytest.fixture
def pregnant(house: Practice) -> Practice:
    """Paula's answers, already looked at: a therapist cleared the rule that asks for a look before each booking."""
    submission = send(house.paula, PREGNANT).submission
    plans.clear(
        submission,
        rules=["T06"],
        reason="Looked at it",
        until=NOW + timedelta(days=30),
        by=house.clerk,
        now=NOW,
    )
    db.session.commit()
    return house


# --- the judgement --------------------------------------------------------------------------------------------------------


def test_treatment_outcome_therapist_and_length_are_judged_together(house: Practice) -> None:
    asked = Proposed.by(house.deep, house.maeve)
    assert [one.mismatch for one in judge(asked, PREGNANT_LIMITS)] == list(OF_A_VISIT)
    assert judge(Proposed.by(house.short, house.priya), PREGNANT_LIMITS) == ()


@pytest.mark.parametrize(
    ("sold", "by", "expected"),
    [
        ("deep", "priya", {Mismatch.LEFT_OUT, Mismatch.TOO_LONG}),
        ("hour", "priya", {Mismatch.TOO_LONG}),
        ("short", "maeve", {Mismatch.NOT_TRAINED}),
        ("short", "priya", set()),
    ],
)
def test_each_mismatch_is_found_alone(
    pregnant: Practice, sold: str, by: str, expected: set[Mismatch]
) -> None:
    assert pregnant.objections(getattr(pregnant, sold), getattr(pregnant, by)) == expected


def test_a_mixed_treatment_suits_while_the_type_it_leads_with_is_left(house: Practice) -> None:
    deep_first = replace(Proposed.by(house.short, house.priya), modalities=("deep_tissue", "swedish"))
    (against,) = judge(deep_first, PREGNANT_LIMITS)
    assert (against.mismatch, against.sentence) == (
        Mismatch.LEFT_OUT,
        "Deep tissue massage is left out for safety",
    )
    assert judge(replace(deep_first, modalities=("swedish", "deep_tissue")), PREGNANT_LIMITS) == ()


def test_a_type_that_needs_a_training_needs_it_of_its_therapist(house: Practice) -> None:
    limits = VisitLimits(left_out={})
    drainage = replace(Proposed.by(house.short, house.priya), modalities=("manual_lymphatic_drainage",))
    assert [one.mismatch for one in judge(drainage, limits)] == [Mismatch.NOT_TRAINED]
    assert judge(replace(drainage, modalities=("manual_lymphatic_drainage", "swedish")), limits) == ()
    house.priya.skills = ["prenatal", "manual_lymphatic_drainage"]
    assert judge(drainage, limits) == ()


def test_every_rule_against_a_type_has_to_be_set_aside(house: Practice) -> None:
    limits = VisitLimits(left_out={"deep_tissue": frozenset({"C10", "C07"})})
    asked = Proposed.by(house.deep, house.priya)
    assert judge(asked, limits, ["rule:C10"])
    assert judge(asked, limits, ["rule:C10", "rule:C07"]) == ()


def test_answers_that_stop_a_booking_still_know_their_longest_session(house: Practice) -> None:
    send(house.paula, {**PREGNANT, "today": ["fever"]})
    assert Mismatch.TOO_LONG in house.objections(house.hour, house.priya)


def test_older_outcomes_know_the_longest_session_from_their_plan(house: Practice) -> None:
    outcome = send(house.paula, PREGNANT)
    outcome.explanation = {k: v for k, v in outcome.explanation.items() if k != "most_minutes"}
    db.session.commit()
    assert house.objections(house.hour, house.priya) == {Mismatch.TOO_LONG}


def test_without_answers_nothing_speaks_against_a_visit(house: Practice) -> None:
    assert house.objections(house.deep, house.maeve) == set()


# --- booking --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sold", "by"), [("deep", "priya"), ("hour", "priya"), ("short", "maeve")])
def test_what_does_not_suit_is_only_requested_online_and_at_the_desk(
    pregnant: Practice, sold: str, by: str
) -> None:
    treatment, person = getattr(pregnant, sold), getattr(pregnant, by)
    wish = SearchCriteria(treatment.id, therapist_id=person.id)
    with transaction():
        kept = services.hold(wish, AT, browser=b"browser", client_id=pregnant.paula.id, now=NOW)
    with transaction():
        online = services.book(kept.id, browser=b"browser", client=pregnant.paula, actor="contact:x", now=NOW)
    assert (online.state, online.request_reason) == (State.REQUESTED, "excluded")
    with transaction():
        called = desk.book(
            treatment.id,
            AT + timedelta(days=1),
            therapist_id=person.id,
            location_id=pregnant.place.id,
            client=pregnant.paula,
            by=pregnant.clerk,
            now=NOW,
        )
    assert (called.state, called.request_reason) == (State.REQUESTED, "excluded")


def test_what_suits_is_booked_at_once(pregnant: Practice) -> None:
    with transaction():
        visit = desk.book(
            pregnant.short.id,
            AT,
            therapist_id=pregnant.priya.id,
            location_id=pregnant.place.id,
            client=pregnant.paula,
            by=pregnant.clerk,
            now=NOW,
        )
    assert visit.state == State.BOOKED


def test_a_series_of_what_does_not_suit_is_not_booked(pregnant: Practice) -> None:
    order = Order(treatment_id=pregnant.short.id, location_id=pregnant.place.id)
    slots = [Slot(starts_at=AT, therapist_id=pregnant.maeve.id)]
    with pytest.raises(LookFirst), transaction():
        new_series.book(order, slots, client=pregnant.paula, actor=STAFF, now=NOW)


# --- confirming -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sold", "by"), [("deep", "priya"), ("hour", "priya"), ("short", "maeve")])
def test_a_request_that_does_not_suit_is_not_confirmed(pregnant: Practice, sold: str, by: str) -> None:
    visit = pregnant.asked(getattr(pregnant, sold), getattr(pregnant, by))
    with pytest.raises(NotSuitable):
        request_decisions.confirm(visit.id, actor=STAFF, now=NOW)
    db.session.rollback()
    assert pregnant.make.refreshed(visit).state == State.REQUESTED


def test_set_aside_for_a_reason_it_is_confirmed_and_everything_is_kept(pregnant: Practice) -> None:
    visit = pregnant.asked(pregnant.deep, pregnant.maeve)
    pregnant.waive(visit)
    assert request_decisions.confirm(visit.id, actor=STAFF, now=NOW).state == State.BOOKED
    (kept,) = suitability.waivers_of(visit.id)
    assert kept.content["reason"] == "Her midwife agrees"
    assert "training:prenatal:" in str(kept.content["keys"])
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "safety")).one()
    assert (entry.action, entry.client_id) == ("set_aside", pregnant.paula.id)
    assert set(entry.fields) == set(OF_A_VISIT)


def test_nothing_is_set_aside_without_a_reason(pregnant: Practice) -> None:
    visit = pregnant.asked(pregnant.deep, pregnant.maeve)
    with pytest.raises(suitability.SafetyReasonNeeded):
        suitability.set_aside(
            pregnant.paula.id,
            suitability.objections_to(visit, NOW),
            visit=visit,
            submission_id=None,
            whole_course=False,
            reason="  ",
            by=pregnant.clerk,
            now=NOW,
        )


def test_for_one_visit_it_counts_there_and_for_a_course_until_other_answers(pregnant: Practice) -> None:
    visit = pregnant.asked(pregnant.hour, pregnant.priya)
    pregnant.waive(visit)
    assert pregnant.objections(pregnant.hour, pregnant.priya) == {Mismatch.TOO_LONG}
    pregnant.waive(
        pregnant.asked(pregnant.hour, pregnant.priya, starts_at=AT + timedelta(days=1)), whole_course=True
    )
    assert pregnant.objections(pregnant.hour, pregnant.priya) == set()
    send(pregnant.paula, PREGNANT, at=NOW + timedelta(minutes=1))
    assert pregnant.objections(pregnant.hour, pregnant.priya) == {Mismatch.TOO_LONG}


def test_a_longer_visit_than_the_one_set_aside_is_too_long_again(house: Practice) -> None:
    asked = Proposed.by(house.hour, house.priya)
    assert judge(asked, PREGNANT_LIMITS, ["length:60"]) == ()
    assert judge(replace(asked, minutes=90), PREGNANT_LIMITS, ["length:60"])


# --- moving ---------------------------------------------------------------------------------------------------------------


def booked(house: Practice) -> Appointment:
    return house.asked(house.short, house.priya, state=State.BOOKED, request_reason=None)


@pytest.mark.parametrize("actor", [STAFF, "contact:x"])
def test_a_booked_visit_does_not_move_to_a_therapist_without_the_training(
    pregnant: Practice, actor: str
) -> None:
    visit = booked(pregnant)
    later = AT + timedelta(hours=2)
    with pytest.raises(OtherTherapist), transaction():
        changes.move(visit.id, later, therapist_id=pregnant.maeve.id, revision=1, actor=actor, now=NOW)
    with transaction():
        moved = changes.move(
            visit.id, later, therapist_id=pregnant.priya.id, revision=1, actor=actor, now=NOW
        )
    assert moved.starts_at == later


def test_nor_does_a_series(pregnant: Practice) -> None:
    order = Order(treatment_id=pregnant.short.id, location_id=pregnant.place.id)
    with transaction():
        series = new_series.book(
            order,
            [Slot(starts_at=AT, therapist_id=pregnant.priya.id)],
            client=pregnant.paula,
            actor=STAFF,
            now=NOW,
        )
    (visit,) = new_series.members(series.id)
    pick = Pick(appointment_id=visit.id, revision=visit.revision)
    to = SeriesMove(pick=pick, slot=Slot(starts_at=AT, therapist_id=pregnant.maeve.id))
    with pytest.raises(OtherTherapist), transaction():
        series_changes.move(series.id, [to], actor=STAFF, now=NOW)


# --- another treatment at the same time -----------------------------------------------------------------------------------


def test_what_the_visit_could_be_suits_and_the_suggested_type_comes_first(pregnant: Practice) -> None:
    visit = pregnant.asked(pregnant.deep, pregnant.maeve)
    found = fitting.alternatives(visit, ["swedish"], NOW)
    assert [(one.treatment.id, one.therapist.id) for one in found] == [(pregnant.short.id, pregnant.priya.id)]


def test_somebody_who_is_busy_then_is_no_alternative(pregnant: Practice) -> None:
    visit = pregnant.asked(pregnant.deep, pregnant.maeve)
    pregnant.make.appointment(
        of=pregnant.short, therapist=pregnant.priya, who=pregnant.make.client(mail=None), starts_at=AT
    )
    assert fitting.alternatives(visit, ["swedish"], NOW) == []


def test_a_visit_becomes_what_suits_at_its_own_time(pregnant: Practice) -> None:
    visit = pregnant.asked(pregnant.deep, pregnant.maeve)
    (fit,) = [one.fit for one in fitting.alternatives(visit, ["swedish"], NOW)]
    with transaction():
        fitting.refit(visit.id, fit, actor=STAFF, now=NOW, revision=1)
    assert (visit.treatment_id, visit.therapist_id) == (pregnant.short.id, pregnant.priya.id)
    assert (visit.length_minutes, visit.price_cents, visit.starts_at) == (45, 4500, AT)
    assert visit.ends_at == AT + timedelta(minutes=45)
    assert visit.revision == 2
    assert request_decisions.confirm(visit.id, actor=STAFF, now=NOW).state == State.BOOKED


def test_a_visit_does_not_become_what_does_not_suit_either(pregnant: Practice) -> None:
    visit = pregnant.asked(pregnant.deep, pregnant.maeve)
    other = fitting.Fit(treatment_id=pregnant.hour.id, therapist_id=pregnant.priya.id)
    with pytest.raises(NotSuitable), transaction():
        fitting.refit(visit.id, other, actor=STAFF, now=NOW)
    assert pregnant.make.refreshed(visit).treatment_id == pregnant.deep.id


def test_other_answers_leave_all_of_it_alone(house: Practice) -> None:
    send(house.paula, KNOTS)
    assert house.objections(house.deep, house.maeve) == set()
