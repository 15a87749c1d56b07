"""Every stop says how soon, where, what to say there, and when to come back; every look says what to watch for."""

import pytest

from clinic.guidance.engine import HelpPlace, HowSoon, Level, screen
from clinic.guidance.facts import Facts
from clinic.guidance.red_flags import ASKED_FLAGS
from clinic.guidance.rules import CURRENT
from clinic.guidance.rules.v2026_12.timing import TIMING, WATCH, WHY_THEN
from clinic.guidance.safety_net import SAFETY_NETS
from clinic.guidance.sources import SOURCES
from tests.guidance.people import Answers


def test_every_stop_carries_a_time_frame_and_a_place() -> None:
    for rule in CURRENT.safety:
        assert (rule.how_soon is not None) == rule.level.stops, rule.id
        assert (rule.place is not None) == rule.level.stops, rule.id
        if rule.level is Level.REFER:
            assert rule.tell.endswith((".", "?")), rule.id
            assert rule.come_back.endswith("."), rule.id


def test_times_and_nets_are_only_given_to_rules_that_exist() -> None:
    refer = {rule.id for rule in CURRENT.safety if rule.level is Level.REFER}
    assert set(TIMING) == refer
    assert set(WHY_THEN) <= refer
    assert set(WATCH) <= set(CURRENT.safety_by_id)
    assert {source for net in SAFETY_NETS.values() for source in net.sources} <= set(SOURCES)


def test_every_look_first_has_a_safety_net() -> None:
    without = {rule.id for rule in CURRENT.safety if rule.level is Level.THERAPIST_REVIEW and not rule.watch}
    assert without == set()


@pytest.mark.parametrize(
    ("answers", "how_soon", "place"),
    [
        ({"red_flags": ["pulsing_abdomen"]}, HowSoon.TODAY, HelpPlace.ADVICE_LINE),
        (
            {
                "pregnancy": "t3",
                "swelling": "area_or_limb_unexplained",
                "conditions": ["hypertension_uncontrolled"],
            },
            HowSoon.TODAY,
            HelpPlace.MATERNITY,
        ),
        ({"red_flags": ["saddle_numbness"]}, HowSoon.NOW, HelpPlace.EMERGENCY),
        ({"red_flags": ["weight_loss"]}, HowSoon.TWO_DAYS, HelpPlace.DOCTOR),
        ({"red_flags": ["weight_loss"], "today": ["fever"]}, HowSoon.TODAY, HelpPlace.ADVICE_LINE),
        ({"red_flags_unsure": ["leg_clot_signs"]}, HowSoon.TODAY, HelpPlace.ADVICE_LINE),
        ({"skin_issues": ["hot_spreading_skin"]}, HowSoon.TODAY, HelpPlace.ADVICE_LINE),
        ({"skin_issues": ["shingles"]}, HowSoon.TWO_DAYS, HelpPlace.DOCTOR),
        ({"today": ["cold"]}, HowSoon.ROUTINE, HelpPlace.THERAPIST),
        ({"conditions": ["bone_metastases"]}, HowSoon.TODAY, HelpPlace.DOCTOR),
        ({"conditions": ["bone_metastases"], "back_pain_now": "no"}, HowSoon.ROUTINE, HelpPlace.DOCTOR),
        ({"conditions": ["asthma"]}, None, None),
    ],
)
def test_the_soonest_of_all_rules_is_shown(
    answers: Answers, how_soon: HowSoon | None, place: HelpPlace | None
) -> None:
    outcome = screen(Facts.of(answers))
    assert (outcome.how_soon, outcome.place) == (how_soon, place)


def test_leg_pain_with_numbness_never_examined_names_what_to_watch_for() -> None:
    outcome = screen(Facts.of({"limb_symptoms": ["numbness"], "radiation": "leg_below_knee"}))
    assert outcome.level is Level.THERAPIST_REVIEW
    assert [net.code for net in outcome.safety_net] == ["nerve"]
    assert "passing urine" in outcome.safety_net[0].watch_for
    assert "{emergency_number}" in outcome.safety_net[0].do


def test_an_unsure_answer_has_its_net_too() -> None:
    outcome = screen(Facts.of({"red_flags_unsure": ["cough_sneeze_worse"]}))
    assert [net.code for net in outcome.safety_net] == ["nerve"]


@pytest.mark.parametrize("code", [code for code, flag in ASKED_FLAGS.items() if flag.urgent])
def test_somebody_unsure_of_an_urgent_sign_reads_what_to_say_and_when_to_call(code: str) -> None:
    outcome = screen(Facts.of({"red_flags_unsure": [code]}))
    (said,) = [fired.tell for fired in outcome.fired]
    assert said.startswith("I am not sure, but ")
    assert said.endswith(".")
    assert "call {emergency_number}" in " ".join(outcome.say)


def test_one_fall_told_of_twice_is_said_once() -> None:
    assert TIMING["R06"].tell == TIMING["R27"].tell
