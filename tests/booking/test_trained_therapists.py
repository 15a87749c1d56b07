"""Who lacks a training that a client's answers call for is not offered: on any way to a time, for the same reason."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import pytest

from clinic.accounts.models import Client
from clinic.booking import changes, suitability, trained_therapists
from clinic.booking.models import State
from clinic.booking.series import new_series, series_changes
from clinic.booking.series.new_series import Order, Rhythm
from clinic.booking.series.series_changes import SeriesShift
from clinic.booking.trained_therapists import NobodyTrained, TherapistUntrained
from clinic.booking.waiting import matching, queries
from clinic.booking.waiting.matching import WaitingListTime
from clinic.db import db, transaction
from clinic.intake.answered_limits import NOT_ANSWERED, AnsweredLimits, answered_limits
from clinic.intake.queries import safety_standing
from clinic.intake.visit_limits import VisitLimits
from clinic.practice.models import Location, Therapist, Treatment
from clinic.practice.supply import Supply, supply_of
from tests.booking.waiting_list import look, waits
from tests.conftest import NOW
from tests.make import Make
from tests.plans.intakes import KNOTS, PREGNANT, send

DRAINAGE = "manual_lymphatic_drainage"
ANSWERED = AnsweredLimits(limits=VisitLimits(left_out={}, most_minutes=60))
AT = NOW + timedelta(days=3)


@dataclass(frozen=True)
class Practice:
    """Maeve and Priya, of whom only Priya is trained for pregnancy, a treatment both give, and Paula."""

    make: Make
    place: Location
    maeve: Therapist
    priya: Therapist
    sold: Treatment
    paula: Client

    @property
    def supply(self) -> Supply:
        """What the treatment has for everybody."""
        return supply_of(self.sold.id)

    def answers(self, answers: dict[str, object] = PREGNANT, at: datetime = NOW) -> None:
        """What Paula sends."""
        send(self.paula, answers, at=at)
        db.session.commit()


@pytest.fixture
def house(make: Make) -> Practice:
    make.practice()
    place = make.location()
    maeve = make.therapist(place, given_name="Maeve")
    priya = make.therapist(place, given_name="Priya", skills=["prenatal"])
    sold = make.treatment(therapists=[maeve, priya], minutes=45)
    return Practice(make, place, maeve, priya, sold, make.client(given_name="Paula"))


@pytest.fixture
def pregnant(house: Practice) -> Practice:
    house.answers()
    return house


def offered(house: Practice) -> tuple[object, ...]:
    return trained_therapists.offered_to_client(house.supply, house.paula.id, NOW).therapists


# --- who is left out ------------------------------------------------------------------------------------------------------


def test_only_who_is_trained_for_it_is_offered_to_a_pregnant_client(pregnant: Practice) -> None:
    assert offered(pregnant) == (pregnant.priya.id,)
    for anybody in (None, pregnant.make.client(given_name="Bea").id):
        supply = trained_therapists.offered_to_client(pregnant.supply, anybody, NOW)
        assert supply.therapists == (pregnant.maeve.id, pregnant.priya.id)


def test_other_answers_leave_nobody_out(house: Practice) -> None:
    house.answers(KNOTS)
    assert offered(house) == (house.maeve.id, house.priya.id)


def test_lymph_drainage_needs_its_own_training_once_there_are_answers(house: Practice) -> None:
    house.sold.modalities = [DRAINAGE]
    house.priya.skills = [DRAINAGE]
    db.session.commit()
    drained = trained_therapists.offered_to(house.supply, ANSWERED, None)
    assert drained.therapists == (house.priya.id,)
    assert trained_therapists.offered_to(house.supply, NOT_ANSWERED, None) == house.supply


def test_the_newest_answers_count_and_only_for_six_months(pregnant: Practice) -> None:
    later = NOW + timedelta(days=200)
    assert trained_therapists.offered_to_client(pregnant.supply, pregnant.paula.id, later) == pregnant.supply
    pregnant.answers(KNOTS, at=NOW + timedelta(hours=1))
    assert offered(pregnant) == (pregnant.maeve.id, pregnant.priya.id)


def test_what_is_read_for_many_is_what_the_standing_says(pregnant: Practice) -> None:
    pregnant.answers({**KNOTS, "conditions": ["hypertension_controlled"]}, at=NOW + timedelta(minutes=1))
    short = send(pregnant.paula, PREGNANT, at=NOW + timedelta(minutes=2), kind="day_of_visit")
    explanation = {name: value for name, value in short.explanation.items() if name != "most_minutes"}
    short.explanation = {**explanation, "plan": None}
    db.session.commit()
    standing = safety_standing(browser=None, client_id=pregnant.paula.id, now=NOW, zone="Europe/Berlin")
    many = answered_limits([pregnant.paula.id, pregnant.make.client(given_name="Bea").id], NOW)
    assert many == {pregnant.paula.id: AnsweredLimits.of(standing)}


def test_what_a_therapist_set_aside_for_the_course_is_offered_again(pregnant: Practice) -> None:
    standing = safety_standing(browser=None, client_id=pregnant.paula.id, now=NOW, zone="Europe/Berlin")
    proposed = suitability.Proposed.by(pregnant.sold, pregnant.maeve)
    assert standing.submission is not None
    suitability.set_aside(
        pregnant.paula.id,
        suitability.objections(proposed, standing, pregnant.paula.id),
        visit=None,
        submission_id=standing.submission.id,
        whole_course=True,
        reason="Maeve finished the course on Friday",
        by=pregnant.make.user(roles=["therapist"]),
        now=NOW,
    )
    assert offered(pregnant) == (pregnant.maeve.id, pregnant.priya.id)


def test_why_there_is_nobody_is_said_only_where_a_training_is_the_reason(pregnant: Practice) -> None:
    whole = pregnant.supply
    supply = trained_therapists.offered_to_client(whole, pregnant.paula.id, NOW)
    without = trained_therapists.left_out(whole, supply)
    assert without == {pregnant.maeve.id}
    why = trained_therapists.why_nobody
    assert isinstance(why(without, supply, pregnant.maeve.id), TherapistUntrained)
    assert why(without, supply, pregnant.priya.id) is None
    assert why(without, supply, None) is None
    pregnant.priya.skills = []
    db.session.commit()
    nobody = trained_therapists.offered_to_client(whole, pregnant.paula.id, NOW)
    assert isinstance(why(trained_therapists.left_out(whole, nobody), nobody, None), NobodyTrained)
    assert why(frozenset(), nobody, None) is None


# --- on the ways to a time ------------------------------------------------------------------------------------------------


def test_moved_to_anybody_a_visit_goes_to_somebody_trained_rather_than_to_whom_it_was_with(
    pregnant: Practice,
) -> None:
    visit = pregnant.make.appointment(
        of=pregnant.sold, therapist=pregnant.maeve, who=pregnant.paula, starts_at=AT
    )
    later = AT + timedelta(hours=3)
    with transaction():
        moved = changes.move(visit.id, later, therapist_id=None, revision=1, actor="contact:x", now=NOW)
    assert (moved.therapist_id, moved.state) == (pregnant.priya.id, State.BOOKED)


def test_a_series_is_proposed_with_somebody_trained(pregnant: Practice) -> None:
    order = Order(
        treatment_id=pregnant.sold.id, location_id=pregnant.place.id, therapist_id=pregnant.maeve.id
    )
    rhythm = Rhythm(first=datetime(2031, 3, 6, 10, 0), every_weeks=1, count=2)
    found = new_series.propose(order, rhythm, by_staff=True, now=NOW, client_id=pregnant.paula.id)
    assert [one.slot for one in found] == [None, None]
    assert [len(one.alternatives) for one in found] == [3, 3]
    assert {slot.therapist_id for one in found for slot in one.alternatives} == {pregnant.priya.id}


def test_a_series_that_moves_is_proposed_with_somebody_trained(pregnant: Practice) -> None:
    visit = pregnant.make.appointment(
        of=pregnant.sold, therapist=pregnant.priya, who=pregnant.paula, starts_at=AT
    )
    shift = SeriesShift(weekday=3, at=time(14))
    (found,) = series_changes.propose([visit], shift, therapist_id=pregnant.maeve.id, now=NOW)
    assert found.slot is None
    assert {slot.therapist_id for slot in found.alternatives} == {pregnant.priya.id}


@pytest.mark.parametrize("listed", [matching.in_order, None])
def test_a_waiting_client_is_suited_by_the_times_of_the_trained(
    pregnant: Practice, listed: Callable[[datetime], list[matching.RankedEntry]] | None
) -> None:
    entry = waits(pregnant.make, pregnant.sold, who=pregnant.paula)
    (one,) = listed(NOW) if listed else matching.ranked([entry], NOW)
    times = [
        WaitingListTime(AT, person.id, pregnant.place.id, matching.ZoneInfo("Europe/Berlin"))
        for person in (pregnant.maeve, pregnant.priya)
    ]
    assert [one.suits(each) for each in times] == [False, True]


def test_free_times_for_a_waiting_client_are_those_of_the_trained(pregnant: Practice) -> None:
    entry = waits(pregnant.make, pregnant.sold, who=pregnant.paula)
    found = queries.fitting(entry, NOW, 5, apart=timedelta(hours=1))
    assert len(found) == 5
    assert {time.therapist_id for time in found} == {pregnant.priya.id}


def test_a_freed_time_of_somebody_untrained_goes_to_the_next_who_waits(make: Make, house: Practice) -> None:
    thursday = house.make.therapist(given_name="Tom")
    make.weekly_hours(thursday, house.place, 3, 600, 645)
    sold = make.treatment(therapists=[thursday], minutes=45)
    bob = make.client(given_name="Bob", mail="bob@client.example")
    taken = make.appointment(of=sold, therapist=thursday, who=bob, starts_at=AT)
    house.answers()
    first = waits(make, sold, who=house.paula)
    second = waits(make, sold, "Bea")
    look(NOW)
    with transaction():
        changes.cancel(taken.id, revision=1, actor="user:x", now=NOW)
    look(NOW + timedelta(minutes=5))
    assert not queries.is_busy(first.id, NOW + timedelta(minutes=5))
    assert queries.is_busy(second.id, NOW + timedelta(minutes=5))
