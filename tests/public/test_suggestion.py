"""Which of the suggested types leads the page: the best match that is offered here."""

from collections.abc import Sequence
from types import ModuleType

import pytest

from clinic.intake.explanation import Explanation
from clinic.intake.models import Outcome
from clinic.practice.models import Treatment
from clinic.public import suggestion
from clinic.public.suggestion import SuggestionPage
from tests.plans.intakes import KNOTS, send

OILS = {
    **KNOTS,
    "muscle_findings": [],
    "stress_level": 8,
    "visit_goals": ["relaxation"],
    "pressure_preference": "light",
    "mood": "mild",
    "approach_interest": ["essential_oils"],
}
"""Aromatherapy on top of a gentle massage leads."""


@pytest.fixture
def outcome(make: ModuleType) -> Outcome:
    make.practice()
    return send(make.client())


def page(outcome: Outcome, sold: Sequence[Treatment], off: Sequence[str] = ()) -> SuggestionPage:
    return suggestion.suggestion_page(Explanation.of(outcome), sold, off)


def names(outcome: Outcome) -> list[str]:
    return [row["modality"] for row in outcome.explanation["suggestion"]["ranked"]]


def sells(make: ModuleType, *modalities: str) -> list[Treatment]:
    return [make.treatment(modalities=[modality]) for modality in modalities]


def test_the_best_match_leads_when_it_is_offered(make: ModuleType, outcome: Outcome) -> None:
    first, second = names(outcome)[:2]
    shown = page(outcome, sells(make, second, first))
    assert shown.top is not None
    assert (shown.top.modality, shown.ahead) == (first, ())
    assert shown.chosen is not None
    assert shown.chosen.modalities == [first]
    assert shown.confidence == outcome.explanation["suggestion"]["confidence"]
    assert shown.summary == outcome.explanation["suggestion"]["summary"]


def test_the_next_offered_type_leads_when_the_first_is_not_sold(make: ModuleType, outcome: Outcome) -> None:
    first, second = names(outcome)[:2]
    shown = page(outcome, sells(make, second))
    assert shown.top is not None
    assert shown.top.modality == second
    assert [match.modality for match in shown.ahead] == [first]
    assert next(match.modality for match in shown.others if match.treatment is None) == first
    assert shown.chosen is shown.top.treatment


def test_a_type_switched_off_is_not_offered_though_it_is_sold(make: ModuleType, outcome: Outcome) -> None:
    first, second = names(outcome)[:2]
    sold = sells(make, first, second)
    shown = page(outcome, sold, off=[first])
    assert shown.top is not None
    assert shown.top.modality == second
    assert [match.modality for match in shown.ahead] == [first]
    assert shown.ahead[0].treatment is None


def test_what_was_said_of_the_first_match_is_not_said_of_the_next(make: ModuleType, outcome: Outcome) -> None:
    _, second = names(outcome)[:2]
    stored = outcome.explanation
    shown = page(outcome, sells(make, second))
    assert shown.confidence is None
    assert shown.summary != stored["suggestion"]["summary"]
    assert not any("pressure" in tag for tag in shown.tags)


def test_when_nothing_suggested_is_offered_the_best_match_stays_and_nothing_is_chosen(
    make: ModuleType, outcome: Outcome
) -> None:
    sold = sells(make, "craniosacral")
    assert "craniosacral" not in names(outcome)
    shown = page(outcome, sold)
    assert shown.top is not None
    assert shown.top.modality == names(outcome)[0]
    assert (shown.top.treatment, shown.ahead, shown.chosen) == (None, (), None)
    assert shown.open_choice is sold[0]


def test_who_lets_the_therapist_decide_is_not_led_to_what_is_not_suggested(
    make: ModuleType, outcome: Outcome
) -> None:
    first, second = names(outcome)[:2]
    left = next(name for name in ("craniosacral", "sports", "acupressure") if name not in names(outcome))
    suggested, _ = sold = [
        make.treatment(modalities=[first]),
        make.treatment(modalities=[left, first, second]),
    ]
    assert page(outcome, sold).open_choice is suggested
    mixed = make.treatment(modalities=[first, second])
    assert page(outcome, [*sold, mixed]).open_choice is mixed


def test_who_lets_the_therapist_decide_is_not_led_to_a_longer_session(
    make: ModuleType, outcome: Outcome
) -> None:
    first, second = names(outcome)[:2]
    suggested = make.treatment(modalities=[first], length_minutes=60)
    longer = make.treatment(modalities=[first, second], length_minutes=90)
    assert page(outcome, [suggested, longer]).open_choice is suggested


def test_oils_switched_off_are_not_offered_through_the_massage_they_are_added_to(make: ModuleType) -> None:
    make.practice()
    outcome = send(make.client(), OILS)
    row = outcome.explanation["suggestion"]["ranked"][0]
    assert row["modality"] == "aromatherapy"
    sold = sells(make, row["base"])
    with_oils = page(outcome, sold)
    assert with_oils.top is not None
    assert (with_oils.top.modality, with_oils.top.treatment) == ("aromatherapy", sold[0])
    without = page(outcome, sold, off=["aromatherapy"])
    assert without.top is not None
    assert without.top.modality == row["base"]


def test_every_cited_reason_leads_to_its_section(make: ModuleType, outcome: Outcome) -> None:
    shown = page(outcome, sells(make, *names(outcome)))
    assert shown.top is not None
    for reason in shown.top.reasons:
        assert reason.anchor == reason.codes.partition(",")[0]
    assert any(reason.anchor for reason in shown.top.reasons)
