"""A refused booking leads to one next step, and the same one wherever it was asked for."""

from itertools import combinations

import pytest

from clinic.booking import admission, desk, services
from clinic.booking.changes import NobodyThere
from clinic.booking.idempotency import AtTheSameTime
from clinic.booking.online_booking import NotOpenYet
from clinic.booking.placing import SlotTaken
from clinic.booking.refusals import STEPS, NextStep, next_step
from clinic.booking.same_person import TwoPlaces
from clinic.booking.series.new_series import Lost
from clinic.guidance.levels import Level
from clinic.refusal import Refusal


@pytest.mark.parametrize(
    ("refusal", "step"),
    [
        (admission.IntakeNeeded(), NextStep.HEALTH_QUESTIONS),
        (admission.GuardianNeeded(), NextStep.GUARDIAN),
        (admission.NotCleared(Level.URGENT, None), NextStep.CARE_CARD),
        (NotOpenYet(), NextStep.PHONE),
        (services.HoldGone(), NextStep.NEW_RESERVATION),
        (services.TimeWithdrawn(), NextStep.NEW_RESERVATION),
        (SlotTaken(), NextStep.OTHER_TIME),
        (TwoPlaces(), NextStep.OTHER_TIME),
        (NobodyThere(), NextStep.OTHER_TIME),
        (Lost([]), NextStep.OTHER_TIME),
        (desk.RulesInTheWay([]), NextStep.OTHER_TIME),
        (AtTheSameTime(), NextStep.EARLIER_BOOKING),
        (services.TooManyOpen(), NextStep.READ),
        (admission.NotFirst(), NextStep.READ),
    ],
)
def test_a_refusal_leads_where_its_parent_leads(refusal: Refusal, step: NextStep) -> None:
    assert next_step(refusal) is step


def test_the_order_of_the_steps_does_not_matter() -> None:
    kinds = [kind for row in STEPS.values() for kind in row]
    assert not [(one, other) for one, other in combinations(kinds, 2) if issubclass(one, other)]
    assert not [(one, other) for one, other in combinations(kinds, 2) if issubclass(other, one)]
