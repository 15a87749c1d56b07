"""Which of the suggested types leads the page: the best match that is offered here."""

import re
from collections.abc import Sequence

import pytest
from flask import Flask

from clinic.guidance.statements import STATEMENTS
from clinic.intake.explanation import Explanation
from clinic.intake.models import Outcome
from clinic.practice.models import Treatment
from clinic.public import suggestion
from clinic.public.client_sentences import sentence_of, why_left_out, without_codes
from clinic.public.draft_course import _areas
from clinic.public.suggestion import ShownMatch, SuggestionPage
from tests import make as makers
from tests.conftest import undone
from tests.guidance.clients import CLIENTS
from tests.guidance.clients import Client as WrittenClient
from tests.make import Make
from tests.plans.intakes import BLOOD_PRESSURE, KNOTS, as_answers, send
from tests.web.reading import read

CODE = re.compile(r"\b[GECTRUXPK]\d+|III|[+−]\d")

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


@pytest.fixture(scope="module")
def goals(app: Flask) -> set[str]:
    """Every place on the guidance's page that a reason can lead to."""
    with undone(app):
        makers.practice()
        page = read(app.test_client().get("/guidance").text)
    return {one.get("id") for one in page.below() if "id" in one.attributes}


@pytest.fixture
def outcome(make: Make) -> Outcome:
    make.practice()
    return send(make.client())


def page(outcome: Outcome, sold: Sequence[Treatment], off: Sequence[str] = ()) -> SuggestionPage:
    return suggestion.suggestion_page(Explanation.of(outcome), sold, off, "EUR")


def names(outcome: Outcome) -> list[str]:
    return [row["modality"] for row in outcome.explanation["suggestion"]["ranked"]]


def sells(make: Make, *modalities: str) -> list[Treatment]:
    return [make.treatment(modalities=[modality]) for modality in modalities]


def test_the_best_match_leads_when_it_is_offered(make: Make, outcome: Outcome) -> None:
    first, second = names(outcome)[:2]
    shown = page(outcome, sells(make, second, first))
    assert shown.top is not None
    assert (shown.top.modality, shown.ahead) == (first, ())
    assert shown.chosen is not None
    assert shown.chosen.modalities == [first]
    assert shown.summary == outcome.explanation["suggestion"]["summary"]


def test_the_next_offered_type_leads_when_the_first_is_not_sold(make: Make, outcome: Outcome) -> None:
    first, second = names(outcome)[:2]
    shown = page(outcome, sells(make, second))
    assert shown.top is not None
    assert shown.top.modality == second
    assert [match.modality for match in shown.ahead] == [first]
    assert next(match.modality for match in shown.others if match.treatment is None) == first
    assert shown.chosen is shown.top.treatment


def test_a_type_switched_off_is_not_offered_though_it_is_sold(make: Make, outcome: Outcome) -> None:
    first, second = names(outcome)[:2]
    sold = sells(make, first, second)
    shown = page(outcome, sold, off=[first])
    assert shown.top is not None
    assert shown.top.modality == second
    assert [match.modality for match in shown.ahead] == [first]
    assert shown.ahead[0].treatment is None


def test_what_was_said_of_the_first_match_is_not_said_of_the_next(make: Make, outcome: Outcome) -> None:
    _, second = names(outcome)[:2]
    stored = outcome.explanation
    shown = page(outcome, sells(make, second))
    assert shown.summary != stored["suggestion"]["summary"]
    assert not any("pressure" in tag for tag in shown.tags)


def test_when_nothing_suggested_is_offered_the_best_match_stays_and_nothing_is_chosen(
    make: Make, outcome: Outcome
) -> None:
    sold = sells(make, "craniosacral")
    assert "craniosacral" not in names(outcome)
    shown = page(outcome, sold)
    assert shown.top is not None
    assert shown.top.modality == names(outcome)[0]
    assert (shown.top.treatment, shown.ahead, shown.chosen) == (None, (), None)
    assert shown.open_choice is sold[0]


def test_who_lets_the_therapist_decide_is_not_led_to_what_is_not_suggested(
    make: Make, outcome: Outcome
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


def test_who_lets_the_therapist_decide_is_not_led_to_a_longer_session(make: Make, outcome: Outcome) -> None:
    first, second = names(outcome)[:2]
    suggested = make.treatment(modalities=[first], length_minutes=60)
    longer = make.treatment(modalities=[first, second], length_minutes=90)
    assert page(outcome, [suggested, longer]).open_choice is suggested


def test_oils_switched_off_are_not_offered_through_the_massage_they_are_added_to(make: Make) -> None:
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


def matches(shown: SuggestionPage) -> list[ShownMatch]:
    return [match for match in (shown.top, *shown.others) if match is not None]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_no_written_client_gets_more_than_three_reasons_or_one_that_cannot_be_checked(
    client: WrittenClient, make: Make, goals: set[str]
) -> None:
    outcome = send(make.client(), as_answers(client.facts))
    explained = Explanation.of(outcome)
    if explained.plan is None:
        return
    for match in matches(page(outcome, [])):
        assert 1 <= len(match.reasons) <= 3
        assert len({reason.text for reason in match.reasons}) == len(match.reasons)
        for reason in match.reasons:
            assert reason.anchor in goals
            assert reason.source
            assert not CODE.search(reason.text), reason.text
            if not reason.is_against:
                assert reason.text.count(".") == 1, reason.text


def test_a_wish_for_better_posture_leads_to_a_sentence_about_posture(make: Make) -> None:
    make.practice()
    outcome = send(
        make.client(), {**KNOTS, "muscle_findings": ["uneven_tension"], "visit_goals": ["posture"]}
    )
    reasons = [reason for match in matches(page(outcome, [])) for reason in match.reasons]
    (wish,) = {reason for reason in reasons if reason.text == "You hope for better posture."}
    assert "posture" in STATEMENTS[wish.anchor].text


def test_what_speaks_against_a_type_takes_the_place_of_the_last_reason(make: Make) -> None:
    make.practice()
    outcome = send(make.client(), {**KNOTS, "pressure_preference": "light"})
    found = next(
        match for match in matches(page(outcome, [])) if any(one.is_against for one in match.reasons)
    )
    assert len(found.reasons) <= 3
    assert [one.is_against for one in found.reasons][-1]


def test_reasons_follow_what_was_answered() -> None:
    assert (
        sentence_of("E26", "", {"diagnoses": ["sciatica"]})
        == "You told us about sciatica, so we stay gentle."
    )
    assert sentence_of("E26", "", {"radiation": "arm"}) == "Your pain travels into an arm, so we stay gentle."
    assert sentence_of("E99", "You said so (E99). More of it.", {}) == "You said so."
    assert without_codes("Safety keeps it to medium (C07).") == "Safety keeps it to medium."


def rows(outcome: Outcome, sold: Sequence[Treatment]) -> dict[str, str]:
    return dict(page(outcome, sold).course.rows)


def test_the_draft_course_says_how_many_how_often_where_how_firmly_how_long_and_what_it_costs(
    make: Make, outcome: Outcome
) -> None:
    sold = [make.treatment(modalities=[names(outcome)[0]], length_minutes=60, price_cents=7000)]
    told = rows(outcome, sold)
    assert told == {
        "Sessions": "Weekly, 8 to 10 sessions.",
        "We check how it is going": "At the fourth session and at the end.",
        "Areas": "Neck, shoulders, upper back. We ask you before each area, and you can say no to any of them.",
        "Pressure": "Medium. As you like it.",
        "Length": "60 minutes",
        "Price": "€560 for 8 sessions, €70 at each visit",
    }
    assert page(outcome, sold).course.gates == (4, 8)


def test_the_length_is_one_that_can_be_booked_and_fits_the_client_best(make: Make) -> None:
    make.practice()
    first = {**KNOTS, "massage_experience": "never"}
    outcome = send(make.client(), first)
    best = names(outcome)[0]
    long, short = (make.treatment(modalities=[best], length_minutes=minutes) for minutes in (60, 45))
    shown = page(outcome, [long, short])
    assert shown.chosen is short
    assert shown.tags[0] == "45 minutes"
    assert rows(outcome, [long])["Length"].startswith("60 minutes can be booked here. 45 may be enough")


def test_different_areas_may_get_different_types_with_their_minutes(make: Make) -> None:
    make.practice()
    outcome = send(
        make.client(),
        {
            **KNOTS,
            "pain_areas": ["neck", "lower_back"],
            "muscle_findings": ["deep_chronic_tension", "stiffness"],
            "pressure_preference": "firm",
        },
    )
    assert names(outcome)[0] == "deep_tissue"
    assert rows(outcome, [])["Types"] == (
        "Deep tissue massage for the neck, 30 minutes; Swedish massage for the lower back, 30 minutes"
    )
    booked = make.treatment(modalities=["deep_tissue"], length_minutes=45)
    assert rows(outcome, [booked])["Types"] == (
        "Deep tissue massage for the neck, 20 minutes; Swedish massage for the lower back, 25 minutes"
    )


def test_what_safety_changes_stands_once_with_the_client_s_own_answers(make: Make) -> None:
    make.practice()
    old = {**BLOOD_PRESSURE, "age_years": 80, "modalities_liked": ["deep_tissue"]}
    shown = page(send(make.client(), old), [])
    assert shown.changes.told == ("High blood pressure, controlled", "Age: 80")
    assert shown.changes.lines.count("Medium pressure at most.") == 1
    assert shown.left_out[0] == (
        "Deep tissue massage",
        "For your safety, for the reasons above. Your therapist can talk it over with you.",
    )
    assert dict(shown.course.rows)["Pressure"] == "Medium at most, for your safety."


def test_a_type_that_is_left_out_names_answers_that_do_not_stand_above() -> None:
    named = "For your safety, because you told us: A; B. Your therapist can talk it over with you."
    assert why_left_out(["A", "B"], "") == named
    assert why_left_out(["A", "B"], "", ["A", "C"]) == named
    assert "for the reasons above" in why_left_out(["A", "B"], "", ["A", "B", "C"])
    assert "you told us: A." in why_left_out(["A"], "", ["A", "B"]), "one of several is named"


def test_what_is_left_out_is_not_also_less_suited() -> None:
    lines = ("Less suited: a, b.", "Left out: b, c.", "Less suited: c.")
    assert suggestion._joined(lines) == ("Left out: b, c.", "Less suited: a.")
    assert suggestion._joined(("Less suited: b.", "Left out: b.")) == ("Left out: b.",)


def test_lists_that_begin_alike_become_one() -> None:
    lines = (
        "Medium pressure at most.",
        "Left out: a, b.",
        "Left out: b, c.",
        "Medium pressure at most.",
        "Rise slowly.",
    )
    assert suggestion._joined(lines) == ("Medium pressure at most.", "Left out: a, b, c.", "Rise slowly.")


def test_two_reasons_of_a_type_lead_to_two_sentences_where_there_are_two(make: Make) -> None:
    make.practice()
    tight = {
        **KNOTS,
        "muscle_findings": ["deep_chronic_tension"],
        "sitting_hours_per_day": 9,
        "pressure_preference": "firm",
    }
    top = page(send(make.client(), tight), []).top
    assert top is not None
    assert [(reason.text, reason.anchor) for reason in top.reasons[:2]] == [
        ("You feel deep tightness that has gone on for a long time.", "G6-deep"),
        ("You sit for many hours.", "G3-sitting"),
    ]


def test_a_sentence_of_the_guidance_is_shown_once_under_a_type(make: Make) -> None:
    make.practice()
    again = 0
    for client in CLIENTS[:40]:
        shown = send(make.client(), as_answers(client.facts))
        if shown.level not in ("ok", "caution"):
            continue
        for match in matches(page(shown, [])):
            told = [one.source for one in match.reasons if one.anchor in STATEMENTS]
            cited = [source for source in told if source != suggestion.SAME_POINT]
            assert len(cited) == len(set(cited))
            again += len(told) - len(cited)
    assert again


def test_a_draft_says_what_becomes_of_another_rhythm(make: Make) -> None:
    make.practice()
    fortnightly = send(make.client(), {**KNOTS, "frequency_possible": "fortnightly"})
    assert rows(fortnightly, [])["Sessions"] == (
        "Weekly, 8 to 10 sessions. You can come every two weeks; your therapist takes that into account."
    )
    weekly = send(make.client(), {**KNOTS, "frequency_possible": "weekly"})
    assert rows(weekly, [])["Sessions"] == "Weekly, 8 to 10 sessions."


def test_both_sides_are_one_area(make: Make) -> None:
    make.practice()
    for avoided, said in (
        (["legs"], "Both legs"),
        (["arms", "feet"], "Both feet, both arms"),
        (["neck", "abdomen"], "Neck, tummy"),
    ):
        outcome = send(make.client(), {**KNOTS, "avoid_areas": avoided})
        assert rows(outcome, [])["Left alone"] == said
    assert _areas(("leg_left", "foot_right")) == "Left leg, right foot"


def test_nearly_the_same_is_not_said_twice(make: Make) -> None:
    make.practice()
    for match in matches(page(send(make.client(), OILS), [])):
        assert sum("scented oils" in reason.text for reason in match.reasons) <= 1


def test_no_row_speaks_the_staff_s_language(make: Make) -> None:
    make.practice()
    for answers in (BLOOD_PRESSURE, KNOTS, OILS):
        said = " ".join(text for row in page(send(make.client(), answers), []).course.rows for text in row)
        assert not CODE.search(said), said
        assert not re.search(r"look back|product default|tie\b", said, re.IGNORECASE), said
