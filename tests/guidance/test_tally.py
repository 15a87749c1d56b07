"""Each line of a tally changes the sum: none of nought points."""

import pytest

from clinic.guidance import rules
from clinic.guidance.tally import TallyEntry, _limit

RULES = rules.CURRENT
LIMIT = RULES.general


def mentions(*points: int) -> list[TallyEntry]:
    return [TallyEntry("B1", each, "mentioned", (), "guidance", RULES.blend.when) for each in points]


@pytest.mark.parametrize("points", [(), (1,), (1, 1), (2,)])
def test_mentions_up_to_the_limit_get_no_line_of_nought_points(points: tuple[int, ...]) -> None:
    entries = mentions(*points)
    _limit(entries, LIMIT)
    assert entries == mentions(*points)


@pytest.mark.parametrize("points", [(1, 1, 1), (2, 1), (2, 2, 2)])
def test_mentions_past_the_limit_are_taken_back_to_it(points: tuple[int, ...]) -> None:
    entries = mentions(*points)
    _limit(entries, LIMIT)
    assert sum(entry.points for entry in entries) == LIMIT.most
    assert entries[-1].rule == LIMIT.id
    assert entries[-1].points < 0
