"""No figure, and no difference between two figures, tells about fewer than five people."""

from hypothesis import given
from hypothesis import strategies as st

from clinic.plans.rule_book.steps import STEP, both_parts, in_steps, whole_groups

NUMBERS = st.integers(min_value=0, max_value=60)


@given(NUMBERS)
def test_below_five_nothing_is_told_and_a_number_is_never_told_too_high(number: int) -> None:
    told = in_steps(number)
    assert (told is None) == (number < STEP)
    assert told is None or (told <= number < told + STEP and told % STEP == 0)


@given(st.lists(st.integers()))
def test_people_are_counted_in_whole_groups_from_the_first_on(people: list[int]) -> None:
    counted = whole_groups(people)
    assert len(counted) % STEP == 0
    assert len(people) - len(counted) < STEP
    assert list(counted) == people[: len(counted)]


@given(st.integers(min_value=0, max_value=12), st.data())
def test_what_is_told_of_two_parts_fits_at_least_five_ways_or_leaves_out_none_below_five(
    fives: int, data: st.DataObject
) -> None:
    whole = fives * STEP
    first = data.draw(st.integers(min_value=0, max_value=whole))
    told = both_parts(first, whole - first)
    possible = [one for one in range(whole + 1) if both_parts(one, whole - one) == told]
    assert first in possible
    for part in (list(possible), [whole - one for one in possible]):
        # A small part stands among all small parts, none included.
        if min(part) < STEP:
            assert set(range(min(STEP, whole + 1))) <= set(part)


def test_a_part_that_is_not_told_is_not_given_away_by_the_other() -> None:
    assert both_parts(20, 0) == both_parts(16, 4) == (15, None)
    assert both_parts(0, 20) == both_parts(4, 16) == (None, 15)
    assert both_parts(5, 0) == both_parts(2, 3) == (None, None)
    assert both_parts(12, 8) == (10, 5)
    assert both_parts(0, 0) == (None, None)
