"""Measures of pain and function: exact scores, and whether a change in them matters.

A missing answer stays missing and is never read as 0. An improvement does not show what caused it, so no text here says
so. Sources: Farrar 2001 and Ostelo 2008 (NRS, PEG by the same consensus), Krebs 2009 (PEG), Stratford 1995
and Abbott & Schmitt 2014 (PSFS).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from clinic.guidance.facts import Activity

NRS_POINTS: Final = 2
PSFS_POINTS: Final = 2
_SHARE: Final = Fraction(30, 100)


class ScoreTrend(StrEnum):
    """What a change in the scores says."""

    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    WORSE = "worse"


class GlobalChange(StrEnum):
    """Compared with before the course, the back is: seven steps, best first."""

    VERY_MUCH_BETTER = "very_much_better"
    MUCH_BETTER = "much_better"
    A_LITTLE_BETTER = "a_little_better"
    THE_SAME = "the_same"
    A_LITTLE_WORSE = "a_little_worse"
    MUCH_WORSE = "much_worse"
    VERY_MUCH_WORSE = "very_much_worse"

    @property
    def label(self) -> str:
        """The step in everyday words."""
        return self.value.replace("_", " ").capitalize()

    @property
    def score(self) -> int:
        """3 for very much better, 0 for the same, -3 for very much worse."""
        return 3 - list(GlobalChange).index(self)


GLOBAL_CHANGE_QUESTION: Final = "Compared with before the course, your back is:"


def _on_scale(number: int | None) -> None:
    if number is not None and not 0 <= number <= 10:
        raise ValueError("a score lies between 0 and 10")


@dataclass(frozen=True, kw_only=True, slots=True)
class Peg:
    """The three PEG answers of one day, each from 0 to 10 over the past week; None is missing."""

    pain: int | None = None
    enjoyment: int | None = None
    activity: int | None = None

    def __post_init__(self) -> None:
        """Refuse a number outside the scale."""
        for answer in (self.pain, self.enjoyment, self.activity):
            _on_scale(answer)

    @property
    def total(self) -> int | None:
        """The sum of the three answers; None unless all three are given."""
        if self.pain is None or self.enjoyment is None or self.activity is None:
            return None
        return self.pain + self.enjoyment + self.activity

    @property
    def score(self) -> float | None:
        """The mean of the three answers with one decimal; None unless all three are given."""
        return None if self.total is None else round(self.total / 3, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """What was measured on one day. None, or no activities, is missing."""

    nrs_average: int | None = None
    peg: Peg = Peg()
    psfs: tuple[Activity, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a number outside the scale."""
        _on_scale(self.nrs_average)
        for activity in self.psfs:
            _on_scale(activity.score)


def _mean(activities: Sequence[Activity]) -> Fraction | None:
    if not activities:
        return None
    return Fraction(sum(activity.score for activity in activities), len(activities))


def nrs_important(before: int, now: int) -> bool:
    """Whether pain changed by at least 2 points and by 30 % of what it was, either way."""
    change = abs(before - now)
    return change >= NRS_POINTS and change >= _SHARE * before


def peg_important(before: Peg, now: Peg) -> bool | None:
    """Whether the PEG score changed by 30 % of what it was, either way; None when one of them is missing."""
    if before.total is None or now.total is None:
        return None
    change = abs(before.total - now.total)
    return change > 0 and change >= _SHARE * before.total


def psfs_change(before: Sequence[Activity], now: Sequence[Activity]) -> Fraction | None:
    """How far the mean of the same activities rose; None unless exactly the same activities were rated again."""
    mean_before, mean_now = _mean(before), _mean(now)
    if mean_before is None or mean_now is None:
        return None
    if sorted(rated.activity for rated in before) != sorted(rated.activity for rated in now):
        return None
    return mean_now - mean_before


def reading(before: Scores, now: Scores) -> ScoreTrend | None:
    """Improved, unchanged or worse; None when nothing was measured twice.

    Improved: NRS down by 2 points and 30 %, or PEG down by 30 %, or PSFS up by 2. Worse: NRS up by 2, or PSFS down by 2;
    when one measure says improved and another worse, worse counts.
    """
    nrs = None
    if before.nrs_average is not None and now.nrs_average is not None:
        nrs = now.nrs_average - before.nrs_average
    peg = peg_important(before.peg, now.peg)
    psfs = psfs_change(before.psfs, now.psfs)
    if nrs is None and peg is None and psfs is None:
        return None
    if (nrs is not None and nrs >= NRS_POINTS) or (psfs is not None and psfs <= -PSFS_POINTS):
        return ScoreTrend.WORSE
    if _nrs_improved(before, now) or _peg_improved(before.peg, now.peg) or (psfs or 0) >= PSFS_POINTS:
        return ScoreTrend.IMPROVED
    return ScoreTrend.UNCHANGED


def _nrs_improved(before: Scores, now: Scores) -> bool:
    if before.nrs_average is None or now.nrs_average is None:
        return False
    return now.nrs_average < before.nrs_average and nrs_important(before.nrs_average, now.nrs_average)


def _peg_improved(before: Peg, now: Peg) -> bool:
    if before.total is None or now.total is None:
        return False
    return now.total < before.total and bool(peg_important(before, now))
