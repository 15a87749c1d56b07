"""Which scores are asked when, and what the answers are kept as."""

import pytest

from clinic.guidance import questionnaire, schedule
from clinic.guidance.measures import GlobalChange
from clinic.guidance.questions import QUESTIONS
from clinic.guidance.schedule import Instrument, SessionPosition, due

SHORT = (Instrument.NRS, Instrument.REACTION)
LONG = (*SHORT, Instrument.PEG, Instrument.PSFS, Instrument.GLOBAL_CHANGE)


def place(number: int, *, of: int = 8, apart: int = 7, look_back: bool = False) -> SessionPosition:
    """A session of a course whose sessions lie so many days apart."""
    return SessionPosition(
        number=number,
        of=of,
        look_back=look_back,
        day=apart * (number - 1),
        day_before=apart * (number - 2) if number > 1 else None,
    )


def test_a_weekly_course_of_eight_asks_the_longer_scores_at_the_fourth_and_the_last_session() -> None:
    asked = [due(place(number), came_before=number > 1) for number in range(1, 9)]
    assert asked[0] == (Instrument.NRS,)
    assert [number for number, found in enumerate(asked, 1) if found == LONG] == [4, 8]
    assert all(found == SHORT for number, found in enumerate(asked, 1) if number not in (1, 4, 8))


def test_week_four_comes_before_session_four_when_sessions_lie_further_apart() -> None:
    asked = [due(place(number, of=6, apart=14), came_before=True) for number in range(1, 7)]
    assert [number for number, found in enumerate(asked, 1) if found == LONG] == [3, 6]


def test_a_look_back_asks_the_longer_scores_whenever_it_is() -> None:
    assert due(place(2, look_back=True), came_before=True) == LONG


def test_nothing_is_compared_before_the_first_session() -> None:
    assert due(place(1, of=1, look_back=True), came_before=False) == (Instrument.NRS,)


def test_without_a_course_only_pain_and_the_reaction_are_asked() -> None:
    assert due(None, came_before=True) == SHORT
    assert due(None, came_before=False) == (Instrument.NRS,)


@pytest.mark.parametrize(("days", "asks"), [(0, False), (6, False), (7, True), (40, True), (None, True)])
def test_peg_is_not_asked_twice_in_a_week(days: int | None, asks: bool) -> None:
    found = due(place(4), came_before=True, peg_days_ago=days)
    assert (Instrument.PEG in found) is asks
    assert Instrument.PSFS in found


def test_every_score_may_be_left_blank() -> None:
    for question in schedule.questions(tuple(Instrument)):
        assert questionnaire.read(question, (), {}) is None


def test_activities_are_asked_by_number_alike_for_everybody_unless_their_words_may_be_shown() -> None:
    by_number = schedule.questions((Instrument.PSFS,))
    assert [question.field for question in by_number] == [
        "activity_now_1",
        "activity_now_2",
        "activity_now_3",
    ]
    (own,) = schedule.questions((Instrument.PSFS,), ["lifting my child"])
    assert "lifting my child" in own.text
    assert schedule.questions((Instrument.PSFS,), []) == ()


def test_global_change_has_the_seven_steps_of_the_guidance() -> None:
    assert [option.code for option in schedule.GLOBAL_CHANGE.options] == [step.value for step in GlobalChange]


def test_scores_of_an_intake_are_what_was_answered_and_nothing_else() -> None:
    answers = {
        "pain_now_nrs": 0,
        "peg_pain": 4,
        "peg_enjoyment": None,
        "psfs": [{"activity": "lifting my child", "score": 3}],
        "age_years": 41,
    }
    assert schedule.at_the_start(answers) == {
        Instrument.NRS: {"now": 0},
        Instrument.PEG: {"pain": 4},
        Instrument.PSFS: {"activities": [{"activity": "lifting my child", "score": 3}]},
    }
    assert schedule.at_the_start({"back_pain_now": "no", "psfs": []}) == {}


def test_a_number_stands_for_the_activity_named_at_the_start() -> None:
    values = {"activity_now_1": 6, "activity_now_3": 9, "global_change": "the_same", "reaction": "none"}
    assert schedule.before_a_session(values, ["lifting my child", "sleeping"]) == {
        Instrument.PSFS: {"activities": [{"activity": "lifting my child", "score": 6}]},
        Instrument.GLOBAL_CHANGE: {"global_change": "the_same"},
        Instrument.REACTION: {"reaction": "none"},
    }


def test_average_pain_is_asked_once_and_is_pegs_own_and_older_answers_keep_theirs() -> None:
    asked = schedule.questions((Instrument.NRS, Instrument.PEG))
    assert [question.field for question in asked] == [
        "pain_now_nrs",
        "pain_avg_nrs",
        "peg_enjoyment",
        "peg_activity",
    ]
    assert "peg_pain" in {question.field for question in schedule.questions((Instrument.PEG,))}
    assert not questionnaire.asked(QUESTIONS["peg_pain"], {"back_pain_now": "yes", "pain_avg_nrs": 4})
    assert questionnaire.asked(QUESTIONS["peg_pain"], {"back_pain_now": "yes"})
    later = {"peg_enjoyment": 2, "peg_activity": 3}
    whole = {**later, "pain_avg_nrs": 4}
    assert schedule.at_the_start(whole)[Instrument.PEG] == {"pain": 4, "enjoyment": 2, "activity": 3}
    assert schedule.at_the_start(later, whole) == {Instrument.PEG: {"pain": 4, "enjoyment": 2, "activity": 3}}
    assert schedule.at_the_start({**whole, "peg_pain": 6})[Instrument.PEG]["pain"] == 6
    assert Instrument.PEG not in schedule.at_the_start({"pain_avg_nrs": 4})
