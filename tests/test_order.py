"""The order in which the files of the suite are handed out."""

from pathlib import Path

from tests.conftest import MOSTLY_WAIT, STARTED_FIRST, handed_out

TESTS = Path(__file__).parent


def waits(file: Path) -> bool:
    return bool({file.parent.name, file.stem} & set(MOSTLY_WAIT))


def test_every_name_of_a_slow_file_or_folder_is_one() -> None:
    there = {path.stem for path in TESTS.rglob("test_*.py")} | {
        path.name for path in TESTS.iterdir() if path.is_dir()
    }
    assert {*STARTED_FIRST, *MOSTLY_WAIT} <= there


def test_all_are_handed_out_once_and_the_slow_ones_first() -> None:
    files = set(TESTS.rglob("test_*.py"))
    order = handed_out(files)
    assert sorted(order) == sorted(files)
    assert order[0].stem == STARTED_FIRST[0]
    slow = [file for file in order if {file.parent.name, file.stem} & set(STARTED_FIRST)]
    assert order[: len(slow)] == slow


def test_of_three_in_a_row_at_most_one_mostly_waits() -> None:
    order = handed_out(set(TESTS.rglob("test_*.py")))
    assert any(map(waits, order))
    for at in range(len(order) - 2):
        assert sum(map(waits, order[at : at + 3])) <= 1, order[at : at + 3]
