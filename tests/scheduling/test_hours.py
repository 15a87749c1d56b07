"""Wall clocks and instants, most of all on the nights when they disagree."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.scheduling import grid, hours
from clinic.scheduling.hours import Days, Rota, RotaClosure, RotaSpecialDay, RotaTimeOff, RotaWeeklyHours
from tests.scheduling import oracle, zones

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
TROLL = ZoneInfo("Antarctica/Troll")
CAIRO = ZoneInfo("Africa/Cairo")
HAVANA = ZoneInfo("America/Havana")
ADVENTURES = [BERLIN, NEW_YORK, KATHMANDU, LORD_HOWE, TROLL, CAIRO, HAVANA]

SPRING = date(2027, 3, 28)  # Berlin: 02:00 becomes 03:00.
AUTUMN = date(2027, 10, 31)  # Berlin: 03:00 becomes 02:00.
DAY = timedelta(days=1)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def weekly(on: date, opens: str, closes: str, **more: date) -> RotaWeeklyHours[str]:
    return RotaWeeklyHours(
        therapist="ana",
        location="north",
        weekday=on.weekday(),
        opens=time.fromisoformat(opens),
        closes=time.fromisoformat(closes),
        **more,
    )


def time_off(who: str, since: datetime, until: datetime) -> RotaTimeOff[str]:
    return RotaTimeOff(therapist=who, away_from=since, away_until=until)


def closure(where: str, since: datetime, until: datetime) -> RotaClosure[str]:
    return RotaClosure(location=where, closed_from=since, closed_until=until)


def spans(on: date, zone: ZoneInfo, rota: Rota[str]) -> list[tuple[datetime, datetime]]:
    return hours.open_spans(Days(on, on + DAY), zone, therapist="ana", location="north", rota=rota)


def test_a_wall_time_in_the_spring_gap_is_no_instant() -> None:
    assert hours.instant(datetime(2027, 3, 28, 2, 30), BERLIN) is None
    assert hours.instant(datetime(2027, 3, 28, 3, 0), BERLIN) == utc(2027, 3, 28, 1)


def test_a_wall_time_in_the_autumn_fold_is_the_first_of_its_two_instants() -> None:
    assert hours.instant(datetime(2027, 10, 31, 2, 30), BERLIN) == utc(2027, 10, 31, 0, 30)
    assert hours.wall(utc(2027, 10, 31, 0, 30), BERLIN) == hours.wall(utc(2027, 10, 31, 1, 30), BERLIN)


def test_the_fold_a_caller_leaves_on_a_wall_time_changes_nothing() -> None:
    second = datetime(2027, 10, 31, 2, 30, fold=1)
    assert hours.instant(second, BERLIN) == utc(2027, 10, 31, 0, 30)


@pytest.mark.parametrize(
    ("zone", "shown", "jump"),
    [
        (BERLIN, datetime(2027, 3, 28, 2, 15), utc(2027, 3, 28, 1)),
        (LORD_HOWE, datetime(2027, 10, 3, 2, 10), utc(2027, 10, 2, 15, 30)),
        (TROLL, datetime(2027, 3, 28, 2, 59), utc(2027, 3, 28, 1)),
        (CAIRO, datetime(2027, 4, 30, 0, 0), utc(2027, 4, 29, 22)),
    ],
)
def test_an_edge_in_the_gap_is_the_moment_of_the_jump(
    zone: ZoneInfo, shown: datetime, jump: datetime
) -> None:
    assert hours.earliest_instant(shown, zone) == jump


@pytest.mark.parametrize(
    ("zone", "on", "length"),
    [
        (BERLIN, SPRING, timedelta(hours=23)),
        (BERLIN, AUTUMN, timedelta(hours=25)),
        (KATHMANDU, SPRING, timedelta(hours=24)),
        (LORD_HOWE, date(2027, 10, 3), timedelta(hours=23, minutes=30)),
        (LORD_HOWE, date(2027, 4, 4), timedelta(hours=24, minutes=30)),
        (TROLL, SPRING, timedelta(hours=22)),
        (TROLL, AUTUMN, timedelta(hours=26)),
        (CAIRO, date(2027, 4, 30), timedelta(hours=23)),
        (CAIRO, date(2027, 10, 28), timedelta(hours=25)),
        (HAVANA, date(2027, 11, 7), timedelta(hours=25)),
    ],
)
def test_a_day_lasts_from_local_midnight_to_local_midnight(
    zone: ZoneInfo, on: date, length: timedelta
) -> None:
    begins_at, ends_at = hours.day_range(Days(on, on + DAY), zone)
    assert ends_at - begins_at == length
    assert hours.local_day(begins_at, zone) == on
    assert hours.local_day(begins_at - timedelta(seconds=1), zone) == on - DAY


def test_where_midnight_is_jumped_over_the_day_begins_at_one() -> None:
    begins_at = hours.midnight(date(2027, 4, 30), CAIRO)
    assert hours.wall(begins_at, CAIRO) == datetime(2027, 4, 30, 1)


@given(
    zone=st.sampled_from(ADVENTURES),
    minute=st.integers(0, 2 * 365 * 24 * 60 - 1),
)
def test_every_instant_shows_a_time_that_leads_back_to_it_or_to_its_first_coming(
    zone: ZoneInfo, minute: int
) -> None:
    at = utc(2026, 1, 1) + timedelta(minutes=minute)
    first = hours.instant(hours.wall(at, zone), zone)
    assert first is not None
    assert hours.wall(first, zone) == hours.wall(at, zone)
    assert first == at or timedelta(0) < at - first <= timedelta(hours=2)


def test_weekly_hours_keep_their_wall_time_over_a_change() -> None:
    rota = Rota(weekly=(weekly(SPRING, "09:00", "12:00"),))
    (before,) = spans(SPRING - 7 * DAY, BERLIN, rota)
    (after,) = spans(SPRING, BERLIN, rota)
    assert before == (utc(2027, 3, 21, 8), utc(2027, 3, 21, 11))
    assert after == (utc(2027, 3, 28, 7), utc(2027, 3, 28, 10))


def test_hours_over_the_spring_night_are_an_hour_shorter() -> None:
    (span,) = spans(SPRING, BERLIN, Rota(weekly=(weekly(SPRING, "01:00", "05:00"),)))
    assert span == (utc(2027, 3, 28, 0), utc(2027, 3, 28, 3))


def test_hours_over_the_autumn_night_are_an_hour_longer() -> None:
    (span,) = spans(AUTUMN, BERLIN, Rota(weekly=(weekly(AUTUMN, "01:00", "05:00"),)))
    assert span == (utc(2027, 10, 30, 23), utc(2027, 10, 31, 4))


def test_hours_that_open_in_the_gap_open_at_the_jump() -> None:
    (span,) = spans(SPRING, BERLIN, Rota(weekly=(weekly(SPRING, "02:30", "04:00"),)))
    assert span == (utc(2027, 3, 28, 1), utc(2027, 3, 28, 2))


def test_hours_that_lie_in_the_gap_are_nothing() -> None:
    assert spans(SPRING, BERLIN, Rota(weekly=(weekly(SPRING, "02:00", "03:00"),))) == []


def test_midnight_as_the_end_is_the_end_of_the_day() -> None:
    (span,) = spans(SPRING, BERLIN, Rota(weekly=(weekly(SPRING, "22:00", "00:00"),)))
    assert span == (utc(2027, 3, 28, 20), utc(2027, 3, 28, 22))


def test_a_rule_is_silent_before_it_becomes_valid_and_from_the_day_it_ends() -> None:
    rule = weekly(SPRING, "09:00", "12:00", valid_from=SPRING, valid_until=SPRING + 14 * DAY)
    open_on = [week for week in range(-2, 4) if spans(SPRING + 7 * week * DAY, BERLIN, Rota(weekly=(rule,)))]
    assert open_on == [0, 1]


def test_a_rule_that_becomes_valid_inside_a_longer_window_holds_from_that_day() -> None:
    rule = weekly(SPRING, "09:00", "12:00", valid_from=SPRING + 7 * DAY)
    found = hours.open_spans(
        Days(SPRING, SPRING + 21 * DAY), BERLIN, therapist="ana", location="north", rota=Rota(weekly=(rule,))
    )
    assert [hours.local_day(begins_at, BERLIN) for begins_at, _ in found] == [
        SPRING + 7 * DAY,
        SPRING + 14 * DAY,
    ]


def test_a_special_day_replaces_the_weekly_hours_of_its_place_alone() -> None:
    south = RotaWeeklyHours(therapist="ana", location="south", weekday=6, opens=time(14), closes=time(16))
    special = RotaSpecialDay(therapist="ana", location="north", on=SPRING, hours=((time(10), time(11)),))
    rota = Rota(weekly=(weekly(SPRING, "09:00", "12:00"), south), special=(special,))
    assert spans(SPRING, BERLIN, rota) == [(utc(2027, 3, 28, 8), utc(2027, 3, 28, 9))]
    elsewhere = hours.open_spans(
        Days(SPRING, SPRING + DAY), BERLIN, therapist="ana", location="south", rota=rota
    )
    assert elsewhere == [(utc(2027, 3, 28, 12), utc(2027, 3, 28, 14))]


def test_a_special_day_inside_a_longer_window_replaces_that_day_only() -> None:
    special = RotaSpecialDay(
        therapist="ana", location="north", on=SPRING + 7 * DAY, hours=((time(15), time(16)),)
    )
    found = hours.open_spans(
        Days(SPRING, SPRING + 21 * DAY),
        BERLIN,
        therapist="ana",
        location="north",
        rota=Rota(weekly=(weekly(SPRING, "09:00", "12:00"),), special=(special,)),
    )
    assert [hours.wall(begins_at, BERLIN).hour for begins_at, _ in found] == [9, 15, 9]


def test_a_special_day_without_hours_is_a_day_away() -> None:
    special = RotaSpecialDay(therapist="ana", location="north", on=SPRING, hours=())
    assert spans(SPRING, BERLIN, Rota(weekly=(weekly(SPRING, "09:00", "12:00"),), special=(special,))) == []


def test_time_off_and_closures_win_over_special_days() -> None:
    rota = Rota(
        weekly=(weekly(SPRING, "09:00", "12:00"),),
        special=(RotaSpecialDay(therapist="ana", location="north", on=SPRING, hours=((time(9), time(18)),)),),
        time_off=(time_off("ana", datetime(2027, 3, 28, 10), datetime(2027, 3, 28, 11)),),
        closures=(closure("north", datetime(2027, 3, 28, 14), datetime(2027, 3, 29)),),
    )
    assert spans(SPRING, BERLIN, rota) == [
        (utc(2027, 3, 28, 7), utc(2027, 3, 28, 8)),
        (utc(2027, 3, 28, 9), utc(2027, 3, 28, 12)),
    ]


def test_time_off_of_one_and_closures_elsewhere_leave_another_alone() -> None:
    rota = Rota(
        weekly=(weekly(SPRING, "09:00", "12:00"),),
        time_off=(time_off("ben", datetime(2027, 3, 28), datetime(2027, 3, 29)),),
        closures=(closure("south", datetime(2027, 3, 28), datetime(2027, 3, 29)),),
    )
    assert spans(SPRING, BERLIN, rota) == [(utc(2027, 3, 28, 7), utc(2027, 3, 28, 10))]


def test_a_whole_day_off_covers_the_long_autumn_day() -> None:
    off = time_off("ana", *hours.days_off(Days(AUTUMN, AUTUMN + DAY)))
    rota = Rota(weekly=(weekly(AUTUMN, "00:00", "00:00"),), time_off=(off,))
    assert spans(AUTUMN, BERLIN, rota) == []
    assert len(spans(AUTUMN, BERLIN, Rota(weekly=rota.weekly))) == 1


def test_hours_that_close_before_they_open_are_refused() -> None:
    with pytest.raises(ValueError, match="open before they close"):
        weekly(SPRING, "12:00", "09:00")
    with pytest.raises(ValueError, match="open before they close"):
        RotaSpecialDay(therapist="ana", location="north", on=SPRING, hours=((time(9), time(9)),))


def test_an_eighth_weekday_and_an_empty_range_of_days_are_refused() -> None:
    with pytest.raises(ValueError, match="weekdays"):
        RotaWeeklyHours(therapist="ana", location="north", weekday=7, opens=time(9), closes=time(10))
    with pytest.raises(ValueError, match="at least one day"):
        Days(SPRING, SPRING)


@pytest.mark.parametrize("step", [timedelta(0), timedelta(minutes=7)])
def test_a_step_of_nothing_or_off_the_cells_is_refused(step: timedelta) -> None:
    with pytest.raises(ValueError, match=r"step|five minutes"):
        hours.ticks(grid.covering(*hours.day_range(Days(SPRING, SPRING + DAY), BERLIN)), BERLIN, step)


def test_ticks_follow_the_wall_clock_through_a_half_hour_change() -> None:
    on = date(2027, 10, 3)  # Lord Howe: 02:00 becomes 02:30.
    window = grid.covering(*hours.day_range(Days(on, on + DAY), LORD_HOWE))
    ticks = grid.instants(hours.ticks(window, LORD_HOWE, timedelta(hours=1)), window)
    assert [hours.wall(at, LORD_HOWE).hour for at in ticks] == [0, 1, *range(3, 24)]
    assert {hours.wall(at, LORD_HOWE).minute for at in ticks} == {0}


def test_ticks_of_a_step_that_does_not_divide_the_day_begin_anew_at_midnight() -> None:
    window = grid.covering(*hours.day_range(Days(AUTUMN, AUTUMN + 2 * DAY), KATHMANDU))
    ticks = grid.instants(hours.ticks(window, KATHMANDU, timedelta(minutes=100)), window)
    shown = [hours.wall(at, KATHMANDU).time() for at in ticks]
    assert shown == [time(*divmod(minutes, 60)) for minutes in range(0, 1440, 100)] * 2


five_minutes = st.integers(0, 287).map(lambda cell: time(*divmod(cell * 5, 60)))
moments = st.builds(lambda day, at: (day, at), st.integers(-1, 3), five_minutes)


@st.composite
def rotas(draw: st.DrawFn, first_on: date) -> Rota[str]:
    def a_range() -> tuple[time, time]:
        opens, closes = sorted((draw(five_minutes), draw(five_minutes)))
        return (opens, closes) if opens < closes else (opens, time(0))

    def a_rule() -> RotaWeeklyHours[str]:
        opens, closes = a_range()
        limits = draw(st.tuples(*[st.none() | st.integers(-1, 3)] * 2))
        valid_from, valid_until = (None if each is None else first_on + each * DAY for each in limits)
        return RotaWeeklyHours(
            therapist="ana",
            location="north",
            weekday=(first_on + draw(st.integers(-1, 3)) * DAY).weekday(),
            opens=opens,
            closes=closes,
            valid_from=valid_from,
            valid_until=valid_until,
        )

    def a_wall_range() -> tuple[datetime, datetime]:
        begins, ends = sorted((draw(moments), draw(moments)))
        first, last = (datetime.combine(first_on + day * DAY, at) for day, at in (begins, ends))
        return first, last

    def some(most: int) -> range:
        return range(draw(st.integers(0, most)))

    return Rota(
        weekly=tuple(a_rule() for _ in some(4)),
        special=tuple(
            RotaSpecialDay(
                therapist="ana",
                location="north",
                on=first_on + draw(st.integers(-1, 3)) * DAY,
                hours=tuple(a_range() for _ in some(2)),
            )
            for _ in some(2)
        ),
        time_off=tuple(time_off("ana", *a_wall_range()) for _ in some(1)),
        closures=tuple(closure("north", *a_wall_range()) for _ in some(1)),
    )


ODD_NIGHTS = [
    (zone, change.on) for zone in map(ZoneInfo, zones.ODD) for change in zones.changes(zone)[:2]
] + [(KATHMANDU, SPRING), (BERLIN, SPRING), (BERLIN, AUTUMN)]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), night=st.sampled_from(ODD_NIGHTS))
def test_open_cells_are_the_minutes_the_wall_clock_says(
    data: st.DataObject, night: tuple[ZoneInfo, date]
) -> None:
    zone, on = night
    days = Days(on - DAY, on + 2 * DAY)
    rota = data.draw(rotas(days.first_on))
    begins_at, ends_at = hours.day_range(days, zone)
    inside = range(oracle.minute_of(begins_at), oracle.minute_of(ends_at))
    expected = oracle.worked_minutes(zone, days, "ana", "north", rota) & set(inside)
    found = hours.open_spans(days, zone, therapist="ana", location="north", rota=rota)
    assert {m for b, e in found for m in range(oracle.minute_of(b), oracle.minute_of(e))} == expected
