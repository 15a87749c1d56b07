"""Every clock change of two years, in every kind of zone there is: what is offered on the days round it.

Ten zones are walked in every run, each odd kind and two common ones; `make test-long` goes through all of them.
"""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from clinic.scheduling import hours, slots
from clinic.scheduling.hours import Days, Rota, RotaWeeklyHours
from clinic.scheduling.slots import Need, SlotLocation, SlotQuestion, Taken
from tests.scheduling import oracle, zones

DAY = timedelta(days=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NEED = Need(length=timedelta(minutes=45), buffer_after=timedelta(minutes=10))
BERLIN = ZoneInfo("Europe/Berlin")
ROUND_THE_CLOCK = ((time(0), time(0)),)
ORDINARY = ((time(9), time(13)), (time(14), time(18)))
AT_NIGHT = ((time(0, 30), time(2, 30)), (time(2, 40), time(4)))


def rota(ranges: tuple[tuple[time, time], ...]) -> Rota[str]:
    return Rota(
        weekly=tuple(
            RotaWeeklyHours(therapist="ana", location="here", weekday=weekday, opens=opens, closes=closes)
            for weekday in range(7)
            for opens, closes in ranges
        )
    )


def question(zone: ZoneInfo, days: Days, *, pack: bool = False) -> SlotQuestion[str]:
    place: SlotLocation[str] = SlotLocation(location="here", zone=zone, step=timedelta(minutes=30), pack=pack)
    return SlotQuestion(need=NEED, days=days, now=LONG_AGO, therapists=("ana",), places=(place,))


def offered(zone: ZoneInfo, days: Days, ranges: tuple[tuple[time, time], ...]) -> list[datetime]:
    return slots.offers(question(zone, days), rota(ranges), Taken()).instants()


def days_round(change: zones.Change) -> Days:
    return Days(change.on - DAY, change.on + 2 * DAY)


def odd_days(zone: ZoneInfo) -> list[Days]:
    """The three days round each change; where the clock never changes, three days of a spring."""
    found = [days_round(change) for change in zones.changes(zone)]
    return found or [Days(date(2027, 3, 27), date(2027, 3, 30))]


def no_skipped_time_is_offered_and_no_repeated_one_twice(zone: ZoneInfo) -> None:
    for days in odd_days(zone):
        starts = offered(zone, days, ROUND_THE_CLOCK)
        shown = [hours.wall(start, zone) for start in starts]
        assert len(set(shown)) == len(shown)
        assert all(hours.instant(each, zone) == start for each, start in zip(shown, starts, strict=True))
        assert all(each.minute % 30 == 0 and each.second == 0 for each in shown)
        real = {
            wall
            for minute, wall in oracle.clock(zone, days.first_on, days.until_on)
            if wall.date() in days and wall.minute % 30 == 0
        }
        assert set(shown) == real


def opening_hours_keep_their_wall_time(zone: ZoneInfo) -> None:
    for days in odd_days(zone):
        found = hours.open_spans(days, zone, therapist="ana", location="here", rota=rota(ORDINARY))
        shown = [(hours.wall(opens, zone).time(), hours.wall(closes, zone).time()) for opens, closes in found]
        assert shown == list(ORDINARY) * 3


def visits_booked_one_after_the_other_never_overlap(zone: ZoneInfo) -> None:
    for days in odd_days(zone):
        booked: list[tuple[str, datetime, datetime]] = []
        while True:
            answer = slots.offers(
                question(zone, days, pack=True), rota(ROUND_THE_CLOCK), Taken(therapists=booked)
            )
            if not answer.instants():
                break
            starts_at = answer.instants()[0]
            booked.append(
                ("ana", starts_at - NEED.buffer_before, starts_at + NEED.length + NEED.buffer_after)
            )
        ranges = sorted((begin, end) for _, begin, end in booked)
        assert all(end - begin == NEED.whole for begin, end in ranges)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(ranges))
        assert len(ranges) >= 3 * 22


def the_slow_answer_is_the_same(zone: ZoneInfo) -> None:
    for days in odd_days(zone):
        asked, rules = question(zone, days, pack=True), rota(AT_NIGHT)
        found = slots.offers(asked, rules, Taken()).instants()
        assert [oracle.minute_of(each) for each in found] == sorted(
            oracle.Oracle(asked, rules, Taken()).offers()
        )


REPRESENTATIVES = zones.representatives()


@pytest.mark.parametrize("name", REPRESENTATIVES)
def test_no_skipped_time_is_offered_and_no_repeated_one_twice(name: str) -> None:
    no_skipped_time_is_offered_and_no_repeated_one_twice(ZoneInfo(name))


@pytest.mark.parametrize("name", REPRESENTATIVES)
def test_opening_hours_keep_their_wall_time(name: str) -> None:
    opening_hours_keep_their_wall_time(ZoneInfo(name))


@pytest.mark.parametrize("name", REPRESENTATIVES)
def test_visits_booked_one_after_the_other_never_overlap(name: str) -> None:
    visits_booked_one_after_the_other_never_overlap(ZoneInfo(name))


@pytest.mark.parametrize("name", REPRESENTATIVES)
def test_the_slow_answer_to_hours_at_night_is_the_same(name: str) -> None:
    the_slow_answer_is_the_same(ZoneInfo(name))


@pytest.mark.long
@pytest.mark.parametrize("name", zones.changing_zones())
def test_all_of_it_holds_in(name: str) -> None:
    zone = ZoneInfo(name)
    no_skipped_time_is_offered_and_no_repeated_one_twice(zone)
    opening_hours_keep_their_wall_time(zone)
    visits_booked_one_after_the_other_never_overlap(zone)
    the_slow_answer_is_the_same(zone)


@pytest.mark.parametrize("on", [date(2027, 3, 28), date(2027, 10, 31)])
@pytest.mark.parametrize("half_hours", range(46))
def test_a_window_that_opens_at_any_half_hour_of_an_odd_day_begins_when_it_says(
    on: date, half_hours: int
) -> None:
    opens = time(half_hours // 2, half_hours % 2 * 30)
    closes = time((half_hours + 2) // 2, half_hours % 2 * 30)
    starts = offered(BERLIN, Days(on, on + DAY), ((opens, closes),))
    wanted = hours.instant(datetime.combine(on, opens), BERLIN)
    skipped = on.month == 3 and opens in (time(1, 30), time(2), time(2, 30))  # Cut short, or gone, or late.
    assert skipped or starts[:1] == [wanted]
    assert not skipped or opens == time(2, 30) or starts == []


def test_the_zones_come_from_the_pinned_package_and_cover_the_odd_kinds() -> None:
    shifts = {change.shift for name in zones.SAMPLE for change in zones.changes(ZoneInfo(name))}
    assert {abs(shift) for shift in shifts} == {timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2)}
    assert len(zones.changing_zones()) > 190
    assert zoneinfo.TZPATH == ()
