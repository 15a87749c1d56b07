"""Seven days, five weeks, twelve months."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from clinic.backup import rotation

NIGHT = datetime(2031, 3, 3, 2, 30, tzinfo=UTC)


def left(nights: int) -> list[str]:
    """What lies there after a backup each night."""
    there: list[str] = []
    for number in range(nights):
        there.append(rotation.file_name(NIGHT + timedelta(days=number)))
        gone = rotation.superfluous(there)
        there = [name for name in there if name not in gone]
    return there


def test_after_two_years_of_nights_there_are_days_weeks_and_months() -> None:
    there = left(731)
    newest = NIGHT + timedelta(days=730)
    assert there[-7:] == [rotation.file_name(newest - timedelta(days=back)) for back in range(6, -1, -1)]
    ages = [(newest - made).days for name in there if (made := rotation.made_at(name))]
    assert 20 <= len(there) <= 24
    assert max(ages) >= 300
    assert sum(7 <= age <= 35 for age in ages) >= 4


def test_a_week_keeps_every_night_and_a_pause_loses_nothing() -> None:
    assert len(left(7)) == 7
    names = [rotation.file_name(NIGHT + timedelta(days=100 * number)) for number in range(7)]
    assert rotation.superfluous(names) == []


def test_the_newest_of_a_day_stays() -> None:
    hourly = [rotation.file_name(NIGHT + timedelta(hours=number)) for number in range(5)]
    assert rotation.superfluous(hourly) == hourly[:-1]


def test_what_is_no_backup_is_never_superfluous() -> None:
    others = [
        ".lock",
        "work-1",
        "keys",
        "lumbar-20310303T023000Z.backup.old",
        "lumbar-20319999T999999Z.backup",
    ]
    assert rotation.superfluous(others) == []


@given(st.lists(st.integers(0, 60 * 24 * 800), unique=True, max_size=60))
def test_the_newest_always_stays_and_nothing_goes_twice(minutes: list[int]) -> None:
    names = [rotation.file_name(NIGHT + timedelta(minutes=each)) for each in minutes]
    gone = rotation.superfluous(names)
    assert not names or max(names) not in gone
    assert rotation.superfluous([name for name in names if name not in gone]) == []
