"""Exact scores, important changes, and missing answers that stay missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.guidance import measures
from clinic.guidance.facts import Activity
from clinic.guidance.measures import GlobalChange, Peg, Scores, ScoreTrend, reading
from tests.guidance import people

NRS = st.integers(0, 10)


def psfs(*scores: int) -> tuple[Activity, ...]:
    return tuple(Activity(f"activity {number}", score) for number, score in enumerate(scores))


@pytest.mark.parametrize(
    ("answers", "score"),
    [((7, 6, 6), 6.3), ((7, 7, 6), 6.7), ((0, 0, 0), 0.0), ((10, 10, 10), 10.0), ((5, 4, 6), 5.0)],
)
def test_peg_is_the_mean_with_one_decimal(answers: tuple[int, int, int], score: float) -> None:
    pain, enjoyment, activity = answers
    assert Peg(pain=pain, enjoyment=enjoyment, activity=activity).score == score


@pytest.mark.parametrize("missing", ["pain", "enjoyment", "activity"])
def test_peg_needs_all_three(missing: str) -> None:
    answers = {"pain": 5, "enjoyment": 5, "activity": 5}
    del answers[missing]
    assert Peg(**answers).score is None


@pytest.mark.parametrize(
    ("before", "now", "important"),
    [
        (6, 4, True),
        (6, 5, False),
        (7, 5, False),
        (7, 4, True),
        (10, 8, False),
        (10, 7, True),
        (2, 0, True),
        (1, 0, False),
    ],
)
def test_pain_must_fall_by_two_points_and_thirty_percent(before: int, now: int, important: bool) -> None:
    assert measures.nrs_important(before, now) is important
    improved = reading(Scores(nrs_average=before), Scores(nrs_average=now)) is ScoreTrend.IMPROVED
    assert improved is important


@pytest.mark.parametrize(
    ("before", "now", "worse"), [(3, 5, True), (3, 4, False), (8, 10, True), (0, 2, True)]
)
def test_two_points_more_pain_are_worse(before: int, now: int, worse: bool) -> None:
    assert (reading(Scores(nrs_average=before), Scores(nrs_average=now)) is ScoreTrend.WORSE) is worse


@pytest.mark.parametrize(
    ("before", "now", "improved"),
    [
        ((10, 10, 10), (7, 7, 7), True),
        ((10, 10, 10), (7, 7, 8), False),
        ((1, 0, 0), (0, 0, 0), True),
        ((0, 0, 0), (0, 0, 0), False),
    ],
)
def test_peg_improves_by_thirty_percent(
    before: tuple[int, ...], now: tuple[int, ...], improved: bool
) -> None:
    def scores(answers: tuple[int, ...]) -> Scores:
        return Scores(peg=Peg(pain=answers[0], enjoyment=answers[1], activity=answers[2]))

    assert reading(scores(before), scores(now)) is (ScoreTrend.IMPROVED if improved else ScoreTrend.UNCHANGED)


def test_a_higher_peg_is_important_but_not_an_improvement() -> None:
    low, high = Peg(pain=2, enjoyment=2, activity=2), Peg(pain=6, enjoyment=6, activity=6)
    assert measures.peg_important(low, high) is True
    assert measures.peg_important(low, Peg()) is None
    assert measures.peg_important(Peg(), low) is None
    assert reading(Scores(peg=low), Scores(peg=high)) is ScoreTrend.UNCHANGED


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ((3, 3), (5, 5), ScoreTrend.IMPROVED),
        ((3, 3), (5, 4), ScoreTrend.UNCHANGED),
        ((5, 5), (3, 3), ScoreTrend.WORSE),
        ((5, 5), (3, 4), ScoreTrend.UNCHANGED),
    ],
)
def test_psfs_changes_by_two(before: tuple[int, ...], now: tuple[int, ...], expected: ScoreTrend) -> None:
    assert reading(Scores(psfs=psfs(*before)), Scores(psfs=psfs(*now))) is expected


def test_psfs_compares_the_same_activities_in_any_order() -> None:
    before = (Activity("walking", 2), Activity("lifting", 4))
    now = (Activity("lifting", 6), Activity("walking", 4))
    assert measures.psfs_change(before, now) == 2
    assert measures.psfs_change(before, (Activity("lifting", 6),)) is None
    assert measures.psfs_change(before, ()) is None
    assert measures.psfs_change((), now) is None


def test_nothing_measured_twice_is_no_reading() -> None:
    assert reading(Scores(), Scores()) is None
    assert reading(Scores(nrs_average=7), Scores()) is None
    assert reading(Scores(nrs_average=7), Scores(peg=Peg(pain=1, enjoyment=1, activity=1))) is None


def test_worse_on_one_measure_counts_over_improved_on_another() -> None:
    before = Scores(nrs_average=4, psfs=psfs(3, 3))
    assert reading(before, Scores(nrs_average=6, psfs=psfs(6, 6))) is ScoreTrend.WORSE


@people.unhurried
@given(NRS)
def test_the_same_scores_are_never_a_change(pain: int) -> None:
    same = Scores(nrs_average=pain, peg=Peg(pain=pain, enjoyment=pain, activity=pain), psfs=psfs(pain))
    assert reading(same, same) is ScoreTrend.UNCHANGED


@pytest.mark.parametrize("wrong", [-1, 11])
def test_scores_off_the_scale_are_refused(wrong: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 10"):
        Scores(nrs_average=wrong)
    with pytest.raises(ValueError, match="between 0 and 10"):
        Peg(enjoyment=wrong)
    with pytest.raises(ValueError, match="between 0 and 10"):
        Scores(psfs=psfs(wrong))


def test_global_change_has_seven_steps_around_the_same() -> None:
    assert [step.score for step in GlobalChange] == [3, 2, 1, 0, -1, -2, -3]
    assert GlobalChange.VERY_MUCH_BETTER.label == "Very much better"
    assert GlobalChange.THE_SAME.score == 0
