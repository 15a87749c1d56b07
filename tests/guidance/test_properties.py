"""What holds for everybody: safety never gives way, order never matters, and every point can be traced."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from clinic.guidance.engine import screen, suggest
from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import MODALITIES, SECTIONS
from clinic.guidance.levels import Level
from clinic.guidance.plan import draft
from clinic.guidance.suggest import result_of
from tests.guidance import people
from tests.guidance.people import Answers

FLAG = st.sampled_from(people.FLAGS)
SAID = st.sampled_from(["no", "unsure", "yes"])
WEIGHED_BY_BONES = {"small_fall"}
"""A small fall counts where bones are at risk, which is asked too. Who is unsure whether they fell is looked at in any case."""


@people.unhurried
@given(people.people, people.flags, FLAG)
def test_a_further_red_flag_never_lowers_the_level(
    answers: Answers, given: dict[str, str], flag: str
) -> None:
    before = screen(Facts.of(people.with_flags(answers, given))).level
    after = screen(Facts.of(people.with_flags(answers, {**given, flag: "yes"}))).level
    assert after >= before


def levels_of(answers: Answers, others: dict[str, str], flag: str) -> list[Level]:
    """The levels of no, unsure and yes to one red flag, all else being equal."""
    return [
        screen(Facts.of(people.with_flags(answers, {**others, flag: said}))).level
        for said in ("no", "unsure", "yes")
    ]


@people.unhurried
@given(people.people, people.flags, FLAG)
@example({}, {}, "small_fall")
def test_unsure_weighs_between_no_and_yes(answers: Answers, given: dict[str, str], flag: str) -> None:
    others = {code: said for code, said in given.items() if code != flag}
    no, unsure, yes = levels_of(answers, others, flag)
    assert no <= unsure
    assert no <= yes
    assert unsure <= yes or flag in WEIGHED_BY_BONES


@people.unhurried
@given(people.people, people.flags, st.integers(65, 100))
def test_where_bones_are_at_risk_a_small_fall_weighs_as_every_sign(
    answers: Answers, given: dict[str, str], age: int
) -> None:
    checked = {"fall_checked": "no", "clinician_seen": "no", "age_years": age}
    others = {code: said for code, said in given.items() if code != "small_fall"}
    no, unsure, yes = levels_of({**answers, **checked}, others, "small_fall")
    assert no <= unsure <= yes
    assert yes >= Level.REFER


@people.unhurried
@given(people.people, people.flags, st.randoms(use_true_random=False))
def test_the_order_of_answers_never_matters(answers: Answers, given: dict[str, str], chance: object) -> None:
    person = people.with_flags(answers, given)
    shuffled = list(person.items())
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    turned = {name: value[::-1] if isinstance(value, list) else value for name, value in shuffled}
    assert result_of(Facts.of(person)) == result_of(Facts.of(turned))


@people.unhurried
@given(people.bookable, people.flags)
def test_excluded_and_unwanted_types_are_never_shown(answers: Answers, given: dict[str, str]) -> None:
    facts = Facts.of(people.with_flags(answers, given))
    outcome = screen(facts)
    suggestion = suggest(facts, outcome)
    shown = {match.modality for match in suggestion.ranked} if suggestion else set()
    assert not shown & outcome.excluded
    assert not shown & facts.many("modalities_disliked")


@people.unhurried
@given(people.people, people.flags)
def test_nothing_is_suggested_at_urgent_and_refer_and_something_is_said_elsewhere(
    answers: Answers, given: dict[str, str]
) -> None:
    facts = Facts.of(people.with_flags(answers, given))
    outcome = screen(facts)
    suggestion = suggest(facts, outcome)
    assert (suggestion is None) == (outcome.level in (Level.URGENT, Level.REFER))
    assert (outcome.disposition is not None) == (outcome.level in (Level.URGENT, Level.REFER))
    assert outcome.heading
    assert outcome.say


@people.unhurried
@given(people.bookable)
def test_the_points_of_a_shown_type_add_up_to_its_score(answers: Answers) -> None:
    facts = Facts.of(answers)
    suggestion = suggest(facts, screen(facts))
    if suggestion is None:
        return
    assert set(suggestion.scores) == set(MODALITIES)
    for match in suggestion.ranked:
        assert sum(reason.points for reason in (*match.reasons, *match.against)) == match.score
        assert match.score == suggestion.scores[match.modality] > 0


@people.unhurried
@given(people.bookable)
def test_every_reason_can_be_traced_to_answers_and_to_sections_or_a_default(answers: Answers) -> None:
    facts = Facts.of(answers)
    suggestion = suggest(facts, screen(facts))
    for match in suggestion.ranked if suggestion else ():
        for reason in (*match.reasons, *match.against):
            assert all(SECTIONS[section.code] == section for section in reason.sections)
            assert reason.sections or reason.basis != "guidance" or reason.rule == "K1"
            assert set(reason.answers) <= set(answers) | {"back_pain_now", "clinician_seen"}
            if reason.rule[0] in "EP":
                assert reason.answers


@people.unhurried
@given(people.bookable)
def test_alternatives_have_three_points_and_half_of_the_first(answers: Answers) -> None:
    facts = Facts.of(answers)
    suggestion = suggest(facts, screen(facts))
    if suggestion is None or not suggestion.ranked:
        return
    first, *others = suggestion.ranked
    assert len(others) <= 2
    for match in others:
        assert match.score >= 3
        assert 2 * match.score >= first.score


@people.unhurried
@given(people.people)
def test_a_plan_keeps_out_of_what_is_to_be_avoided(answers: Answers) -> None:
    facts = Facts.of(answers)
    outcome = screen(facts)
    suggestion = suggest(facts, outcome)
    if suggestion is None:
        return
    plan = draft(facts, outcome, suggestion)
    assert not set(plan.areas) & (set(plan.avoid) | set(outcome.avoid))
    assert not {item.technique for item in plan.techniques} & set(outcome.forbidden)
    assert plan.length.least <= plan.minutes <= plan.length.most
    assert sum(part.percent for part in plan.mix) == (100 if plan.mix else 0)
    assert not {part.modality for part in plan.mix} & outcome.excluded
    if outcome.cap:
        assert plan.pressure in ("very light", "light", outcome.cap.value, "light to medium")


@people.unhurried
@given(people.people, people.flags)
def test_everything_that_is_stored_is_plain_json(answers: Answers, given: dict[str, str]) -> None:
    facts = Facts.of(people.with_flags(answers, given))
    outcome = screen(facts)
    suggestion = suggest(facts, outcome)
    stored = [outcome.as_dict(), result_of(facts)]
    if suggestion:
        stored += [suggestion.as_dict(), draft(facts, outcome, suggestion).as_dict()]
    assert json.loads(json.dumps(stored)) == stored
