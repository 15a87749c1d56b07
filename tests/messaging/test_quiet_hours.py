"""Quiet hours, with the two odd nights and zones that are not ours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.messaging.due.quiet_hours import BEFORE, CANNOT_WAIT, Quiet

BERLIN = Quiet(ZoneInfo("Europe/Berlin"), 21, 8)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago")


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("clock", "is_quiet"),
    [("20:59", False), ("21:00", True), ("23:30", True), ("00:00", True), ("07:59", True), ("08:00", False)],
)
def test_the_night_is_quiet_from_nine_to_eight(clock: str, is_quiet: bool) -> None:
    assert (BERLIN.period(at(f"2031-03-03T{clock}")) is not None) is is_quiet


def test_equal_hours_mean_that_nothing_is_quiet() -> None:
    assert Quiet(ZoneInfo("Europe/Berlin"), 8, 8).period(at("2031-03-03T02:00")) is None


def test_hours_within_one_day_are_quiet_on_that_day_only() -> None:
    noon = Quiet(ZoneInfo("Europe/Berlin"), 12, 14)
    assert noon.period(at("2031-03-03T13:00")) == (at("2031-03-03T12:00"), at("2031-03-03T14:00"))
    assert noon.period(at("2031-03-03T15:00")) is None


def test_what_may_wait_comes_in_the_morning_and_what_must_not_be_late_comes_the_evening_before() -> None:
    night = at("2031-03-04T02:00")
    assert BERLIN.after(night) == at("2031-03-04T08:00")
    assert BERLIN.before(night) == at("2031-03-03T21:00") - BEFORE
    day = at("2031-03-04T12:00")
    assert BERLIN.after(day) == day == BERLIN.before(day)


def test_the_spring_night_is_an_hour_shorter_and_the_autumn_night_an_hour_longer() -> None:
    spring = BERLIN.period(at("2031-03-30T01:30"))
    autumn = BERLIN.period(at("2031-10-26T01:30"))
    assert spring is not None
    assert autumn is not None
    assert spring[1] - spring[0] == timedelta(hours=10)
    assert autumn[1] - autumn[0] == timedelta(hours=12)


def test_next_morning_is_nine_on_the_wall_after_a_change_of_clocks() -> None:
    assert BERLIN.next_morning(at("2031-03-29T19:00")) == at("2031-03-30T09:00")
    assert BERLIN.next_morning(at("2031-03-29T23:30")) == at("2031-03-30T09:00")


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC)),
    st.sampled_from([timedelta(minutes=30), timedelta(hours=2), timedelta(hours=48)]),
    st.integers(0, 60 * 72),
)
def test_the_due_window_holds_exactly_the_starts_whose_reminder_is_due(
    zone: str, now: datetime, offset: timedelta, minutes: int
) -> None:
    quiet = Quiet(ZoneInfo(zone), 21, 8)
    start = now + timedelta(minutes=minutes)
    due = quiet.before(start - offset) <= now
    night = quiet.period(now)
    if night is not None:
        due = due and start <= night[1] + CANNOT_WAIT
    # The window is closed at its end, where due and not yet due meet; a minute to either side it must agree.
    edge = quiet.reminded_until(now, offset)
    if abs(start - edge) >= timedelta(minutes=1):
        assert (start <= edge) is due
