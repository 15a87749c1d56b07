"""Masks against the slow, obvious answer: sets of numbers."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.scheduling import grid
from clinic.scheduling.grid import CELL, Window

BEGINS_AT = datetime(2027, 3, 28, 0, 0, tzinfo=UTC)
WINDOW = Window(BEGINS_AT, 300)

cells = st.sets(st.integers(0, WINDOW.cells - 1))
seconds = st.integers(-4_000, 300 * 300 + 4_000)
lengths = st.integers(1, 20_000)


def mask_of(members: set[int]) -> int:
    return sum(1 << cell for cell in members)


def at(second: int) -> datetime:
    return BEGINS_AT + timedelta(seconds=second)


@given(members=cells, length=st.integers(1, 40))
def test_a_stretch_is_free_when_each_of_its_cells_is(members: set[int], length: int) -> None:
    expected = {cell for cell in members if all(cell + step in members for step in range(length))}
    assert set(grid.positions(grid.free_for(mask_of(members), length))) == expected


@given(members=cells, length=st.integers(1, 40))
def test_spreading_reaches_less_than_its_length_beyond_each_cell(members: set[int], length: int) -> None:
    expected = {cell + step for cell in members for step in range(length)}
    assert set(grid.positions(grid.spread(mask_of(members), length))) == expected


@given(members=cells)
def test_edges_are_the_cells_with_a_neighbour_missing(members: set[int]) -> None:
    expected = {cell for cell in members if cell - 1 not in members or cell + 1 not in members}
    assert set(grid.positions(grid.edges(mask_of(members)))) == expected


@given(days=st.sets(st.integers(0, 6)), first=st.integers(0, 40), length=st.integers(0, 40))
def test_a_pattern_repeats_from_each_set_cell(days: set[int], first: int, length: int) -> None:
    starts = {40 * day for day in days}
    expected = {start + first + step for start in starts for step in range(length)}
    assert set(grid.positions(grid.repeated(mask_of(starts), first, first + length))) == expected


@given(rows=st.lists(st.tuples(st.sampled_from("abc"), seconds, lengths), max_size=12))
def test_busy_time_is_every_cell_that_a_range_touches(rows: list[tuple[str, int, int]]) -> None:
    found = grid.busy_by(WINDOW, [(key, at(begin), at(begin + length)) for key, begin, length in rows])
    for key in "abc":
        touched = {
            second // 300
            for who, begin, length in rows
            if who == key
            for second in range(begin, begin + length)
        }
        assert set(grid.positions(found.get(key, 0))) == {
            cell for cell in touched if 0 <= cell < WINDOW.cells
        }


@given(begin=seconds, length=lengths, zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"]))
def test_busy_time_is_the_same_whatever_zone_the_instants_are_written_in(
    begin: int, length: int, zone: str
) -> None:
    local, end = ZoneInfo(zone), begin + length
    written = [("ana", at(begin).astimezone(local), at(end).astimezone(local)), ("ana", at(0), at(60))]
    plain = [("ana", at(begin), at(end)), ("ana", at(0), at(60))]
    assert grid.busy_by(WINDOW, written) == grid.busy_by(WINDOW, plain)


@given(begin=seconds, end=seconds)
def test_open_time_is_only_the_cells_that_lie_wholly_inside(begin: int, end: int) -> None:
    whole = {cell for cell in range(WINDOW.cells) if begin <= cell * 300 and (cell + 1) * 300 <= end}
    assert set(grid.positions(grid.open_within(WINDOW, at(begin), at(end)))) == whole


@given(members=cells)
def test_spans_and_instants_give_back_the_cells(members: set[int]) -> None:
    mask = mask_of(members)
    assert grid.instants(mask, WINDOW) == [BEGINS_AT + cell * CELL for cell in sorted(members)]
    spans = grid.spans(mask, WINDOW)
    assert grid.busy(WINDOW, spans) == mask
    assert all(end < begin for (_, end), (begin, _) in pairwise(spans))


@given(members=cells)
def test_flags_say_for_each_cell_whether_it_is_set(members: set[int]) -> None:
    flags = grid.flags(mask_of(members), WINDOW)
    assert len(flags) == WINDOW.cells
    assert {cell for cell, flag in enumerate(flags) if flag == "1"} == members


@given(begin=seconds, length=st.integers(1, 100_000))
def test_the_covering_window_is_the_smallest_that_holds_a_range(begin: int, length: int) -> None:
    window = grid.covering(at(begin), at(begin + length))
    assert window.begins_at <= at(begin) < window.begins_at + CELL
    assert window.ends_at - CELL < at(begin + length) <= window.ends_at


def test_half_an_hour_from_nine_is_six_cells() -> None:
    nine = BEGINS_AT + timedelta(hours=9)
    assert list(grid.positions(grid.busy(WINDOW, [(nine, nine + timedelta(minutes=30))]))) == [
        *range(108, 114)
    ]


def test_an_empty_range_makes_nothing_busy() -> None:
    assert grid.busy(WINDOW, [(at(90), at(90)), (at(600), at(300))]) == 0


def test_one_minute_makes_its_whole_cell_busy_and_opens_none() -> None:
    minute = (at(60), at(120))
    assert grid.busy(WINDOW, [minute]) == 1
    assert grid.open_within(WINDOW, *minute) == 0


def test_neighbours_that_touch_do_not_overlap() -> None:
    first, second = grid.busy(WINDOW, [(at(0), at(600))]), grid.busy(WINDOW, [(at(600), at(900))])
    assert first & second == 0
    assert first | second == grid.busy(WINDOW, [(at(0), at(900))])


@pytest.mark.parametrize("length", [timedelta(minutes=7), timedelta(seconds=-300), timedelta(seconds=1)])
def test_a_length_that_is_no_multiple_of_five_minutes_is_refused(length: timedelta) -> None:
    with pytest.raises(ValueError, match="five minutes"):
        grid.whole_cells(length)


@pytest.mark.parametrize(
    ("begins_at", "count"),
    [
        (BEGINS_AT + timedelta(minutes=1), 10),
        (BEGINS_AT.astimezone(ZoneInfo("Europe/Berlin")), 10),
        (BEGINS_AT, 0),
    ],
)
def test_a_window_off_the_cells_or_off_utc_or_empty_is_refused(begins_at: datetime, count: int) -> None:
    with pytest.raises(ValueError, match="window"):
        Window(begins_at, count)
