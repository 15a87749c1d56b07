"""Numbers in steps of five, so that no figure, and no difference between two of them, tells about fewer than five people.

1. People are counted in the order in which they came to count, and only in whole groups of five: 19 count as the first 15. A new
   figure therefore always holds five people more than the one before, never one.
2. A part of them is told in steps of five too, rounded down. Below five it is not told, and nobody can tell one from none.
3. If one of two parts is not told, the other would give it away, so it is told as five fewer than all.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")
STEP: Final = 5


def in_steps(number: int) -> int | None:
    """The number rounded down to whole fives; None below five."""
    return number // STEP * STEP or None


def whole_groups(people: Sequence[T]) -> Sequence[T]:
    """The first of these people, in whole groups of five."""
    return people[: len(people) // STEP * STEP]


def both_parts(first: int, second: int) -> tuple[int | None, int | None]:
    """At least how many are in each of two parts of a whole in whole fives; None where that would tell about too few."""
    others = in_steps(first + second - STEP)
    if first < STEP and second < STEP:
        return None, None
    if second < STEP:
        return others, None
    if first < STEP:
        return None, others
    return in_steps(first), in_steps(second)
