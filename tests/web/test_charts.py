"""Where dots, lines and bars lie."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from clinic.web.charts import ChartReading, Trend, bars, trend

values = some.lists(some.none() | some.integers(0, 10), max_size=40)


def line(*numbers: float | None) -> Trend:
    return trend([ChartReading(str(n), number) for n, number in enumerate(numbers)], title="Pain")


@given(values)
def test_every_dot_lies_inside_the_frame_and_a_higher_number_lies_higher(numbers: list[int | None]) -> None:
    chart = line(*numbers)
    given_numbers = [number for number in numbers if number is not None]
    assert len(chart.dots) == len(given_numbers)
    for dot, number in zip(chart.dots, given_numbers, strict=True):
        assert chart.left < dot.x <= chart.right
        assert chart.top <= dot.y <= chart.bottom
        assert 0 < dot.text_y < chart.height
        for other, other_number in zip(chart.dots, given_numbers, strict=True):
            assert (dot.y < other.y) == (number > other_number)


@given(values)
def test_readings_keep_their_order_from_left_to_right(numbers: list[int | None]) -> None:
    xs = [label.x for label in line(*numbers).labels]
    assert xs == sorted(set(xs))


@given(values)
def test_the_line_joins_only_neighbours_that_were_both_given(numbers: list[int | None]) -> None:
    joined = sum(one is not None and other is not None for one, other in pairwise(numbers))
    assert line(*numbers).path.count("L") == joined


def test_a_missing_number_breaks_the_line_and_is_never_nought() -> None:
    chart = line(6, 6, None, 5, 4)
    assert chart.path.count("M") == 2
    assert [dot.y for dot in chart.dots if dot.y == chart.bottom] == []
    assert chart.rows[2] == ("2", None)


def test_only_the_first_and_the_last_dot_carry_their_number() -> None:
    dots = line(7, 6, 6, 4.5).dots
    assert [dot.text for dot in dots] == ["7", "", "", "4.5"]
    assert [dot.last for dot in dots] == [False, False, False, True]


def test_a_single_reading_is_a_dot_without_a_line() -> None:
    chart = line(3)
    assert (chart.path, len(chart.dots)) == ("", 1)
    assert chart.dots[0].last


def test_an_empty_chart_says_that_there_is_nothing_yet() -> None:
    assert line().summary == "Pain: nothing yet"


def test_sessions_where_we_look_back_are_marked_on_the_axis() -> None:
    chart = trend([ChartReading("1", 5), ChartReading("2", 4, is_gate=True)], title="Pain")
    assert chart.gates == (chart.labels[1].x,)
    assert [label.strong for label in chart.labels] == [False, True]


@given(some.lists(some.tuples(some.text(max_size=3), some.none() | some.integers(0, 10_000)), max_size=31))
def test_bars_stand_on_one_line_and_grow_with_their_count(counts: list[tuple[str, int | None]]) -> None:
    chart = bars(counts, title="Sessions")
    floor = chart.grid[0].y
    for bar, (_, count) in zip(chart.bars, counts, strict=True):
        assert bar.y + bar.height == floor
        assert bar.y >= chart.grid[-1].y
        assert bar.text == ("" if count is None else str(count))
        assert chart.left <= bar.x
        assert bar.x + bar.width <= chart.right


def test_a_group_too_small_to_show_has_no_bar_and_no_number() -> None:
    chart = bars([("Mon", 7), ("Tue", None)], title="Sessions")
    assert (chart.bars[1].height, chart.bars[1].text) == (0, "")
    assert chart.summary == "Sessions: Mon 7"
    assert chart.rows == (("Mon", 7), ("Tue", None))
